"""The endpoint's specification: reads and checks properties, and builds SageMaker's requests."""
