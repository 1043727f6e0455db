"""From what tests saw to the table and the JSON of a run."""

import json
from pathlib import Path

from tests.acceptance.findings import report
from tests.acceptance.findings.assumptions import Assumption
from tests.acceptance.findings.observations import Observation, Observations, Row, Verdict

HELD = Observation(Verdict.HELD, "test_one")
BROKEN = Observation(Verdict.BROKEN, "test_two", "another size")
SKIPPED = Observation(Verdict.UNSEEN, "test_three", "left out")


def verdict_of(*observations: Observation, unobserved: str = "") -> Row:
    seen = Observations()
    for each in observations:
        seen.add("size", each)
    page = [Assumption("size", "It is 1 MiB.", "documented", "all", ("test_one",), unobserved)]
    (row,) = seen.rows(page, otherwise="the run was interrupted")
    return row


def test_an_assumption_that_is_broken_once_is_broken() -> None:
    row = verdict_of(HELD, BROKEN, SKIPPED)

    assert (row.verdict, row.detail) == (Verdict.BROKEN, "another size")


def test_an_assumption_that_holds_once_holds_even_if_another_test_is_skipped() -> None:
    assert verdict_of(SKIPPED, HELD).verdict is Verdict.HELD


def test_what_no_test_saw_says_why() -> None:
    assert verdict_of(SKIPPED).detail == "left out"
    assert verdict_of().detail == "the run was interrupted"
    assert verdict_of(unobserved="takes days").detail == "takes days"


def test_the_table_begins_with_what_is_broken() -> None:
    seen = Observations()
    seen.add("b", BROKEN)
    seen.add("a", HELD)
    page = [Assumption(id, f"Claim {id}.", "s", "c", ("t",), "") for id in ("a", "b", "c")]

    text = report.table(seen.rows(page, "it ended"))

    assert text.index("broken") < text.index("not observed") < text.index("held  ")
    assert "Claim b." in text
    assert "-> another size" in text
    assert text.endswith("1 broken, 1 not observed, 1 held")


def test_the_json_has_the_run_and_every_assumption(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"

    report.write(path, {"target": "aws"}, [Row("a", Verdict.HELD, "", "Claim.")])

    assert json.loads(path.read_text()) == {
        "target": "aws",
        "assumptions": [{"id": "a", "verdict": "held", "detail": "", "claim": "Claim."}],
    }


def test_the_json_names_no_account(tmp_path: Path) -> None:
    detail = "arn:aws:sqs:eu-central-1:123456789012:relay-data-123456789012-eu-central-1"

    report.write(tmp_path / "run.json", {}, [Row("a", Verdict.BROKEN, detail, "Claim.")])

    assert "123456789012" not in (tmp_path / "run.json").read_text()
