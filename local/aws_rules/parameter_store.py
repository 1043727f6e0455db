"""Parameters in Parameter Store."""

import re
from collections.abc import Iterator

from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource

_PARAMETER = "AWS::SSM::Parameter"
_API = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"
_TIERS = "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
_LENGTHS = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


@rule(
    _PARAMETER,
    words="Standard tier parameters support a maximum parameter value of 4096 characters.",
    source=_TIERS,
    measures=True,
)
def a_value_fits_its_tier(parameter: Resource) -> Iterator[Problem]:
    value = str(parameter.get("Value"))
    tier = str(parameter.get("Tier") or "Standard")
    if len(value.encode()) > _LENGTHS.get(tier, 4096):
        yield Problem(
            "Value",
            f"shorten the value from {len(value):,} to {_LENGTHS[tier]:,} characters, or choose "
            "a larger tier "
            "(Intelligent-Tiering)",
        )


@rule(
    _PARAMETER,
    words="Parameter value can't nest another parameter. Do not use '{{}}' in the value.",
    source=_API,
)
def a_value_nests_no_parameter(parameter: Resource) -> Iterator[Problem]:
    value = parameter.get("Value")
    if value is not None and re.search(r"\{\{.*\}\}", str(value), re.DOTALL):
        yield Problem(
            "Value", "take {{ and }} out of the value, for example with a space between the braces"
        )
    if value == "":
        yield Problem(
            "Value",
            "give a value of at least one character",
            "Invalid length for parameter Value, value: 0, valid min length: 1",
        )


@rule(
    _PARAMETER,
    words="Parameter policies are only supported by parameters of the advanced tier.",
    source=_TIERS,
)
def a_parameter_with_policies_is_advanced(parameter: Resource) -> Iterator[Problem]:
    if parameter.get("Policies") and (parameter.get("Tier") or "Standard") == "Standard":
        yield Problem("Policies", "set Tier to Advanced or Intelligent-Tiering")


@rule(
    _PARAMETER,
    words="Parameter value, cannot be validated against allowedPattern",
    source=_API,
)
def a_value_matches_its_pattern(parameter: Resource) -> Iterator[Problem]:
    pattern, value = parameter.get("AllowedPattern"), parameter.get("Value")
    if pattern is None or value is None:
        return
    try:
        matches = re.search(str(pattern), str(value))
    except re.error:
        # Parameter Store's expressions are Java's, some of which Python cannot read.
        return
    if matches is None:
        yield Problem("AllowedPattern", f"let {pattern} match the value, or take it out")


@rule(_PARAMETER, words="Parameter name must be a fully qualified name.", source=_API)
def a_parameters_name_is_one(parameter: Resource) -> Iterator[Problem]:
    name = parameter.own_name
    if name is None:
        return
    if re.match(r"/?(aws|ssm)", name, re.IGNORECASE):
        yield Problem(
            "Name",
            f"begin the name with something else than aws or ssm, not {name}",
            'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
        )
    if "/" in name and not name.startswith("/"):
        yield Problem("Name", f"begin the path with a slash: /{name}")
    if name.count("/") > 15:
        yield Problem("Name", "use at most 15 levels", "The parameter hierarchy is too deep")
    if not re.fullmatch(r"[a-zA-Z0-9_.\-/]+", name):
        yield Problem(
            "Name",
            "use letters, digits and the symbols . - _ / only",
            "Parameter name: only a mix of letters, numbers and the following 3 symbols .-_ are "
            "allowed",
        )
