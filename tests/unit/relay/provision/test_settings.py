import pytest
from relay.errors import ConfigurationError
from relay.settings import ProvisionSettings

STACK = "arn:aws:cloudformation:eu-west-1:000000000000:stack/fraud/7b1f"


def test_the_environment_of_the_function_is_read() -> None:
    settings = ProvisionSettings.read(
        {
            "ENDPOINT_NAME": "relay",
            "STACK_ID": STACK,
            "ROLL_OUT_UPLOADS": "false",
            "LEDGER_TABLE_NAME": "ledger",
            "PROVISION_DEAD_LETTER_QUEUE_URL": "https://sqs/provision",
            "AWS_REGION": "eu-west-1",
            "INPUT_BUCKET": "lake",
            "INPUT_PREFIXES": "fraud/,orders/",
        }
    )

    queue = "https://sqs/provision"
    assert settings == ProvisionSettings(
        *("relay", STACK, False, "ledger", queue, "eu-west-1", "lake", ("fraud/", "orders/"))
    )
    assert settings.account == "000000000000"
    assert settings.stack_name == "fraud"


def test_everything_that_is_missing_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        ProvisionSettings.read({})

    for name in (
        *(
            "ENDPOINT_NAME",
            "STACK_ID",
            "ROLL_OUT_UPLOADS",
            "LEDGER_TABLE_NAME",
            "PROVISION_DEAD_LETTER_QUEUE_URL",
        ),
        "AWS_REGION",
    ):
        assert name in str(refusal.value)
