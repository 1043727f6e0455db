"""Look-up: what the ledger has of the inferences that notifications are about."""

from collections.abc import Sequence

from relay.errors import RelayError
from relay.ids import is_id
from relay.model import Attempt, Notification
from relay.ports import AttemptReader
from relay.route.decisions import foreign_id


def look_up(
    notifications: Sequence[Notification], ledger: AttemptReader
) -> Sequence[Attempt | RelayError | None]:
    """Return for each notification the attempt of the relay with its id, or, where there is none,
    the inference that the relay did not submit.
    """
    ids = [each.inference_id for each in notifications if is_id(each.inference_id)]
    found = ledger.look_up(ids) if ids else {}
    # Another caller may choose the id of a result as InferenceId, also of one that is not tracked.
    own = {key: item for key, item in found.items() if not _is_foreign(item)}
    others = [foreign_id(each) for each in notifications if each.inference_id not in own]
    foreign = ledger.look_up(others) if others else {}
    return [own.get(each.inference_id) or foreign.get(foreign_id(each)) for each in notifications]


def _is_foreign(item: Attempt | RelayError) -> bool:
    return isinstance(item, Attempt) and not item.tracked
