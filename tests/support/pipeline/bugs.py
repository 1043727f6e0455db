"""Bugs that one poisoned record meets, and what its message must come to."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from relay.delivery.report import Report

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import put
from tests.support.samples import SUBMIT_QUEUE, Json

SECRET = "customer 4711"
PLACE = re.compile(r"\w+Error at [\w/]+\.py:\d+")


def call(request_id: str) -> Json:
    return {"request_id": request_id, "input_location": f"{samples.INPUTS}{request_id}.csv"}


def put_all(pipeline: FakePipeline, *messages: object) -> None:
    for message in messages:
        put(pipeline, message)


def names_poison(value: object) -> bool:
    return "poison" in repr(value) or "f" * 32 in repr(value)


def break_port(monkeypatch: pytest.MonkeyPatch, port: object, method: str) -> None:
    """Have a port's call raise, for all its records, while the poisoned one is among them."""
    original = getattr(port, method)

    def call(records: Any) -> Any:
        if any(map(names_poison, records)):
            raise AttributeError(f"{SECRET} in {records}")
        return original(records)

    monkeypatch.setattr(port, method, call)


def break_function(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have a function of the relay raise for the poisoned record."""
    module, _, function = name.rpartition(".")
    original = getattr(__import__(module, fromlist=[function]), function)

    def call(*arguments: Any, **named: Any) -> Any:
        if names_poison(arguments):
            raise AttributeError(f"{SECRET} in {arguments}")
        return original(*arguments, **named)

    monkeypatch.setattr(name, call)


def inject(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: Any) -> None:
    if isinstance(bug, str):
        break_function(monkeypatch, bug)
    else:
        break_port(monkeypatch, getattr(pipeline, bug[0]), bug[1])


def receive_five_times(pipeline: FakePipeline, deliver: Callable[[], Report]) -> list[Report]:
    reports = []
    for _ in range(5):
        reports.append(deliver())
        pipeline.clock.advance(900)
    return reports


def assert_parked(pipeline: FakePipeline, queue_url: str, reports: Sequence[Report]) -> None:
    """One message is parked, with the type and the place, and no note has a payload."""
    (parked,) = pipeline.queues.delivered(queue_url)
    assert PLACE.search(dict(parked.attributes)["reason"])
    assert all(waiting == 0 for waiting in map(pipeline.queues.waiting, [SUBMIT_QUEUE]))
    assert SECRET not in str(parked.attributes) + str([report.notes for report in reports])
