"""The life of an asynchronous endpoint through clients of others: `make clients`."""
