"""SQS, SNS and EventBridge: where results and the messages of the functions go."""
