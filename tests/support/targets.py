"""Where results of the tests' local stack go."""

from local.stack.settings import REGION, STACK_NAME
from tests.acceptance.pipeline.routing import Routing

ROUTING = Routing("aws", REGION, "000000000000", STACK_NAME)
PARAMETERS = tuple(ROUTING.parameters.items())
