"""`python -m local.routes DOCUMENT [RESULT…]`: `relayctl routes check`, also of the template's own
document and of a parameter.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from local.errors import LocalStackError
from local.routes.documents import read_document
from relayctl.errors import Exit, RelayctlError
from relayctl.output import Output
from relayctl.routes.checking import check_text

USAGE = """\
usage: make routes FILE=routes.json [RESULT=result.json]
       python -m local.routes DOCUMENT [RESULT…]

DOCUMENT is a JSON file, template.yaml for the document that it deploys by itself, or ssm:NAME for a
parameter that is deployed, where NAME is the output RoutesParameterName. RESULT is the body of a
message; without one, the routes are tried on samples of every outcome.

docs/reference/routes.md has the language."""


def main(arguments: Sequence[str]) -> Exit:
    """Runs the command and returns its exit code."""
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return Exit.MISUSED
    source, *files = arguments
    output = Output(as_json=False)
    try:
        return check_text(output, source, read_document(source), [Path(file) for file in files])
    except (LocalStackError, RelayctlError) as error:
        output.error(str(error))
        return Exit.MISUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
