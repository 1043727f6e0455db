"""`make up MODEL=… SERVER=… CONTENT_TYPE=…`: a model server of one's own behind the relay."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.machine.tcp_ports import free_ports
from local.stack.clients import Clients
from local.stack.deployment import stack_outputs
from local.stack.settings import StackSettings
from tests.acceptance.targets.target import eventually
from tests.support.stack import run_local

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

class Greeter(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        greeting = (Path(os.environ["SM_MODEL_DIR"]) / "greeting.txt").read_bytes()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(greeting + body + self.headers["Content-Type"].encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
ThreadingHTTPServer(("127.0.0.1", port), Greeter).serve_forever()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[StackSettings]:
    aws_port, sagemaker_port = free_ports(2)
    settings = StackSettings(tmp_path / "stack", aws_port, sagemaker_port)
    yield settings
    run_local("down", settings, 60)


@pytest.mark.timeout(600)
def test_an_upload_is_answered_by_the_own_model(settings: StackSettings, tmp_path: Path) -> None:
    (tmp_path / "serve.py").write_text(SERVER)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "greeting.txt").write_text("hello, ")
    options = ("--model", str(tmp_path / "model"), "--server", "python serve.py")
    further = ("--directory", str(tmp_path), "--content-type", "text/x-name")

    up = run_local("up", settings, 500, *options, *further)
    assert up.returncode == 0, up.stdout + up.stderr
    clients = Clients(settings)
    outputs = stack_outputs(clients)
    bucket = outputs["DataBucketName"]
    clients.s3.put_object(Bucket=bucket, Key="inputs/name.txt", Body=b"world ")
    received = eventually(
        lambda: clients.sqs.receive_message(
            QueueUrl=outputs["CompletedQueueUrl"], WaitTimeSeconds=1
        ).get("Messages"),
        60,
        "a result",
    )

    location = json.loads(received[0]["Body"])["data"]["output"]["location"]
    key = location.removeprefix(f"s3://{bucket}/")
    content = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert content == b"hello, world text/x-name"
