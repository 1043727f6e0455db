"""Questions about requests, which the reconcile function answers."""

from relay.budget import Budget
from relay.inputs.inputs import Inputs
from relay.ports import Clock, DueLedger, Storage
from relay.reconcile.calls import Question, StatusQuestion
from relay.reconcile.listing import ListQuery, list_page
from relay.reconcile.status import status
from relay.reconcile.status_of_input import InputQuestion, status_of_input


class Questions:
    """Answers questions from the ledger and the data bucket, and changes nothing."""

    def __init__(
        self, inputs: Inputs, ledger: DueLedger, storage: Storage, clock: Clock, budget: Budget
    ) -> None:
        self._inputs = inputs
        self._ledger = ledger
        self._storage = storage
        self._clock = clock
        self._budget = budget

    @property
    def bucket(self) -> str:
        """The bucket of a key without one."""
        return self._inputs.bucket

    def __call__(self, question: Question) -> dict[str, object]:
        """Return the answer as JSON.

        Raises:
            RelayError: the ledger cannot be read, or the bucket not be listed.
        """
        match question:
            case StatusQuestion(request_id):
                return status(request_id, self._ledger).to_json()
            case ListQuery():
                return list_page(question, self._ledger, self._clock, self._budget).to_json()
            case InputQuestion():
                return status_of_input(
                    question, self._inputs, self._ledger, self._storage, self._clock, self._budget
                ).to_json()
