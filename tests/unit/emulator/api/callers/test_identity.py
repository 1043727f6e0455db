"""The identity of a caller, and its permissions."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from async_endpoint_emulator.api.callers.identity import (
    Ask,
    Authoriser,
    Caller,
    Holder,
    Identities,
    SimulatedPolicies,
    allow,
    resolve,
    session_credentials,
)
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.deployments.roles import trusts_sagemaker
from async_endpoint_emulator.errors import AwsError
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support.emulator.direct_aws import DirectAws
from tests.support.emulator.signed import UNSIGNED, signed

ROLE = "arn:aws:iam::000000000000:role/submit"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:submit"
ENDPOINT = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/demo"
ACCOUNT = "000000000000"
ROOT = ROOT_KEY, _ = "AKIAROOT", "root's secret"
FUNCTION_KEY, _ = session_credentials(FUNCTION, ROLE)


class FakeAws(DirectAws):
    """One Lambda function, one user, no more."""

    def paginate(self) -> Any:
        return [{"Functions": [{"FunctionArn": FUNCTION, "FunctionName": "submit", "Role": ROLE}]}]

    def get_access_key_last_used(self, *, AccessKeyId: str) -> Any:
        if AccessKeyId == "AKIAUSER":
            return {"UserName": "ann"}
        raise ClientError({"Error": {"Code": "NoSuchEntity"}}, "GetAccessKeyLastUsed")

    def get_user(self, *, UserName: str) -> Any:
        return {"User": {"Arn": f"arn:aws:iam::000000000000:user/{UserName}"}}


class ConditionalAws(DirectAws):
    """A role with one statement, and a simulator in which no condition holds."""

    def __init__(self, statement: Mapping[str, object]) -> None:
        self.policy = {"Statement": [statement]}

    def list_role_policies(self, *, RoleName: str) -> Any:
        return {"PolicyNames": ["only"]}

    def get_role_policy(self, *, RoleName: str, PolicyName: str) -> Any:
        return {"PolicyDocument": self.policy}

    def list_attached_role_policies(self, *, RoleName: str) -> Any:
        return {"AttachedPolicies": []}

    def simulate_principal_policy(self, **_: object) -> Any:
        return {"EvaluationResults": [{"EvalDecision": "implicitDeny"}]}

    def simulate_custom_policy(self, *, PolicyInputList: list[str], **_: object) -> Any:
        held = any("Condition" not in policy for policy in PolicyInputList)
        return {"EvaluationResults": [{"EvalDecision": "allowed" if held else "implicitDeny"}]}


class FakePermissions:
    def __init__(self, decision: str) -> None:
        self.decision = decision
        self.asked: list[tuple[str, str, str]] = []

    async def decide(
        self, principal: str, action: str, resource: str, context: Mapping[str, str]
    ) -> str:
        self.asked.append((principal, action, resource))
        return self.decision


def authorise(
    credentials: tuple[str, str] | None,
    decision: str = "allowed",
    admitted: tuple[str, str, str, str | None] | None = None,
    ask: Ask | None = None,
) -> FakePermissions:
    permissions = FakePermissions(decision)
    identities = Identities(cast(Aws, FakeAws()), Credentials(*ROOT), ask)
    authoriser = Authoriser(identities, permissions.decide)
    if admitted:
        authoriser.admit(*admitted)

    async def run() -> None:
        caller = await authoriser.identify(signed(*credentials) if credentials else UNSIGNED)
        await authoriser.require(caller, "sagemaker:InvokeEndpointAsync", ENDPOINT)

    asyncio.run(run())
    return permissions


def test_root_may_do_everything_without_a_question() -> None:
    assert authorise(ROOT, "explicitDeny").asked == []


def test_the_tags_of_a_resource_are_in_the_context_as_long_as_it_exists() -> None:
    contexts = []

    async def decide(_: str, __: str, ___: str, context: Mapping[str, str]) -> str:
        contexts.append(context)
        return "allowed"

    authoriser = Authoriser(Identities(cast(Aws, FakeAws()), Credentials(*ROOT)), decide)
    caller = Caller("arn", ROLE)

    async def run() -> None:
        authoriser.tags.put(ENDPOINT, [{"Key": "team", "Value": "fraud"}])
        await authoriser.require(caller, "sagemaker:DeleteEndpoint", ENDPOINT)
        authoriser.tags.forget(ENDPOINT)
        await authoriser.require(caller, "sagemaker:DeleteEndpoint", ENDPOINT)

    asyncio.run(run())
    tags = {"aws:ResourceTag/team": "fraud", "sagemaker:ResourceTag/team": "fraud"}
    assert contexts == [tags, {}]


def test_a_decision_is_remembered_for_its_context_alone() -> None:
    policy = {
        "Effect": "Allow",
        "Action": "sagemaker:DeleteEndpoint",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "fraud"}},
    }
    policies = SimulatedPolicies(cast(Aws, ConditionalAws(policy)), remember_seconds=60)

    async def run() -> list[str]:
        tags: tuple[dict[str, str], ...] = (
            {"aws:ResourceTag/team": "fraud"},
            {"aws:ResourceTag/team": "risk"},
            {},
        )
        return [
            await policies.decide(ROLE, "sagemaker:DeleteEndpoint", ENDPOINT, each) for each in tags
        ]

    assert asyncio.run(run()) == ["allowed", "implicitDeny", "implicitDeny"]


def test_a_function_is_known_by_its_session_key_and_asked_about_by_its_role() -> None:
    permissions = authorise(session_credentials(FUNCTION, ROLE))

    assert permissions.asked == [(ROLE, "sagemaker:InvokeEndpointAsync", ENDPOINT)]


def test_a_user_is_known_by_its_access_key_and_by_that_alone() -> None:
    permissions = authorise(("AKIAUSER", "IAM does not tell"))

    assert permissions.asked[0][0] == "arn:aws:iam::000000000000:user/ann"


@pytest.mark.parametrize("secret", [None, "a secret"])
def test_a_session_is_known_once_its_role_was_named(secret: str | None) -> None:
    permissions = authorise(
        ("ASIASESSION", "a secret"), admitted=("ASIASESSION", "ann", ROLE, secret)
    )

    assert permissions.asked == [(ROLE, "sagemaker:InvokeEndpointAsync", ENDPOINT)]


def test_a_stand_in_that_can_be_asked_tells_of_every_key_but_roots() -> None:
    session = Holder(Caller("arn", ROLE), "a secret")
    keys = {"ASIASESSION": session}

    assert authorise(("ASIASESSION", "a secret"), ask=keys.get).asked == [
        (ROLE, "sagemaker:InvokeEndpointAsync", ENDPOINT)
    ]
    assert authorise(ROOT, ask=keys.get).asked == []
    for stranger in (session_credentials(FUNCTION, ROLE), ("AKIAUSER", "x"), (ACCOUNT, ROOT[1])):
        with pytest.raises(AwsError, match="UnrecognizedClientException"):
            authorise(stranger, ask=keys.get)


@pytest.mark.parametrize("key", [ROOT_KEY, ACCOUNT, FUNCTION_KEY, "ASIASESSION", "ASIAASKED"])
def test_an_access_key_without_its_secret_has_no_caller(key: str) -> None:
    asked = {"ASIAASKED": Holder(Caller("arn", ROLE), "a secret")}.get

    with pytest.raises(AwsError) as refusal:
        authorise(
            (key, "guessed"),
            admitted=("ASIASESSION", "ann", ROLE, "a secret"),
            ask=asked if key == "ASIAASKED" else None,
        )

    assert (refusal.value.code, refusal.value.status) == ("InvalidSignatureException", 403)


def test_root_alone_passes_where_root_is_required() -> None:
    authoriser = Authoriser(Identities(cast(Aws, FakeAws()), Credentials(*ROOT)), allow)

    asyncio.run(authoriser.require_root(signed(*ROOT)))
    with pytest.raises(AwsError, match="is not root"):
        asyncio.run(authoriser.require_root(signed(*session_credentials(FUNCTION, ROLE))))


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (
            "implicitDeny",
            "because no identity-based policy allows the sagemaker:InvokeEndpointAsync action",
        ),
        ("explicitDeny", "with an explicit deny in an identity-based policy"),
    ],
)
def test_a_refusal_has_the_words_of_aws(decision: str, words: str) -> None:
    with pytest.raises(AwsError) as refusal:
        authorise(session_credentials(FUNCTION, ROLE), decision)

    assert refusal.value.code == "AccessDeniedException"
    assert refusal.value.message == (
        "User: arn:aws:sts::000000000000:assumed-role/submit/submit is not authorized to perform: "
        f"sagemaker:InvokeEndpointAsync on resource: {ENDPOINT} {words}"
    )


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        (("ASIAUNKNOWN", "x"), "UnrecognizedClientException"),
        (("test", "test"), "UnrecognizedClientException"),
    ],
)
def test_an_unknown_caller_is_refused(credentials: tuple[str, str] | None, code: str) -> None:
    with pytest.raises(AwsError) as refusal:
        authorise(credentials)

    assert (refusal.value.code, refusal.value.status) == (code, 403)


def test_only_conditions_that_the_context_fulfils_are_resolved() -> None:
    def statement(condition: Any) -> Any:
        return {"Effect": "Allow", "Action": "iam:PassRole", "Condition": condition}

    passed = {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com", "x"]}}
    other = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    policy = {"Statement": [statement(passed), statement(other), statement({"Bool": {"a": "b"}})]}

    resolved = resolve(policy, {"iam:PassedToService": "sagemaker.amazonaws.com"})["Statement"]

    assert resolved[0] == {"Effect": "Allow", "Action": "iam:PassRole"}
    assert resolved[1] == statement(other)
    assert resolved[2] == statement({"Bool": {"a": "b"}})


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ({"Service": "sagemaker.amazonaws.com"}, True),
        ({"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]}, True),
        ({"Service": "lambda.amazonaws.com"}, False),
        ("*", False),
    ],
)
def test_a_role_must_trust_sagemaker(principal: Any, trusted: bool) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}

    assert trusts_sagemaker({"Statement": [statement]}) == trusted
