"""Templates with one thing changed."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from local.aws_rules import Template


def edited(
    document: Mapping[str, Any], values: Mapping[str, Any], removed: Sequence[str] = ()
) -> dict[str, Any]:
    """The document with a value at each path, such as `Resources/Queue/Properties/Tags/0`, and
    without what is removed. It has in common with the document what no path leads through.

    A member of a list is named by its index or its Sid; `+` appends. Mappings on the way are made.
    """
    changed: dict[str, Any] = dict(document)
    for path, value in values.items():
        place, last = _find(changed, path)
        if last == "+":
            place.append(value)
        else:
            place[last] = value
    for path in removed:
        place, last = _find(changed, path)
        del place[last]
    return changed


def edited_template(
    template: Template, values: Mapping[str, Any], removed: Sequence[str] = ()
) -> Template:
    """SAM transforms it again only where what SAM reads is changed."""
    known = (template.longest_stack_name, template.metrics, template.capabilities)
    changed = Template(edited(template.document, values, removed), *known)
    if not any(_is_sams(template, path) for path in (*values, *removed)):
        changed.__dict__["transformed"] = edited(template.transformed, values, removed)
    return changed


def _find(document: Any, path: str) -> tuple[Any, Any]:
    """What holds the last part of the path, and the last part as its index or key.

    It is a copy in the document, as is everything on the way.
    """
    *way, last = path.split("/")
    place = document
    for step in way:
        key = _key(place, step)
        place[key] = copy.copy(place[key] if isinstance(place, list) else place.get(key, {}))
        place = place[key]
    return place, _key(place, last)


def _key(place: Any, step: str) -> Any:
    if isinstance(place, dict) or step == "+":
        return step
    if step.isdigit():
        return int(step)
    (index,) = (
        n for n, each in enumerate(place) if isinstance(each, dict) and each.get("Sid") == step
    )
    return index


def _is_sams(template: Template, path: str) -> bool:
    section, name, *_ = path.split("/")
    if section != "Resources":
        return section not in ("Parameters", "Conditions", "Outputs")
    kind = str(template.document["Resources"].get(name, {}).get("Type", ""))
    return kind.startswith("AWS::Serverless::") or not kind
