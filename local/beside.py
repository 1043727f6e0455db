"""A stack of one's own, beside any that is up: for commands that start, use and stop one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from local.lock import exclusive
from local.ports import free_ports
from local.settings import StackSettings
from local.stack import Stack


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
    with exclusive(own):
        try:
            yield own
        finally:
            Stack(own).stop()
