"""Faults of roles and keys."""

import json

from tests.support.relayctl.drift.fault import (
    Fault,
    call,
    id,
    role_policy,
)

FAULTS = (
    Fault(
        "a role with less permissions",
        "role-policy-policy-document",
        "RouteRole",
        role_policy("RouteRole", "route", lambda document: document["Statement"].pop()),
    ),
    Fault(
        "a role with more permissions",
        "role-policy-policy-document",
        "SubmitRole",
        role_policy(
            "SubmitRole", "submit", lambda document: document["Statement"][0].update(Action="sqs:*")
        ),
    ),
    Fault(
        "SageMaker may not publish",
        "role-policy-gone",
        "EndpointExecutionRole",
        call(
            "iam",
            "delete_role_policy",
            RoleName=id("EndpointExecutionRole"),
            PolicyName=lambda it: f"{it.stack_name}-data",
        ),
    ),
    Fault(
        "a policy that denies",
        "role-policy-added",
        "ReconcileRole",
        call(
            "iam",
            "put_role_policy",
            RoleName=id("ReconcileRole"),
            PolicyName="stop",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
                }
            ),
        ),
    ),
    Fault(
        "a role that no function can take",
        "role-assume-role-policy-document",
        "SubmitRole",
        call(
            "iam",
            "update_assume_role_policy",
            RoleName=id("SubmitRole"),
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ec2.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        ),
    ),
    Fault(
        "a key that SageMaker may not use",
        "key-key-policy",
        "TopicKey",
        call(
            "kms",
            "put_key_policy",
            KeyId=id("TopicKey"),
            Policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                            "Action": "kms:Decrypt",
                            "Resource": "*",
                        }
                    ],
                }
            ),
        ),
    ),
    Fault(
        "a key that is disabled",
        "key-state",
        "TopicKey",
        call("kms", "disable_key", KeyId=id("TopicKey")),
    ),
    Fault(
        "a key that is to be deleted",
        "key-state",
        "TopicKey",
        call("kms", "schedule_key_deletion", KeyId=id("TopicKey"), PendingWindowInDays=7),
    ),
)
