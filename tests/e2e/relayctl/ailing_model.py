"""A model server that is slow. It answers 400 to an input that ends with a line break, else 500."""

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = 1.2


class Ailing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SECONDS)
        refused = body.endswith(b"\n")
        self._answer(400 if refused else 500, b"the model refuses it" if refused else b"no memory")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(
        ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Ailing
    ).serve_forever()
