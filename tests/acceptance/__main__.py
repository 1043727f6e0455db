"""`make acceptance`: the whole pipeline as a black box, and what it showed of AWS."""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pytest
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from tests.acceptance.findings import report
from tests.acceptance.findings.assumptions import PAGE, read_page
from tests.acceptance.findings.observations import Observations
from tests.acceptance.stash import OBSERVATIONS, TARGET
from tests.acceptance.targets.aws_target import Account, AwsTarget
from tests.acceptance.targets.guard import guarded
from tests.acceptance.targets.local_target import LocalTarget
from tests.acceptance.targets.plan import Plan
from tests.acceptance.targets.sam import REPOSITORY
from tests.acceptance.targets.target import Target
from tests.support.stack import running_stack

DIRECTORY = REPOSITORY / ".local" / "acceptance"

_REFUSED = 2
_INTERRUPTED = 130
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

# Everything that begins with the name is removed, so nothing shorter is one.
_NAME = re.compile(r"relay-acceptance-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Run:
    """A pytest run against one target, whose observations are reported whatever happens."""

    only: str | None
    observations: Observations
    started: datetime

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[OBSERVATIONS] = self.observations

    def tests(self, target: Target) -> int:
        class Chosen:
            def pytest_configure(self, config: pytest.Config) -> None:
                config.stash[TARGET] = target

        arguments = [str(REPOSITORY / "tests" / "acceptance"), "-v", "--tb=short", "--no-header"]
        if self.only:
            arguments += ["-k", self.only]
        return int(pytest.main(arguments, plugins=[self, Chosen()]))

    def report(self, path: Path, target: str, region: str, code: int, otherwise: str) -> None:
        rows = self.observations.rows(read_page(PAGE.read_text()), otherwise)
        run = {
            "target": target,
            "region": region,
            "commit": _commit(),
            "started": self.started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "exit_code": code,
        }
        report.write(path, run, rows)
        print(f"\n{report.table(rows)}\n\nThe same as JSON: {path}", flush=True)


def main(arguments: Sequence[str]) -> int:
    given = _parse(arguments)
    os.chdir(REPOSITORY)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    run = Run(given.only, Observations(), datetime.now(UTC))
    try:
        return on_the_local_stack(run) if given.target == "local" else on_aws(run, given)
    except KeyboardInterrupt:
        print("ended by an interruption", file=sys.stderr)
        return _INTERRUPTED


def on_the_local_stack(run: Run) -> int:
    try:
        with running_stack(DIRECTORY / "stack") as stack:
            target = LocalTarget(stack)
            return _observed(run, target, lambda: None, DIRECTORY / "local.json", target.region)
    except RuntimeError as error:
        print(f"no local stack to run on: {error}", file=sys.stderr)
        return 1


def on_aws(run: Run, given: argparse.Namespace) -> int:
    account = Account(given.profile, given.region)
    name = given.remove or f"relay-acceptance-{os.urandom(3).hex()}"
    directory = DIRECTORY / name
    try:
        session = account.session()
        if not session.region_name:
            raise NoRegionError
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        print(f"no account to run on: {error}", file=sys.stderr)
        return _REFUSED
    where = f"account {caller['Account']}, region {session.region_name}"
    if given.remove:
        with guarded(name, account, directory) as guard:
            print(f"{where}:", flush=True)
        return guard.code or 0
    plan = Plan(name, where, given.instance_type, given.instance_price, given.scaling)
    print(plan.text(), flush=True)
    if not (given.yes or confirmed()):
        print("nothing was deployed; YES=1 deploys without asking", file=sys.stderr)
        return _REFUSED
    target = AwsTarget(
        account,
        name,
        directory,
        given.instance_type,
        kms_key_arn=given.kms_key_arn,
        scaling=given.scaling,
    )
    print(f"\nShould this machine go down: make acceptance TARGET=aws REMOVE={name} …", flush=True)
    path = DIRECTORY / f"{name}.json"
    with guarded(name, account, directory) as guard, _ended_after(plan.limit_minutes):
        code = _observed(run, target, target.prepare, path, str(session.region_name))
    return code or guard.code or 0


def confirmed() -> bool:
    """Ask; without a terminal the answer is no."""
    return sys.stdin.isatty() and input("\nGo on? [y/N] ").strip().lower() in ("y", "yes")


def _observed(
    run: Run, target: Target, prepare: Callable[[], None], path: Path, region: str
) -> int:
    """Prepares the target and runs the tests; reports however that ends."""
    code, otherwise = _INTERRUPTED, "the run was interrupted"
    try:
        prepare()
        code = run.tests(target)
        otherwise = "the run ended before it" if code else "the run left it out"
    except (BotoCoreError, ClientError, RuntimeError) as error:
        code, otherwise = 1, "the stack could not be deployed"
        print(f"\n{otherwise}: {error}", file=sys.stderr, flush=True)
    finally:
        run.report(path, target.name, region, code, otherwise)
    return code


class _ended_after:  # noqa: N801 - reads as a function
    """Interrupts the run when its time is over."""

    def __init__(self, minutes: int) -> None:
        self._timer = threading.Timer(minutes * 60, os.kill, (os.getpid(), signal.SIGTERM))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def _commit() -> str:
    found = subprocess.run(
        ["/usr/bin/env", "git", "describe", "--always", "--dirty"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__)
    parser.add_argument("--target", choices=("local", "aws"), default="local")
    parser.add_argument("--profile", help="of the AWS configuration")
    parser.add_argument("--region")
    parser.add_argument("--yes", action="store_true", help="deploy without asking")
    parser.add_argument("--only", help="tests that fit this expression, as pytest's -k")
    parser.add_argument("--no-scaling", dest="scaling", action="store_false")
    parser.add_argument("--instance-type", default="ml.m5.large")
    parser.add_argument(
        "--instance-price", type=float, default=0.25, help="of an hour, in US dollars, or more"
    )
    parser.add_argument(
        "--kms-key-arn",
        default="",
        help="of the stacks; docs/how-to/customer-keys.md has its policy",
    )
    parser.add_argument(
        "--remove", metavar="NAME", type=_run_name, help="only remove what a killed run has left"
    )
    return parser.parse_args(arguments)


def _run_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the name of a run, such as relay-acceptance-0123ab"
        )
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
