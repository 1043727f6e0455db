"""Cases from botocore's service models: what SageMaker accepts and refuses in a request."""
