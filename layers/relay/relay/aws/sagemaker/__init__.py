"""SageMaker: invocations of the endpoint, its control plane, and its scaling."""
