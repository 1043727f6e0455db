"""List prices: AWS's public price pages for us-east-1, as read in November 2026, without free tier.

US dollars. Pages: AWS Lambda pricing (arm64, first tier), Amazon SQS pricing, Amazon SNS pricing, Amazon
DynamoDB pricing (on-demand), Amazon CloudWatch pricing (logs), AWS Step Functions pricing (standard),
AWS X-Ray pricing, Amazon S3 pricing (standard). Not included: SageMaker's instances, and the
writing and reading of inputs and outputs, which are the same whatever carries the requests.
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
