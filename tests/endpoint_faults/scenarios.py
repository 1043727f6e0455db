"""All scenarios, by their names."""

from tests.endpoint_faults import (
    creation_scenarios,
    intervention_scenarios,
    mode_scenarios,
    rollout_scenarios,
    scaling_scenarios,
    slow_scenarios,
    update_scenarios,
)

SCENARIOS = {
    **creation_scenarios.SCENARIOS,
    **update_scenarios.SCENARIOS,
    **scaling_scenarios.SCENARIOS,
    **rollout_scenarios.SCENARIOS,
    **intervention_scenarios.SCENARIOS,
    **mode_scenarios.SCENARIOS,
    **slow_scenarios.SCENARIOS,
}
