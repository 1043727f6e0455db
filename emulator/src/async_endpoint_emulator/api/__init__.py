"""The APIs: SageMaker and its runtime, who calls them, and what they refuse."""
