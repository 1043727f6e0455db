"""How many invocations the emulator carries, and what they cost."""
