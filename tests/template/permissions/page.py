"""The page docs/reference/permissions.md."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.template.permissions.table import document

_PAGE = """# Permissions

{note} Change `tests/template/permissions/calls.yaml`
instead.

Every permission of the template, and what needs it. `make template` decides each of these calls by
the template's policies, and shows two things
([decision 46](../decisions/0046-permissions-by-item-and-by-call.md)):

- Each action, resource and condition is needed: without it a call is denied.
- Nothing else is allowed. The same call is denied on another resource, in another region or
  account, with another value of a condition key or without it, without TLS, and by another service.

`relay` stands for the names of the stack and the endpoint, and `*` for any text. `artifacts` is the
bucket of `ModelDataUrl`, `lake` that of `InputBucketName` and `pond` that of `OutputBucketName`,
`further` a target of `RouteTargetArns`, `archive` and `tapes` the buckets of `BackfillBucketArns`,
`Fraud--Scores` an existing endpoint; the keys are those of `OutputKmsKeyId`, `VolumeKmsKeyId` and
`RouteTargetKeyArns`, and `stack` is that of `KmsKeyArn`. What the policies of `EndpointPolicyArns`
allow is not listed.

`recorded`: a test runs the use case in process, and its adapters make the call.
`documented`: an AWS service makes the call, and the page of AWS says so. A footnote such as ¹ says
why no test on one machine makes the call.
"""
_HEAD = """
| action | resource | condition keys | needed by | evidence |
| --- | --- | --- | --- | --- |
"""
_TITLES = {
    "SubmitRole": "Submit",
    "RouteRole": "Route",
    "ReconcileRole": "Reconcile",
    "BackfillRole": "Backfill",
    "ProvisionRole": "Provision",
    "EndpointExecutionRole": "Endpoint",
}
_SERVICES = "Services"
_FOOTNOTES = ("¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "¹⁰")

_Entry = Mapping[str, Any]


def permissions(note: str) -> str:
    """Return the page with a table for each role, and one for the services."""
    tables: dict[str, list[str]] = {title: [] for title in (*_TITLES.values(), _SERVICES)}
    for entry in document()["calls"]:
        for title in dict.fromkeys(_title(caller) for caller in entry["callers"].split()):
            tables[title].append(_row(entry, title))
    body = "".join(f"\n## {title}\n{_HEAD}{''.join(rows)}" for title, rows in tables.items())
    return _PAGE.format(note=note) + body + "".join(_reasons())


def _title(caller: str) -> str:
    if caller == "ExistingEndpointRole":
        return _TITLES["EndpointExecutionRole"]
    return _TITLES.get(caller, _SERVICES)


def _row(entry: _Entry, title: str) -> str:
    actions = "<br>".join(f"`{action}`" for action in entry["actions"].split())
    resources = "<br>".join(f"`{_short(each)}`" for each in entry["resources"])
    keys = "<br>".join(_key(name, values) for name, values in entry.get("with", {}).items())
    by = str(entry["by"])
    if title == _SERVICES:
        by = f"{entry['callers']}: {by}"
    cells = (actions, resources, keys or "–", by, _evidence(entry))
    return f"| {' | '.join(cells)} |\n"


def _short(resource: str) -> str:
    resource = resource.replace("parameter${", "parameter ")
    for text in ("arn:aws:", "{account}:", "{sagemaker}:", "${AWS::Region}:", "${", ".Arn", "}"):
        resource = resource.replace(text, "")
    return resource


def _key(name: str, values: list[Any]) -> str:
    """The key with its values, or with one of those that it has at a time."""
    if isinstance(values[0], list):
        return f"`{name}` such as `{values[0][0]}`"
    return f"`{name}` {' or '.join(f'`{_short(value)}`' for value in values)}"


def _evidence(entry: _Entry) -> str:
    if "source" not in entry:
        return "recorded"
    return f"[documented]({entry['source']})" + _footnote(entry.get("unseen"))


def _footnote(reason: str | None) -> str:
    return "" if reason is None else _FOOTNOTES[list(document()["reasons"]).index(reason)]


def _reasons() -> Iterator[str]:
    yield "\n## Calls that no test on one machine makes\n\n"
    for reason, text in document()["reasons"].items():
        yield f"- {_footnote(reason)} {text}\n"
