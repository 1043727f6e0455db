"""MiniStack, which stands for AWS, corrected where it is kinder than AWS or differs from it."""
