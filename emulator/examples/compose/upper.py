"""A model server that answers in upper case."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upper(BaseHTTPRequestHandler):
    def do_GET(self):  # /ping
        self.answer(b"")

    def do_POST(self):  # /invocations
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).upper())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
ThreadingHTTPServer(("127.0.0.1", port), Upper).serve_forever()
