"""The real use cases in a world where nearly every step can fail, in every order.

RELAY_EXAMPLES=2000 looks further than CI does.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from relay.errors import RelayError
from relay.ids import request_id_of_caller, request_id_of_inference, request_id_of_upload
from relay.model import AttemptState, OutgoingMessage
from relay.reconcile.listing import ListQuery, scan
from relay.reconcile.status import status

from tests.stateful.strategies import (
    LIMITS,
    OTHERS,
    OUTCOMES,
    PASSING,
    RECONCILE_FAULTS,
    REFUSALS,
    ROUTE_FAULTS,
    SECONDS,
    SUBMIT_FAULTS,
    Other,
    Planned,
)
from tests.stateful.world import ARCHIVE, Call, World
from tests.support import samples
from tests.support.samples import (
    BUCKET,
    COMPLETED_QUEUE,
    FAILED_QUEUE,
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
    Json,
)

EXAMPLES = int(os.environ.get("RELAY_EXAMPLES", "200"))
MAX_ATTEMPTS = 3
RESULT_QUEUES = (COMPLETED_QUEUE, FAILED_QUEUE)


class Relay(RuleBasedStateMachine):
    """Every request ends in exactly one result message."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.uploads: list[Json] = []
        self.requests: set[str] = set()
        self.foreign: set[str] = set()
        self.held: list[Json] = []
        self.terminal: dict[str, AttemptState] = {}
        self.at_once = 0
        self.junk: dict[str, set[str]] = {SUBMIT_QUEUE: set(), NOTIFICATION_QUEUE: set()}
        self.names = 0

    # What callers and other services do -----------------------------------------------------------

    @initialize(outcome=OUTCOMES, order=st.none() | st.integers(0, 99))
    def the_world_is_like_this(self, outcome: str, order: int | None) -> None:
        """How what still runs in the end is inferred, and the seed of the order of messages."""
        self.world.last_outcome = outcome
        self.world.queues.order = None if order is None else Random(order)

    @rule(folder=st.sampled_from(["", "deep/er/", "we ird+/"]), messages=st.integers(1, 2))
    def upload(self, folder: str, messages: int) -> None:
        event = self._uploaded(f"inputs/{folder}{self._name()}.csv")
        self.uploads.append(event)
        for _ in range(messages):
            self.world.queues.put(SUBMIT_QUEUE, json.dumps(event))

    @rule(number=st.integers(2, 4))
    def upload_many_in_one_message(self, number: int) -> None:
        events = [self._uploaded(f"inputs/{self._name()}.csv") for _ in range(number)]
        records = [record for event in events for record in event["Records"]]
        self.world.queues.put(SUBMIT_QUEUE, json.dumps({"Records": records}))

    @precondition(lambda self: self.uploads)
    @rule(which=st.integers(0))
    def s3_delivers_again(self, which: int) -> None:
        event = self.uploads[which % len(self.uploads)]
        self.world.queues.put(SUBMIT_QUEUE, json.dumps(event))

    @rule(
        kinds=st.lists(st.sampled_from(["input", "inline", "wrong"]), min_size=1, max_size=3),
        invalid=st.booleans(),
        fault=SUBMIT_FAULTS,
    )
    def call_directly(self, kinds: list[str], invalid: bool, fault: Planned) -> None:
        calls: list[Json] = [{"body": 5}] if invalid else []
        for kind in kinds:
            name = self._name()
            input_of: dict[str, Json] = {
                "input": {"input_location": f"s3://{BUCKET}/inputs/{name}"},
                "inline": {"body": f"1,2,{name}"},
                "wrong": {"input_location": f"s3://{BUCKET}/elsewhere/{name}"},
            }
            calls.append({**input_of[kind], "request_id": f"own-{name}"})
            self.requests.add(request_id_of_caller(f"own-{name}"))
        call = Call({"requests": calls}, f"direct-{self._name()}")
        self._run(lambda: self.world.call_submit(call), fault)

    @rule(first=st.booleans())
    def a_call_with_an_invalid_request_is_put_into_the_queue(self, first: bool) -> None:
        name = self._name()
        valid, invalid = {"body": f"1,{name}", "request_id": f"own-{name}"}, {"body": name}
        members = [invalid, valid] if first else [valid, invalid]
        self.requests.add(request_id_of_caller(f"own-{name}"))
        self.world.queues.put(SUBMIT_QUEUE, json.dumps({"requests": members}))
        self.junk[SUBMIT_QUEUE].add(json.dumps({"requests": [invalid]}))

    @precondition(lambda self: self.world.calls)
    @rule(fault=SUBMIT_FAULTS)
    def lambda_repeats_a_call(self, fault: Planned) -> None:
        call = self.world.calls.pop(0)
        self._run(lambda: self.world.call_submit(call), fault)

    @rule(
        copies=st.integers(1, 2),
        forged_first=st.booleans(),
        kind=st.sampled_from(["new", "used before", "of a result"]),
    )
    def another_client_uses_the_endpoint(self, copies: int, forged_first: bool, kind: str) -> None:
        name = self._name()
        theirs = f"order-{name}" if kind == "new" else "order"
        if kind == "of a result" and self.foreign:
            theirs = min(self.foreign)
        received = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(milliseconds=name)
        notification = samples.completed(theirs, receivedTime=received.isoformat())
        self.foreign.add(request_id_of_inference(theirs, received))
        if forged_first:
            self._forge(theirs, "endpoint")
        for _ in range(copies):
            self.world.publish(notification)

    @rule(queue=st.sampled_from([SUBMIT_QUEUE, NOTIFICATION_QUEUE]), checks=st.booleans())
    def junk_arrives(self, queue: str, checks: bool) -> None:
        self._junk(queue, f"junk {self._name()}")
        if checks:  # S3 and SageMaker test their permission
            self.world.queues.put(SUBMIT_QUEUE, json.dumps({"Event": "s3:TestEvent"}))
            test = {"eventSource": "aws:sagemaker", "eventName": "TestNotification"}
            self.world.publish(test)

    @precondition(lambda self: self.requests)
    @rule(which=st.integers(0), kind=st.sampled_from(["topic", "output", "endpoint"]))
    def a_notification_is_forged(self, which: int, kind: str) -> None:
        self._forge(sorted(self.requests)[which % len(self.requests)], kind)

    # What the relay does, while things go wrong ---------------------------------------------------

    @precondition(lambda self: self.world.queues.waiting(SUBMIT_QUEUE))
    @rule(limit=LIMITS, fault=SUBMIT_FAULTS, quick=st.booleans(), other=OTHERS)
    def submit_works(self, limit: int, fault: Planned, quick: bool, other: Other) -> None:
        self.world.quick = quick
        self._run(lambda: self.world.deliver_to_submit(limit), fault, other)
        self.world.quick = False

    @precondition(lambda self: self.world.queues.waiting(SUBMIT_QUEUE))
    @rule(seconds=SECONDS, fault=SUBMIT_FAULTS)
    def submit_works_later(self, seconds: int, fault: Planned) -> None:
        self.world.advance(seconds)
        self._run(self.world.deliver_to_submit, fault)

    @precondition(lambda self: self.world.queues.waiting(NOTIFICATION_QUEUE))
    @rule(limit=LIMITS, fault=ROUTE_FAULTS, other=OTHERS)
    def route_works(self, limit: int, fault: Planned, other: Other) -> None:
        self._run(lambda: self.world.deliver_to_route(limit), fault, other)

    @precondition(lambda self: self.world.queues.waiting(NOTIFICATION_QUEUE))
    @rule(seconds=SECONDS, fault=ROUTE_FAULTS)
    def route_works_later(self, seconds: int, fault: Planned) -> None:
        self.world.advance(seconds)
        self._run(self.world.deliver_to_route, fault)

    @rule(fault=RECONCILE_FAULTS, other=OTHERS)
    def reconcile_works(self, fault: Planned, other: Other) -> None:
        self._run(self.world.run_reconcile, fault, other)

    @rule(hours=st.integers(1, 4))
    def reconcile_is_invoked_once_more(self, hours: int) -> None:
        now = self.world.clock.now()
        self.world.run_reconcile((now - timedelta(hours=hours), now))

    # What SageMaker, SNS and time do -------------------------------------------------------------

    @precondition(lambda self: self.world.running)
    @rule(
        which=st.integers(0),
        outcome=OUTCOMES,
        copies=st.sampled_from([0, 1, 1, 1, 2]),
        hold=st.booleans(),
    )
    def sagemaker_ends(self, which: int, outcome: str, copies: int, hold: bool) -> None:
        attempt = self.world.running[which % len(self.world.running)]
        for notification in self.world.end(attempt, outcome, copies):
            if hold:
                self.held.append(notification)
            else:
                self.world.publish(notification)

    @rule(trouble=st.none() | st.sampled_from([*PASSING, REFUSALS[0]]))
    def the_endpoint_goes_or_comes_back(self, trouble: RelayError | None) -> None:
        self.world.endpoint.trouble = trouble

    @rule(
        where=st.sampled_from([*RESULT_QUEUES, ARCHIVE]),
        trouble=st.none() | st.sampled_from([*PASSING, REFUSALS[1]]),
    )
    def a_target_goes_or_comes_back(self, where: str, trouble: RelayError | None) -> None:
        self.world.queues.trouble.pop(where, None)
        if trouble is not None:
            self.world.queues.trouble[where] = trouble

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0))
    def a_delayed_notification_arrives(self, which: int) -> None:
        self.world.publish(self.held.pop(which % len(self.held)))

    @precondition(lambda self: self.world.running)
    @rule(outcome=OUTCOMES)
    def all_notifications_are_lost_for_hours(self, outcome: str) -> None:
        for attempt in list(self.world.running):
            self.world.end(attempt, outcome, copies=0)
        self.world.advance(2 * 3600)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.world.advance(seconds)

    @precondition(lambda self: len(self.requests) >= 5)
    @rule()
    def a_month_passes(self) -> None:
        """All before is settled; the ledger forgets it, and so do S3, SNS and callers."""
        self._settle()
        self.world.let_a_month_pass()
        self.terminal.clear()
        self.uploads.clear()

    # What always holds ---------------------------------------------------------------------------

    @invariant()
    def a_terminal_state_never_changes(self) -> None:
        for inference_id, state in self.terminal.items():
            assert self.world.ledger.states.get(inference_id) is state
        for inference_id, state in self.world.ledger.states.items():
            if state is not AttemptState.OPEN:
                self.terminal[inference_id] = state

    @invariant()
    def no_request_is_tried_too_often(self) -> None:
        for attempt in self.world.ledger.items.values():
            assert attempt.number <= MAX_ATTEMPTS

    def teardown(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """Faults end, time passes, everything is delivered: now every request has its result."""
        for notification in self.held:
            self.world.publish(notification)
        self.held.clear()
        self.world.drain()
        for targets in (RESULT_QUEUES, (ARCHIVE,)):
            sent = Counter(map(_request, self._results(targets)))
            seen = Counter(
                _request(message)
                for target in targets
                for message in self.world.queues.delivered(target)
            )
            assert set(seen) == self.requests | self.foreign
            self._check_how_often(sent, seen)
        self._check_what_they_say()
        for request_id in self.requests & {a.request_id for a in self.world.ledger.items.values()}:
            assert status(request_id, self.world.ledger).state not in ("submitted", "retrying")
        self._check_that_an_input_is_found()
        for queue, letters in (
            (SUBMIT_QUEUE, SUBMIT_DEAD_LETTERS),
            (NOTIFICATION_QUEUE, NOTIFICATION_DEAD_LETTERS),
        ):
            assert {m.body for m in self.world.queues.delivered(letters)} == self.junk[queue]

    def _check_that_an_input_is_found(self) -> None:
        """Whatever postponed, renewed or retried an attempt, its shard is that of its input."""
        firsts = [
            attempt
            for attempt in self.world.ledger.items.values()
            if attempt.number == 1 and attempt.request_id in self.requests
        ]
        for attempt in firsts[:1]:
            if attempt.location is not None:
                query = ListQuery(since=attempt.submitted_at, location=attempt.location)
                listed = scan(query, self.world.ledger, self.world.clock.now())
                found = [each.request_id for _, each in listed if each is not None]
                assert found == [attempt.request_id]

    def _check_how_often(self, sent: Counter[str], seen: Counter[str]) -> None:
        """A repeat takes a crash, a failure or a second function in the same instant."""
        repeats = self.world.faults.fired
        if self.at_once:
            repeats += self.at_once + self.world.late_reports
        for request_id, number in seen.items():
            assert 1 <= number <= sent[request_id] <= 1 + repeats, (request_id, number)
        for inference_id, number in self.world.invocations.items():
            assert number <= 1 + self.world.faults.doubts + self.at_once, inference_id
        # What was never invoked and never will be was lost, even if it ends as `expired`.
        assert self.world.forgotten == [] or self.at_once

    def _check_what_they_say(self) -> None:
        for message in self._results((*RESULT_QUEUES, ARCHIVE)):
            document = json.loads(message.body)
            data = document["data"]
            assert document["id"] == _request(message) == data["request_id"]
            assert message.group_id in (document["id"], None)
            assert data["tracked"] is (document["id"] in self.requests)
            assert data["attempts"] <= MAX_ATTEMPTS
            known = self.world.outcomes.get(data["inference_id"])
            if data["outcome"] == "completed":
                assert known in ("completed", None if document["id"] in self.foreign else known)
            if data["outcome"] == "failed":
                assert known not in (None, "completed")

    def _results(self, targets: Sequence[str]) -> list[OutgoingMessage]:
        return [m for m in self.world.queues.sent if str(m.address) in targets]

    def _name(self) -> int:
        self.names += 1
        return self.names

    def _uploaded(self, key: str) -> Json:
        self.requests.add(request_id_of_upload(BUCKET, key, "", "00A1"))
        return samples.upload(key)

    def _junk(self, queue: str, body: str) -> None:
        self.world.queues.put(queue, body)
        self.junk[queue].add(body)

    def _forge(self, inference_id: str, kind: str) -> None:
        forged = samples.completed(inference_id)
        if kind == "output":
            forged["responseParameters"] = {"outputLocation": "s3://thief/outputs/x.out"}
        if kind == "endpoint":
            forged["requestParameters"] = {"endpointName": "another"}
        topic = f"{samples.SUCCESS_TOPIC}-not" if kind == "topic" else samples.SUCCESS_TOPIC
        self._junk(NOTIFICATION_QUEUE, json.dumps(samples.sns_envelope(forged, topic)))

    def _run(self, function: Callable[[], None], fault: Planned, other: Other = None) -> None:
        """A function's run, in which a step fails or another function runs in between."""
        if fault is not None:
            step, error, nth, after = fault
            self.world.faults.plan(step, error, nth=nth, after=after)
        if other is not None:
            name, nth = other
            acts: dict[str, Callable[[], None]] = {
                "submit": self.world.deliver_to_submit,
                "route": self.world.deliver_to_route,
                "reconcile": self.world.run_reconcile,
            }
            self.at_once += 1
            self.world.faults.plan_meanwhile(acts[name], nth=nth)
        function()
        self.world.faults.forget()


def _request(message: OutgoingMessage) -> str:
    return dict(message.attributes)["request_id"]


TestRelay = Relay.TestCase
TestRelay.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    derandomize="RELAY_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
