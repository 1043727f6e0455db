"""A model server that does what its input says, for the cases that a real model never shows.

The input is JSON: `{"status", "body", "seconds", "headers", "chunked", "print"}`, all optional.
Without a body it answers what it received, as JSON.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, b"", {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        script = json.loads(body)
        if text := script.get("print"):
            print(text)
        time.sleep(script.get("seconds", 0))
        received = {
            "headers": {name: value for name, value in self.headers.items() if name != "Host"},
            "environment": os.environ.get("GREETING"),
            "process": os.getpid(),
        }
        text = script.get("body", json.dumps(received)).encode()
        if script.get("chunked"):
            self._answer_chunked(text)
        else:
            self._answer(script.get("status", 200), text, script.get("headers", {}))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_chunked(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def log_message(self, format: str, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(
        ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler
    ).serve_forever()
