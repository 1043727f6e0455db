"""Which requests are CloudFormation's own."""

import pytest
from relay.aws.cloudformation import CloudFormationResponder

NUMBER = "9f0c2b60-1111-2222-3333-444455556666"
PATH = "arn%3Aaws%3Acloudformation?X-Amz-Signature=secret"
BUCKETS = {
    "us-east-1": "cloudformation-custom-resource-response-useast1",
    "eu-west-1": "cloudformation-custom-resource-response-euwest1",
    "cn-north-1": "cloudformation-custom-resource-response-cnnorth1",
    "us-gov-west-1": "cloudformation-custom-resource-response-usgovwest1",
}
# As the SDK resolves them.
ENDPOINTS = {
    "us-east-1": "https://s3.amazonaws.com",
    "eu-west-1": "https://s3.eu-west-1.amazonaws.com",
    "cn-north-1": "https://s3.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "https://s3.us-gov-west-1.amazonaws.com",
}
EUROPE = BUCKETS["eu-west-1"]


def stack(region: str = "eu-west-1", account: str = "111122223333", name: str = "relay") -> str:
    return f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{NUMBER}"


def objection(url: str, region: str = "eu-west-1", endpoint: str = "") -> str | None:
    responder = CloudFormationResponder(stack(region), lambda: endpoint or ENDPOINTS[region])
    return responder.objection(stack(region), url)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        # Recorded.
        ("us-east-1", "{bucket}.s3.amazonaws.com"),
        ("eu-west-1", "{bucket}.s3-eu-west-1.amazonaws.com"),
        ("cn-north-1", "{bucket}.s3.cn-north-1.amazonaws.com.cn"),
        # The other hosts of S3 in the region.
        ("us-east-1", "{bucket}.s3.us-east-1.amazonaws.com"),
        ("eu-west-1", "{bucket}.s3.eu-west-1.amazonaws.com"),
        ("eu-west-1", "{bucket}.s3.dualstack.eu-west-1.amazonaws.com"),
        ("eu-west-1", "s3.eu-west-1.amazonaws.com/{bucket}"),
        ("eu-west-1", "s3-eu-west-1.amazonaws.com/{bucket}"),
        ("us-gov-west-1", "{bucket}.s3.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", "{bucket}.s3-fips.us-gov-west-1.amazonaws.com"),
    ],
)
def test_cloudformations_own_urls_are_accepted_in_every_partition(region: str, host: str) -> None:
    assert objection(f"https://{host.format(bucket=BUCKETS[region])}/{PATH}", region) is None


def test_the_endpoint_that_the_sdk_is_configured_with_takes_the_place_of_the_regions() -> None:
    custom = "https://127.0.0.1:4566"

    assert objection(f"{custom}/{EUROPE}/{PATH}", endpoint=custom) is None
    assert objection(f"https://{EUROPE}.127.0.0.1:4566/{PATH}", endpoint=custom) is None
    assert objection(f"https://{EUROPE}.s3.amazonaws.com/{PATH}", endpoint=custom) is not None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        f"http://{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://example.com/{PATH}",
        f"https://example.com/{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com.example.com/{PATH}",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com@example.com/{PATH}",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com:8443/{PATH}",
        f"https://{EUROPE}.s3xeu-west-1.amazonaws.com/{PATH}",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com",
        f"https://user@{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH}",
        # Buckets of others, of CloudFormation in another region, and in another partition.
        f"https://bucket.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://{EUROPE}-2.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://s3-evil.s3.eu-west-1.amazonaws.com/{EUROPE}/{PATH}",
        f"https://{BUCKETS['us-east-1']}.s3.amazonaws.com/{PATH}",
        f"https://{EUROPE}.s3.us-east-1.amazonaws.com/{PATH}",
        f"https://{EUROPE}.s3.cn-north-1.amazonaws.com.cn/{PATH}",
        # Out of the bucket, where a server resolves dots.
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/../other/{PATH}",
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/%2E%2e/other/{PATH}",
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/..%2Fother/{PATH}",
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/..%5Cother/{PATH}",
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/..",
        f"https://s3.eu-west-1.amazonaws.com/{EUROPE}/\\other/{PATH}",
        # What no URL contains.
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH}\r\nHost: example.com",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH} ",
        f"https://{EUROPE}.s3.eu-west-1.amazonaws.com/ü",
        # The instance metadata, and this machine.
        "https://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1:4566/",
    ],
)
def test_any_other_url_is_refused_without_being_repeated(url: str) -> None:
    problem = objection(url)

    assert problem == f"its ResponseURL is not an https URL of the bucket {EUROPE}"


@pytest.mark.parametrize(
    "other",
    [
        "",
        stack(name="other"),
        stack(name="relay-2"),
        stack(account="999999999999"),
        stack(region="us-east-1"),
        f"relay/{NUMBER}",
    ],
)
def test_a_request_of_another_stack_is_refused(other: str) -> None:
    responder = CloudFormationResponder(stack(), lambda: ENDPOINTS["eu-west-1"])

    problem = responder.objection(other, f"https://{EUROPE}.s3.eu-west-1.amazonaws.com/{PATH}")

    assert problem == (
        "its StackId is not of arn:aws:cloudformation:eu-west-1:111122223333:stack/relay"
    )
