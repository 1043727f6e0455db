"""What a finding says about two values."""

from typing import Any

import pytest

from relayctl.doctor.differences import different

_ARN = "arn:aws:lambda:us-east-1:111122223333:function:relay-ProvisionFunction-193822566531C"


def uploads(prefix: str, *others: dict[str, Any]) -> list[dict[str, Any]]:
    rules = [{"Name": "prefix", "Value": prefix}, {"Name": "suffix", "Value": ".tar.gz"}]
    return [
        {"Function": _ARN, "Event": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": rules}}},
        *others,
    ]


def test_of_a_long_list_the_member_that_differs_is_shown_with_both_values() -> None:
    (said,) = different("LambdaConfigurations", uploads("models/"), uploads("model/"))

    path = "LambdaConfigurations[0].Filter.S3Key.Rules[prefix].Value"
    assert said == f"{path} is model/, not models/"


def test_a_member_that_one_list_has_alone_is_shown() -> None:
    other = {"Function": "arn:aws:lambda:us-east-1:111122223333:function:mine"}

    (added,) = different("LambdaConfigurations", uploads("models/"), uploads("models/", other))
    (gone,) = different("LambdaConfigurations", uploads("models/", other), uploads("models/"))

    assert added.startswith("LambdaConfigurations[1] is {'Function': ")
    assert added.endswith(":mine'}, not absent")
    assert gone.startswith("LambdaConfigurations[1] is absent, not {'Function': ")


def test_a_member_is_compared_with_the_one_of_its_name() -> None:
    one = [
        {"Id": f"m{n}", "Expression": f"a very long expression of the metric {n}"} for n in range(9)
    ]
    other = [{**each, "Expression": "0"} if each["Id"] == "m4" else each for each in reversed(one)]

    (said,) = different("Metrics", one, other)

    assert said == "Metrics[m4].Expression is 0, not a very long expression of the metric 4"


def test_a_member_that_one_list_has_twice_is_shown() -> None:
    (said,) = different("SubnetIds", ["subnet" * 40, "subnet" * 40], ["subnet" * 40])

    assert said.startswith("SubnetIds[1] is absent, not subnet")


def test_short_lists_are_shown_as_they_are() -> None:
    (said,) = different("Layers", ["one"], ["other"])

    assert said == "Layers is ['other'], not ['one']"


@pytest.mark.parametrize("before", [0, 130, 141, 196, 199, 5_000])
def test_long_texts_are_cut_so_that_their_first_difference_is_shown(before: int) -> None:
    (said,) = different(
        "Pattern", "x" * before + "one" + "y" * 300, "x" * before + "two" + "y" * 300
    )

    actual, _, expected = said.removeprefix("Pattern is ").partition(", not ")
    assert "xtwoy" in f"x{actual}"
    assert "xoney" in f"x{expected}"
    assert len(said) < 450
