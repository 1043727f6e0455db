"""Where the corrected MiniStack has an interface that AWS does not have. Root alone may use it."""

CREDENTIALS = "/_credentials/"
FAULTS = "/_faults"
