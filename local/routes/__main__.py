"""`python -m local.routes DOCUMENT [RESULT…]`: checks a route document, and shows what it does."""

import sys
from collections.abc import Mapping, Sequence

from relay.routes.compiled import Routes
from relay.routes.document import RoutesError

from local.errors import LocalStackError
from local.routes.documents import read_document, read_result
from local.routes.explanation import explained, mistakes, overview
from local.routes.results import SAMPLES

USABLE, UNUSABLE, MISUSED = 0, 1, 2

USAGE = """\
usage: make routes FILE=routes.json [RESULT=result.json]
       python -m local.routes DOCUMENT [RESULT…]

DOCUMENT is a JSON file, template.yaml for the document that it deploys by itself, or ssm:NAME for a
parameter that is deployed, where NAME is the output RoutesParameterName. RESULT is the body of a
message; without one, the routes are tried on samples of every outcome.

docs/routes.md has the language."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 1 when it cannot be used, 2 for wrong usage."""
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return MISUSED
    source, *files = arguments
    try:
        text = read_document(source)
        results: Mapping[str, Mapping[str, object]] = (
            {file: read_result(file) for file in files}
            if files
            else {name: result.document() for name, result in SAMPLES.items()}
        )
        routes = Routes.read(text)
    except LocalStackError as error:
        print(f"error: {error}", file=sys.stderr)
        return MISUSED
    except RoutesError as error:
        print("\n".join((f"{source} cannot be used:", *mistakes(error))), file=sys.stderr)
        return UNUSABLE
    print(f"{source} can be used: {overview(routes, text)}")
    for name, result in results.items():
        print("\n".join(("", name, *explained(routes, result))))
    return USABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
