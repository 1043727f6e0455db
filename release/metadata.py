"""How the application describes itself in the AWS Serverless Application Repository.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

KEY = "AWS::ServerlessRepo::Application"
NAME = "async-inference-relay"
# The project's own name, until a publisher gives another.
AUTHOR = NAME

_LONGEST = {"Name": 140, "Description": 256, "Author": 127}
_PATTERNS = {
    "Name": r"[a-zA-Z0-9\-]+",
    "Author": r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?",
    "SemanticVersion": r"\d+\.\d+\.\d+",
    "HomePageUrl": r"https://\S+",
    "SourceCodeUrl": r"https://\S+",
}
_LABEL = r"[a-zA-Z0-9+\-_:/@]{1,127}"
_MOST_LABELS = 10


def of(version: str, author: str, source_url: str | None) -> dict[str, Any]:
    """Return the metadata. The license and the page lie beside the template."""
    links = {"HomePageUrl": source_url, "SourceCodeUrl": source_url} if source_url else {}
    return {
        "Name": NAME,
        "Description": (
            "Submits each upload in S3 to a SageMaker asynchronous inference endpoint, and sends "
            "exactly one result message for each request to SQS queues and other targets."
        ),
        "Author": author,
        "SpdxLicenseId": "Apache-2.0",
        "LicenseUrl": "LICENSE",
        "ReadmeUrl": "README.md",
        "Labels": ["sagemaker", "asynchronous-inference", "machine-learning", "s3", "sqs", "sns"],
        **links,
        "SemanticVersion": version,
    }


def problems(described: Mapping[str, Any]) -> list[str]:
    """Return what the repository does not accept, with the name of the property."""
    return list(_problems(described))


def _problems(described: Mapping[str, Any]) -> Iterator[str]:
    for name, longest in _LONGEST.items():
        if not 1 <= len(described.get(name, "")) <= longest:
            yield f"{name} has to have 1 to {longest} characters"
    for name, pattern in _PATTERNS.items():
        if name in described and not re.fullmatch(pattern, described[name]):
            yield f"{name} is {described[name]!r}, and has to match {pattern}"
    labels = described.get("Labels", ())
    if len(labels) > _MOST_LABELS:
        yield f"Labels has {len(labels)} members, and may have {_MOST_LABELS}"
    for label in labels:
        if not re.fullmatch(_LABEL, label):
            yield f"the label {label!r} has to match {_LABEL}"
