"""`relayctl console` on a stack that runs, in Chromium."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.targets.target import Target, eventually
from tests.e2e.endpoint.capacity import awake
from tests.support.console.checks import check
from tests.support.console.chromium import CHROMIUM, Tab, chromium
from tests.support.console.process import console
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

_SECONDS = 90


@pytest.fixture(scope="module")
def address(stack: RunningStack) -> Iterator[str]:
    with console(stack.environment) as found:
        yield found


@pytest.fixture(scope="module")
def origin(address: str) -> str:
    return address.partition("/?")[0]


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Tab]:
    with chromium() as tab:
        tab.screen(1280, 900)
        tab.open(address)
        yield tab


@pytest.fixture
def tab(browser: Tab) -> Tab:
    browser.log.clear()
    return browser


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/", ".uplot canvas"),
        ("/requests?since=24h", "#live > *"),
        ("/parked", "#live details, #live .empty strong"),
        ("/endpoint", ".timeline li"),
        ("/routes", "#check table"),
        ("/local", ".switches li"),
    ],
)
def test_a_page_opens_without_an_error(tab: Tab, origin: str, path: str, there: str) -> None:
    tab.open(origin + path)
    tab.until(f"document.querySelector('{there}') !== null")

    assert tab.run("document.querySelectorAll('.notice.bad').length") == 0
    check(tab)


def test_numbers_move_after_an_upload(
    tab: Tab, origin: str, stack: RunningStack, target: Target, s3: "S3Client"
) -> None:
    awake(target.client("sagemaker"), stack.outputs["EndpointName"])
    tab.open(f"{origin}/?range=24h")
    requests = "Number(document.querySelector('.facts dd').textContent.replace(/[^0-9]/g, ''))"
    before = tab.run(requests)

    key = f"inputs/console-{uuid.uuid4()}.csv"
    body = (REPOSITORY / "examples" / "order.csv").read_bytes()
    s3.put_object(Bucket=stack.outputs["DataBucketName"], Key=key, Body=body)

    tab.until(f"{requests} > {before}", _SECONDS)
    tab.open(f"{origin}/requests?prefix={key}")
    tab.until("document.querySelector('.state.good') !== null", _SECONDS)
    tab.open(f"{origin}/request?of={key}")
    tab.until("document.querySelectorAll('.look pre, .look .cells').length === 2", _SECONDS)
    assert "Result delivered by route" in tab.run("document.body.textContent")
    check(tab)


def test_a_sample_is_uploaded_and_a_fault_is_switched(tab: Tab, origin: str) -> None:
    tab.open(f"{origin}/local")
    tab.submit("document.querySelector('form[action=\"/local/upload\"] button').click()")
    assert "1 upload is at s3://" in tab.until(
        "document.querySelector('.notice.good')?.textContent", _SECONDS
    )

    press = (
        "document.querySelector('[aria-labelledby=fault-duplicate_notification] "
        'button[value="{}"]\').click()'
    )
    pressed = (
        "document.querySelector('[aria-labelledby=fault-duplicate_notification] "
        "button[aria-pressed=true]')?.value"
    )
    tab.submit(press.format("1.0"))
    assert tab.until(pressed) == "1.0"
    tab.submit(press.format("0.0"))
    assert tab.until(pressed) == "0.0"
    check(tab)


def test_parked_messages_are_dropped(
    tab: Tab, origin: str, stack: RunningStack, sqs: "SQSClient"
) -> None:
    body = f"console {uuid.uuid4()}"
    sqs.send_message(QueueUrl=stack.outputs["SubmitQueueUrl"], MessageBody=body)

    def parked() -> bool:
        tab.open(f"{origin}/parked?again={uuid.uuid4()}")
        tab.run("document.querySelector('.heading button').click()")
        tab.until("!document.querySelector('.heading button').disabled")
        tab.until("document.querySelector('#live details, #live .empty strong') !== null")
        return bool(tab.run(f"document.body.textContent.includes('{body}')"))

    eventually(parked, _SECONDS, "a parked message")
    check(tab)
    sections = "[...document.querySelectorAll('#live section')]"
    group = f"{sections}.find((each) => each.textContent.includes('{body}'))"
    tab.submit(f"{group}.querySelector('button[value=drop]').click()")
    tab.until("location.pathname === '/parked/ask'")
    tab.submit("document.querySelector('form button.danger').click()")
    assert "deleted" in tab.until("document.querySelector('.notice.good')?.textContent")


def test_submit_is_paused_and_resumed(tab: Tab, origin: str) -> None:
    tab.open(origin)
    notice = "document.getElementById('live').textContent.includes('Submit is paused')"
    try:
        tab.submit("document.getElementById('switch-submit').click()")
        tab.until(notice, _SECONDS)
    finally:
        tab.until("document.getElementById('switch-submit').textContent === 'Resume submit'")
        tab.submit("document.getElementById('switch-submit').click()")
    tab.until(f"!({notice})", _SECONDS)
    check(tab)


def test_a_browser_without_the_address_sees_nothing(origin: str) -> None:
    with chromium() as stranger:
        stranger.open(origin)

        assert "Not allowed" in stranger.run("document.body.textContent")
        assert stranger.run("document.querySelectorAll('nav, form, svg.picture').length") == 0
