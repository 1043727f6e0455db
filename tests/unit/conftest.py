"""How property tests run here."""

import os

from hypothesis import settings

# No deadline: a machine that does other things as well is no bug of the relay's. In CI the same
# examples each time, so that a failure belongs to the change that it was seen with.
settings.register_profile("relay", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("relay")
