"""What strangers ask a running stack: reads, changes, and what only its own servers may ask."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.ministack.paths import CREDENTIALS, FAULTS
from local.stack.settings import REGION
from tests.e2e.strangers.belongings import Belongings

AWS, SAGEMAKER, OTHER = "aws", "sagemaker", "other"
# Takes any token, and does nothing with one that it does not know.
CFN_RESPONSE = "/_ministack/cfn-response/guessed"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Request:
    """As a program or a page sends it. `server` is one of the three above."""

    server: str
    service: str
    method: str
    target: str
    headers: dict[str, str]
    body: str = ""

    @property
    def name(self) -> str:
        operation = self.headers.get("X-Amz-Target") or self.body or self.target
        return f"{self.method} {self.target} {operation}"

    def at(self, base: str, credentials: Credentials | None = None) -> dict[str, object]:
        """Its members as JSON has them, signed in a header if there are credentials."""
        sent = AWSRequest(self.method, base + self.target, dict(self.headers), self.body.encode())
        if credentials:
            signer = S3SigV4Auth if self.service == "s3" else SigV4Auth
            signer(credentials, self.service, REGION).add_auth(sent)
        headers = {str(name): str(value) for name, value in sent.headers.items()}
        return {**asdict(self), "name": self.name, "url": base + self.target, "headers": headers}

    def presigned_at(self, base: str, credentials: Credentials) -> str:
        """Its URL with a signature, as pages use it. It allows the method alone."""
        sent = AWSRequest(self.method, base + self.target)
        S3SigV4QueryAuth(credentials, self.service, REGION, expires=600).add_auth(sent)
        return str(sent.url)


def requests(mine: Belongings) -> Iterator[Request]:
    """Each would read or change something if it came from root."""
    yield from _of_aws(mine)
    yield from _of_sagemaker(mine)


def to_a_model() -> Iterator[Request]:
    """What any port is asked that might be that of a model server."""
    yield Request(OTHER, "sagemaker", "GET", "/ping", {})
    row = ",".join(["1"] * 30)
    yield Request(OTHER, "sagemaker", "POST", "/invocations", {"Content-Type": "text/csv"}, row)


def _of_aws(mine: Belongings) -> Iterator[Request]:
    for method, target, body in (
        ("GET", "/", ""),
        ("GET", f"/{mine.bucket}", ""),
        ("GET", f"/{mine.bucket}/{mine.key}", ""),
        ("PUT", f"/{mine.bucket}/{mine.key}", "a stranger's"),
        ("PUT", f"/{mine.bucket}/stranger", "a stranger's"),
        ("DELETE", f"/{mine.bucket}/{mine.key}", ""),
        ("PUT", "/a-bucket-of-a-stranger", ""),
    ):
        yield Request(AWS, "s3", method, target, {}, body)
    queue = f"/000000000000/{mine.queue}"
    for service, target, call in (
        ("sqs", queue, {"Action": "SendMessage", "MessageBody": "stranger"}),
        ("sqs", queue, {"Action": "ReceiveMessage", "VisibilityTimeout": "600"}),
        ("sqs", queue, {"Action": "PurgeQueue"}),
        ("iam", "/", {"Action": "CreateUser", "UserName": "stranger"}),
        ("iam", "/", {"Action": "ListRoles"}),
        ("sts", "/", {"Action": "GetCallerIdentity"}),
        ("cloudformation", "/", {"Action": "DeleteStack", "StackName": "stranger"}),
    ):
        yield Request(AWS, service, "GET", f"{target}?{urlencode(call)}", {})
        yield Request(AWS, service, "POST", target, _FORM, urlencode(call))
    yield Request(
        AWS,
        "lambda",
        "POST",
        f"/2015-03-31/functions/{mine.function}/invocations",
        {"Content-Type": "text/plain"},
        json.dumps({"requests": []}),
    )
    hang = {"hangs": [{"operations": ["ListUsers"]}], "reorder": True}
    for method, target, body in (
        ("PUT", FAULTS, json.dumps(hang)),
        ("GET", f"{CREDENTIALS}{mine.root_key}", ""),
        ("POST", "/_ministack/reset", ""),
        ("POST", "/_ministack/config", "{}"),
        ("GET", "/_ministack/sqs/messages", ""),
        ("PUT", CFN_RESPONSE, "{}"),
        ("GET", "/_ministack/health", ""),
        ("GET", "/_localstack/health", ""),
        ("GET", "/health", ""),
        ("GET", "/v2/", ""),
    ):
        yield Request(AWS, "sagemaker", method, target, {}, body)


def _of_sagemaker(mine: Belongings) -> Iterator[Request]:
    role = {"role": mine.role, "session_name": "stranger", "secret_access_key": "guessed"}
    for method, target, document in (
        ("GET", "/_emulator/state", None),
        ("POST", "/_emulator/reset", {}),
        ("POST", "/_emulator/tick", {"seconds": 60}),
        ("PUT", "/_emulator/containers", {".*": "{python} -c pass"}),
        ("GET", "/_emulator/faults", None),
        ("PUT", "/_emulator/faults", {"throttle": 1.0}),
        ("PUT", "/_emulator/pace", {"time_factor": 50}),
        ("PUT", "/_emulator/sessions/ASIASTRANGER", role),
        ("PUT", f"/_emulator/endpoints/{mine.endpoint}/status", {"status": "OutOfService"}),
    ):
        body = "" if document is None else json.dumps(document)
        yield Request(SAGEMAKER, "sagemaker", method, target, {}, body)
    model = {"ModelName": "stranger", "PrimaryContainer": {"Image": "xgboost:1"}}
    for target, parameters in (
        ("SageMaker.ListModels", {}),
        ("SageMaker.CreateModel", {**model, "ExecutionRoleArn": mine.role}),
        ("SageMaker.DeleteEndpoint", {"EndpointName": mine.endpoint}),
        ("AnyScaleFrontendService.DescribeScalableTargets", {"ServiceNamespace": "sagemaker"}),
    ):
        headers = {"X-Amz-Target": target, "Content-Type": "text/plain"}
        yield Request(SAGEMAKER, "sagemaker", "POST", "/", headers, json.dumps(parameters))
        asked = f"/?{urlencode({'X-Amz-Target': target})}"
        plain = {"Content-Type": "text/plain"}
        yield Request(SAGEMAKER, "sagemaker", "POST", asked, plain, json.dumps(parameters))
    invocation = {"X-Amzn-SageMaker-InputLocation": f"s3://{mine.bucket}/{mine.key}"}
    target = f"/endpoints/{mine.endpoint}/async-invocations"
    yield Request(SAGEMAKER, "sagemaker", "POST", target, invocation)
