"""The HTTP side of the SageMaker container contract, for servers written in Python.

One thread for each request, so /ping answers while /invocations works. The port comes from
SAGEMAKER_BIND_TO_PORT, the model's directory from SM_MODEL_DIR.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

log = logging.getLogger("container")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the endpoint sends: the object's content, not its address."""

    body: bytes
    content_type: str
    accept: str
    custom_attributes: str
    inference_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers."""

    body: bytes
    content_type: str
    status: int = 200


Model = Callable[[Invocation], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def model_directory() -> Path:
    """Where the artifact was unpacked."""
    return Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))


def serve(model: Model) -> None:
    """Serves until SIGTERM, or until the process that started it is gone."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))

    class Handler(_Handler):
        answer = staticmethod(model)

    server = _Server(("127.0.0.1", port), Handler)

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    log.info("serving on port %d", port)
    server.serve_forever()
    server.server_close()


def _stop_with_parent(server: ThreadingHTTPServer) -> None:
    # Without a container around it nothing else would end this process when the emulator is killed.
    parent = int(os.environ.get("EMULATOR_PID", os.getppid()))
    waiting = threading.Event()
    while parent == os.getppid():
        waiting.wait(2)
    server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one segment
    answer: Model

    def do_GET(self) -> None:
        self._send(Reply(b"", "text/plain", 200 if self.path == "/ping" else 404))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            self._send(Reply(b"not found", "text/plain", 404))
            return
        invocation = Invocation(
            body=body,
            content_type=self.headers.get("Content-Type", ""),
            accept=self.headers.get("Accept", ""),
            custom_attributes=self.headers.get("X-Amzn-SageMaker-Custom-Attributes", ""),
            inference_id=self.headers.get("X-Amzn-SageMaker-Inference-Id", ""),
        )
        try:
            reply = type(self).answer(invocation)
        except Exception:
            log.exception("invocation %s failed", invocation.inference_id)
            reply = Reply(b"the model failed; its log says why", "text/plain", 500)
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        """One line for each request would drown the others."""
