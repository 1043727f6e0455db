"""JSON of AWS's: the first problem makes it unreadable."""

import pytest
from relay.errors import UnreadableMessage
from relay.events.fields import Fields


def test_a_message_that_is_no_object_is_named_as_such() -> None:
    with pytest.raises(UnreadableMessage, match="the message must be a JSON object, not a list"):
        Fields([])


def test_the_first_problem_raises_with_its_path() -> None:
    fields = Fields({"a": {"x": 5}})

    with pytest.raises(UnreadableMessage, match="a.x must be a string, not a number"):
        fields.object("a").text("x")
    assert fields.problems == ()
