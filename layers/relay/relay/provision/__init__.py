"""The endpoint's life: a custom resource that never waits inside a function.

`events` reads what wakes the function, `reception` stores who waits, `lifecycle` takes the steps,
and `record` is what is remembered between them.

    what the endpoint should be   specification, deployment, scaling; read from properties by
                                  reading and additions; images finds the image
    what SageMaker is asked for   requests; rules and checking refuse what it would refuse
    what comes in                 events, stack_requests, orders; ordering answers a roll-out
    how it gets there             lifecycle and its steps: turns, serving, attaching, removal,
                                  collection, answering, adopting
    what people are told          answers, reasons, advice, description, adoption
"""
