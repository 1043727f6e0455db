"""The calls of the page about submission, whose answers have the members that the page shows."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.targets.target import eventually
from tests.e2e.documented.prepared import Place, filled
from tests.support.pages.blocks import blocks

PAGE = "docs/reference/submission.md"
# The reason that the page shows is about this row.
ROW = "17.99,10.38,122.8"
_SECONDS = 120


@pytest.fixture
def own(place: Place) -> str:
    """An id of the caller's own, and a file of this name, which the model refuses."""
    own = f"order-{uuid4().hex}"
    place.upload(f"inputs/{own}.csv", ROW)
    assert place.ended(f"inputs/{own}.csv")["state"] == "failed"
    return own


@pytest.fixture
def documents(place: Place, own: str) -> list[list[dict[str, Any]]]:
    """The documents of the page, block by block, about what is on the stack."""
    now = datetime.now(UTC)
    replaced = {
        "03db0e8cd7888d10ad2fde94bb55e028": place.requests(f"inputs/{own}.csv")[0]["request_id"],
        "s3://…/": f"s3://{place.bucket}/",
        "relay-data-111122223333-us-east-1": place.bucket,
        "inputs/orders/": f"inputs/{own}",
        "order-17": own,
        "2026-11-27T00": f"{now:%Y-%m-%d}T00",
        "2026-11-28T00": f"{now + timedelta(days=1):%Y-%m-%d}T00",
        "(500)": "(400)",
    }
    texts = [each.text for each in blocks() if (each.page, each.language) == (PAGE, "json")]
    return [[*_read(filled(text, replaced))] for text in texts]


def _read(text: str) -> Iterator[dict[str, Any]]:
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]


def test_calls_are_answered_as_the_page_shows(
    place: Place, own: str, documents: list[list[dict[str, Any]]]
) -> None:
    _, [call], [answer], [repeated], [again], questions, [status], [listing], [listed] = documents

    def submit(call: dict[str, Any]) -> Any:
        return place.target.call("SubmitFunctionName", call)

    submitted = submit(call)
    assert [each["status"] for each in submitted["requests"]] == ["submitted"] * 2
    assert _missing(answer, submitted) == set()
    duplicate = submit(call)
    # The second request of the call has no id of the caller's own.
    assert [each["status"] for each in duplicate["requests"]] == ["duplicate", "submitted"]
    # It may have ended meanwhile, and is not due then.
    assert _missing(repeated, duplicate) <= {"due_at"}
    assert submit(again)["requests"][0]["status"] == "submitted"

    eventually(lambda: _all_failed(place, own), _SECONDS, "the end of three requests")

    by_id, by_key, by_location = (
        place.target.call("ReconcileFunctionName", question) for question in questions
    )
    assert (by_id["state"], by_key["requests"]) == ("failed", by_location["requests"])
    assert by_key["reason"] == status["reason"]
    assert by_key["next_step"] == status["next_step"]
    assert _missing(status, by_key) == set()
    found = place.target.call("ReconcileFunctionName", listing)
    assert len(found["requests"]) == 3
    # The list ends on its page.
    assert _missing(listed, found) == {"next"}


def _all_failed(place: Place, own: str) -> bool:
    found = place.requests(f"inputs/{own}.csv")
    return len(found) == 3 and all(each["state"] == "failed" for each in found)


def _missing(shown: Mapping[str, Any], answer: Mapping[str, Any]) -> set[str]:
    """The members that the page shows, of the answer and of its first request, and it has not."""
    first = shown["requests"][0].keys() - answer["requests"][0].keys()
    return {*(shown.keys() - answer.keys()), *first}
