"""The options that select objects, and those that describe the endpoint."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Final, TypeVar

import typer

from relayctl.errors import Misused
from relayctl.times import point

_Ended = TypeVar("_Ended")
_OPTIONS: Final = {
    "bucket": Annotated[
        str | None,
        typer.Option(help="Objects of this bucket. Default: the bucket of inputs."),
    ],
    "prefix": Annotated[
        str | None,
        typer.Option(help="Keys that begin with it. Default: the only prefix of the inputs."),
    ],
    "suffix": Annotated[str | None, typer.Option(help="Keys that end with it.")],
    "modified_from": Annotated[
        str | None,
        typer.Option(help="Last modified from then on: an age such as 7d, or a time."),
    ],
    "modified_to": Annotated[
        str | None,
        typer.Option(
            help="Last modified before then: an age or a time. Default: the deployment of the "
            "stack; for another bucket, now."
        ),
    ],
    "min_bytes": Annotated[int | None, typer.Option(min=0, help="Objects of at least this size.")],
    "max_bytes": Annotated[int | None, typer.Option(min=0, help="Objects of at most this size.")],
    "seconds_per_inference": Annotated[
        float | None,
        typer.Option(help="Time of one inference. Default: the speed of the last backfill."),
    ],
    "instances": Annotated[
        int | None,
        typer.Option(min=1, help="Instances in service. Default: 1.", show_default=False),
    ],
    "concurrent_invocations": Annotated[
        int | None,
        typer.Option(min=1, help="Inferences of an instance at a time. Default: 1."),
    ],
    "instance_dollars_per_hour": Annotated[
        float | None, typer.Option(help="Price of an instance, for the dollars.")
    ],
}
# Members with an underscore; the others are words of any sentence.
_MEMBER: Final = re.compile("|".join(rf"\b{name}\b" for name in _OPTIONS if "_" in name))
_TIMES: Final = ("modified_from", "modified_to")
# What a preview has and a start has not.
_OF_PREVIEWS: Final = ("instance_dollars_per_hour",)


def selecting(command: Callable[..., _Ended]) -> Callable[..., _Ended]:
    """Give a command the options; its second parameter is the members of a preview they name.

    The command raises Misused if a time cannot be read, or if no time or no size is between both
    limits.
    """

    @wraps(command)
    def with_options(context: object, **given: Any) -> _Ended:
        named = {name: given.pop(name) for name in _OPTIONS}
        return command(context, _members(**named), **given)

    context, _, *others = signature(command).parameters.values()
    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
    others = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in others]
    with_options.__signature__ = signature(command).replace(  # type: ignore[attr-defined]
        parameters=[context, *options, *others]
    )
    return with_options


def _members(**options: str | float | None) -> dict[str, object]:
    now = datetime.now(UTC)
    given: dict[str, object] = {}
    for name, value in options.items():
        if name in _TIMES and isinstance(value, str):
            given[name] = point(value, now, _option(name)).isoformat()
        elif value is not None:
            given[name] = value
    _check(given)
    return given


def _check(given: Mapping[str, Any]) -> None:
    since, until = (given.get(name) for name in _TIMES)
    if since and until and datetime.fromisoformat(since) >= datetime.fromisoformat(until):
        raise Misused("--modified-from is not before --modified-to")
    least, most = given.get("min_bytes"), given.get("max_bytes")
    if least is not None and most is not None and least > most:
        raise Misused("--min-bytes is more than --max-bytes")


def named_as_options(text: str) -> str:
    """Return a text of the function, which names its members, as a command names them."""
    return _MEMBER.sub(lambda found: _option(found[0]), text)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def of_start(selection: dict[str, object]) -> dict[str, object]:
    """Return the members of a start that selects what a preview has counted."""
    return {name: value for name, value in selection.items() if name not in _OF_PREVIEWS}
