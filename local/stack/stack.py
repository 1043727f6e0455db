"""Starts and stops the parts of a local stack, and knows whether they are still there."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from local.errors import LocalStackError
from local.machine import processes
from local.machine.lock import exclusive
from local.machine.processes import Process, describe_log
from local.machine.tcp_ports import free_ports, is_free
from local.stack import certificate, root_user
from local.stack.environment import read_environment_file
from local.stack.servers import Part, parts
from local.stack.settings import REPOSITORY, StackSettings

Report = Callable[[str], None]

_READY_SECONDS = 60.0


class Stack:
    """The servers of one local stack. They outlive the command that starts them."""

    def __init__(self, settings: StackSettings, report: Report = print) -> None:
        self._settings = settings
        self._report = report
        self.parts = parts(settings)

    @property
    def running(self) -> bool:
        """Whether this stack is up: every part alive, on these ports, with the application."""
        return not self._missing() and self._deployed_at() == self._settings.aws_url

    def start(self) -> None:
        """Starts every part on its own port and waits until it answers.

        What is left of an earlier stack in the same directory is stopped first: its parts keep
        everything in memory, so half a stack is of no use.

        Raises:
            LocalStackError: a port is taken, or a part ended or did not answer in time. Some parts
                may run: call `stop`.
        """
        if stopped := self.stop():
            self._report(f"stopped what was left of an earlier stack: {', '.join(stopped)}")
        self._check_ports()
        root_user.issue(self._settings)
        self._settings.temporary.mkdir(parents=True, exist_ok=True)
        certificate.issue(self._settings.tls)
        for part in self.parts:
            self._start(part)
            self._report(f"{part.name} answers on 127.0.0.1:{part.port}")

    def restart(self, name: str) -> None:
        """Starts a part that has ended, without what it kept in memory. Raises LocalStackError."""
        (part,) = (each for each in self.parts if each.name == name)
        self._start(part)

    def _start(self, part: Part) -> None:
        process = Process.start(
            part.name,
            part.command,
            environment=part.environment(),
            directory=REPOSITORY,
            log=self._settings.logs / f"{part.name}.log",
            records=self._settings.records,
        )
        process.wait_until(part.ready, _READY_SECONDS)

    def stop(self) -> tuple[str, ...]:
        """Stops whatever runs and returns its names; harmless when nothing does. Logs stay."""
        stopped = processes.stop(self._settings.records)
        for secret in (self._settings.environment_file, self._settings.root_user_file):
            secret.unlink(missing_ok=True)
        shutil.rmtree(self._settings.temporary, ignore_errors=True)
        return stopped

    def check(self) -> None:
        """Raises LocalStackError, with the end of its log, when a part is gone."""
        for part in self._missing():
            log = self._settings.logs / f"{part.name}.log"
            raise LocalStackError(f"{part.name} has ended. {describe_log(log)}")

    def check_ports_kept(self) -> None:
        """Raises LocalStackError when a stack runs in this directory, but on other ports."""
        deployed_at = self._deployed_at()
        if deployed_at not in (None, self._settings.aws_url) and not self._missing():
            raise LocalStackError(
                f"a stack in {self._settings.directory} runs at {deployed_at}, not at "
                f"{self._settings.aws_url}: stop it with make down, "
                "or give this one its own RELAY_LOCAL_DIR"
            )

    def _missing(self) -> list[Part]:
        alive = {r.name for r in processes.read_records(self._settings.records) if r.alive}
        return [part for part in self.parts if part.name not in alive]

    def _deployed_at(self) -> str | None:
        try:
            return read_environment_file(self._settings).get("AWS_ENDPOINT_URL")
        except FileNotFoundError:
            return None

    def _check_ports(self) -> None:
        for part in self.parts:
            if not is_free(part.port):
                raise LocalStackError(
                    f"port {part.port}, where {part.name} would listen, is taken: end the program "
                    f"that uses it, or choose another port with {part.port_variable}"
                )


# A stack of one's own, beside any that is up: for commands that start, use and stop one.


@contextmanager
def stack_beside(settings: StackSettings, name: str) -> Iterator[StackSettings]:
    """Settings with free ports and a directory of that name; what runs there in the end is stopped.

    Raises:
        LocalStackError: another command uses that directory.
    """
    aws_port, sagemaker_port = free_ports(2)
    own = replace(
        settings,
        directory=settings.directory / name,
        aws_port=aws_port,
        sagemaker_port=sagemaker_port,
    )
    with exclusive(own.directory):
        try:
            yield own
        finally:
            Stack(own).stop()
