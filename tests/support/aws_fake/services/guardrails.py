"""What UpdateEndpoint refuses in a DeploymentConfig."""

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.errors import invalid

_LEAST_FOR_PARTS = 2


def require_valid(config: Document | None, instances: int) -> None:
    """Raises Refused where so many instances cannot go over in these steps."""
    if config is None:
        return
    if instances == 0:
        raise invalid("DeploymentConfig is not supported for an endpoint without instances.")
    routing = config.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    in_parts = "RollingUpdatePolicy" in config or routing.get("Type") in ("CANARY", "LINEAR")
    if in_parts and instances < _LEAST_FOR_PARTS:
        raise invalid("A step must be at most 50% of the variant's total instance count.")
