"""`relayctl`, and `python -m relayctl`."""

from relayctl.app import app


def main() -> None:
    """Run the command that the arguments name. The process ends with its exit code."""
    app(prog_name="relayctl")


if __name__ == "__main__":
    main()
