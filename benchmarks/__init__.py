"""What the relay costs, beside the least that any design can cost, and what people usually write.

`make bench` measures three ways to do the same work in the same run:

- *relay*: this application, built as it is deployed;
- *bare*: the least code that makes the AWS calls that no design can avoid (`functions/bare_*.py`);
- *usual*: one record at a time, one call at a time, with Powertools' Tracer, Idempotency and Parser
  (`functions/usual_*.py`).
"""
