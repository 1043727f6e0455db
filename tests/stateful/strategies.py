"""What may happen in a run: faults, other functions at the same time, limits and pauses."""

from hypothesis import strategies as st
from relay.errors import (
    AccessDenied,
    EndpointNotReady,
    PermanentError,
    RelayError,
    TransientError,
    Unanswered,
)

from tests.support import samples
from tests.support.fakes.ports import Crash

OUTCOMES = st.sampled_from(["completed", samples.CLIENT_ERROR, samples.SERVER_ERROR])
PASSING: list[RelayError] = [
    TransientError("ThrottlingException: Rate exceeded"),
    AccessDenied("AccessDeniedException: not authorized"),
]
UNSURE: list[BaseException] = [Unanswered("read timed out"), Crash()]
REFUSALS: list[RelayError] = [
    EndpointNotReady("Endpoint relay of account 000000000000 not found."),
    PermanentError("ValidationError: no such thing"),
]


def faults(*steps: str) -> st.SearchStrategy[tuple[str, BaseException, int, bool] | None]:
    """None, or a step that fails, its error, its number, and whether it has its effect anyway.

    What refuses to do a thing has not done it; what breaks off may have.
    """
    nth = st.sampled_from([1, 1, 2, 3])
    refusing = [step for step in steps if step == "endpoint.invoke"]
    kinds = [
        st.tuples(st.sampled_from(steps), st.sampled_from(UNSURE), nth, st.booleans()),
        st.tuples(st.sampled_from(steps), st.sampled_from(PASSING), nth, st.just(False)),
    ]
    if refusing:
        kinds.append(
            st.tuples(st.sampled_from(refusing), st.sampled_from(REFUSALS), nth, st.just(False))
        )
    return st.one_of(st.none(), *kinds)


SUBMIT_FAULTS = faults(
    "ledger.claim",
    "ledger.renew",
    "ledger.release",
    "ledger.close",
    "ledger.look_up",
    "endpoint.invoke",
    "endpoint.invoke",
    "endpoint.invoke",
    "queues.send",
    "queues.come_back",
    "queues.in_flight",
)
ROUTE_FAULTS = faults("ledger.look_up", "queues.send", "queues.send", "ledger.close", "ledger.hold")
RECONCILE_FAULTS = faults(
    "ledger.due",
    "ledger.look_up",
    "storage.find",
    "queues.send",
    "ledger.postpone",
    "ledger.move_cursor",
)
Planned = tuple[str, BaseException, int, bool] | None
# Another function that works at the same time, and between which steps of the first.
Other = tuple[str, int] | None
OTHERS = st.none() | st.tuples(st.sampled_from(["submit", "route", "reconcile"]), st.integers(1, 6))
LIMITS = st.sampled_from([1, 3, 100])
SECONDS = st.sampled_from([1, 30, 60, 269, 271, 301, 900, 3600, 3 * 3600])
