"""The templates as the rules of AWS are held against them."""

import tomllib
from functools import cache

from relay.delivery.report import Count
from relay.provision.metrics import METRICS

from local.aws_rules import Template
from local.stack.settings import REPOSITORY

# The longest names of a stack that the page about deployment and the example's template allow.
LONGEST_STACK_NAMES = {"template.yaml": 30, "examples/consumer/template.yaml": 72}
_EXAMPLES = sorted(REPOSITORY.glob("examples/*/template.yaml"))
PATHS = ("template.yaml", *(str(each.relative_to(REPOSITORY)) for each in _EXAMPLES))


@cache
def template(path: str = "template.yaml") -> Template:
    return Template.read(
        REPOSITORY / path,
        longest_stack_name=LONGEST_STACK_NAMES[path],
        metrics={"AsyncInferenceRelay": frozenset(Count) | {each.name for each in METRICS}},
        capabilities=_capabilities(),
    )


def _capabilities() -> frozenset[str]:
    """What `sam deploy` acknowledges."""
    found = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())
    return frozenset(found["default"]["deploy"]["parameters"]["capabilities"].split())
