"""What people do to a stack by hand, each with the finding of `relayctl doctor` that names it."""

from tests.support.relayctl.drift import access, alarms, functions, messages, storage

FAULTS = (
    *alarms.FAULTS,
    *messages.FAULTS,
    *functions.FAULTS,
    *storage.FAULTS,
    *access.FAULTS,
)
