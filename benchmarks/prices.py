"""List prices in US dollars, without free tier, as known in November 2026.

AWS's public price pages, us-east-1: Lambda (arm64, first tier), SQS, SNS, DynamoDB (on-demand),
CloudWatch (logs), Step Functions (standard), X-Ray, S3 (standard). Not included: SageMaker's
instances, and writing and reading inputs and outputs, which are the same whatever carries the
requests.
"""

_MILLION = 1_000_000

LAMBDA_REQUEST = 0.20 / _MILLION
LAMBDA_GIGABYTE_SECOND = 0.0000133334
SQS_REQUEST = 0.40 / _MILLION
SQS_FIFO_REQUEST = 0.50 / _MILLION
SNS_PUBLISH = 0.50 / _MILLION  # to SQS, delivery itself is free
DYNAMODB_WRITE_UNIT = 0.625 / _MILLION  # up to 1 KB, each index entry again; refused ones as well
DYNAMODB_READ_UNIT = 0.125 / _MILLION  # up to 4 KB, strongly consistent
LOG_BYTE = 0.50 / 1_000_000_000
TRANSITION = 25.0 / _MILLION
TRACE = 5.0 / _MILLION
S3_HEAD = 0.40 / _MILLION
# CloudWatch bills alarms and custom metrics by the part of a month, in hours, that they exist.
ALARM_HOUR = 0.10 / 730
METRIC_HOUR = 0.30 / 730
