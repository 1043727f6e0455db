"""CloudFormation's presigned URLs, beneath urllib, where the relay sends its answers."""

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from urllib.error import URLError
from urllib.request import (
    BaseHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    OpenerDirector,
    Request,
)
from urllib.response import addinfourl

from botocore.exceptions import BotoCoreError, ClientError

from tests.support.aws_fake.calls import Calls, Document

RESPONSES = "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com"

Take = Callable[[str, Document], None]
_LONGEST = 4096


class _ResponseUrls(BaseHandler):
    def __init__(self, calls: Calls, take: Take) -> None:
        self._calls = calls
        self._take = take

    def https_open(self, request: Request) -> addinfourl:
        body, url = request.data, request.full_url
        assert request.get_method() == "PUT" and isinstance(body, bytes)
        status, answer = 200, json.loads(body)

        def effect() -> Document:
            if len(body) <= _LONGEST:
                self._take(url, answer)
            return {"Status": answer["Status"], "Reason": answer.get("Reason", "")}

        try:
            self._calls.perform("cloudformation", "respond", answer["RequestId"], effect)
        except ClientError as error:
            denied = error.response["Error"]["Code"] == "AccessDeniedException"
            status = 403 if denied else 503
        except BotoCoreError as error:
            raise URLError(TimeoutError("timed out")) from error
        response = addinfourl(io.BytesIO(b""), Message(), url, status)
        setattr(response, "msg", "")  # noqa: B010 - urllib's own responses have one
        return response


@contextmanager
def answering(calls: Calls, take: Take) -> Iterator[None]:
    """Inside the block all of urllib's requests go to `take`: the URL, and the document."""
    opener = OpenerDirector()
    for handler in (
        _ResponseUrls(calls, take),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    urllib.request.install_opener(opener)
    try:
        yield
    finally:
        urllib.request._opener = None  # type: ignore[attr-defined]
