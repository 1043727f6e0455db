"""Permissions: every part of every policy is needed by a call, and nothing more is allowed.

tests/template/permissions/calls.yaml has the calls.
"""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from tests.template.iam.statements import Kind
from tests.template.permissions.mutations import mutants
from tests.template.permissions.policies import Policy, policies_of
from tests.template.permissions.sweep import Sweep, sweep
from tests.template.permissions.table import document
from tests.template.template import world

# What a stack with buckets of others has instead of the statements of another.
OF_BUCKETS = (
    *("ProvisionRole ReadInputBucket", "ProvisionRole ReadOutputBucket"),
    *("EndpointDataPolicy ReadInputs", "EndpointDataPolicy WriteOutputsAndFailures"),
    "BackfillRole ListInputs",
    *("ReconcileRole ListInputs", "ReconcileRole ListOutputs", "SubmitQueuePolicy Uploads"),
    "SubmitDeadLetterQueuePolicy Undelivered",
)
# What a stack for an existing endpoint has beside or instead of the statements of another.
OF_EXISTING = ("SubmitRole SubmitRequests", "ProvisionRole DenyEndpointChanges")

created = cache(lambda: sweep("created"))
existing = cache(lambda: sweep("existing"))
topic_key = cache(lambda: sweep("topic-key"))
buckets = cache(lambda: sweep("buckets"))


def policy(owner: str, kind: Kind = Kind.IDENTITY) -> Policy:
    return next(each for each in created().policies if (each.owner, each.kind) == (owner, kind))


def without_rows(*actions: str) -> Sweep:
    """The sweep with a table that lacks the rows with these actions."""
    whole = created()
    needed = tuple(call for call in whole.needed if call.action not in actions)
    return replace(whole, needed=needed)


def test_every_call_is_allowed_and_nothing_else() -> None:
    complaints = list(created().complaints())

    assert not complaints, "\n".join(complaints)


def test_a_stack_that_names_its_bucket_allows_the_same() -> None:
    complaints = list(sweep("created", DataBucketName="uploads").complaints())

    assert not complaints, "\n".join(complaints)


def test_a_stack_for_an_existing_endpoint_allows_calls_to_it_and_no_change_of_it() -> None:
    complaints = list(existing().wrong())

    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("each", created().policies, ids=lambda each: f"{each.owner}-{each.kind}")
def test_no_part_of_a_policy_can_be_left_out_or_widened(each: Policy) -> None:
    survivors = list(created().survivors(each))

    assert not survivors, "\n".join(survivors)


def test_no_part_of_a_statement_for_an_existing_endpoint_can_be_left_out_or_widened() -> None:
    survivors = [
        survivor
        for each in existing().policies
        if each.kind is Kind.IDENTITY and each.owner in ("SubmitRole", "ProvisionRole")
        for survivor in existing().survivors(each)
        if survivor.startswith(OF_EXISTING)
    ]

    assert not survivors, "\n".join(survivors)


def test_no_part_of_the_permission_for_the_topics_key_can_be_left_out_or_widened() -> None:
    (own,) = (each for each in topic_key().policies if each.owner == "TopicKeyPolicy")

    assert list(topic_key().wrong()) == []
    assert list(topic_key().survivors(own)) == []
    changes = {each.change for each in mutants(own)}
    assert "is not that of ExistingEndpointRole" in changes
    assert "UseTopicKey: without StringEquals kms:ViaService" in changes


def test_a_stack_with_other_buckets_has_access_to_the_prefixes_and_to_nothing_else() -> None:
    complaints = list(buckets().wrong())

    assert not complaints, "\n".join(complaints)


def test_no_part_of_a_statement_about_other_buckets_can_be_left_out_or_widened() -> None:
    survivors = [
        survivor
        for each in buckets().policies
        for survivor in buckets().survivors(each)
        if survivor.startswith(OF_BUCKETS)
    ]

    assert not survivors, "\n".join(survivors)


@pytest.mark.parametrize("number", range(1, 6))
def test_the_endpoint_reads_each_of_up_to_five_prefixes(number: int) -> None:
    prefixes = [f"team-{each}/" for each in range(number)]
    stack = {**document()["stacks"]["buckets"], "InputPrefixes": ",".join(prefixes)}
    found = policies_of(world(**stack))
    (own,) = (each for each in found if each.owner == "EndpointDataPolicy")
    (statement,) = (each for each in own.statements if each["Sid"] == "ReadInputs")

    assert set(statement["Resource"]) == {f"arn:aws:s3:::lake/{each}*" for each in prefixes}


@pytest.mark.parametrize(
    ("owner", "kind", "change"),
    [
        ("SubmitRole", Kind.IDENTITY, "ClaimAttempts: arn:…:table/* in place of"),
        ("SubmitRole", Kind.IDENTITY, "ClaimAttempts: without ForAllValues:StringNotLike"),
        ("SubmitRole", Kind.IDENTITY, "ClaimAttempts: without dynamodb:PartiQLDelete"),
        ("EndpointDataPolicy", Kind.IDENTITY, "ReadInputs: arn:…:* in place of"),
        ("EndpointDataPolicy", Kind.IDENTITY, "is not that of ExistingEndpointRole"),
        ("ReconcileRole", Kind.IDENTITY, "ListOutputsAndFailures: without StringLike s3:prefix"),
        ("RouteRole", Kind.IDENTITY, "WriteLogs: * in place of"),
        ("ProvisionRole", Kind.IDENTITY, "ManageModels: sagemaker:* in place of"),
        ("ProvisionRole", Kind.TRUST, "for {'AWS': '*'}"),
        ("SubmitQueuePolicy", Kind.RESOURCE, "without StringEquals aws:SourceAccount"),
        ("DataBucketPolicy", Kind.RESOURCE, "is deleted"),
        ("TlsOnlyQueuePolicy", Kind.RESOURCE, "is not that of"),
        ("ArtifactPermission", Kind.RESOURCE, "for {'Service': 'ec2.amazonaws.com'}"),
    ],
)
def test_policies_are_changed_in_each_way(owner: str, kind: Kind, change: str) -> None:
    begin, dots, end = change.partition("…")

    changes = [each.change for each in mutants(policy(owner, kind))]

    assert any(begin in each and (not dots or end in each) for each in changes), changes


@pytest.mark.parametrize("owner", ["EndpointDataPolicy", "FunctionPolicy", "VolumeKeyPolicy"])
def test_a_policy_beside_its_role_is_there_before_the_endpoint(owner: str) -> None:
    stack = world(**document()["stacks"]["created"])

    assert stack.is_made_before(stack.named(owner), stack.named("Endpoint"))


def test_a_permission_without_a_call_is_reported() -> None:
    (complaint,) = set(without_rows("ssm:GetParameterHistory").complaints())

    assert "RouteRole needs no ssm:GetParameterHistory on arn:aws:ssm:" in complaint


def test_a_statement_whose_parts_nothing_needs_survives_changes() -> None:
    less = without_rows("ssm:GetParameterHistory")

    found = Counter(less.survivors(policy("RouteRole")))

    assert "RouteRole ReadRoutes: without ssm:GetParameterHistory" in found


def test_a_permission_that_is_missing_is_reported_with_its_call() -> None:
    whole = created()
    rest = tuple(each for each in whole.policies if each.owner != "VolumeKeyPolicy")

    (first, *_) = replace(whole, policies=rest).complaints()

    assert "kms:CreateGrant on arn:aws:kms:us-east-1:123456789012:key/volumes" in first
    assert first.endswith("is denied, and needed")


def test_a_policy_that_lets_another_service_in_is_reported() -> None:
    own = policy("SubmitQueuePolicy", Kind.RESOURCE)
    open_ = {**own.statements[0], "Principal": {"AWS": "*"}}
    wider = replace(own, document={"Statement": [open_, *own.statements[1:]]})
    others = tuple(each for each in created().policies if each is not own)

    complaints = list(replace(created(), policies=(*others, wider)).complaints())

    assert any("999999999999:role/stranger sqs:SendMessage" in each for each in complaints)


def test_every_reason_why_a_call_is_not_made_here_is_used() -> None:
    used = {entry["unseen"] for entry in document()["calls"] if "unseen" in entry}

    assert used == set(document()["reasons"])
