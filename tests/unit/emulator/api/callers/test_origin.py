"""Requests of web pages are distinguished from those of programs."""

import pytest
from async_endpoint_emulator.api.callers.origin import own_hosts, refusal

HOSTS = own_hosts(4567, "sagemaker")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4567", "localhost:4567", "LOCALHOST:4567", "sagemaker:4567"]
)
def test_a_program_that_means_this_server_is_served(host: str) -> None:
    headers = {"Host": host, "User-Agent": "Boto3/1.40", "Authorization": "AWS4-HMAC-SHA256"}

    assert refusal(headers, HOSTS) is None


@pytest.mark.parametrize(
    "host",
    ["", "127.0.0.1", "127.0.0.1:4566", "evil.example:4567", "127.0.0.1:4567.evil.example"]
    + ["evil.localhost:4567", "[::1]:4567"],
)
def test_another_name_is_refused(host: str) -> None:
    assert "Host is" in (refusal({"Host": host}, HOSTS) or "")


@pytest.mark.parametrize("name", ["::1", "[::1]"])
def test_an_address_of_ipv6_is_in_brackets(name: str) -> None:
    assert refusal({"Host": "[::1]:4567"}, own_hosts(4567, name)) is None


def test_a_request_without_a_host_is_refused() -> None:
    assert "Host is" in (refusal({}, HOSTS) or "")


@pytest.mark.parametrize(
    "name",
    ["Origin", "origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "sec-fetch-dest", "Sec-CH-UA"],
)
def test_what_only_browsers_send_is_refused_and_named(name: str) -> None:
    said = refusal({"Host": "127.0.0.1:4567", name: "null"}, HOSTS)

    assert said == f"{name.lower()} is a header of browsers, whose requests are refused"
