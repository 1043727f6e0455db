"""The page answers nothing but the browser of the person who started it."""

import io

import pytest

from relayctl.console.security import FIELD, HEADER, Guard
from relayctl.console.server import listening
from tests.support.console.page import Browser, ConsoleDeployment

CHANGE = "/flow/submit"


class TestTheAddressOfARun:
    def test_gives_a_cookie_that_no_script_and_no_other_site_has(self, browser: Browser) -> None:
        browser.cookies = {}

        answer = browser.get(f"/?token={browser.guard.token}")

        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert browser.guard.session in answer.headers["Set-Cookie"]
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]
        assert browser.guard.token not in answer.headers["Set-Cookie"]

    @pytest.mark.parametrize("token", ["", "wrong", "%ff%fe", "é"])
    def test_with_another_token_is_refused(self, browser: Browser, token: str) -> None:
        browser.cookies = {}

        answer = browser.get(f"/?token={token}")

        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers

    def test_is_another_one_in_each_run(self) -> None:
        first, second = Guard(1), Guard(1)

        assert first.address != second.address
        assert len({first.token, first.session, first.form}) == 3
        assert first.token not in repr(first)


class TestARequestWithoutTheCookie:
    @pytest.mark.parametrize(
        "path", ["/", "/overview/live", "/overview/series", "/static/console.js"]
    )
    def test_is_refused_and_tells_nothing_of_the_stack(self, browser: Browser, path: str) -> None:
        browser.cookies = {}

        answer = browser.get(path)

        assert answer.status == 403
        assert "open the address that relayctl console printed" in answer.text
        assert browser.guard.form not in answer.text
        assert browser.view.deployment.region not in answer.text

    def test_of_an_earlier_run_is_refused(self, browser: Browser) -> None:
        browser.cookies = {browser.guard.cookie: Guard(browser.guard.port).session}

        assert browser.get("/").status == 403


class TestARequestOfAnotherPage:
    @pytest.mark.parametrize(
        "host", ["attacker.test", "localhost:{port}", "127.0.0.1", "[::1]:{port}"]
    )
    def test_under_another_name_is_refused(self, browser: Browser, host: str) -> None:
        answer = browser.get("/", {"Host": host.format(port=browser.guard.port)})

        assert answer.status == 403
        assert "under no other name" in answer.text

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_is_refused_by_its_site(self, browser: Browser, site: str) -> None:
        assert browser.get("/", {"Sec-Fetch-Site": site}).status == 403

    @pytest.mark.parametrize("origin", ["http://attacker.test", "null", "http://127.0.0.1:1"])
    def test_is_refused_by_its_origin(self, browser: Browser, origin: str) -> None:
        assert browser.get("/", {"Origin": origin}).status == 403

    def test_gets_no_cookie_for_the_address_of_the_run(self, browser: Browser) -> None:
        path = f"/?token={browser.guard.token}"

        assert "Set-Cookie" not in browser.get(path, {"Sec-Fetch-Site": "cross-site"}).headers


class TestAChange:
    def test_needs_the_token_of_the_form(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        own = {"Origin": browser.guard.origin}

        for form in ({}, {FIELD: "wrong"}, {FIELD: browser.guard.token}):
            assert browser.send("POST", CHANGE, own, form).status == 403
        assert browser.send("POST", CHANGE, own | {HEADER: "wrong"}).status == 403

        assert deployment.mappings.updates == []

    def test_needs_the_origin_of_the_page(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        form = {FIELD: browser.guard.form}

        for headers in ({}, {"Origin": "null"}, {"Origin": "http://attacker.test"}):
            assert browser.send("POST", CHANGE, headers, form).status == 403

        assert deployment.mappings.updates == []

    def test_needs_the_cookie(self, browser: Browser, deployment: ConsoleDeployment) -> None:
        browser.cookies = {}

        assert browser.post(CHANGE).status == 403

        assert deployment.mappings.updates == []

    def test_is_made_with_the_token_in_a_header_or_in_the_form(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        assert browser.post(CHANGE, {"enabled": "no"}).status == 200
        header = {"Origin": browser.guard.origin, HEADER: browser.guard.form}
        assert browser.send("POST", "/flow/route", header, {"enabled": "no"}).status == 303

        assert deployment.mappings.updates == [("relay-submit", False), ("relay-route", False)]

    def test_is_no_reading_request(self, browser: Browser) -> None:
        assert browser.get(CHANGE).status == 405


class TestAResponse:
    @pytest.mark.parametrize("path", ["/", "/overview/series", "/static/console.css", "/nothing"])
    def test_lets_a_browser_load_nothing_of_others_and_no_inline_script(
        self, browser: Browser, path: str
    ) -> None:
        headers = browser.get(path).headers

        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"

    def test_of_a_refusal_has_the_same_headers(self, browser: Browser) -> None:
        browser.cookies = {}

        assert "Content-Security-Policy" in browser.get("/").headers


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/"])
def test_no_other_file_is_served(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 404


def test_the_page_is_on_the_loopback_interface_alone() -> None:
    with listening(0) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


class TestAFormThatCannotBeRead:
    def test_is_refused_if_it_is_too_large(self, browser: Browser) -> None:
        own = {"Origin": browser.guard.origin}

        answer = browser.send("POST", CHANGE, own, {"more": io.BytesIO(b"x" * 11_000_000)})

        assert answer.status == 413
        assert "Content-Security-Policy" in answer.headers

    def test_changes_nothing_if_it_is_broken(
        self, browser: Browser, deployment: ConsoleDeployment
    ) -> None:
        broken = {
            "Origin": browser.guard.origin,
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": "0",
        }

        answer = browser.send("POST", CHANGE, broken)

        assert answer.status >= 400
        assert "Content-Security-Policy" in answer.headers
        assert deployment.mappings.updates == []
