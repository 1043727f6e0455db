"""Submit, and nothing else: one InvokeEndpointAsync for each upload, and no ledger."""

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config

ENDPOINT = os.environ["ENDPOINT_NAME"]

session = boto3.Session()
runtime = session.client("sagemaker-runtime", config=Config(max_pool_connections=10))
# The relay's other clients, so that cold starts compare.
dynamodb, sqs = session.client("dynamodb"), session.client("sqs")
threads = ThreadPoolExecutor(10)


def handler(event: Mapping[str, Any], context: object) -> dict[str, object]:
    uploads = [
        upload["s3"]
        for record in event["Records"]
        for upload in json.loads(record["body"])["Records"]
    ]
    list(threads.map(invoke, uploads))
    return {"batchItemFailures": []}


def invoke(upload: Mapping[str, Any]) -> None:
    location = f"s3://{upload['bucket']['name']}/{unquote_plus(upload['object']['key'])}"
    name = hashlib.sha256(f"{location}{upload['object']['sequencer']}".encode()).hexdigest()[:32]
    runtime.invoke_endpoint_async(
        EndpointName=ENDPOINT,
        InputLocation=location,
        InferenceId=name,
        Filename=name,
        ContentType="text/csv",
    )
