"""The commands of a runbook, as the tests that follow it read them."""

from pathlib import Path

import pytest

from tests.support.pages.runbooks import DO, KNOW, SEE, Runbook

TEXT = """
**What it means.** Messages wait.

**How to see it.** `relayctl doctor` shows `submit`.

```sh
relayctl endpoint     # its status
relayctl status KEY
```

**What to do.** Wait, or `aws lambda invoke --payload
  '{}' /dev/stdout`. `relayctl doctor` has more.

- Then:

  ```sh
  relayctl resume submit
  ```

**How to know that it worked.** The alarm is in OK.

This runbook is not tried on the local stack: nothing
waits there.
"""
BOOK = Runbook(Path("page.md"), "OldestMessageAlarm", TEXT)


@pytest.mark.parametrize(
    ("part", "commands"),
    [
        (SEE, ["relayctl doctor", "relayctl endpoint     # its status", "relayctl status KEY"]),
        (
            DO,
            [
                "aws lambda invoke --payload '{}' /dev/stdout",
                "relayctl doctor",
                "relayctl resume submit",
            ],
        ),
        (KNOW, []),
    ],
)
def test_the_commands_of_a_part_are_those_of_its_blocks_and_its_text(
    part: str, commands: list[str]
) -> None:
    assert BOOK.commands(part) == commands


def test_a_runbook_says_why_it_is_not_tried() -> None:
    assert BOOK.not_followed == "nothing waits there"
    assert Runbook(BOOK.page, BOOK.subject, TEXT.partition("This")[0]).not_followed is None
