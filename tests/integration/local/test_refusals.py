"""The local stack's CloudFormation refuses what AWS refuses, in AWS's words."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from relay.aws.cloudformation import CloudFormationResponder

from tests.support.emulator.stack import eventually

TOPIC, QUEUE = {"Type": "AWS::SNS::Topic"}, {"Type": "AWS::SQS::Queue"}
FIFO = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "QueueName": "a.fifo"}}
ONE_RESOURCE = "Invalid parameter: Policy statement must apply to a single resource!"


def policy(action: str, resource: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{**statement, **more}]}


def two_topics(resource: Any) -> dict[str, Any]:
    properties = {
        "Topics": [{"Ref": "One"}, {"Ref": "Two"}],
        "PolicyDocument": policy("sns:Publish", resource),
    }
    return {
        "One": TOPIC,
        "Two": TOPIC,
        "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": properties},
    }


def bucket(name: str, target: dict[str, Any], **more: Any) -> dict[str, Any]:
    notifications = {
        "QueueConfigurations": [
            {"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Target", "Arn"]}}
        ]
    }
    properties = {"BucketName": name, "NotificationConfiguration": notifications}
    made = {"Type": "AWS::S3::Bucket", "Properties": properties, **more}
    return {"Target": target, "Bucket": made}


def admitting(bucket_name: str) -> dict[str, Any]:
    document = policy(
        "sqs:SendMessage",
        {"Fn::GetAtt": ["Target", "Arn"]},
        Effect="Allow",
        Principal={"Service": "s3.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket_name}"}},
    )
    properties = {"Queues": [{"Ref": "Target"}], "PolicyDocument": document}
    return {"Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}}


REFUSED = {
    "one policy for two topics": (
        two_topics([{"Ref": "One"}, {"Ref": "Two"}]),
        "Policy",
        ONE_RESOURCE,
    ),
    "the topic beside the one": (two_topics({"Ref": "One"}), "Policy", ONE_RESOURCE),
    "a dead-letter queue of another kind": (
        {
            "Dead": QUEUE,
            "Source": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    **FIFO["Properties"],  # type: ignore[dict-item]
                    "RedrivePolicy": {
                        "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                        "maxReceiveCount": 3,
                    },
                },
            },
        },
        "Source",
        "Dead-letter queue must be same type of queue as the source.",
    ),
    "a queue that does not admit the bucket": (
        bucket("no-policy", QUEUE),
        "Bucket",
        "Unable to validate the following destination configurations",
    ),
    "a queue that admits another bucket": (
        {**bucket("this", QUEUE, DependsOn="Policy"), **admitting("another")},
        "Bucket",
        "Unable to validate the following destination configurations",
    ),
    "a FIFO queue for a bucket's events": (
        bucket("fifo", FIFO),
        "Bucket",
        "Unable to validate the following destination configurations",
    ),
    "a name that is too long": (
        {"Long": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q" * 81}}},
        "Long",
        "Member must have length less than or equal to 80",
    ),
    # Of a rule about what AWS mostly lets pass.
    "a FIFO queue for what a standard topic cannot deliver": (
        {
            "Topic": TOPIC,
            "Fifo": FIFO,
            "Subscription": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "email",
                    "Endpoint": "operators@example.com",
                    "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Fifo", "Arn"]}},
                },
            },
        },
        "Subscription",
        "dead-letter queue must be of the topic's kind",
    ),
    "a table's attribute that is no key": (
        {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [
                        {"AttributeName": name, "AttributeType": "S"} for name in ("id", "other")
                    ],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            }
        },
        "Table",
        "Some AttributeDefinitions are not used.",
    ),
}


@pytest.mark.parametrize(("resources", "failed", "words"), REFUSED.values(), ids=REFUSED)
def test_a_stack_fails_as_on_aws(
    session: tuple[boto3.Session, str], resources: dict[str, Any], failed: str, words: str
) -> None:
    status, reasons = deployed(session, resources)

    assert status == "ROLLBACK_COMPLETE"
    assert set(reasons) == {failed}
    assert reasons[failed].startswith(words) or words in reasons[failed]


def test_what_aws_takes_is_made(session: tuple[boto3.Session, str]) -> None:
    resources = {**bucket("admitted", QUEUE, DependsOn="Policy"), **admitting("admitted")}

    status, reasons = deployed(session, resources)

    assert (status, reasons) == ("CREATE_COMPLETE", {})


def test_what_aws_lets_pass_without_effect_is_made(session: tuple[boto3.Session, str]) -> None:
    alarm = {
        "Namespace": "AWS/SQS",
        "MetricName": "NumberOfMessagesSent",
        "Statistic": "Sum",
        "Period": 10,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }

    status, reasons = deployed(
        session, {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}}
    )

    assert (status, reasons) == ("CREATE_COMPLETE", {})


def test_a_topics_policy_is_refused_in_a_call_too(session: tuple[boto3.Session, str]) -> None:
    sns = client(session, "sns")
    topic = sns.create_topic(Name="called")["TopicArn"]

    def set_policy(resource: Any) -> None:
        document = json.dumps(policy("sns:Publish", resource))
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)

    set_policy(topic)
    with pytest.raises(ClientError, match=ONE_RESOURCE):
        set_policy([topic, topic + "-2"])


def test_a_queues_policy_is_refused_in_a_call_too(session: tuple[boto3.Session, str]) -> None:
    sqs = client(session, "sqs")
    url = sqs.create_queue(QueueName="called")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:called"

    def set_policy(resource: Any) -> None:
        document = json.dumps(policy("sqs:*", resource))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})

    set_policy(arn)
    with pytest.raises(ClientError, match="Invalid value for the parameter Policy"):
        set_policy([arn, arn + "-2"])


def client(session: tuple[boto3.Session, str], service: str) -> Any:
    boto, url = session
    return boto.client(service, endpoint_url=url)  # type: ignore[call-overload]


def deployed(
    session: tuple[boto3.Session, str], resources: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """The status in which the stack ends, and why which resources failed."""
    cloudformation = client(session, "cloudformation")
    name = f"stack-{len(cloudformation.list_stacks()['StackSummaries'])}"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))

    def status() -> str:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return "" if found.endswith("_IN_PROGRESS") else str(found)

    ended = eventually(status, f"{name} comes to rest", 30)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return ended, {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"] == "CREATE_FAILED"
    }


def test_the_url_for_a_custom_resources_response_is_accepted_by_the_relay(
    session: tuple[boto3.Session, str],
) -> None:
    """By its rule for AWS, with S3's endpoint as the SDK resolves it here; but for TLS."""
    boto, url = session
    code = (
        "import json, urllib.request\n"
        "def handler(event, context):\n"
        "    names = ('StackId', 'RequestId', 'LogicalResourceId')\n"
        "    body = {name: event[name] for name in names}\n"
        "    data = {'Url': event['ResponseURL'], 'StackId': event['StackId']}\n"
        "    body |= {'Status': 'SUCCESS', 'PhysicalResourceId': 'p', 'Data': data}\n"
        "    request = urllib.request.Request(event['ResponseURL'], json.dumps(body).encode(),\n"
        "                                     method='PUT', headers={'Content-Type': ''})\n"
        "    urllib.request.urlopen(request)\n"
    )
    role = "arn:aws:iam::000000000000:role/any"
    function = {"Runtime": "python3.12", "Handler": "index.handler", "Role": role}
    resources = {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {**function, "Code": {"ZipFile": code}},
        },
        "Custom": {
            "Type": "Custom::Echo",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
    }
    outputs = {name: {"Value": {"Fn::GetAtt": ["Custom", name]}} for name in ("Url", "StackId")}
    cloudformation = boto.client("cloudformation", endpoint_url=url)
    template = json.dumps({"Resources": resources, "Outputs": outputs})

    cloudformation.create_stack(StackName="echo", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="echo", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    (stack,) = cloudformation.describe_stacks(StackName="echo")["Stacks"]
    found = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    secure = url.replace("http:", "https:")
    responder = CloudFormationResponder(stack["StackId"], lambda: secure)
    given = found["Url"].replace("http:", "https:")
    assert responder.objection(found["StackId"], given) is None
