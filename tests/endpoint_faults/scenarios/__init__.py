"""All scenarios, by their names."""

from tests.endpoint_faults.scenarios import (
    creation,
    intervention,
    modes,
    roll_outs,
    scaling,
    slow,
    updates,
)

SCENARIOS = {
    **creation.SCENARIOS,
    **updates.SCENARIOS,
    **scaling.SCENARIOS,
    **roll_outs.SCENARIOS,
    **intervention.SCENARIOS,
    **modes.SCENARIOS,
    **slow.SCENARIOS,
}
