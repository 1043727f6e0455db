"""`routes check`: a document without a deployment, tried on results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError

from relayctl.errors import Exit
from relayctl.output import Output, plain
from relayctl.routes.explanation import (
    explained,
    mistakes,
    print_explanation,
    print_overview,
    size,
)
from relayctl.routes.files import read_result, read_text
from relayctl.routes.samples import SAMPLES

DocumentFile = Annotated[
    Path, typer.Argument(help="A file with a route document, JSON.", show_default=False)
]
ResultFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Results to try it on: the bodies of messages. Without one, samples of every outcome.",
        show_default=False,
    ),
]


def check(output: Output, file: DocumentFile, results: ResultFiles = None) -> Exit:
    """Check a route document, and show where results would go and why. Needs no stack.

    Ends with 1 if the document cannot be used.
    """
    return check_text(output, str(file), read_text(file), results or ())


def check_text(output: Output, name: str, text: str, files: Sequence[Path]) -> Exit:
    """Check the text of a document on the results in files.

    Raises:
        Misused: a file has no result.
    """
    results: Mapping[str, Mapping[str, object]] = (
        {str(file): read_result(file) for file in files}
        if files
        else {sample: result.document() for sample, result in SAMPLES.items()}
    )
    try:
        routes = Routes.read(text)
    except RoutesError as error:
        say_unusable(output, name, error)
        output.document({"usable": False, "problems": [str(each) for each in error.problems]})
        return Exit.ATTENTION
    reasons = {result: explained(routes, content) for result, content in results.items()}
    output.document(
        {
            "usable": True,
            "results": {
                result: [each.document() for each in some] for result, some in reasons.items()
            },
        }
    )
    output.text(f"{plain(name)} can be used: {size(text)}", "")
    print_overview(output, routes)
    for result, some in reasons.items():
        print_explanation(output, result, some)
    return Exit.DONE


def say_unusable(output: Output, name: str, error: RoutesError) -> None:
    """Say every problem of a document."""
    output.lines_of_error(f"{name} cannot be used:", *mistakes(error.problems))
