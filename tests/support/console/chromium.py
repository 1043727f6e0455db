"""Headless Chromium by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/"""

import asyncio
import base64
import json
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from os import killpg
from pathlib import Path
from typing import IO, Any, Self

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TAB_FLAGS = ("--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-port=0")
_POLL_SECONDS = 0.05
# Of what layout shifts without an input of the person: https://web.dev/articles/cls
_OBSERVER = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.layoutShift += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@contextmanager
def chromium() -> Iterator["Tab"]:
    """Yield the tab of a browser of its own, which ends with everything that it started."""
    with (
        browser([*_TAB_FLAGS, "about:blank"], subprocess.PIPE) as process,
        Tab(_port(process)) as tab,
    ):
        yield tab


@contextmanager
def browser(arguments: Sequence[str], output: int | IO[bytes]) -> Iterator["subprocess.Popen[str]"]:
    """Yield a browser with a home of its own, which ends with everything that it started.

    `output` is where its standard error goes.
    """
    # Not below the folder of a test: the path of a socket in it has at most 107 characters.
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [str(CHROMIUM), *_FLAGS, f"--user-data-dir={home}/profile", *arguments],
            env={"HOME": home, "TMPDIR": home, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):  # its own processes have ended with it
                killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stderr:
                process.stderr.close()
            shutil.rmtree(Path(home, "profile"), ignore_errors=True)


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stderr
    lines = []
    for line in process.stderr:
        if match := re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
            # What else it says would fill the pipe.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return int(match[1])
        lines.append(line)
    raise AssertionError(f"Chromium did not start: {''.join(lines)[-2000:]}")


class Tab:
    """One tab. `log` has what pages wrote to the console, their errors, and refused loads."""

    def __init__(self, port: int) -> None:
        self.log: list[str] = []
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = threading.Event()
        self._number = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait_for(self._connect())
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=_OBSERVER)
        return self

    def __exit__(self, *_: object) -> None:
        self._wait_for(self._disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol."""
        return self._wait_for(self._call(method, parameters))  # type: ignore[no-any-return]

    def screen(self, width: int, height: int, scheme: str = "light") -> None:
        """Set the size of the window, and whether the person prefers light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)

    def open(self, url: str) -> None:
        """Open an address, and wait until the page and what it loads are there."""
        self._loaded.clear()
        self.call("Page.navigate", url=url)
        assert self._loaded.wait(30), f"{url} was not loaded: {self.log}"

    def submit(self, script: str) -> None:
        """Run a script that leads to another page, and wait for that."""
        self._loaded.clear()
        self.run(script)
        assert self._loaded.wait(30), f"no page was loaded: {self.log}"

    def run(self, script: str) -> Any:
        """Return the value of an expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 30) -> Any:
        """Return the value of an expression once it is true.

        While one page follows another, the document has no body for a moment: its expressions wait.
        """
        deadline = time.monotonic() + seconds
        while not (value := self.run(f"document.body !== null && ({script})")):
            assert time.monotonic() < deadline, f"not within {seconds} s: {script}: {self.log}"
            time.sleep(_POLL_SECONDS)
        return value

    def press(self, key: str) -> None:
        """Press a key, such as Tab or Enter."""
        text = {"Enter": "\r"}.get(key, "")
        code = {"Tab": 9, "Enter": 13, "Escape": 27}[key]
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {"type": "keyDown" if text else "rawKeyDown", **common}
        self.call("Input.dispatchKeyEvent", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def names(self) -> list[tuple[str, str]]:
        """Return the role and the name of everything that a screen reader tells."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (each["role"]["value"], each.get("name", {}).get("value", ""))
            for each in nodes
            if not each["ignored"]
        ]

    def picture(self, file: Path) -> None:
        """Write what the window shows as a PNG."""
        data = self.call("Page.captureScreenshot", format="png", optimizeForSpeed=False)["data"]
        file.write_bytes(base64.b64decode(data))

    def _wait_for(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _connect(self) -> None:
        self._http = aiohttp.ClientSession()
        async with self._http.get(f"http://127.0.0.1:{self._port}/json") as answer:
            (page,) = [each for each in await answer.json() if each["type"] == "page"]
        self._socket = await self._http.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._reading = asyncio.create_task(self._read())

    async def _disconnect(self) -> None:
        await self._socket.close()
        await self._reading
        await self._http.close()

    async def _call(self, method: str, parameters: dict[str, object]) -> dict[str, Any]:
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._answers[self._number] = answer
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        return await answer

    async def _read(self) -> None:
        async for received in self._socket:
            message = json.loads(received.data)
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if "error" in message:
                    answer.set_exception(AssertionError(str(message["error"])))
                else:
                    answer.set_result(message["result"])
            elif message["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif message["method"] in (
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
            ):
                self.log.append(json.dumps(message["params"])[:500])
