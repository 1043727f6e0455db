"""`submit`: files as uploads to the input bucket, or a body as a direct call."""

import base64
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from relay.inputs.inputs import Inputs
from relay.model import InferenceRequest
from relay.s3uri import S3Uri
from relay.submit.limits import problems

from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.errors import Exit, Misused
from relayctl.flow.paused import note_pauses
from relayctl.output import plain
from relayctl.progress import progress
from relayctl.requests.files import InputFile, input_files, inputs_of
from relayctl.requests.outputs import Ending
from relayctl.requests.upload import say_uploaded, upload
from relayctl.requests.wait import Awaited, ends, seconds

NEEDS = ("s3:PutObject", "lambda:InvokeFunction", "s3:GetObject")

# More files than this are a large action.
_MANY = 1_000


def submit(
    context: Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Files, directories with all files below them, or patterns."),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(help="Submit this text instead of files; - reads standard input."),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(help="Where to upload. Default: the first of the parameter InputPrefixes."),
    ] = None,
    content_type: Annotated[
        str | None,
        typer.Option(help="Of the body, or of the uploaded objects; theirs is guessed otherwise."),
    ] = None,
    accept: Annotated[str | None, typer.Option(help="Accept type, for --body.")] = None,
    custom_attributes: Annotated[
        str | None, typer.Option(help="Attributes that the result returns, for --body.")
    ] = None,
    request_id: Annotated[
        str | None,
        typer.Option(help="An id of your own, for --body: submitted once, however often."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait, and print each output or failure as it ends.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long --wait waits.")] = "15m",
    yes: Yes = False,
) -> Exit:
    """Submit files, or a body, as requests.

    Each file is uploaded under the prefix and is a request then, by the event of S3. The relay
    submits it with the content type and the attributes of its prefix (InputDefaults,
    DefaultContentType), whatever the content type of the object is. With --wait, ends with 0 only
    if all requests completed; the messages on the queues of results stay there.
    """
    inputs = inputs_of(context.deployment)
    waiting = Waiting(context, seconds(timeout, "--timeout") if wait else None)
    note_pauses(context.deployment, context.output)
    if body is None:
        if accept or custom_attributes or request_id:
            raise Misused(
                "--accept, --custom-attributes and --request-id are for --body; an upload has "
                "the defaults of its prefix: set the parameter InputDefaults"
            )
        if not files:
            raise Misused("no input: name files or directories, or set --body")
        chosen = input_files(files, _folder(prefix, inputs), inputs, content_type)
        _note_content_type(context, chosen[0], inputs, content_type)
        if len(chosen) > _MANY:
            question = f"Upload {len(chosen):,} files, each of which is a request?"
            confirm(context.output, question, yes=yes)
        return _upload(context, chosen, waiting)
    if files or prefix:
        raise Misused("--body is submitted without an upload: leave out files and --prefix")
    request = InferenceRequest(
        request_id or "",
        body=_content(body),
        content_type=content_type,
        accept=accept,
        custom_attributes=custom_attributes,
    )
    if found := problems(request, inputs):
        raise Misused("; ".join(found))
    return _call(context, request, waiting)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits for requests and prints how each ended; `seconds` is None without `--wait`."""

    context: Context
    seconds: float | None

    def for_all(self, awaited: Sequence[Awaited]) -> tuple[list[Ending], list[Awaited]]:
        """Return the endings, and what has not ended in time."""
        endings: list[Ending] = []
        others: list[Awaited] = []
        if self.seconds is None or not awaited:
            return endings, others
        output = self.context.output
        try:
            with progress(output, "ended", len(awaited)) as advance:
                for each, status in ends(self.context.deployment, awaited, self.seconds):
                    if status is None:
                        others.append(each)
                        continue
                    ending = Ending.of(each.name, status, self.context.deployment)
                    endings.append(ending)
                    output.text(*ending.lines())
                    advance(1)
        except KeyboardInterrupt:
            output.note(f"{len(awaited) - len(endings):,} requests have not ended; they go on")
            raise
        for each in others:
            state = each.last.get("state", "unknown")
            output.text(f"[bold]{plain(each.name)}[/]  [yellow]{plain(state)}[/]")
            of = shlex.quote(each.request_id or each.name)
            output.text(f"  next    relayctl status {plain(of)}")
        if others:
            output.note(f"{len(others):,} of {len(awaited):,} have not ended; they go on")
        return endings, others


def _upload(context: Context, files: Sequence[InputFile], waiting: Waiting) -> Exit:
    done, failed = upload(files, context.deployment.s3, context.output)
    if not done:
        raise failed[0].error
    for each in failed:
        context.output.error(f"{each.file.path} was not uploaded: {each.error}")
    if waiting.seconds is None:
        context.output.table(
            ("file", "uploaded as"), [(each.file.path, each.file.location) for each in done]
        )
    awaited = [
        Awaited(
            each.file.location.key,
            location=each.file.location,
            etag=each.etag,
            version_id=each.version_id,
            begun_at=each.begun_at,
        )
        for each in done
    ]
    try:
        endings, others = waiting.for_all(awaited)
    except KeyboardInterrupt:
        say_uploaded([each.file for each in done], len(files), context.output)
        raise
    context.output.document(
        {
            "uploaded": [each.to_json() for each in done],
            "not_uploaded": [
                {"path": str(each.file.path), "error": str(each.error)} for each in failed
            ],
            **_waited(waiting, endings, others),
        }
    )
    well = not failed and not others and all(each.completed for each in endings)
    return Exit.DONE if well else Exit.ATTENTION


def _call(context: Context, request: InferenceRequest, waiting: Waiting) -> Exit:
    call = to_call(request)
    answer = context.deployment.call("SubmitFunctionName", {"requests": [call]})
    (answered,) = answer["requests"]
    request_id, status = answered.get("request_id"), answered["status"]
    color = "red" if status in ("invalid", "rejected") else "green"
    context.output.text(f"request [bold]{plain(request_id)}[/]  [{color}]{plain(status)}[/]")
    if reason := answered.get("reason"):
        context.output.text(f"  reason  {plain(reason)}")
    if status == "duplicate":
        context.output.note(
            f"--request-id {request.id} was used before: what is shown is about that request, and "
            "this body was not submitted"
        )
    awaited = [] if request_id is None else [Awaited(request_id, request_id)]
    endings, others = waiting.for_all(awaited)
    context.output.document({**answered, **_waited(waiting, endings, others)})
    well = request_id is not None and status != "rejected" and not others
    return Exit.DONE if well and all(each.completed for each in endings) else Exit.ATTENTION


def to_call(request: InferenceRequest) -> dict[str, str]:
    """Return the request as a direct call of submit has it. A body that is no text is encoded."""
    stated = {
        "request_id": request.id or None,
        "content_type": request.content_type,
        "accept": request.accept,
        "custom_attributes": request.custom_attributes,
    }
    call = {name: value for name, value in stated.items() if value is not None}
    body = request.body or b""
    try:
        return {**call, "body": body.decode()}
    except UnicodeDecodeError:
        return {**call, "body_base64": base64.b64encode(body).decode()}


def _waited(
    waiting: Waiting, endings: Sequence[Ending], others: Sequence[Awaited]
) -> dict[str, object]:
    if waiting.seconds is None:
        return {}
    return {
        "ended": [each.to_json() for each in endings],
        "not_ended": [
            {"name": each.name, "state": each.last.get("state", "unknown")} for each in others
        ],
    }


def _folder(prefix: str | None, inputs: Inputs) -> S3Uri:
    """Return where to upload. Raises Misused."""
    if prefix is None:
        return inputs.folders[0]
    key = prefix.removeprefix(f"s3://{inputs.bucket}/")
    folder = S3Uri(inputs.bucket, key if key.endswith("/") else f"{key}/")
    if not inputs.contains(folder):
        raise Misused(f"--prefix {prefix} is not under {inputs}; only uploads there are requests")
    return folder


def _note_content_type(
    context: Context, file: InputFile, inputs: Inputs, content_type: str | None
) -> None:
    """Say which content type the model gets, where it is not the one that the person has named."""
    if content_type is None:
        return
    request = inputs.with_defaults(InferenceRequest("", location=file.location))
    sent = request.content_type or context.deployment.parameters.get("DefaultContentType")
    if sent and sent != content_type:
        context.output.note(
            f"the model gets {sent}, by InputDefaults or DefaultContentType: --content-type is "
            "that of the uploaded objects only"
        )


def _content(body: str) -> bytes:
    content = sys.stdin.buffer.read() if body == "-" else body.encode()
    if not content:
        raise Misused("--body is empty: there is nothing to infer")
    return content
