"""Each rule refuses a template that breaks it, and takes one that does not."""

from pathlib import Path
from typing import Any

import pytest

from local.aws_rules import RULES, Template, check
from tests.template.editing import REMOVED, edited_template

HEALTHY = Template.read(
    Path(__file__).with_name("healthy.yaml"),
    longest_stack_name=30,
    metrics={"Shop": frozenset({"Sold"})},
    capabilities=frozenset({"CAPABILITY_IAM"}),
)
P = "Properties"
WORK = "Role/Properties/Policies/0/PolicyDocument/Statement"
QUEUE_STATEMENT = "QueuePolicy/Properties/PolicyDocument/Statement/1"
TOPIC_STATEMENT = "TopicPolicy/Properties/PolicyDocument/Statement/0"
BUCKET_STATEMENT = "BucketPolicy/Properties/PolicyDocument/Statement/0"
NOTIFIED = "Bucket/Properties/NotificationConfiguration/QueueConfigurations"
KEY_PATTERN = "/Parameters/KeyArn/AllowedPattern"
DEAD, FIFO = {"Fn::GetAtt": ["DeadLetters", "Arn"]}, {"Fn::GetAtt": ["Fifo", "Arn"]}
QUEUE = {"Fn::GetAtt": ["Queue", "Arn"]}
MANY = [
    {
        "Sid": f"S{n}",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::x" + "y" * 200,
    }
    for n in range(60)
]

# A rule's name, what is changed to break it (below Resources unless it begins with a slash), and a
# word of the sentence that says what to change.
BREAKS: list[tuple[str, dict[str, Any], str]] = [
    ("an_alarm_is_on_a_metric_that_aws_publishes", {"QueueAlarm/Properties/MetricName": "Depth"}, "not Depth"),
    ("an_alarm_is_on_a_metric_that_aws_publishes", {"LatencyAlarm/Properties/Dimensions/1": REMOVED}, "VariantName"),
    ("an_alarm_is_on_a_metric_that_aws_publishes", {"QueueAlarm/Properties/Namespace": "AWS/Sqs"}, "AWS/SQS"),
    ("an_alarms_dimension_is_the_name_of_a_resource", {"QueueAlarm/Properties/Dimensions/0/Value": {"Ref": "Queue"}}, "!GetAtt X.QueueName"),
    ("an_alarm_is_on_a_metric_that_a_function_publishes", {"SalesAlarm/Properties/Dimensions/0/Value": "shop"}, "POWERTOOLS_SERVICE_NAME"),
    ("an_alarm_is_on_a_metric_that_a_function_publishes", {"SalesAlarm/Properties/MetricName": "Bought"}, "not Bought"),
    ("an_alarm_is_on_a_metric_that_a_function_publishes", {"SalesAlarm/Properties/Namespace": "Shops"}, "Shop"),
    ("an_alarms_period_is_one", {"QueueAlarm/Properties/Period": 45}, "multiple"),
    ("an_alarms_period_is_one", {"QueueAlarm/Properties/EvaluationPeriods": 2000}, "86,400"),
    ("an_alarms_period_is_one", {"QueueAlarm/Properties/DatapointsToAlarm": 2}, "EvaluationPeriods"),
    ("an_alarms_period_is_one", {"QueueAlarm/Properties/TreatMissingData": "ok"}, "notBreaching"),
    ("an_alarms_unit_is_the_metrics", {"LatencyAlarm/Properties/Unit": "Seconds"}, "Microseconds"),
    ("an_alarm_tells_an_arn", {"QueueAlarm/Properties/AlarmActions": ["operators"]}, "ARN"),
    ("at_most_ten_alarms_roll_an_update_back", {"Endpoint/Properties/RollbackAlarmNames": ["a,b,c,d,e,f", "g,h,i,j,k"]}, "ten"),
    ("the_filters_of_one_event_do_not_overlap", {f"{NOTIFIED}/0/Filter/S3Key/Rules/0/Value": "models/big/"}, "prefix"),
    ("a_notification_is_about_an_event_of_s3", {f"{NOTIFIED}/0/Event": "s3:ObjectMade:*"}, "s3:ObjectCreated:*"),
    ("a_notification_is_about_an_event_of_s3", {f"{NOTIFIED}/0/Filter/S3Key/Rules/0/Name": "start"}, "prefix or suffix"),
    ("a_notification_is_about_an_event_of_s3", {f"{NOTIFIED}/0/Filter/S3Key/Rules/0/Value": "inputs/*"}, "take the * out"),
    ("a_destination_is_not_fifo", {f"{NOTIFIED}/0/Queue": FIFO}, "standard"),
    ("a_destination_admits_the_bucket_before_the_bucket_is_made", {"Bucket/DependsOn": ["BucketPermission"]}, "DependsOn"),
    ("a_destination_admits_the_bucket_before_the_bucket_is_made", {"BucketPermission/Properties/Principal": "events.amazonaws.com"}, "s3.amazonaws.com"),
    ("a_destinations_key_admits_s3", {"Queue/Properties/SqsManagedSseEnabled": REMOVED, "Queue/Properties/KmsMasterKeyId": "alias/aws/sqs"}, "SqsManagedSseEnabled"),
    ("a_buckets_name_is_one", {"Bucket/Properties/BucketName": "My_Bucket"}, "lower-case"),
    ("a_buckets_settings_agree", {"Bucket/Properties/AccessControl": "PublicRead"}, "AccessControl"),
    ("a_reference_is_to_a_resource_that_exists", {"Subscription/Condition": REMOVED}, "Topic"),
    ("an_output_is_of_a_resource_that_exists", {"/Outputs/TopicArn/Condition": REMOVED}, "Condition"),
    ("no_resource_waits_for_itself", {"QueuePolicy/DependsOn": "Bucket"}, "circle"),
    ("a_deletion_policy_is_one", {"Bucket/DeletionPolicy": "Snapshot"}, "Retain"),
    ("a_deletion_policy_is_one", {"Bucket/UpdateReplacePolicy": "RetainExceptOnCreate"}, "Retain"),
    ("a_service_token_is_an_arn", {"Endpoint/Properties/ServiceToken": {"Ref": "Function"}}, "!GetAtt"),
    ("sagemaker_may_assume_the_endpoints_role", {"Role/Properties/AssumeRolePolicyDocument/Statement/0/Principal/Service": "lambda.amazonaws.com"}, "trust policy"),
    ("a_batch_of_more_than_ten_has_a_window", {"Mapping/Properties/MaximumBatchingWindowInSeconds": REMOVED}, "MaximumBatchingWindowInSeconds"),
    ("a_batch_of_more_than_ten_has_a_window", {"Mapping/Properties/EventSourceArn": FIFO}, "ten messages"),
    ("a_message_stays_invisible_while_the_function_runs", {"Function/Properties/Timeout": 62}, "VisibilityTimeout"),
    ("visibility_leaves_time_for_retries", {"Queue/Properties/VisibilityTimeout": 60}, "at least 61"),
    ("the_function_may_receive", {f"{WORK}/0/Action/0": REMOVED}, "sqs:ReceiveMessage"),
    ("the_function_may_receive", {f"{WORK}/0/Resource": DEAD}, "on Queue"),
    ("reserved_concurrency_covers_the_mapping", {"Function/Properties/ReservedConcurrentExecutions": 1}, "at most"),
    ("a_batch_reports_its_failed_messages", {"Mapping/Properties/FunctionResponseTypes": REMOVED}, "ReportBatchItemFailures"),
    ("an_event_source_is_named_by_its_arn", {"Mapping/Properties/EventSourceArn": {"Ref": "Queue"}}, "ARN"),
    ("a_schedule_is_well_formed", {"Schedule/Properties/ScheduleExpression": "rate(1 minutes)"}, "plural"),
    ("a_schedule_is_well_formed", {"Schedule/Properties/ScheduleExpression": "cron(0 12 * * *)"}, "six fields"),
    ("a_rule_has_at_most_five_targets", {"Schedule/Properties/Targets": [{"Id": str(n), "Arn": QUEUE} for n in range(6)]}, "five"),
    ("a_rule_has_at_most_five_targets", {"Schedule/Properties/Targets/+": {"Id": "function", "Arn": QUEUE}}, "own Id"),
    ("a_target_admits_its_rule", {"SchedulePermission/Properties/Principal": "s3.amazonaws.com"}, "AWS::Lambda::Permission"),
    ("a_target_admits_its_rule", {"Schedule/Properties/Targets/0/Arn": QUEUE}, "QueuePolicy"),
    ("a_rules_dead_letter_queue_admits_it", {"DeadLettersPolicy/Properties/PolicyDocument/Statement/0/Principal/Service/1": REMOVED}, "events.amazonaws.com"),
    ("an_event_pattern_is_well_formed", {"Change/Properties/EventPattern/source": "aws.sagemaker"}, "[aws.sagemaker]"),
    ("an_event_pattern_is_well_formed", {"Change/Properties/EventPattern/detail-type/0": "SageMaker Endpoint Change"}, "State Change"),
    ("the_environment_is_not_too_large", {"Function/Properties/Environment/Variables/ROUTES": {"Ref": "Routes"}}, "ROUTES"),
    ("the_environment_keeps_off_lambdas_own_names", {"Function/Properties/Environment/Variables/AWS_REGION": "x"}, "another name"),
    ("a_log_level_needs_the_json_format", {"Function/Properties/LoggingConfig/LogFormat": "Text"}, "JSON"),
    ("a_log_level_lets_metrics_through", {"Function/Properties/LoggingConfig/ApplicationLogLevel": "WARN"}, "INFO"),
    ("a_loggers_level_is_not_overruled", {"Function/Properties/Environment/Variables/POWERTOOLS_LOG_LEVEL": {"Ref": "Level"}}, "ApplicationLogLevel"),
    ("a_function_has_at_most_five_layers", {"Function/Properties/Layers": [{"Ref": "Layer"}] * 6}, "five"),
    ("a_function_has_at_most_five_layers", {"Layer/Properties/CompatibleArchitectures/0": "x86_64"}, "arm64"),
    ("lambda_may_assume_the_functions_role", {"Role/Properties/AssumeRolePolicyDocument/Statement/0/Principal/Service": "sagemaker.amazonaws.com"}, "lambda.amazonaws.com"),
    ("a_function_may_write_its_log", {f"{WORK}/3/Resource": {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}"}}, "ends in :*"),
    ("a_function_may_write_its_log", {"Function/Properties/LoggingConfig/LogGroup": {"Fn::GetAtt": ["LogGroup", "Arn"]}}, "!Ref LogGroup"),
    ("the_role_may_send_to_the_destinations", {f"{WORK}/1": REMOVED}, "sqs:SendMessage"),
    ("the_role_may_send_to_the_destinations", {"Failures/Properties/DestinationConfig/OnFailure/Destination": FIFO}, "FIFO"),
    ("the_role_may_send_to_the_destinations", {"Function/Properties/DeadLetterConfig/TargetArn": QUEUE}, "sqs:SendMessage"),
    ("an_identity_policy_is_complete", {f"{WORK}/0/Resource": [{"Fn::If": ["HasTopic", {"Ref": "Topic"}, {"Ref": "AWS::NoValue"}]}]}, "resources"),
    ("an_identity_policy_is_complete", {f"{WORK}/0/Principal": "*"}, "Principal"),
    ("an_identity_policy_is_complete", {f"{WORK}/0/Effect": "allow"}, "Allow or Deny"),
    ("an_action_begins_with_its_service", {f"{WORK}/1/Action": "SendMessage"}, "service:Action"),
    ("a_resource_is_an_arn", {f"{WORK}/0/Resource": {"Ref": "Queue"}}, "!GetAtt"),
    ("a_resource_is_an_arn", {f"{WORK}/0/Resource": "arn:aws:sqs:queue"}, "six parts"),
    ("a_resource_is_an_arn", {"Role/Properties/Policies/1": {"PolicyName": "key", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Ref": "KeyArn"}}}}}, "ARN"),
    ("the_statements_of_an_identity_policy_have_different_sids", {f"{WORK}/1/Sid": "Receive"}, "own Sid"),
    ("the_statements_of_an_identity_policy_have_different_sids", {f"{WORK}/1/Sid": "park-it"}, "letters and digits"),
    ("a_policy_has_a_version", {"ManagedPolicy/Properties/PolicyDocument/Version": REMOVED}, "2012-10-17"),
    ("a_trust_policy_says_who_may_assume_the_role", {"Role/Properties/AssumeRolePolicyDocument/Statement/0/Resource": "*"}, "leave out Resource"),
    ("a_trust_policy_says_who_may_assume_the_role", {"Role/Properties/AssumeRolePolicyDocument/Statement/0/Action": "lambda:InvokeFunction"}, "sts:AssumeRole"),
    ("the_inline_policies_of_a_role_are_not_too_long", {"Role/Properties/Policies/0/PolicyDocument/Statement": MANY}, "10,240"),
    ("a_managed_policy_is_not_too_long", {"ManagedPolicy/Properties/PolicyDocument/Statement": MANY}, "6,144"),
    ("a_key_is_named_by_its_key_arn", {KEY_PATTERN: "^(arn:[^:]+:kms:[^:]+:[0-9]{12}:.{1,40})?$"}, "AllowedPattern"),
    ("a_key_is_named_by_its_key_arn", {f"{BUCKET_STATEMENT}/Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:123456789012:alias/data"}}}, ":key/"),
    ("a_role_with_a_name_needs_its_capability", {"Role/Properties/RoleName": "worker"}, "CAPABILITY_NAMED_IAM"),
    ("a_number_is_within_its_bounds", {"Mapping/Properties/ScalingConfig/MaximumConcurrency": 1}, "from 2 to 1,000"),
    ("a_number_is_within_its_bounds", {"Endpoint/Properties/ServiceTimeout": 3601}, "3,600"),
    ("a_number_is_within_its_bounds", {"/Parameters/Retries/AllowedValues/+": 3}, "from 0 to 2"),
    ("logs_are_kept_for_a_known_number_of_days", {"LogGroup/Properties/RetentionInDays": 31}, "not 31"),
    ("a_log_group_keeps_off_aws_names", {"LogGroup/Properties/LogGroupName": "aws/lambda/x"}, "slash"),
    ("a_name_is_not_too_long", {"Queue/Properties/QueueName": {"Fn::Sub": "${AWS::StackName}-" + "q" * 50}}, "shorten"),
    ("a_name_is_not_too_long", {"Queue/Properties/QueueName": "my queue"}, "characters"),
    ("a_name_is_not_too_long", {"LogGroup/Properties/LogGroupName": {"Ref": "Routes"}}, "MaxLength"),
    ("an_endpoints_name_is_one", {"Endpoint/Properties/EndpointName": {"Ref": "Routes"}}, "63"),
    ("a_name_is_given_once", {"DeadLetters/Properties/QueueName": {"Fn::Sub": "${AWS::StackName}-queue"}}, "another name"),
    ("a_number_that_must_be_an_integer_is_one", {"/Parameters/Retries/AllowedValues": REMOVED}, "Retries"),
    ("a_number_that_must_be_an_integer_is_one", {"/Parameters/Retries/AllowedValues": REMOVED, "Schedule/Properties/ScheduleExpression": {"Fn::Sub": "rate(${Retries} minutes)"}}, "Retries"),
    ("a_value_fits_its_tier", {"/Parameters/Routes/MaxLength": REMOVED, "Parameter/Properties/Value": {"Fn::Sub": "to: ${Routes}"}}, "4,096"),
    ("a_value_nests_no_parameter", {"Parameter/Properties/Value": "{{x}}"}, "{{"),
    ("a_parameters_name_is_one", {"Parameter/Properties/Name": "aws-routes"}, "aws or ssm"),
    ("a_parameters_name_is_one", {"Parameter/Properties/Name": "shop/routes"}, "slash"),
    ("an_arn_is_of_the_stacks_partition", {f"{WORK}/2/Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/x"}, "${AWS::Partition}"),
    ("a_regional_name_ends_in_the_partitions_suffix", {"Role/Properties/Policies/1/Fn::If/1/PolicyDocument/Statement/0/Condition/StringEquals/kms:ViaService": {"Fn::Sub": "sqs.${AWS::Region}.amazonaws.com"}}, "${AWS::URLSuffix}"),
    ("a_principal_is_named_alike_in_every_partition", {f"{QUEUE_STATEMENT}/Principal/Service": {"Fn::Sub": "s3.${AWS::URLSuffix}"}}, "without ${AWS::URLSuffix}"),
    ("a_principal_is_named_alike_in_every_partition", {"BucketPermission/Properties/Principal": "s3"}, "service.amazonaws.com"),
    ("a_fifo_queue_is_named_as_one", {"Fifo/Properties/QueueName": "results"}, ".fifo"),
    ("only_a_fifo_queue_has_the_attributes_of_one", {"Queue/Properties/ContentBasedDeduplication": True}, "ContentBasedDeduplication"),
    ("only_a_fifo_queue_has_the_attributes_of_one", {"Fifo/Properties/DeduplicationScope": "queue"}, "messageGroup"),
    ("a_queue_is_encrypted_in_one_way", {"Queue/Properties/KmsMasterKeyId": "alias/mine"}, "SqsManagedSseEnabled"),
    ("a_dead_letter_queue_is_of_the_same_kind", {"Queue/Properties/RedrivePolicy/deadLetterTargetArn": FIFO}, "standard"),
    ("a_dead_letter_queue_is_of_the_same_kind", {"Queue/Properties/RedrivePolicy/deadLetterTargetArn": {"Ref": "DeadLetters"}}, "ARN"),
    ("a_dead_letter_queue_keeps_messages_at_least_as_long", {"DeadLetters/Properties/MessageRetentionPeriod": REMOVED}, "864,000"),
    ("a_topic_policy_is_about_its_one_topic", {f"{TOPIC_STATEMENT}/Resource": [{"Ref": "Topic"}, QUEUE]}, "each topic"),
    ("a_topic_policy_is_about_its_one_topic", {f"{TOPIC_STATEMENT}/Resource": "*"}, "very topic"),
    ("a_topic_policy_names_actions_on_a_topic", {f"{TOPIC_STATEMENT}/Action": "sns:*"}, "spelled out"),
    ("a_queue_policy_is_about_its_one_queue", {f"{QUEUE_STATEMENT}/Resource": [QUEUE, DEAD]}, "each queue"),
    ("a_queue_policy_is_about_its_one_queue", {"QueuePolicy/Properties/Queues/+": {"Ref": "DeadLetters"}}, "DeadLetters"),
    ("a_queue_policy_names_actions_of_sqs", {f"{QUEUE_STATEMENT}/Action": "sns:Publish"}, "actions of SQS"),
    ("a_queue_policy_keeps_to_its_quotas", {f"{QUEUE_STATEMENT}/Action": [f"sqs:{n}" for n in "abcdefgh"]}, "seven"),
    ("the_statements_of_a_resource_policy_have_different_sids", {f"{QUEUE_STATEMENT}/Sid": "Topic"}, "own Sid"),
    ("a_resource_policy_is_complete", {f"{QUEUE_STATEMENT}/Principal": REMOVED}, "Principal"),
    ("a_resource_policy_is_complete", {"TopicPolicy/Condition": REMOVED, "TopicPolicy/Properties/Topics": [{"Fn::If": ["HasTopic", {"Ref": "Topic"}, {"Ref": "AWS::NoValue"}]}]}, "Condition"),
    ("a_bucket_policy_is_about_its_bucket", {f"{BUCKET_STATEMENT}/Resource/0": "arn:aws:s3:::another"}, "own bucket"),
    ("a_bucket_policy_is_about_its_bucket", {f"{BUCKET_STATEMENT}/Action": "s3:GetObject", f"{BUCKET_STATEMENT}/Resource/1": REMOVED}, "objects"),
    ("a_resource_policy_is_not_too_long", {"QueuePolicy/Properties/PolicyDocument/Statement": MANY}, "8,192"),
    ("a_condition_uses_an_operator_of_iam", {f"{WORK}/0/Condition": {"StringEqual": {"aws:RequestedRegion": "x"}}}, "StringEquals"),
    ("every_defined_attribute_is_a_key_and_every_key_is_defined", {"Table/Properties/AttributeDefinitions/+": {"AttributeName": "x", "AttributeType": "S"}}, "x"),
    ("every_defined_attribute_is_a_key_and_every_key_is_defined", {"Table/Properties/AttributeDefinitions/1": REMOVED}, "define due"),
    ("throughput_is_given_where_it_is_provisioned", {"Table/Properties/BillingMode": REMOVED}, "PAY_PER_REQUEST"),
    ("items_expire_by_an_attribute_of_their_own", {"Table/Properties/TimeToLiveSpecification/AttributeName": "due"}, "Number"),
    ("a_right_to_an_index_names_one_of_the_table", {f"{WORK}/2/Resource": {"Fn::Sub": "${Table.Arn}/index/overdue"}}, "due"),
    ("a_fifo_topic_is_named_as_one", {"Topic/Properties/FifoTopic": True}, ".fifo"),
    ("a_fifo_queue_is_subscribed_to_a_fifo_topic", {"Subscription/Properties/Endpoint": FIFO}, "standard queue"),
    ("a_subscribed_queue_admits_its_topic", {"QueuePolicy/Properties/PolicyDocument/Statement/0": REMOVED}, "sns.amazonaws.com"),
    ("a_subscriptions_dead_letter_queue_admits_the_topic", {"DeadLettersPolicy/Properties/PolicyDocument/Statement/0/Principal/Service/0": REMOVED}, "sns.amazonaws.com"),
]  # fmt: skip


def test_what_aws_takes_is_not_refused() -> None:
    assert [str(each) for each in check(HEALTHY)] == []


@pytest.mark.parametrize(
    ("name", "changes", "change"),
    BREAKS,
    ids=[f"{name}-{n}" for n, (name, *_) in enumerate(BREAKS)],
)
def test_a_rule_refuses_what_breaks_it_and_says_what_to_change(
    name: str, changes: dict[str, Any], change: str
) -> None:
    paths = {
        path[1:] if path.startswith("/") else f"Resources/{path}": value
        for path, value in changes.items()
    }
    (rule,) = (each for each in RULES if each.name == name)

    found = check(edited_template(HEALTHY, paths), [rule])

    assert found, f"{name} lets it pass"
    assert any(change in each.change for each in found), [each.change for each in found]


def test_every_rule_is_broken_here() -> None:
    assert {each.name for each in RULES} == {name for name, *_ in BREAKS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_its_source(rule: Any) -> None:
    assert rule.source.startswith(("https://docs.aws", "https://docs.powertools"))
