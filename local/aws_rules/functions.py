"""Functions: environment, logging and layers."""

import json
import re
from collections.abc import Iterator

from local.aws_rules.permissions.policies import role_may, trusts
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_FUNCTION = "AWS::Lambda::Function"
_ENVIRONMENT = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
_LOGGING = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"
_QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_POWERTOOLS = "https://docs.powertools.aws.dev/lambda/python/latest/core/logger/"
_RESERVED = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_ENVIRONMENT_BYTES = 4096


@rule(
    _FUNCTION,
    words="Lambda was unable to configure your environment variables because the environment "
    "variables "
    "you have provided exceeded the 4KB limit.",
    source=_QUOTAS,
    measures=True,
)
def the_environment_is_not_too_large(function: Resource) -> Iterator[Problem]:
    variables = function.get("Environment", "Variables")
    size = len(json.dumps(variables or {}, separators=(",", ":")).encode())
    if size > _ENVIRONMENT_BYTES:
        longest = max(variables, key=lambda name: len(str(variables[name])))
        yield Problem(
            "Environment.Variables",
            f"shorten the variables from {size:,} to {_ENVIRONMENT_BYTES:,} bytes in all; the "
            "longest is "
            f"{longest}, and a parameter behind it needs a MaxLength",
        )


@rule(
    _FUNCTION,
    words="Lambda was unable to configure your environment variables because the environment "
    "variables "
    "you have provided contains reserved keys that are currently not supported for modification.",
    source=_ENVIRONMENT,
)
def the_environment_keeps_off_lambdas_own_names(function: Resource) -> Iterator[Problem]:
    for name in function.keys("Environment", "Variables"):
        path = f"Environment.Variables.{name}"
        if name in _RESERVED:
            yield Problem(path, f"give the variable another name than {name}")
        elif not re.fullmatch("[a-zA-Z][a-zA-Z0-9_]+", name):
            yield Problem(
                path, "name it with letters, digits and underscores, beginning with a letter"
            )


@rule(
    _FUNCTION,
    words='LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your '
    "request or "
    'change the LogFormat to "Json" and try again.',
    source=_LOGGING,
)
def a_log_level_needs_the_json_format(function: Resource) -> Iterator[Problem]:
    for name in ("ApplicationLogLevel", "SystemLogLevel"):
        if (
            function.get("LoggingConfig", name)
            and function.get("LoggingConfig", "LogFormat") != "JSON"
        ):
            yield Problem(f"LoggingConfig.{name}", f"set LogFormat to JSON, or take out {name}")


@rule(
    _FUNCTION,
    words="Lines without a level, such as metrics in EMF, count as INFO and are dropped above it",
    source=_LOGGING,
    enforced=Enforced.NEVER,
)
def a_log_level_lets_metrics_through(function: Resource) -> Iterator[Problem]:
    level = function.get("LoggingConfig", "ApplicationLogLevel")
    namespace = function.get("Environment", "Variables", "POWERTOOLS_METRICS_NAMESPACE")
    if namespace and level in _LEVELS and _LEVELS.index(level) > _LEVELS.index("INFO"):
        yield Problem(
            "LoggingConfig.ApplicationLogLevel",
            f"keep it at INFO or below, not {level}, and set the logger's own level in code",
        )


@rule(
    _FUNCTION,
    words="Current log level does not match AWS Lambda Advanced Logging Controls minimum log "
    "level: Lambda "
    "sets AWS_LAMBDA_LOG_LEVEL for JSON logs (INFO by default), which Powertools "
    "prefers",
    source=_POWERTOOLS,
    enforced=Enforced.NEVER,
)
def a_loggers_level_is_not_overruled(function: Resource) -> Iterator[Problem]:
    if function.get("LoggingConfig", "LogFormat") != "JSON":
        return
    for name in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"):
        wanted = function.get("Environment", "Variables", name)
        level = function.get("LoggingConfig", "ApplicationLogLevel") or "INFO"
        if wanted is None:
            continue
        if name == "POWERTOOLS_LOG_LEVEL" and wanted != level or wanted == "DEBUG" != level:
            yield Problem(
                f"Environment.Variables.{name}",
                f"let LoggingConfig.ApplicationLogLevel follow: it is {level} where {name} is "
                f"{wanted}",
            )


@rule(_FUNCTION, words="The layers are more than five", source=_QUOTAS)
def a_function_has_at_most_five_layers(function: Resource) -> Iterator[Problem]:
    layers = function.list("Layers")
    if len(layers) > 5:
        yield Problem("Layers", f"use at most five layers, not {len(layers)}")
    for layer in filter(
        None, (function.world.find("AWS::Lambda::LayerVersion", e) for e in layers)
    ):
        for ours, theirs in (
            ("Architectures", "CompatibleArchitectures"),
            ("Runtime", "CompatibleRuntimes"),
        ):
            wanted = {str(each) for each in function.list(ours)}
            offered = {str(each) for each in layer.list(theirs)}
            if wanted and offered and not wanted <= offered:
                yield Problem(
                    "Layers",
                    f"let {theirs} of {layer.name} name {', '.join(sorted(wanted))}",
                    f"The layer is not compatible with the function's {ours}",
                )


@rule(
    _FUNCTION,
    words="The role defined for the function cannot be assumed by Lambda.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)
def lambda_may_assume_the_functions_role(function: Resource) -> Iterator[Problem]:
    role = function.world.find("AWS::IAM::Role", function.get("Role"))
    if role is not None and not trusts(role, "lambda.amazonaws.com"):
        yield Problem(
            "Role",
            f"let lambda.amazonaws.com assume {role.name} in its trust policy, without a condition "
            "on a source, or with one that ends in IfExists",
        )


@rule(
    _FUNCTION,
    words="The Infrequent Access class extracts no metrics from logs, so the alarms have no data",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html",
    enforced=Enforced.NEVER,
)
def a_log_group_extracts_metrics(function: Resource) -> Iterator[Problem]:
    group = function.world.find("AWS::Logs::LogGroup", function.get("LoggingConfig", "LogGroup"))
    namespace = function.get("Environment", "Variables", "POWERTOOLS_METRICS_NAMESPACE")
    if group is not None and namespace and group.get("LogGroupClass") == "INFREQUENT_ACCESS":
        yield Problem("LoggingConfig.LogGroup", f"leave {group.name} in the log class STANDARD")


@rule(
    _FUNCTION,
    words="The function may not write its log, so there is none",
    source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html",
    enforced=Enforced.NEVER,
)
def a_function_may_write_its_log(function: Resource) -> Iterator[Problem]:
    """PutLogEvents and CreateLogStream are permissions on streams, whose ARNs go on after the
    group's."""
    name = function.get("LoggingConfig", "LogGroup")
    group = function.world.find("AWS::Logs::LogGroup", name)
    role = function.world.find("AWS::IAM::Role", function.get("Role"))
    if name is not None and ":" in str(name):
        yield Problem(
            "LoggingConfig.LogGroup",
            "give the name of the log group (!Ref LogGroup), not its ARN",
            "Value at 'loggingConfig.logGroup' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [.\\-_/#A-Za-z0-9]+",
            Enforced.CREATION,
        )
    if group is None or role is None:
        return
    stream = f"{group.arn.removesuffix(':*')}:log-stream:2026/01/01/[$LATEST]1a2b"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not role_may(role, action, stream, function):
            yield Problem(
                "Role",
                f"allow {role.name} {action} on the streams of {group.name} (!GetAtt "
                f"{group.name}.Arn, "
                "which ends in :*)",
            )
