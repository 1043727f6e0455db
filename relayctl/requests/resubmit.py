"""`resubmit`: requests that ended without an output once more, each as a new request."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from relay.model import RequestState

from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.errors import Exit, Misused
from relayctl.output import plain
from relayctl.progress import progress
from relayctl.requests.candidates import REPEATABLE, Candidate, by_options, by_text, with_inputs
from relayctl.requests.search import Prefix, Reason, Selection, State, Until
from relayctl.requests.submission import call_submit

NEEDS = ("lambda:InvokeFunction", "s3:GetObject", "s3:ListBucket")

# One call of submit makes this many of its own calls within its timeout.
_BATCH = 100
# More requests that were resubmitted before are only counted.
_SHOWN = 3
_TAKEN = ("submitted", "queued", "duplicate")


def resubmit(
    context: Context,
    requests: Annotated[
        list[str] | None,
        typer.Argument(help="Ids, the relay's or your own, keys of the input bucket, or S3 URIs."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Submitted from then on: an age or a time. Default: 24h."),
    ] = None,
    until: Until = None,
    state: State = None,
    prefix: Prefix = None,
    reason: Reason = None,
    content_type: Annotated[
        str | None, typer.Option(help="In place of the content type that the request had.")
    ] = None,
    accept: Annotated[
        str | None, typer.Option(help="In place of the accept type that the request had.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also requests that completed or have not ended.")
    ] = False,
    yes: Yes = False,
) -> Exit:
    """Submit requests once more that failed, after the cause was corrected, such as the model.

    Takes requests, or the options of `relayctl list`: failed ones of the last day by default. Each
    is repeated as a new request with the input that lies there now, and its result names the old
    one as data.resubmission_of. An input that was corrected by another upload is a new request
    already. Repeated or interrupted, nothing is submitted twice: a request that was resubmitted is
    left out, and if that failed too, it is resubmitted itself.
    """
    if requests:
        if since or until or state or prefix or reason:
            raise Misused("name requests, or select them by options; not both")
        candidates = by_text(context.deployment, requests, force=force)
    else:
        states = tuple(state or (RequestState.FAILED,))
        if not force and (others := [each.value for each in states if each not in REPEATABLE]):
            raise Misused(
                f"--state {others[0]} needs --force: by default requests are resubmitted that "
                f"are {', '.join(REPEATABLE)}"
            )
        period = since or "24h"
        selection = Selection.of(context.deployment, period, until, states, prefix, reason)
        candidates = by_options(context.deployment, selection)
    candidates = with_inputs(candidates, context.deployment.s3, context.output)
    chosen = [each for each in candidates if each.left_out is None]
    if chosen:
        _show(context, chosen)
        confirm(context.output, f"Resubmit {_counted(len(chosen))}?", yes=yes)
    stated = {"content_type": content_type, "accept": accept}
    return _resubmit(context, candidates, chosen, {k: v for k, v in stated.items() if v})


def _resubmit(
    context: Context,
    candidates: Sequence[Candidate],
    chosen: Sequence[Candidate],
    stated: Mapping[str, str],
) -> Exit:
    answers: list[Mapping[str, Any]] = []
    try:
        with progress(context.output, "resubmitting", len(chosen)) as advance:
            for batch in _batches(chosen):
                answers += _answers(context, batch, stated)
                advance(len(batch))
    except BaseException:
        left = len(chosen) - len(answers)
        context.output.note(f"{_counted(left)} are left: run the command again to continue")
        raise
    finally:
        _print(context, candidates, answers)
    wrong = [each for each in candidates if each.left_out and not each.done]
    taken = all(each["status"] in _TAKEN for each in answers)
    return Exit.DONE if taken and not wrong else Exit.ATTENTION


def _answers(
    context: Context, batch: Sequence[Candidate], stated: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    call = [{"resubmission_of": each.request_id, **stated} for each in batch]
    answer = call_submit(context.deployment, {"requests": call})
    for each in answer["requests"]:
        old = batch[each["number"]]
        yield {"resubmission_of": old.request_id, "input_location": old.location, **each}


def _batches(chosen: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    for start in range(0, len(chosen), _BATCH):
        yield chosen[start : start + _BATCH]


def _show(context: Context, chosen: Sequence[Candidate]) -> None:
    reasons = Counter((each.state, each.reason) for each in chosen)
    rows = [(state, number, reason) for (state, reason), number in reasons.most_common(10)]
    context.output.table(("state", "requests", "reason"), rows)
    if len(reasons) > len(rows):
        context.output.text(f"… and {len(reasons) - len(rows):,} other reasons")
    if again := sum(each.uploaded_again for each in chosen):
        context.output.note(
            f"the inputs of {_counted(again)} were uploaded again since: an upload is a request of "
            "its own, and these inputs are inferred once more"
        )


def _print(
    context: Context, candidates: Sequence[Candidate], answers: Sequence[Mapping[str, Any]]
) -> None:
    left_out = [each for each in candidates if each.left_out]
    context.output.document(
        {
            "resubmitted": [
                {name: value for name, value in each.items() if name not in ("number",)}
                for each in answers
            ],
            "left_out": [each.to_json() for each in left_out],
        }
    )
    if answers:
        context.output.table(
            ("request", "resubmitted as", "answer", "input", "reason"),
            [
                (
                    each["resubmission_of"],
                    each.get("request_id"),
                    each["status"],
                    each["input_location"],
                    each.get("reason"),
                )
                for each in answers
            ],
        )
    before = [each for each in left_out if each.done]
    if len(before) > _SHOWN:
        context.output.text(
            f"[yellow]left out[/]  {_counted(len(before))}: resubmitted before; what failed again "
            "is a request of its own"
        )
        left_out = [each for each in left_out if not each.done]
    for each in left_out:
        color = "yellow" if each.done else "red"
        context.output.text(f"[{color}]left out[/]  {plain(each.name)}: {plain(each.left_out)}")
    if answers:
        counts = Counter(each["status"] for each in answers)
        context.output.text(
            ", ".join(f"{number:,} {status}" for status, number in counts.items())
            + "; follow them with relayctl tail"
        )
    elif not candidates:
        context.output.note("no request to resubmit")


def _counted(number: int) -> str:
    return f"{number:,} request{'' if number == 1 else 's'}"
