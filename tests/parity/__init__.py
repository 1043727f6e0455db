"""The same requests to the emulator and to AWS."""
