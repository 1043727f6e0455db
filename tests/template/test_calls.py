"""Each function may do what its code calls.

The actions come from the calls in `relay/aws/` and the Service Authorization Reference, not from
the template: a permission that is missing shows on AWS only when the call is made.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import pytest

from local.aws_rules.permissions.policies import role_may
from tests.template.template import world

# Function, actions, and the resource as an ARN with logical ids.
_ENDPOINT = "arn:aws:sagemaker:${AWS::Region}:${AWS::AccountId}:"
CALLS: list[tuple[str, str, str]] = [
    ("Submit", "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", "${SubmitQueue.Arn}"),
    ("Submit", "sqs:ChangeMessageVisibility sqs:SendMessage", "${SubmitQueue.Arn}"),
    ("Submit", "sqs:SendMessage", "${NotificationQueue.Arn}"),
    ("Submit", "sqs:SendMessage", "${SubmitDeadLetterQueue.Arn}"),
    ("Submit", "dynamodb:PartiQLInsert dynamodb:PartiQLUpdate", "${LedgerTable.Arn}"),
    ("Submit", "dynamodb:PartiQLDelete dynamodb:BatchGetItem", "${LedgerTable.Arn}"),
    ("Submit", "sagemaker:InvokeEndpointAsync", _ENDPOINT + "endpoint/relay"),
    ("Route", "sqs:ReceiveMessage sqs:DeleteMessage", "${NotificationQueue.Arn}"),
    ("Route", "sqs:GetQueueAttributes sqs:ChangeMessageVisibility", "${NotificationQueue.Arn}"),
    ("Route", "dynamodb:BatchGetItem dynamodb:PartiQLInsert", "${LedgerTable.Arn}"),
    ("Route", "dynamodb:PartiQLUpdate", "${LedgerTable.Arn}"),
    ("Route", "sqs:SendMessage", "${SubmitQueue.Arn}"),
    ("Route", "sqs:SendMessage", "${CompletedQueue.Arn}"),
    ("Route", "sqs:SendMessage", "${FailedQueue.Arn}"),
    ("Route", "sqs:SendMessage", "${NotificationDeadLetterQueue.Arn}"),
    (
        "Route",
        "ssm:GetParameter ssm:GetParameterHistory",
        "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter${RoutesParameter}",
    ),
    ("Reconcile", "dynamodb:Query", "${LedgerTable.Arn}/index/due"),
    ("Reconcile", "dynamodb:BatchGetItem dynamodb:GetItem", "${LedgerTable.Arn}"),
    ("Reconcile", "dynamodb:PutItem dynamodb:PartiQLUpdate", "${LedgerTable.Arn}"),
    ("Reconcile", "s3:ListBucket", "${DataBucket.Arn}"),
    ("Reconcile", "sqs:SendMessage", "${NotificationQueue.Arn}"),
    ("Provision", "dynamodb:GetItem dynamodb:UpdateItem", "${LedgerTable.Arn}"),
    ("Provision", "sqs:ReceiveMessage sqs:DeleteMessage", "${ProvisionDeadLetterQueue.Arn}"),
    ("Provision", "sagemaker:CreateModel sagemaker:DeleteModel", _ENDPOINT + "model/relay-1"),
    (
        "Provision",
        "sagemaker:CreateEndpointConfig sagemaker:DeleteEndpointConfig",
        _ENDPOINT + "endpoint-config/relay-1",
    ),
    (
        "Provision",
        "sagemaker:CreateEndpoint sagemaker:UpdateEndpoint sagemaker:DescribeEndpointConfig",
        _ENDPOINT + "endpoint-config/relay-1",
    ),
    (
        "Provision",
        "sagemaker:CreateEndpoint sagemaker:DescribeEndpoint sagemaker:UpdateEndpoint",
        _ENDPOINT + "endpoint/relay",
    ),
    (
        "Provision",
        "sagemaker:DeleteEndpoint sagemaker:UpdateEndpointWeightsAndCapacities",
        _ENDPOINT + "endpoint/relay",
    ),
    # Of a former or a future name.
    ("Provision", "sagemaker:DescribeEndpoint sagemaker:DeleteEndpoint", _ENDPOINT + "endpoint/x"),
    (
        "Provision",
        "sagemaker:DescribeEndpointConfig sagemaker:DeleteEndpointConfig",
        _ENDPOINT + "endpoint-config/x-1",
    ),
    ("Provision", "sagemaker:DescribeModel sagemaker:DeleteModel", _ENDPOINT + "model/x-1"),
    (
        "Provision",
        "cloudwatch:DeleteAlarms",
        "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-wake-x",
    ),
    ("Provision", "iam:PassRole", "${EndpointExecutionRole.Arn}"),
    ("EndpointExecution", "s3:GetObject", "${DataBucket.Arn}/inputs/x"),
    ("EndpointExecution", "s3:GetObject", "${DataBucket.Arn}/models/x"),
    ("EndpointExecution", "s3:PutObject s3:AbortMultipartUpload", "${DataBucket.Arn}/outputs/x"),
    ("EndpointExecution", "s3:PutObject", "${DataBucket.Arn}/failures/x"),
    ("EndpointExecution", "s3:ListBucket", "${DataBucket.Arn}"),
    ("EndpointExecution", "sns:Publish", "${SuccessTopic}"),
    ("EndpointExecution", "sns:Publish", "${ErrorTopic}"),
    ("EndpointExecution", "ecr:GetAuthorizationToken", "*"),
]
ROWS = [(caller, action, arn) for caller, actions, arn in CALLS for action in actions.split()]


@pytest.mark.parametrize(("caller", "action", "arn"), ROWS)
def test_a_role_may_do_what_is_called(caller: str, action: str, arn: str) -> None:
    stack = world()
    role = stack.named(f"{caller}Role")

    if not role_may(role, action, stack.resolve({"Fn::Sub": arn}), stack.named("Endpoint")):
        pytest.fail(f"allow {role.name} {action} on {arn}, which is called", pytrace=False)
