"""Asks a container, by the contract of model servers.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import logging
import re

import aiohttp

from async_endpoint_emulator.inference.notifications import Answer
from async_endpoint_emulator.inference.queue import Request

log = logging.getLogger("sagemaker")

MAX_PAYLOAD_BYTES = 1024**3
MAX_HEADER_BYTES = 4096
# The header ContentType of an answer, as API_runtime_InvokeEndpoint has it.
_CONTENT_TYPE = re.compile(r"[\x20-\x7e\t]{0,1024}")
_UNLIMITED = aiohttp.ClientTimeout(total=None)
_SEE_LOGS = "See the SageMaker Endpoint logs in your account for more information."


class InvocationFailed(Exception):
    """The request ends as Failed. `answer` is the container's own, when it gave one."""

    def __init__(self, reason: str, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


def model_error(status: int, answer: Answer | None = None) -> InvocationFailed:
    """The observed words; 0 stands for a container that gave no usable answer."""
    kind = "client" if 300 <= status < 500 else "server"
    return InvocationFailed(
        f"ClientError: Received {kind} error ({status}) from model. {_SEE_LOGS}", answer
    )


async def ask(
    http: aiohttp.ClientSession, url: str, request: Request, given: Answer, *, name_it: bool
) -> Answer:
    """The container's answer to `given`: the request's own content, or that of the container
    before it. `name_it` says whether it hears the inference id. Sets no limit of time.

    Raises:
        InvocationFailed: it refused, broke off, or answered in a forbidden way.
    """
    try:
        async with http.post(
            f"{url}/invocations",
            data=given.body,
            headers=_headers(request, given.content_type, name_it),
            skip_auto_headers=("Content-Type", "Accept", "User-Agent"),
            allow_redirects=False,
            timeout=_UNLIMITED,
        ) as response:
            return await _read(response)
    except aiohttp.ClientConnectorError as exc:
        raise InvocationFailed(
            "Amazon SageMaker could not get a response from the "
            f"{request.endpoint_name} endpoint. "
            "This can occur when CPU or memory utilization is high."
        ) from exc
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        log.info("request %s: %r", request.inference_id, exc)
        raise model_error(0) from exc


async def _read(response: aiohttp.ClientResponse) -> Answer:
    content_type = response.headers.get("Content-Type")
    usable = content_type is None or _CONTENT_TYPE.fullmatch(content_type) is not None
    succeeded = 200 <= response.status < 300
    if succeeded:
        _check_headers(response, usable)
    body = await _body(response)
    answer = Answer(response.status, body, content_type if usable else None)
    if not succeeded:
        raise model_error(response.status, answer)
    return answer


def _check_headers(response: aiohttp.ClientResponse, content_type_usable: bool) -> None:
    size = sum(len(name) + len(value) + 4 for name, value in response.raw_headers)
    if response.headers.get("Content-Length") is None:
        problem = "the container did not specify the required Content-Length header"
    elif size > MAX_HEADER_BYTES:
        problem = f"the container's headers have {size} bytes (at most {MAX_HEADER_BYTES})"
    elif not content_type_usable:
        problem = "the container's Content-Type is not ASCII of at most 1,024 characters"
    else:
        return
    log.error(problem)
    raise model_error(0)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Of an answer without end, too: as much as is taken, and not one byte more."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            log.error("the container's answer is larger than %d bytes", MAX_PAYLOAD_BYTES)
            raise model_error(0)
    return bytes(body)


def _headers(request: Request, content_type: str | None, name_it: bool) -> dict[str, str]:
    members = {
        "Content-Type": content_type,
        "Accept": request.accept,
        "X-Amzn-SageMaker-Custom-Attributes": request.custom_attributes,
        "X-Amzn-SageMaker-Inference-Id": request.inference_id if name_it else None,
    }
    return {name: value for name, value in members.items() if value is not None}
