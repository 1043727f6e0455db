"""Commands about the messages of dead-letter queues."""
