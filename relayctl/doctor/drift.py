"""Differences between a resource and the template: what was changed by hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore import xform_name

from relayctl.doctor.account import Account, Gone
from relayctl.doctor.compare import policy_differences
from relayctl.doctor.differences import different
from relayctl.doctor.expected import Resource, Stack, is_known
from relayctl.doctor.findings import Call, Finding, Severity

# A change set that compares the template with the resources as they are.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
RESTORE = "Restore the stack with a drift-aware change set"
# A member of what `Kind.read` returns: the id of a resource that someone created in place of ours.
ID = ""
# Differences of one property, such as a function's environment, that a person reads.
_SHOWN = 4
_CHANGED = "it is not as it was deployed, and the next deployment may change it back"


def _itself(_: Stack, resource: Resource) -> Iterator[Resource]:
    yield resource


@dataclass(frozen=True, slots=True)
class Kind:
    """How resources of one type are read and put back.

    `read` returns properties as a template writes them, None for those that are absent; only these
    are compared. It raises Gone. `defaults` are the values of those that the template leaves out.
    `matters` says what a difference does, by property; "" is for the resource that is gone.
    `repair` returns the calls that put properties back. `targets` are the resources that a
    resource is about, such as the queues of a policy.
    """

    type: str
    noun: str
    read: Callable[[Account, Resource], Mapping[str, Any]]
    matters: Mapping[str, tuple[Severity, str]] = field(default_factory=dict)
    repair: Callable[[Resource, Mapping[str, Any]], tuple[Call, ...]] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    targets: Callable[[Stack, Resource], Iterator[Resource]] = _itself
    policies: tuple[str, ...] = ()
    recreate: Callable[[Resource], tuple[Call, ...]] | None = None

    def differences(self, stack: Stack, account: Account, resource: Resource) -> Iterator[Finding]:
        """Compare a resource with the template.

        Raises:
            NotChecked: it cannot be read.
        """
        for target in self.targets(stack, resource):
            try:
                actual = dict(self.read(account, target))
            except Gone as gone:
                yield self._gone(target, gone)
            else:
                found = replace(target, id=actual.pop(ID, target.id))
                yield from self._compared(found, actual)

    def _compared(self, resource: Resource, actual: Mapping[str, Any]) -> Iterator[Finding]:
        for name, value in actual.items():
            expected = resource.get(name)
            if expected is None:
                expected = self.defaults.get(name)
            if not is_known(expected):
                continue
            problems = list(self._problems(name, expected, value))
            if not problems:
                continue
            severity, meaning = self.matters.get(name, (Severity.WARNING, _CHANGED))
            repair = self.repair(resource, {name: expected}) if self.repair else ()
            yield Finding(
                f"{self.noun}-{xform_name(name, '-')}".replace(" ", "-"),
                severity,
                resource.name,
                f"{self.noun} {resource.id}: {_listed(problems)}: {meaning}",
                f"Put {name} back" if repair else RESTORE,
                repair,
            )

    def _problems(self, name: str, expected: Any, actual: Any) -> Iterator[str]:
        if name in self.policies:
            yield from (f"{name}: {each}" for each in policy_differences(expected, actual))
        else:
            yield from different(name, expected, actual)

    def _gone(self, resource: Resource, gone: Gone) -> Finding:
        severity, meaning = self.matters.get("", (Severity.ERROR, "the stack does not work"))
        repair = self.recreate(resource) if self.recreate else ()
        return Finding(
            f"{self.noun}-gone".replace(" ", "-"),
            severity,
            resource.name,
            f"{self.noun} {resource.id or resource.name} does not exist ({gone.code}): {meaning}",
            "Create it again" if repair else RESTORE,
            repair,
        )


def _listed(problems: Sequence[str]) -> str:
    further = len(problems) - _SHOWN
    return "; ".join(problems[:_SHOWN]) + (f"; and {further} more" if further > 0 else "")
