"""A monotonic clock that only a test moves."""


class StoppedClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
