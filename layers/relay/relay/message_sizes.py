"""Maximum size of a message's body and attributes. A region, a queue or a topic may have another.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

from typing import Final

MOST_QUEUE_BYTES: Final = 1_048_576
# Of EventBridge too.
MOST_TOPIC_BYTES: Final = 262_144
