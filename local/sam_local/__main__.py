"""`python -m local.sam_local`: built functions in Docker, against the local stack.

python -m local.sam_local invoke FUNCTION EVENT    one function on one event
python -m local.sam_local connect                  for `sam local` in another shell
"""

import os
import sys
from collections.abc import Sequence

from local.commands import perform
from local.functions.invoke import MISUSED, call
from local.functions.lambda_runtime import Invocation
from local.sam_local import connect, image
from local.sam_local.invoke import invoke
from local.stack.settings import StackSettings

_USAGE = (
    "make sam-invoke FUNCTION=route EVENT=events/route/completed-via-sqs.json [IMAGE=…]",
    "python -m local.sam_local invoke FUNCTION EVENT",
)


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code: that of `python -m local.functions.invoke`."""
    match list(arguments):
        case ["invoke", *rest]:
            return call(rest, _invoke, _USAGE)
        case ["connect"]:
            return perform(_connect)
    print(__doc__, file=sys.stderr)
    return MISUSED


def _invoke(name: str, event: object, settings: StackSettings) -> Invocation:
    return invoke(name, event, settings, image.base_image(os.environ.get("IMAGE")))


def _connect(settings: StackSettings) -> int:
    return connect.connect(settings, image.base_image(os.environ.get("IMAGE")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
