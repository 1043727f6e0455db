"""What is wrong with the policies of a stack, by its calls; and changes that nothing shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.aws_rules.permissions.policies import matches
from local.cloudformation.world import as_list
from tests.template.iam.arns import fits
from tests.template.iam.reference import matching
from tests.template.iam.statements import Kind
from tests.template.permissions.mutations import mutants
from tests.template.permissions.policies import Policy, is_allowed, policies_of, restricted
from tests.template.permissions.table import Call, Stack, document, stack
from tests.template.template import world


@dataclass(frozen=True, slots=True)
class Sweep:
    """The policies of a stack beside the calls that it needs and those that it forbids."""

    stack: Stack
    policies: tuple[Policy, ...]
    needed: tuple[Call, ...]
    forbidden: tuple[Call, ...]

    def complaints(self) -> Iterator[str]:
        yield from self.wrong()
        for policy in self.policies:
            yield from self._flaws(policy)

    def wrong(self) -> Iterator[str]:
        """Calls that are decided otherwise than the table says."""
        yield from self._wrong(self.policies, self.needed, self.forbidden)

    def survivors(self, policy: Policy) -> Iterator[str]:
        """The changes of a policy that no further complaint shows."""
        flaws = set(self._flaws(policy))
        needed = [call for call in self.needed if _concerns(policy, call)]
        forbidden = [call for call in self.forbidden if _concerns(policy, call)]
        others = [each for each in self.policies if each is not policy]
        for mutant in mutants(policy):
            changed = [mutant.policy] if mutant.policy else []
            actions = _changed_actions(policy, mutant.policy)
            calls = (_among(actions, each) for each in (needed, forbidden))
            if any(self._wrong([*others, *changed], *calls)):
                continue
            if all(flaws.issuperset(self._flaws(each)) for each in changed):
                yield f"{policy.owner} {mutant.change}"

    def _flaws(self, policy: Policy) -> Iterator[str]:
        yield from self._superfluous(policy)
        yield from _misplaced(policy)

    def _wrong(
        self, policies: Sequence[Policy], needed: Sequence[Call], forbidden: Sequence[Call]
    ) -> Iterator[str]:
        for call in needed:
            if not is_allowed(call, policies):
                yield f"{call}: is denied, and needed"
        for call in forbidden:
            if is_allowed(call, policies):
                yield f"{call}: is allowed, and not needed"

    def _superfluous(self, policy: Policy) -> Iterator[str]:
        """Actions that a statement allows on a resource without a call that needs them."""
        for statement in policy.statements:
            if statement["Effect"] != "Allow":
                continue
            for caller, resource in _grants(policy, statement):
                for name in as_list(statement["Action"]):
                    for action in matching(name):
                        if resource != "*" and not _may_be_on(action.forms, resource):
                            continue
                        if not self._is_needed(caller, action.name, resource):
                            yield f"{policy.owner}: {caller} needs no {action.name} on {resource}"

    def _is_needed(self, caller: str, action: str, pattern: str) -> bool:
        return any(
            call.caller == caller and call.action == action and matches(pattern, call.resource)
            for call in self.needed
        )


def sweep(name: str, **parameters: str) -> Sweep:
    """The sweep of the stack with this name, with further parameters."""
    there = world(**document()["stacks"][name], **parameters)
    found, policies = stack(name, there), tuple(policies_of(there))
    forbidden = tuple(found.forbidden(restricted(policies)))
    return Sweep(found, policies, tuple(found.needed()), forbidden)


def _changed_actions(policy: Policy, changed: Policy | None) -> set[str]:
    """The actions of the statements that differ; all of them where the subjects do."""
    before = policy.statements
    after = changed.statements if changed and changed.subjects == policy.subjects else []
    different = [each for each in before if each not in after]
    different += [each for each in after if each not in before]
    return {action for each in different for action in as_list(each["Action"])}


def _among(actions: set[str], calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if any(matches(each, call.action) for each in actions)]


def _concerns(policy: Policy, call: Call) -> bool:
    if policy.kind is Kind.IDENTITY:
        return call.caller in policy.subjects
    return policy.is_of(call.resource)


def _grants(policy: Policy, statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Who is allowed what by a statement: callers, each with a resource."""
    if policy.kind is Kind.IDENTITY:
        for caller in policy.subjects:
            yield from ((caller, resource) for resource in as_list(statement["Resource"]))
        return
    principal = statement["Principal"]
    services = as_list(principal.get("Service")) if isinstance(principal, dict) else []
    for service in services:
        yield from ((service, arn) for arn in policy.subjects)


def _may_be_on(forms: Sequence[str], resource: str) -> bool:
    return any(fits(resource, form) for form in forms)


def _misplaced(policy: Policy) -> Iterator[str]:
    """Statements of a resource's policy that are about another resource.

    Only a policy that several queues have may say "*", which is the queue that has it.
    """
    if policy.kind is not Kind.RESOURCE:
        return
    for statement in policy.statements:
        for resource in as_list(statement["Resource"]):
            about = [arn for arn in policy.subjects if resource in (arn, f"{arn}/*")]
            if not about and (resource != "*" or len(policy.subjects) == 1):
                yield f"{policy.owner}: a statement is about {resource}"
