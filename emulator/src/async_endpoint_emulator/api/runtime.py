"""InvokeEndpointAsync and InvokeEndpoint."""

import logging
from dataclasses import dataclass
from uuid import uuid4

from async_endpoint_emulator.api.callers.identity import Authoriser
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.deployments.endpoint import SERVING, Endpoint
from async_endpoint_emulator.errors import AwsError, NoAnswer, validation_error
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.queue import Request
from async_endpoint_emulator.inference.s3_location import S3Location
from async_endpoint_emulator.resources import Collection, Namer
from async_endpoint_emulator.validation import Document, operation_model, validate

log = logging.getLogger("sagemaker")

_DEFAULT_TTL = 21_600
_DEFAULT_TIMEOUT = 900


@dataclass(frozen=True)
class Runtime:
    """Accepts requests and puts them on their endpoint's queue."""

    endpoints: Collection[Endpoint]
    authoriser: Authoriser
    config: Config
    faults: FaultInjector
    counters: Counters
    namer: Namer

    async def invoke_async(self, name: str, signed: SignedRequest) -> Request:
        """Accepts a request (202): its ids and locations are in the answer.

        Raises:
            AwsError: the refusal to send back.
            NoAnswer: a fault. The request may have been accepted.
        """
        document = _read(name, signed)
        endpoint = await self._admit(name, "sagemaker:InvokeEndpointAsync", signed)
        if self.faults.strikes(self.faults.faults.throttle):
            self.counters.throttled += 1
            raise AwsError("ThrottlingException", "Rate exceeded")
        if self.faults.strikes(self.faults.faults.hang):
            self.counters.hung += 1
            raise NoAnswer("hang")
        request = self._accept(endpoint, self._known(document))
        self.counters.invocations += 1
        endpoint.queue.put_nowait(request)
        if self.faults.strikes(self.faults.faults.lose_answer):
            self.counters.answers_lost += 1
            raise NoAnswer("lose_answer")
        return request

    async def invoke(self, name: str, signed: SignedRequest) -> AwsError:
        """InvokeEndpoint, which no asynchronous endpoint accepts."""
        await self._admit(name, "sagemaker:InvokeEndpoint", signed)
        return validation_error(
            f"Endpoint {name} of account {self.namer.account} is an asynchronous endpoint. "
            "Use InvokeEndpointAsync."
        )

    async def _admit(self, name: str, action: str, signed: SignedRequest) -> Endpoint:
        caller = await self.authoriser.identify(signed)
        await self.authoriser.require(caller, action, self.endpoints.arn(name))
        endpoint = self.endpoints.find(name)
        if endpoint is None or endpoint.status not in SERVING:
            raise validation_error(f"Endpoint {name} of account {self.namer.account} not found.")
        return endpoint

    def _accept(self, endpoint: Endpoint, document: Document) -> Request:
        location = document.get("InputLocation")
        if location is not None:
            self._check_input_location(location)
        key = str(uuid4())
        output = endpoint.config.output
        folder = (
            S3Location.parse(output.output_path)
            if output.output_path
            else S3Location(
                f"sagemaker-{self.namer.region}-{self.namer.account}",
                f"async-endpoint-outputs/{endpoint.name}",
            )
        )
        failures = S3Location.parse(output.failure_path) if output.failure_path else None
        return Request(
            key=key,
            inference_id=document.get("InferenceId") or str(uuid4()),
            endpoint_name=endpoint.name,
            output=self._output(folder, document, key),
            failure=failures.under(f"{key}-error.out") if failures else None,
            ttl_seconds=document.get("RequestTTLSeconds", _DEFAULT_TTL),
            timeout_seconds=document.get("InvocationTimeoutSeconds", _DEFAULT_TIMEOUT),
            input_location=location,
            body=document.get("Body"),
            content_type=document.get("ContentType"),
            accept=document.get("Accept"),
            custom_attributes=document.get("CustomAttributes"),
        )

    def _known(self, document: Document) -> Document:
        """Without what this region ignores.

        Raises:
            AwsError: the document has a member that this region refuses.
        """
        faults = self.faults.faults
        members = {
            "Filename": (faults.refuse_filename, faults.ignore_filename),
            "S3OutputPathExtension": (
                faults.refuse_output_extension,
                faults.ignore_output_extension,
            ),
        }
        known = dict(document)
        for member, (refused, ignored) in members.items():
            if refused and member in known:
                raise validation_error(f"1 validation error detected: Unknown parameter {member}")
            if ignored:
                known.pop(member, None)
        return known

    def _output(self, folder: S3Location, document: Document, key: str) -> S3Location:
        filename = document.get("Filename")
        file = filename + self.config.filename_suffix if filename else f"{key}.out"
        extension = document.get("S3OutputPathExtension", "")
        if extension and self.faults.faults.glue_output_extension:
            return S3Location(folder.bucket, folder.key + extension).under(file)
        return folder.under(extension, file)

    def _check_input_location(self, location: str) -> None:
        if self.config.refuse_non_ascii_input_location and not location.isascii():
            raise AwsError(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided.",
                403,
            )
        try:
            S3Location.parse(location)
        except ValueError as exc:
            raise validation_error(f"InputLocation must be an S3 location: {exc}") from exc


def _read(name: str, signed: SignedRequest) -> Document:
    operation = operation_model("sagemaker-runtime", "InvokeEndpointAsync")
    document: Document = {"EndpointName": name}
    members = operation.input_shape.members if operation.input_shape else {}
    for member, shape in members.items():
        text = signed.headers.get(shape.serialization.get("name", member).lower())
        if shape.serialization.get("location") == "header" and text is not None:
            document[member] = _integer(member, text) if shape.type_name == "integer" else text
    if signed.body:
        document["Body"] = signed.body
    checked = validate(operation, document, "ValidationError")
    if ("Body" in checked) == ("InputLocation" in checked):
        raise validation_error(
            "Exactly one of Body and InputLocation must be provided, not "
            + ("both." if "Body" in checked else "neither.")
        )
    return checked


def _integer(member: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise AwsError("SerializationException", f"{member} must be an integer: {text!r}") from exc
