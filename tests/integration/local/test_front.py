"""MiniStack of the local stack takes requests that its root, users and sessions have signed."""

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import auth
from botocore.exceptions import ClientError

from local.errors import LocalStackError
from local.stack import root_user
from local.stack.faults import set_aws_faults
from local.stack.settings import StackSettings
from tests.integration.local.signed_requests import Aws, signed_stream

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    ]
}
ALL = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


@pytest.fixture(scope="module")
def user(root: Aws) -> Aws:
    iam = root.client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=ALL)
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    return root.by(made["AccessKeyId"], made["SecretAccessKey"])


@pytest.fixture(scope="module")
def session(root: Aws) -> Aws:
    iam = root.client("iam")
    role = iam.create_role(
        RoleName="role", Path="/team/", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="all", PolicyDocument=ALL)
    made = root.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    return root.by(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.fixture(params=["root", "user", "session"])
def caller(request: pytest.FixtureRequest) -> Aws:
    found: Aws = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module", autouse=True)
def data(root: Aws) -> None:
    s3 = root.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="there", Body=b"content")


CALLS: list[Callable[[Aws], object]] = [
    lambda aws: aws.client("s3").list_objects_v2(Bucket="data"),
    lambda aws: aws.client("s3").get_object(Bucket="data", Key="there"),
    lambda aws: aws.client("sqs").list_queues(),
    lambda aws: aws.client("iam").list_roles(),
    lambda aws: aws.client("dynamodb").list_tables(),
    lambda aws: aws.client("lambda").list_functions(),
    lambda aws: aws.client("cloudformation").list_stacks(),
]
CALL_IDS = ["list S3", "get S3", "sqs", "iam", "dynamodb", "lambda", "cloudformation"]


@pytest.mark.parametrize("call", CALLS, ids=CALL_IDS)
def test_what_is_signed_with_the_secret_is_answered(
    caller: Aws, call: Callable[[Aws], object]
) -> None:
    call(caller)


@pytest.mark.parametrize("call", CALLS, ids=CALL_IDS)
def test_an_access_key_without_its_secret_is_refused(
    caller: Aws, call: Callable[[Aws], object]
) -> None:
    held = caller.credentials
    with pytest.raises(ClientError) as refusal:
        call(caller.by(held.access_key, "guessed", held.token))

    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert refusal.value.response["Error"]["Code"] in (
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    )


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAUNKNOWNUNKNOWN00"])
@pytest.mark.parametrize("call", CALLS, ids=CALL_IDS)
def test_no_other_key_is_anybody(root: Aws, key: str, call: Callable[[Aws], object]) -> None:
    for secret in ("test", root.credentials.secret_key):
        with pytest.raises(ClientError) as refusal:
            call(root.by(key, secret))

        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


# The first four are answered by MiniStack before it looks at the signature.
PATHS = ["/health", "/_localstack/health", "/v2/", "/oauth2/token", "/data/there"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_that_does_not_exist_opens_no_path(root: Aws, method: str, path: str) -> None:
    stranger = root.by("AKIAUNKNOWNUNKNOWN00", "guessed")

    assert root.call(method, path, {}, b"")[0] not in (401, 403)
    assert stranger.call(method, path, {}, b"")[0] == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scope", ["sagemaker", "s3", "cognito-idp", "ecr"])
def test_a_key_without_its_secret_opens_no_path(
    caller: Aws, scope: str, method: str, path: str
) -> None:
    held = caller.credentials
    guessing = caller.by(held.access_key, "guessed", held.token)

    assert guessing.call(method, path, {}, b"grant_type=x", scope=scope)[0] == 403
    # A hash in a header, so that the signature does not depend on the body.
    headers = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert guessing.call(method, path, headers, b"grant_type=x", scope=scope)[0] == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_presigned_address_without_the_secret_opens_no_path(root: Aws, path: str) -> None:
    guessing = root.by(root.credentials.access_key, "guessed")
    s3 = guessing.client("s3", signature_version="s3v4")
    query = s3.generate_presigned_url("list_buckets").partition("?")[2]

    assert root.send("GET", f"{path}?{query}", {})[0] == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_signature_opens_no_other_path_and_is_good_for_a_while_only(root: Aws, path: str) -> None:
    headers = root.signed("GET", "/data/other", {}, b"")
    assert root.send("GET", path, headers)[0] == 403

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda: datetime(2026, 1, 1, tzinfo=UTC))
        early = root.signed("GET", path, {}, b"")
    assert root.send("GET", path, early)[0] == 403


@pytest.mark.parametrize(
    "target",
    ["ListQueues", "CreateQueue"],
)
def test_a_request_without_a_signature_is_refused(root: Aws, target: str) -> None:
    headers = {"X-Amz-Target": f"AmazonSQS.{target}", "Content-Type": "application/x-amz-json-1.0"}

    status, _ = root.call("POST", "/", headers, b'{"QueueName": "q"}', signed=False)

    assert status == 403


def test_an_object_is_not_read_without_a_signature(root: Aws) -> None:
    assert root.call("GET", "/data/there", signed=False)[0] == 403


@pytest.mark.parametrize("addressing", ["path", "auto"])
def test_a_presigned_address_works_until_it_is_changed(caller: Aws, addressing: str) -> None:
    s3 = caller.client("s3", s3={"addressing_style": addressing}, signature_version="s3v4")
    get = s3.generate_presigned_url("get_object", {"Bucket": "data", "Key": "there"})
    put = s3.generate_presigned_url("put_object", {"Bucket": "data", "Key": "new"})

    assert caller.send("GET", get, {}) == (200, b"content")
    assert caller.send("PUT", put, {}, b"more")[0] == 200
    assert caller.send("GET", get.replace("there", "new"), {})[0] == 403
    signature = get.rpartition("X-Amz-Signature=")[2][:64]
    assert caller.send("GET", get.replace(signature, "0" * 64), {})[0] == 403


@pytest.mark.parametrize("name", ["test", "000000000000"])
def test_a_presigned_address_of_no_key_is_refused(root: Aws, name: str) -> None:
    s3 = root.by(name, "test").client("s3", signature_version="s3v4")

    url = s3.generate_presigned_url("get_object", {"Bucket": "data", "Key": "there"})

    assert root.send("GET", url, {})[0] == 403


@pytest.mark.parametrize("checksum", ["when_required", "when_supported"])
def test_uploads_in_chunks_arrive_whole(caller: Aws, checksum: str) -> None:
    s3 = caller.client("s3", request_checksum_calculation=checksum)
    content = os.urandom(300_000)

    s3.upload_file(str(_file(caller.authority.parent, content)), "data", "chunked")

    assert s3.get_object(Bucket="data", Key="chunked")["Body"].read() == content


@pytest.mark.parametrize("forged", [False, True])
def test_every_chunk_of_a_signed_stream_is_checked(root: Aws, forged: bool) -> None:
    status = root.send("PUT", "/data/stream", *signed_stream(root, [b"a" * 8192, b"b"], forged))[0]

    assert status == (403 if forged else 200)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/sqs/messages"),
        ("GET", "/_ministack/ses/messages"),
        ("GET", "/_ministack/lambda-code/submit"),
        ("GET", "/_ministack/lambda-layers/layer/1/content"),
        ("POST", "/_ministack/rds/iam-auth"),
    ],
)
@pytest.mark.parametrize("signed", [True, False])
def test_ministacks_own_interface_is_closed(
    root: Aws, method: str, path: str, signed: bool
) -> None:
    assert root.call(method, path, {}, b"{}" if method == "POST" else b"", signed)[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/cfn-response/token",
        "/cloudformation-custom-resource-response-useast1/token?X-Amz-Signature=0",
    ],
)
def test_an_answer_to_cloudformation_needs_its_token_alone(root: Aws, path: str) -> None:
    status, _ = root.call("PUT", path, {}, b"{}", signed=False)

    assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-CH-UA": '"Chromium";v="130"'},
        {"Host": "evil.example:4566"},
        {"Host": "evil.example"},
        {"Host": "data.localhost"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
def test_a_request_of_a_web_page_is_refused_however_it_is_signed(
    root: Aws, headers: Mapping[str, str], method: str
) -> None:
    status, answer = root.call(method, "/data/there", headers)

    assert status == 403
    assert b"browsers" in answer or b"Host is" in answer


def test_a_preflight_is_not_answered_for_a_bucket_that_allows_every_origin(root: Aws) -> None:
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    root.client("s3").put_bucket_cors(Bucket="data", CORSConfiguration={"CORSRules": [rule]})
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    assert root.call("OPTIONS", "/data/there", headers, signed=False)[0] == 403


def test_root_alone_learns_whose_a_key_is(root: Aws, user: Aws, session: Aws) -> None:
    found = {
        name: json.loads(root.call("GET", f"/_credentials/{each.credentials.access_key}")[1])
        for name, each in {"root": root, "user": user, "session": session}.items()
    }

    arn = "arn:aws:iam::000000000000"
    assert found == {
        "root": {
            "arn": f"{arn}:root",
            "principal": None,
            "secret_access_key": root.credentials.secret_key,
        },
        "user": {
            "arn": f"{arn}:user/ann",
            "principal": f"{arn}:user/ann",
            "secret_access_key": user.credentials.secret_key,
        },
        "session": {
            "arn": "arn:aws:sts::000000000000:assumed-role/role/me",
            "principal": f"{arn}:role/team/role",
            "secret_access_key": session.credentials.secret_key,
        },
    }
    assert root.call("GET", "/_credentials/AKIAUNKNOWNUNKNOWN00")[0] == 404
    path = f"/_credentials/{root.credentials.access_key}"
    for other in (user, session, root.by(root.credentials.access_key, "guessed")):
        assert other.call("GET", path)[0] == 403
    assert root.call("GET", path, signed=False)[0] == 403


def test_a_functions_session_cannot_be_derived_from_names(root: Aws) -> None:
    function = _function(root)

    key, secret, token = json.loads(
        root.client("lambda").invoke(FunctionName=function["FunctionName"])["Payload"].read()
    )

    assert "function" in root.by(key, secret, token).client("sts").get_caller_identity()["Arn"]
    for name in (key, _derived(function)[0]):
        with pytest.raises(ClientError):
            root.by(name, *_derived(function)[1:]).client("sqs").list_queues()


def test_root_alone_sets_faults(root: Aws, user: Aws) -> None:
    assert user.call("PUT", "/_faults", {}, b"{}")[0] == 403
    assert root.call("PUT", "/_faults", {}, b"{}", signed=False)[0] == 403
    assert root.call("PUT", "/_faults", {}, b"{}")[0] == 204


def test_the_commands_of_the_stack_set_faults_as_root(root: Aws, settings: StackSettings) -> None:
    here = replace(settings, aws_port=int(root.url.rpartition(":")[2]))

    set_aws_faults(here, {"reorder": True})
    set_aws_faults(here, {})

    root_user.issue(stranger := replace(here, directory=here.directory / "other"))
    shutil.copytree(here.tls, stranger.tls)
    with pytest.raises(LocalStackError, match="only root"):
        set_aws_faults(stranger, {})


def _function(root: Aws) -> Any:
    """A function that answers with its credentials."""
    iam, code = root.client("iam"), io.BytesIO()
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps(
            {"Statement": [{**trust, "Principal": {"Service": "lambda.amazonaws.com"}}]}
        ),
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="function", PolicyName="all", PolicyDocument=ALL)
    names = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "app.py",
            "import os\ndef handler(event, context):\n"
            f"    return [os.environ['AWS_' + name] for name in {names}]\n",
        )
    return root.client("lambda").create_function(
        FunctionName="function",
        Role=role,
        Runtime="python3.12",
        Handler="app.handler",
        Timeout=30,
        Code={"ZipFile": code.getvalue()},
    )


def _derived(function: Any) -> tuple[str, str, str]:
    """What MiniStack would give to a function, which depends on names alone."""
    names = f"{function['FunctionArn']}:{function['Role']}"
    digest = hashlib.sha256(names.encode()).hexdigest()
    secret, token = (
        hashlib.sha256(f"{kind}:{digest}".encode()).hexdigest() for kind in ("secret", "token")
    )
    return f"ASIA{digest[:16].upper()}", secret, token


def _file(directory: Path, content: bytes) -> Path:
    path = directory / "content"
    path.write_bytes(content)
    return path
