"""SageMaker asynchronous endpoints on one machine: `python -m local.sagemaker`; see README.md."""
