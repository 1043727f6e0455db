"""The endpoint's life: a custom resource that never waits inside a function.

`events` reads what wakes the function, `reception` stores who waits, `lifecycle` takes the steps,
and `record` is what is remembered between them.
"""
