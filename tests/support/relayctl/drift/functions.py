"""Faults of functions, their mappings and their schedules."""

from tests.support.relayctl.drift.fault import (
    Fault,
    call,
    function,
    further_mapping,
    id,
    mapping,
    no_permission,
    other_code,
    permission,
    rule_targets,
)

FAULTS = (
    Fault(
        "a mapping that is switched off",
        "event-source-mapping-disabled",
        "SubmitFunctionUploads",
        mapping("SubmitFunctionUploads", Enabled=False),
    ),
    Fault(
        "a mapping with another batch size",
        "event-source-mapping-batch-size",
        "RouteFunctionNotifications",
        mapping("RouteFunctionNotifications", BatchSize=1),
    ),
    Fault(
        "a mapping with another concurrency",
        "event-source-mapping-scaling-config",
        "SubmitFunctionUploads",
        mapping("SubmitFunctionUploads", ScalingConfig={"MaximumConcurrency": 1000}),
    ),
    Fault(
        "a mapping with a filter",
        "event-source-mapping-filter-criteria",
        "SubmitFunctionUploads",
        mapping(
            "SubmitFunctionUploads", FilterCriteria={"Filters": [{"Pattern": '{"body": ["a"]}'}]}
        ),
    ),
    Fault(
        "a mapping that repeats whole batches",
        "event-source-mapping-function-response-types",
        "RouteFunctionNotifications",
        mapping("RouteFunctionNotifications", FunctionResponseTypes=[]),
    ),
    Fault(
        "a mapping that is gone",
        "event-source-mapping-gone",
        "RouteFunctionNotifications",
        call("lambda", "delete_event_source_mapping", UUID=id("RouteFunctionNotifications")),
    ),
    Fault(
        "a function without concurrency",
        "function-reserved-concurrent-executions",
        "SubmitFunction",
        call(
            "lambda",
            "put_function_concurrency",
            FunctionName=id("SubmitFunction"),
            ReservedConcurrentExecutions=0,
        ),
    ),
    Fault(
        "a function that Lambda stops in a loop",
        "function-recursive-loop",
        "SubmitFunction",
        call(
            "lambda",
            "put_function_recursion_config",
            FunctionName=id("SubmitFunction"),
            RecursiveLoop="Terminate",
        ),
    ),
    Fault(
        "a short timeout",
        "function-timeout",
        "RouteFunction",
        function("RouteFunction", Timeout=3),
    ),
    Fault(
        "another environment",
        "function-environment",
        "RouteFunction",
        function("RouteFunction", Environment={"Variables": {"ENDPOINT_NAME": "other"}}),
    ),
    Fault(
        "a function without the layer",
        "function-layers",
        "ReconcileFunction",
        function("ReconcileFunction", Layers=[]),
    ),
    Fault("another code", "function-code", "RouteFunction", other_code),
    Fault(
        "no destination of failed invocations",
        "asynchronous-invocation-gone",
        "ReconcileFunctionEventInvokeConfig",
        call(
            "lambda",
            "delete_function_event_invoke_config",
            FunctionName=id("ReconcileFunction"),
            Qualifier="$LATEST",
        ),
    ),
    Fault(
        "a function that EventBridge may not invoke",
        "function-permission",
        "ReconcileFunctionSchedulePermission",
        no_permission,
    ),
    Fault(
        "a function that another rule may invoke",
        "function-permission-added",
        "RouteFunction",
        permission(
            "RouteFunction",
            Principal="events.amazonaws.com",
            SourceArn="arn:aws:events:us-east-1:111122223333:rule/mine",
        ),
    ),
    Fault(
        "a function that all of EventBridge may invoke",
        "function-permission-added",
        "ReconcileFunction",
        permission("ReconcileFunction", Principal="events.amazonaws.com"),
    ),
    Fault(
        "a function that another account may invoke",
        "function-permission-added",
        "ProvisionFunction",
        permission("ProvisionFunction", Principal="111122223333"),
    ),
    Fault(
        "a function that everyone may invoke",
        "function-permission-added",
        "SubmitFunction",
        permission("SubmitFunction", Principal="*"),
    ),
    Fault(
        "another function that receives uploads",
        "event-source-mapping-added",
        "SubmitQueue",
        further_mapping("SubmitQueue", "RouteFunction"),
    ),
    Fault(
        "a second mapping of the same function",
        "event-source-mapping-added",
        "NotificationQueue",
        further_mapping("NotificationQueue", "RouteFunction"),
    ),
    Fault(
        "a function that receives parked messages",
        "event-source-mapping-added",
        "ResultDeadLetterQueue",
        further_mapping("ResultDeadLetterQueue", "RouteFunction"),
    ),
    Fault(
        "a schedule that is off",
        "rule-state",
        "ReconcileFunctionSchedule",
        call("events", "disable_rule", Name=id("ReconcileFunctionSchedule")),
    ),
    Fault(
        "a schedule without target",
        "rule-targets",
        "ProvisionFunctionSweep",
        rule_targets("ProvisionFunctionSweep"),
    ),
    Fault(
        "another schedule",
        "rule-schedule-expression",
        "ReconcileFunctionSchedule",
        call(
            "events",
            "put_rule",
            Name=id("ReconcileFunctionSchedule"),
            ScheduleExpression="rate(1 day)",
        ),
    ),
)
