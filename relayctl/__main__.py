"""`relayctl`, and `python -m relayctl`."""

import sys

from relayctl import streams
from relayctl.errors import Exit


def main() -> None:
    """Run the command that the arguments name. The process ends with its exit code."""
    try:
        streams.prepare()
        # Half a second, in which Ctrl-C is an interruption like any other.
        from relayctl.app import app

        try:
            app(prog_name="relayctl")
        finally:
            streams.finish()
    except KeyboardInterrupt:
        _end("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:
        streams.give_up()
        sys.exit(Exit.DONE)
    except OSError as error:
        if error.errno not in streams.UNWRITABLE:
            raise
        streams.give_up()
        _end(f"the output cannot be written: {error.strerror or error}", Exit.REFUSED)


def _end(text: str, exit: Exit) -> None:
    print(f"error: {text}", file=sys.stderr)
    sys.exit(exit)


if __name__ == "__main__":
    main()
