import json
from pathlib import Path

from async_endpoint_emulator.testing import Sandbox


def test_words_are_found_in_a_document(async_emulator: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("refund cancel")
    words = async_emulator.deploy(
        "words",
        "python serve.py",
        tmp_path,
        content_type="application/json",
        instances=2,
    )

    invocations = [
        words.invoke(json.dumps({"text": text}).encode())
        for text in ("Please cancel my order.", "Where is my refund?", "Thank you!")
    ]

    for invocation in invocations:
        assert words.notification(invocation)["invocationStatus"] == "Completed"
    found = [json.loads(words.read(each.output_location))["found"] for each in invocations]
    assert found == [["cancel"], ["refund"], []]
