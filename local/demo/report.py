"""What the demo shows at its end: results beside their inputs, queues, and where to look next."""

from collections.abc import Mapping

from local.console.table import table
from local.demo.inputs import excerpt
from local.load.account import Account, value_of
from local.load.inputs import Input, Kind
from local.load.results import Result
from local.stack.settings import REPOSITORY, StackSettings
from relayctl.output import shortened

_KEY_PLACES = 36
_REASON_PLACES = 60


def describe(account: Account) -> str:
    """An excerpt of the results, and the depth of every queue."""
    first, inputs, outputs = account.tally.first, account.uploads, account.outputs
    uris = {item.key: uri for uri, item in inputs.items()}
    chosen = excerpt(list(inputs.values()))
    rows = [_row(item, first.get(uris[item.key]), outputs) for item in chosen]
    depths = [(name, str(n)) for name, n in sorted(account.depths.items())]
    return "\n".join(
        (
            "",
            table(("input", "outcome", "label", "output", "model alone", "remark"), rows),
            f"… and {len(inputs) - len(rows)} more",
            "",
            table(("queue", "messages"), depths),
            "",
        )
    )


def directions(settings: StackSettings) -> str:
    """The files that stay, and what to try."""
    return "\n".join(
        (
            "",
            "Where to look next:",
            f"  {_relative(settings, 'logs')}  what each function, SageMaker and MiniStack wrote",
            "  template.yaml          the application, in the order in which data flows",
            "  make up                the same stack to try things on, until make down",
            "",
        )
    )


def _row(item: Input, result: Result | None, outputs: Mapping[str, str]) -> tuple[str, ...]:
    remark = "" if item.kind is Kind.ROW else item.kind.value
    if result and (reason := result.message or result.reason):
        remark = f"{remark}: {shortened(reason, _REASON_PLACES)}"
    return (
        shortened(item.key.removeprefix("inputs/"), _KEY_PLACES),
        result.outcome if result else "lost",
        item.label,
        _number(outputs.get(result.output_location or "") if result else None),
        "" if item.prediction is None else f"{item.prediction:.6f}",
        remark,
    )


def _number(text: str | None) -> str:
    if text is None:
        return ""
    try:
        return f"{value_of(text):.6f}"
    except ValueError:
        return shortened(text.strip(), 12)


def _relative(settings: StackSettings, name: str) -> str:
    directory = settings.directory / name
    if directory.is_relative_to(REPOSITORY):
        directory = directory.relative_to(REPOSITORY)
    return f"{directory}/"
