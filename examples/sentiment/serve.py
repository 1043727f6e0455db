"""Serve the model: a text is answered by its score, the sum of the scores of its words.

Needs nothing but Python. SageMaker calls port 8080 and has the model in /opt/ml/model:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
MODEL = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
SCORES: dict[str, int] = json.loads((MODEL / "words.json").read_text())


class Sentiment(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # /ping
        self._answer(200, {})

    def do_POST(self) -> None:  # /invocations
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            words = body.decode().lower().split()
        except UnicodeDecodeError as error:
            self._answer(400, {"error": f"the review is not UTF-8 text: {error}"})
        else:
            score = sum(SCORES.get(word.strip(".,!?"), 0) for word in words)
            self._answer(200, {"score": score, "words": len(words)})

    def _answer(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    # In a container, the port is reached from outside of it.
    host = "127.0.0.1" if "SAGEMAKER_BIND_TO_PORT" in os.environ else "0.0.0.0"  # noqa: S104
    ThreadingHTTPServer((host, PORT), Sentiment).serve_forever()
