"""What the use cases need from the world. The adapters in `relay.aws` and the fakes in tests fill it in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, in UTC."""

    def now(self) -> datetime: ...
