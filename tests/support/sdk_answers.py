"""Answers of AWS's services to the SDK's clients, one for each try of a call."""

import json
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse


class SdkAnswers:
    """Answers the tries of a client, in their order, instead of the network.

    An answer is what the network raises, or a status with the JSON of the body. `tries` are the
    operations that were tried.
    """

    def __init__(self, client: Any, *answers: Exception | tuple[int, object]) -> None:
        self.tries: list[str] = []
        self._answers = list(answers)
        client.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        self.tries.append(event_name.rpartition(".")[2])
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        raw: Any = HTTPResponse(BytesIO(json.dumps(body).encode()), preload_content=False)
        return AWSResponse(request.url, status, HTTPHeaders(), raw)
