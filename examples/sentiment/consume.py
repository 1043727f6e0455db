"""Print the results that wait in a queue, and delete them: consume.py QUEUE

Creates the queue if it does not exist. Ends when no result came for ten seconds.
"""

import json
import sys

import boto3

sqs = boto3.client("sqs")
url = sqs.create_queue(QueueName=sys.argv[1])["QueueUrl"]
attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
print("queue", attributes["QueueArn"])

while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10).get(
    "Messages"
):
    for message in messages:
        print(json.dumps(json.loads(message["Body"]), indent=2))
        # A crash before this line repeats the result: a real consumer stores the ids it has seen.
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
