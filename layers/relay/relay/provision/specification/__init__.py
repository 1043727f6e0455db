"""What the endpoint should be: read, checked, and in the words of SageMaker's API."""
