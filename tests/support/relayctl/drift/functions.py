"""Faults of functions, their mappings and their schedules."""

from tests.support.relayctl.drift.fault import (
    Fault,
    call,
    function,
    id,
    mapping,
    no_permission,
    other_code,
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
