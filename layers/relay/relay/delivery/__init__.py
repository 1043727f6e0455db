"""How a function works on its deliveries, and what becomes of each.

dispositions   the ends of jobs and notifications, a closed set
isolation      an unexpected exception harms only the record that raises it
parking        the dead-letter queue: what can never be processed, and what waited for ten days
conclude       folds the dispositions into the report
report         what an invocation logs, counts and answers
backoff        the delay of a returned message
responses      the response of a function, and the time by which it is due
"""
