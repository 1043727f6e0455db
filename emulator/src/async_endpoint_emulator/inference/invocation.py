"""Asks a container, by the contract of model servers.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import re

import aiohttp

from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.model_servers.containers import ModelServer

MAX_PAYLOAD_BYTES = 1024**3
MAX_HEADER_BYTES = 4096
_MESSAGE_BYTES = 4096
# The header ContentType of an answer, as API_runtime_InvokeEndpoint has it.
_CONTENT_TYPE = re.compile(r"[\x20-\x7e\t]{0,1024}")
_UNLIMITED = aiohttp.ClientTimeout(total=None)
_SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."


class InvocationFailed(Exception):
    """The request ends as Failed. `answer` is the container's own, when it gave one; `detail` is
    what the endpoint's data log says beside the reason."""

    def __init__(self, reason: str, answer: Answer | None = None, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer
        self.detail = detail


def model_error(status: int, answer: Answer | None = None, detail: str = "") -> InvocationFailed:
    """The observed words; 0 stands for a container that gave no usable answer."""
    return InvocationFailed(
        f"ClientError: Received {_kind(status)} error ({status}) from model. {_SEE_LOGS}",
        answer,
        detail,
    )


def _kind(status: int) -> str:
    return "client" if 300 <= status < 500 else "server"


async def ask(
    http: aiohttp.ClientSession,
    server: ModelServer,
    request: Request,
    given: Answer,
    *,
    container: str,
    name_it: bool,
) -> Answer:
    """The container's answer to `given`: the request's own content, or that of the container
    before it. `container` is its name in the data log; `name_it` says whether it hears the
    inference id. Sets no limit of time.

    Raises:
        InvocationFailed: it refused, broke off, or answered in a forbidden way.
    """
    try:
        async with http.post(
            f"{server.url}/invocations",
            data=given.body,
            headers=server.headers | _headers(request, given.content_type, name_it),
            # With an Accept-Encoding, a server that compresses would give a compressed output.
            skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"),
            allow_redirects=False,
            timeout=_UNLIMITED,
        ) as response:
            return await _read(response, container)
    except aiohttp.ClientConnectorError as exc:
        raise InvocationFailed(
            "Amazon SageMaker could not get a response from the "
            f"{request.endpoint_name} endpoint. "
            "This can occur when CPU or memory utilization is high.",
            detail=f"Could not connect to container {container}: {exc}",
        ) from exc
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        detail = f"The response from container {container} cannot be read: {exc!r}"
        raise model_error(0, detail=detail) from exc


async def _read(response: aiohttp.ClientResponse, container: str) -> Answer:
    content_type = response.headers.get("Content-Type")
    usable = content_type is None or _CONTENT_TYPE.fullmatch(content_type) is not None
    succeeded = 200 <= response.status < 300
    if succeeded:
        _check_headers(response, usable, container)
    body = await _body(response, container)
    answer = Answer(response.status, body, content_type if usable else None)
    if not succeeded:
        status, message = response.status, body[:_MESSAGE_BYTES].decode(errors="replace")
        # As recorded: https://github.com/awsdocs/amazon-sagemaker-developer-guide/issues/203
        detail = (
            f'Received {_kind(status)} error ({status}) from {container} with message "{message}"'
        )
        raise model_error(status, answer, detail)
    return answer


def _check_headers(
    response: aiohttp.ClientResponse, content_type_usable: bool, container: str
) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
    if response.headers.get("Content-Length") is None:
        problem = "did not specify the required Content-Length header"
    elif size > MAX_HEADER_BYTES:
        problem = f"has {size} bytes of headers (at most {MAX_HEADER_BYTES})"
    elif not content_type_usable:
        problem = "has a Content-Type that is not ASCII of at most 1,024 characters"
    else:
        return
    raise model_error(0, detail=f"The response from container {container} {problem}")


async def _body(response: aiohttp.ClientResponse, container: str) -> bytes:
    """Of an answer without end, too: as much as is taken, and not one byte more."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            problem = f"has more than {MAX_PAYLOAD_BYTES} bytes"
            raise model_error(0, detail=f"The response from container {container} {problem}")
    return bytes(body)


def _headers(request: Request, content_type: str | None, name_it: bool) -> dict[str, str]:
    members = {
        "Content-Type": content_type,
        "Accept": request.accept,
        "X-Amzn-SageMaker-Custom-Attributes": request.custom_attributes,
        "X-Amzn-SageMaker-Inference-Id": request.inference_id if name_it else None,
    }
    return {name: value for name, value in members.items() if value is not None}
