"""What every outbox does for whatever a route can name, in memory and on AWS's own services."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import pytest
from relay.errors import MessageTooLong
from relay.model import OutgoingMessage
from relay.ports import Outbox
from relay.routes.target import Target

KINDS = ("queue", "fifo_queue", "topic", "fifo_topic", "bus")
FIFO = ("fifo_queue", "fifo_topic")
KIBIBYTE = 1_024


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as a consumer has it: what a bus has as `detail-type` is no attribute."""

    body: str
    attributes: dict[str, str]
    detail_type: str = ""
    resources: tuple[str, ...] = ()


class Targets(Protocol):
    """One target of each kind, all of them empty, and a reader of each of them."""

    @property
    def outbox(self) -> Outbox: ...

    def arn(self, kind: str) -> str: ...

    def arrived(self, kind: str, count: int) -> list[Arrived]:
        """So many messages in their order, and every further one that is there by then."""
        ...


class TargetsContract(ABC):
    """Inherit, and give the fixture `targets` fresh ones. `kinds` are those that there are."""

    kinds: ClassVar[tuple[str, ...]] = KINDS

    @pytest.fixture
    @abstractmethod
    def targets(self) -> Targets: ...

    @pytest.fixture(autouse=True)
    def _known(self, request: pytest.FixtureRequest) -> None:
        kind = getattr(request.node, "callspec", None) and request.node.callspec.params["kind"]
        if kind and kind not in self.kinds:
            pytest.skip(f"no {kind} here")

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_result_arrives_as_it_was(self, targets: Targets, kind: str) -> None:
        body = '{"größe":"\N{SNOWMAN} \N{PILE OF POO}","n":1}'

        assert targets.outbox.send([message(targets, kind, "k", body=body)]) == {}

        (arrived,) = targets.arrived(kind, 1)
        assert arrived.body == body
        if kind == "bus":
            assert arrived.detail_type == "relay.inference.completed"
            assert arrived.resources == (ENDPOINT,)
        else:
            assert arrived.attributes == {"outcome": "completed", "route": "all \N{SNOWMAN}"}

    @pytest.mark.parametrize("kind", KINDS)
    def test_eleven_results_arrive_and_in_order_where_there_is_one(
        self, targets: Targets, kind: str
    ) -> None:
        bodies = [f'{{"n":{number}}}' for number in range(11)]
        group = {"group_id": "g"} if kind in FIFO else {}
        messages = [message(targets, kind, body, body=body, **group) for body in bodies]

        assert targets.outbox.send(messages) == {}

        arrived = [each.body for each in targets.arrived(kind, 11)]
        assert (arrived if kind in FIFO else sorted(arrived)) == (
            bodies if kind in FIFO else sorted(bodies)
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_results_that_together_fit_no_call_arrive(self, targets: Targets, kind: str) -> None:
        size = 400 if "queue" in kind else 100
        bodies = [f'{{"{key}":"{key * size * KIBIBYTE}"}}' for key in "abcd"]

        assert targets.outbox.send([message(targets, kind, b[2], body=b) for b in bodies]) == {}

        assert sorted(each.body for each in targets.arrived(kind, 4)) == bodies

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_result_that_the_target_cannot_take_fails_alone_and_says_why(
        self, targets: Targets, kind: str
    ) -> None:
        size = 1_024 if "queue" in kind else 256
        large = message(targets, kind, "large", body=f'{{"x":"{"x" * size * KIBIBYTE}"}}')
        small = [message(targets, kind, key) for key in "ab"]

        failures = targets.outbox.send([small[0], large, small[1]])

        assert list(failures) == ["large"]
        assert isinstance(failures["large"], MessageTooLong)
        assert targets.arn(kind) in str(failures["large"])
        assert len(targets.arrived(kind, 2)) == 2

    @pytest.mark.parametrize("kind", FIFO)
    def test_a_repeat_is_sent_and_dropped(self, targets: Targets, kind: str) -> None:
        for keys in (["r-1", "r-2"], ["r-1"]):
            repeats = [message(targets, kind, f"{key} again", deduplication_id=key) for key in keys]
            assert targets.outbox.send([*repeats, *repeats]) == {}

        assert len(targets.arrived(kind, 2)) == 2

    def test_one_send_reaches_every_kind_of_target(self, targets: Targets) -> None:
        messages = [message(targets, kind, kind, body=f'{{"to":"{kind}"}}') for kind in self.kinds]

        assert targets.outbox.send(messages) == {}

        for kind in self.kinds:
            assert [each.body for each in targets.arrived(kind, 1)] == [f'{{"to":"{kind}"}}']

    def test_targets_that_do_not_exist_hold_back_only_their_own(self, targets: Targets) -> None:
        """A bus that does not exist is not among them: PutEvents succeeds for it."""
        nowhere = [
            message(targets, kind, kind, address=Target.parse(_elsewhere(targets.arn(kind))))
            for kind in self.kinds
            if kind != "bus"
        ]
        sound = [message(targets, kind, f"sound {kind}") for kind in self.kinds]

        failures = targets.outbox.send([*nowhere, *sound])

        assert set(failures) == set(self.kinds) - {"bus"}
        for kind in self.kinds:
            assert len(targets.arrived(kind, 1)) == 1


ENDPOINT = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/relay"


def message(targets: Targets, kind: str, key: str, **members: Any) -> OutgoingMessage:
    """A result for a target of that kind."""
    own: dict[str, Any] = {
        "key": key,
        "address": Target.parse(targets.arn(kind)),
        "body": '{"k":1}',
    }
    if kind == "bus":
        own |= {"detail_type": "relay.inference.completed", "resources": (ENDPOINT,)}
    else:
        own["attributes"] = (("outcome", "completed"), ("route", "all \N{SNOWMAN}"))
    if kind in FIFO:
        own |= {"group_id": key, "deduplication_id": key}
    return OutgoingMessage(**{**own, **members})


def _elsewhere(arn: str) -> str:
    return arn.replace(".fifo", "-nowhere.fifo") if arn.endswith(".fifo") else f"{arn}-nowhere"
