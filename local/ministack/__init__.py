"""MiniStack, which stands for AWS: corrected where it differs, and with faults on demand."""
