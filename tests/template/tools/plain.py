"""Templates in the form in which the independent tools see the most of them.

The tools skip or give up on what they cannot evaluate: SAM's resources, `Fn::If`, and references to
parameters. So they get each template twice, transformed, once with the first and once with the
second branch of every `Fn::If`, and with the defaults of the parameters in place of references.
Resources with a condition are in both.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.template.aws_rules.rules import PATHS, template

_ABSENT = {"Ref": "AWS::NoValue"}


def write_plain_templates(directory: Path) -> dict[Path, str]:
    """Write both forms of every template; return the files with the template that each is of."""
    written = {}
    for path in PATHS:
        for branch in (0, 1):
            name = f"{path.replace('/', '-').removesuffix('.yaml')}-{branch}.json"
            file = directory / name
            file.write_text(json.dumps(plain(template(path).transformed, branch), indent=1))
            written[file] = path
    return written


def plain(template: Mapping[str, Any], branch: int) -> dict[str, Any]:
    """The resources and parameters of a template with one branch of every `Fn::If`."""
    parameters = template.get("Parameters", {})
    defaults = {
        name: _typed(parameter) for name, parameter in parameters.items() if "Default" in parameter
    }
    resources = {
        name: {key: value for key, value in resource.items() if key != "Condition"}
        for name, resource in template["Resources"].items()
    }
    return {"Parameters": parameters, "Resources": _settle(resources, branch, defaults)}


def _typed(parameter: Mapping[str, Any]) -> Any:
    default = parameter["Default"]
    if "List" in parameter["Type"]:
        return [each.strip() for each in str(default).split(",") if each.strip()]
    return default


def _settle(value: Any, branch: int, defaults: Mapping[str, Any]) -> Any:
    match value:
        case {"Fn::If": [_, *branches]}:
            return _settle(branches[branch], branch, defaults)
        case {"Ref": str(name)} if name in defaults:
            return defaults[name]
        case dict():
            settled = {key: _settle(each, branch, defaults) for key, each in value.items()}
            return {key: each for key, each in settled.items() if each != _ABSENT}
        case list():
            members = [_settle(each, branch, defaults) for each in value]
            return [each for each in members if each != _ABSENT]
    return value
