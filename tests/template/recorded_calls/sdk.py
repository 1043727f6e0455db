"""The calls of the SDK's clients, answered in process before a request is sent."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader, create_loader
from botocore.model import OperationModel

Document = dict[str, Any]

_MEMBER = re.compile(r"'(\w+)': \?")


@dataclass(frozen=True, slots=True)
class SdkCall:
    """`service` as boto3 names it, `operation` as its API names it."""

    service: str
    operation: str
    request: Mapping[str, Any]


@dataclass
class Services:
    """AWS's services as the functions call them. They keep the items of the table.

    `refusals`: the code and the message with which an operation is refused.
    `parameters`: the versions of the route document, the oldest first.
    `objects`: the keys of each bucket.
    """

    items: dict[str, Document] = field(default_factory=dict)
    refusals: dict[str, tuple[str, str]] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    objects: dict[str, list[str]] = field(default_factory=dict)
    calls: list[SdkCall] = field(default_factory=list)

    def sent_requests(self) -> list[str]:
        """The ids of the requests in the relay's own messages."""
        return [
            request["request_id"]
            for call in self.calls
            if call.operation == "SendMessageBatch"
            for entry in call.request["Entries"]
            for request in json.loads(entry["MessageBody"]).get("requests", [])
        ]

    def answer(self, call: SdkCall) -> tuple[int, Document]:
        """The status and the parsed answer to a call."""
        self.calls.append(call)
        if call.operation in self.refusals:
            code, message = self.refusals[call.operation]
            return 400, {"Error": {"Code": code, "Message": message}}
        answers = getattr(self, f"_{call.operation}")
        return 200, answers(call.request)

    def _BatchExecuteStatement(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Responses": [self._execute(each) for each in request["Statements"]]}

    def _execute(self, statement: Mapping[str, Any]) -> Document:
        members = _MEMBER.findall(statement["Statement"])
        item = dict(zip(members, statement["Parameters"], strict=False))
        if not members:
            return {}
        key = item["id"]["S"]
        if key in self.items:
            return {"Error": {"Code": "DuplicateItem", "Message": "it exists"}}
        self.items[key] = item
        return {}

    def _BatchGetItem(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        ((table, asked),) = request["RequestItems"].items()
        keys = [key["id"]["S"] for key in asked["Keys"]]
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def _GetItem(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        item = self.items.get(request["Key"]["id"]["S"])
        return {} if item is None else {"Item": item}

    def _PutItem(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        self.items[request["Item"]["id"]["S"]] = dict(request["Item"])
        return {}

    def _DescribeTable(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Table": {"CreationDateTime": datetime.now(UTC)}}

    def _GetQueueAttributes(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Attributes": dict.fromkeys(request["AttributeNames"], "0")}

    def _EnableRule(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {}

    def _DisableRule(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {}

    def _Query(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        values = [each["S"] for each in request["ExpressionAttributeValues"].values()]
        members = ("id", "due_shard", "due")
        return {
            "Items": [
                {name: item[name] for name in members}
                for item in self.items.values()
                if item.get("due_shard", {}).get("S") in values
            ]
        }

    def _InvokeEndpointAsync(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        bucket = str(request["InputLocation"]).split("/")[2]
        return {"OutputLocation": f"s3://{bucket}/outputs/{request['InferenceId']}.out"}

    def _SendMessageBatch(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return _all(request["Entries"])

    def _ChangeMessageVisibilityBatch(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return _all(request["Entries"])

    def _PublishBatch(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return _all(request["PublishBatchRequestEntries"])

    def _PutEvents(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Entries": [{"EventId": "1"} for _ in request["Entries"]]}

    def _ListObjectsV2(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        contents = [
            {"Key": key, "LastModified": long_ago, "Size": 1, "ETag": '"e1"'}
            for key in self.objects.get(request["Bucket"], [])
            if key > request.get("StartAfter", "")
        ]
        return {"IsTruncated": False, "Contents": contents}

    def _GetBucketLocation(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {}

    def _GetBucketNotificationConfiguration(  # noqa: N802
        self, request: Mapping[str, Any]
    ) -> Document:
        return {"EventBridgeConfiguration": {}}

    def _GetParameter(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Parameter": self._versions()[-1]}

    def _GetParameterHistory(self, request: Mapping[str, Any]) -> Document:  # noqa: N802
        return {"Parameters": self._versions()}

    def _versions(self) -> list[Document]:
        return [
            {"Value": text, "Version": number} for number, text in enumerate(self.parameters, 1)
        ]


def _all(entries: list[Document]) -> Document:
    return {"Successful": [{"Id": each["Id"]} for each in entries]}


@cache
def _loader() -> Loader:
    """One for all sessions: to read the descriptions of the services takes most of their time."""
    return create_loader()


@contextmanager
def answered(services: Services) -> Iterator[None]:
    """Inside the block these services answer the clients of new sessions."""

    class Session(boto3.Session):
        def __init__(self, region_name: str | None) -> None:
            core = botocore.session.Session()
            core.register_component("data_loader", _loader())
            super().__init__(
                "test", "test", region_name=region_name or "us-east-1", botocore_session=core
            )
            self.events.register("before-parameter-build", _keep)
            self.events.register_last("before-call", respond)

    def respond(model: OperationModel, context: Document, **_: object) -> Any:
        call = SdkCall(model.service_model.service_name, model.name, context["request"])
        status, answer = services.answer(call)
        response = AWSResponse("", status, HTTPHeaders(), None)
        return response, {"ResponseMetadata": {"HTTPHeaders": {}}, **answer}

    with patch.object(boto3, "Session", Session):
        yield


def _keep(params: Document, context: Document, **_: object) -> None:
    context["request"] = params
