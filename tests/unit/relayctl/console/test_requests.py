"""The list of requests with its filters, and one request with a look at its objects."""

import pytest
from relay.model import AttemptState

from relayctl.errors import RelayctlError
from tests.support.console.page import Browser, ConsoleDeployment, denied

REASON = "ClientError: Received client error (400) from model: <b>row</b> 1"


@pytest.fixture
def several(deployment: ConsoleDeployment) -> ConsoleDeployment:
    """A completed, a failed and an open request."""
    deployment.closed(deployment.submitted(1, 1, "inputs/a/1.csv"), AttemptState.COMPLETED)
    deployment.closed(deployment.submitted(2, 2, "inputs/b/2.csv"), AttemptState.FAILED, REASON)
    deployment.submitted(3, 3, "inputs/b/3.csv")
    return deployment


class TestTheList:
    def test_has_the_newest_request_first(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = browser.get("/requests").text

        assert text.index("inputs/b/3.csv") < text.index("inputs/b/2.csv")
        assert text.index("inputs/b/2.csv") < text.index("inputs/a/1.csv")

    @pytest.mark.parametrize(
        ("address", "keys"),
        [
            ("state=completed", {"inputs/a/1.csv"}),
            ("state=completed&state=failed", {"inputs/a/1.csv", "inputs/b/2.csv"}),
            ("prefix=inputs/b/", {"inputs/b/2.csv", "inputs/b/3.csv"}),
            ("prefix=s3://relay-data/inputs/a", {"inputs/a/1.csv"}),
            ("reason=(400)", {"inputs/b/2.csv"}),
            ("since=150s", {"inputs/b/3.csv"}),
            ("until=210s", {"inputs/a/1.csv"}),
            ("state=unheard-of", {"inputs/a/1.csv", "inputs/b/2.csv", "inputs/b/3.csv"}),
        ],
    )
    def test_has_what_its_address_selects(
        self, browser: Browser, several: ConsoleDeployment, address: str, keys: set[str]
    ) -> None:
        bucket = several.outputs["DataBucketName"]

        text = browser.get(f"/requests?{address.replace('relay-data', bucket)}").text

        every = {"inputs/a/1.csv", "inputs/b/2.csv", "inputs/b/3.csv"}
        assert {each for each in every if f">{each}</a>" in text} == keys

    def test_keeps_the_filters_in_its_form_and_in_what_it_polls(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = browser.get("/requests?state=failed&since=2h&reason=%22x%22").text

        assert 'value="failed" checked' in text
        assert 'name="since" value="2h"' in text
        assert 'name="reason" value="&#34;x&#34;"' in text
        assert "/requests/live?state=failed&amp;since=2h&amp;reason=%22x%22" in text

    def test_has_pages(self, browser: Browser, deployment: ConsoleDeployment) -> None:
        for number in range(120):
            deployment.submitted(number, number / 60, f"inputs/{number:03}.csv")

        first, third = (browser.get(f"/requests?page={each}").text for each in (1, 3))

        assert first.count("<tr>") - 1 == 50
        assert ">inputs/119.csv<" in first
        assert 'id="older"' in first
        assert third.count("<tr>") - 1 == 20
        assert 'id="older"' not in third
        assert 'id="newer"' in third

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9999", "9" * 5_000])
    def test_takes_any_number_of_a_page(self, browser: Browser, page: str) -> None:
        assert browser.get(f"/requests?page={page}").status == 200

    def test_without_requests_says_what_to_do(self, browser: Browser) -> None:
        assert "Choose an earlier time, such as 7d" in browser.get("/requests").text
        assert "Remove a filter" in browser.get("/requests?state=failed").text

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("since=yesterday", "Since is &#39;yesterday&#39;; write an age"),
            ("since=999999w", "Since is &#39;999999w&#39;; write an age"),
            ("until=x", "Until is &#39;x&#39;"),
            ("since=1m&until=5m", "Since 1m is not before Until 5m"),
        ],
    )
    def test_says_what_is_wrong_with_a_filter(
        self, browser: Browser, address: str, why: str
    ) -> None:
        answer = browser.get(f"/requests?{address}")

        assert answer.status == 200
        assert why in answer.text

    def test_escapes_what_a_model_wrote(self, browser: Browser, several: ConsoleDeployment) -> None:
        text = browser.get("/requests").text

        assert "&lt;b&gt;row&lt;/b&gt;" in text
        assert "<b>row" not in text

    def test_reads_long_ranges_in_few_pieces(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        browser.get("/requests?since=7d")

        assert len(several.asked) <= 8

    def test_names_a_missing_permission(
        self,
        browser: Browser,
        deployment: ConsoleDeployment,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(*_: object) -> dict[str, object]:
            raise denied("Invoke")

        monkeypatch.setattr(deployment, "call", refuse)

        assert "lambda:InvokeFunction" in browser.get("/requests").text


class TestARequest:
    def test_has_its_timeline_and_its_reason(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = browser.get(f"/request?of={2:032x}").text

        assert "Attempt 1 submitted to" in text
        assert "Notified: failed. ClientError: Received client error (400)" in text
        assert "Result delivered by route otherwise" in text
        assert "<strong>Next:</strong>" in text
        assert f"<code>relayctl resubmit {2:032x}</code>" in text
        assert "client error 400 of the model" in text

    def test_is_found_by_its_key(self, browser: Browser, several: ConsoleDeployment) -> None:
        assert f"{1:032x}" in browser.get("/requests").text

        assert "Result delivered by route" in browser.get("/request?of=inputs/a/1.csv").text

    def test_that_has_not_ended_is_asked_for_again(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        assert 'hx-trigger="every 3s"' in browser.get(f"/request?of={3:032x}").text
        assert 'hx-trigger="every 3s"' not in browser.get(f"/request?of={1:032x}").text

    def test_that_is_unknown_says_so(self, browser: Browser) -> None:
        text = browser.get(f"/request?of={9:032x}").text

        assert "no attempt has this id" in text
        assert "Reading the object" not in text

    @pytest.mark.parametrize("address", ["/request", "/request?of=", f"/request?of={'x' * 2000}"])
    def test_without_an_id_is_refused_in_words(self, browser: Browser, address: str) -> None:
        answer = browser.get(address)

        assert answer.status == 400
        assert "Give an id, a key of the input bucket, or an S3 URI." in answer.text

    def test_says_why_it_cannot_be_shown(
        self,
        browser: Browser,
        deployment: ConsoleDeployment,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(*_: object) -> dict[str, object]:
            raise RelayctlError("relay-reconcile: it failed")

        monkeypatch.setattr(deployment, "call", refuse)

        assert "relay-reconcile: it failed" in browser.get(f"/request?of={1:032x}").text


class TestALook:
    ADDRESS = f"/request/content?of={1:032x}&what=input"

    def look(self, browser: Browser, deployment: ConsoleDeployment, data: bytes, kind: str) -> str:
        deployment.objects.objects["inputs/a/1.csv"] = (data, kind)
        return browser.get(self.ADDRESS).text

    def test_at_a_table_has_its_cells(self, browser: Browser, several: ConsoleDeployment) -> None:
        text = self.look(browser, several, b'1,"<i>x</i>"\n2,3\n', "text/csv")

        assert "<td>&lt;i&gt;x&lt;/i&gt;</td>" in text
        assert "17 bytes, text/csv" in text

    def test_at_json_is_indented(self, browser: Browser, several: ConsoleDeployment) -> None:
        text = self.look(browser, several, b'{"a":[1]}', "application/json")

        assert "{\n  &#34;a&#34;: [\n    1\n  ]\n}" in text

    def test_at_json_shows_what_has_no_encoding_as_it_is_written(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = self.look(browser, several, b'{"a":"\\ud800"}', "application/json")

        assert "{\n  &#34;a&#34;: &#34;\\ud800&#34;\n}" in text

    def test_at_text_shows_its_beginning(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = self.look(browser, several, "é".encode() * 60_000, "text/plain")

        assert text.count("é") == 20_000
        assert "Only the beginning is shown." in text
        assert "120 KB" in text

    def test_at_bytes_shows_them_in_hexadecimal(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = self.look(browser, several, b"\x89PNG\r\n\x1a\n", "image/png")

        assert "000000  89 50 4e 47 0d 0a 1a 0a" in text
        assert ".PNG...." in text

    @pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00\x01", b"[" * 60_000, b'a,"b\n', b"\n\n"])
    def test_at_anything_ends(
        self, browser: Browser, several: ConsoleDeployment, data: bytes
    ) -> None:
        for kind in ("text/csv", "application/json", ""):
            browser.view.answers.forget("look")
            several.objects.objects["inputs/a/1.csv"] = (data, kind)
            assert browser.get(self.ADDRESS).status == 200

    def test_at_an_empty_object_says_so(self, browser: Browser, several: ConsoleDeployment) -> None:
        assert "The object is empty." in self.look(browser, several, b"", "text/csv")

    def test_at_a_deleted_object_says_so(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        assert "it was deleted" in browser.get(self.ADDRESS).text

    def test_names_a_missing_permission(self, browser: Browser, several: ConsoleDeployment) -> None:
        several.objects.error = denied("GetObject")

        assert "<code>s3:GetObject</code>" in browser.get(self.ADDRESS).text

    def test_at_the_output_of_a_failed_request_says_that_there_is_none(
        self, browser: Browser, several: ConsoleDeployment
    ) -> None:
        text = browser.get(f"/request/content?of={2:032x}&what=output").text

        assert "There is no output" in text

    def test_at_anything_else_of_the_bucket_is_refused(self, browser: Browser) -> None:
        assert browser.get(f"/request/content?of={1:032x}&what=models").status == 400
