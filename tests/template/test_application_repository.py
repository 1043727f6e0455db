"""The template is one that the AWS Serverless Application Repository publishes."""

from tests.template.template import source, transformed

# Those of the documented types that the application has.
# https://docs.aws.amazon.com/serverlessrepo/latest/devguide/list-supported-resources.html
SUPPORTED = {
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::Serverless::Function",
    "AWS::Serverless::LayerVersion",
}
# On all resources these keep an application from being published.
# https://docs.aws.amazon.com/serverlessrepo/latest/devguide/using-aws-sam.html
BROAD = {"iam:*", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PassRole", "*"}


def test_every_type_of_resource_is_supported() -> None:
    """Before CloudFormation transforms it: the list has types of SAM."""
    types = {each["Type"] for each in source()["Resources"].values()}
    # A type of one's own is another name for the documented one:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
    named = {
        "AWS::CloudFormation::CustomResource" if each.startswith("Custom::") else each
        for each in types
    }

    assert named == SUPPORTED


def test_no_role_has_the_permissions_that_the_repository_blocks() -> None:
    found: list[tuple[str, str]] = []
    managed: list[str] = []

    def look(value: object) -> None:
        match value:
            case {"Effect": "Allow", "Action": actions, "Resource": resources}:
                everything = resources == "*" or (isinstance(resources, list) and "*" in resources)
                for action in [actions] if isinstance(actions, str) else actions:
                    found.append((action, "*" if everything else ""))
            case dict():
                for inner in value.values():
                    look(inner)
            case list():
                for inner in value:
                    look(inner)
            case str() if "AWSLambda_FullAccess" in value:
                managed.append(value)

    look(transformed()["Resources"])

    assert ("iam:PassRole", "") in found
    assert [action for action, resource in found if resource and action in BROAD] == []
    assert managed == []
