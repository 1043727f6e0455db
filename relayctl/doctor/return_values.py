"""What CloudFormation calls a resource: the values of Ref and Fn::GetAtt, by type.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

# The property with the name that a template may give a resource.
NAME_PROPERTIES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
}
# {p}artition, {r}egion, {a}ccount, {n}ame
_ARNS = {
    "AWS::CloudWatch::Alarm": "arn:{p}:cloudwatch:{r}:{a}:alarm:{n}",
    "AWS::CloudWatch::Dashboard": "arn:{p}:cloudwatch::{a}:dashboard/{n}",
    "AWS::DynamoDB::Table": "arn:{p}:dynamodb:{r}:{a}:table/{n}",
    "AWS::Events::EventBus": "arn:{p}:events:{r}:{a}:event-bus/{n}",
    "AWS::Events::Rule": "arn:{p}:events:{r}:{a}:rule/{n}",
    "AWS::IAM::ManagedPolicy": "arn:{p}:iam::{a}:policy/{n}",
    "AWS::IAM::Role": "arn:{p}:iam::{a}:role/{n}",
    "AWS::KMS::Key": "arn:{p}:kms:{r}:{a}:key/{n}",
    "AWS::Lambda::Function": "arn:{p}:lambda:{r}:{a}:function:{n}",
    "AWS::Lambda::LayerVersion": "arn:{p}:lambda:{r}:{a}:layer:{n}:1",
    "AWS::Logs::LogGroup": "arn:{p}:logs:{r}:{a}:log-group:{n}:*",
    "AWS::S3::Bucket": "arn:{p}:s3:::{n}",
    "AWS::SNS::Topic": "arn:{p}:sns:{r}:{a}:{n}",
    "AWS::SQS::Queue": "arn:{p}:sqs:{r}:{a}:{n}",
    "AWS::SSM::Parameter": "arn:{p}:ssm:{r}:{a}:parameter/{n}",
}
_ARN_AS_REF = {"AWS::IAM::ManagedPolicy", "AWS::Lambda::LayerVersion", "AWS::SNS::Topic"}
_NAME_ATTRIBUTES = {"QueueName", "TopicName", "RoleName", "Name", "TableName"}


def arn(resource_type: str, name: str, partition: str, region: str, account: str) -> str:
    """Returns "" for a type that has none here."""
    form = _ARNS.get(resource_type, "")
    # A parameter's name may begin with the slash that its ARN has anyway.
    named = name.removeprefix("/") if resource_type == "AWS::SSM::Parameter" else name
    return form.format(p=partition, r=region, a=account, n=named)


def reference(resource_type: str, name: str, its_arn: str, region: str, suffix: str) -> str:
    """What Ref returns."""
    if resource_type == "AWS::SQS::Queue":
        return f"https://sqs.{region}.{suffix}/{its_arn.split(':')[4]}/{name}"
    return its_arn if resource_type in _ARN_AS_REF else name


def attribute(name: str, its_arn: str, its_reference: str, attribute_name: str) -> str:
    """What Fn::GetAtt returns."""
    if attribute_name in ("Arn", "TopicArn", "PolicyArn"):
        return its_arn or f"{name}.Arn"
    if attribute_name == "QueueUrl":
        return its_reference
    return name if attribute_name in _NAME_ATTRIBUTES else f"{name}.{attribute_name}"
