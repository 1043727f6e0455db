"""Serve the classifier: a line of four numbers is answered by a line with a species.

Needs nothing but scikit-learn. SageMaker calls port 8080 and has the model in /opt/ml/model.
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import joblib

SPECIES = ("setosa", "versicolor", "virginica")
PORT = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
MODEL = joblib.load(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model")) / "model.joblib")


class Classifier(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # /ping
        self._answer(200, b"")

    def do_POST(self) -> None:  # /invocations
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            rows = [[float(cell) for cell in line.split(",")] for line in text.splitlines()]
            species = [SPECIES[number] for number in MODEL.predict(rows)]
        except ValueError as exc:
            self._answer(400, str(exc).encode())
        else:
            self._answer(200, "\n".join(species).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/csv" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    # In a container, the port is reached from outside of it.
    host = "127.0.0.1" if "SAGEMAKER_BIND_TO_PORT" in os.environ else "0.0.0.0"  # noqa: S104
    ThreadingHTTPServer((host, PORT), Classifier).serve_forever()
