"""Templates with one thing changed."""

import copy
from collections.abc import Mapping
from typing import Any

from local.aws_rules import Template

REMOVED = object()


def edited(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with a value at each path, such as `Resources/Queue/Properties/Tags/0`.

    `+` as last part appends to a list; REMOVED takes the member out. Members on the way are made.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        *way, last = path.split("/")
        place: Any = changed
        for step in way:
            if isinstance(place, dict):
                place = place.setdefault(step, {})
            else:
                place = place[int(step)]
        if last == "+":
            place.append(value)
        elif value is REMOVED:
            del place[last if isinstance(place, dict) else int(last)]
        else:
            place[last if isinstance(place, dict) else int(last)] = value
    return changed


def edited_template(template: Template, changes: Mapping[str, Any]) -> Template:
    return Template(
        edited(template.document, changes),
        template.longest_stack_name,
        template.metrics,
        template.capabilities,
    )
