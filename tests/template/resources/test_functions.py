"""How the functions are run, and their environment."""

from collections.abc import Iterator, Mapping

import pytest
from relay import bootstrap, settings
from relay.aws.messaging.queues import VISIBILITY_SECONDS

from local.stack.settings import REPOSITORY
from tests.template.template import Resource, deployed, resolve, resource, resources, source, target
from tests.template.test_whole_numbers import RANGES

# A FIFO queue drops duplicates for five minutes: the redelivery after a crash must fall into them.
DEDUPLICATION_SECONDS = 300

FUNCTIONS = resources("Lambda::Function")
MAPPINGS = resources("Lambda::EventSourceMapping")


class Recording(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def name_of(resource: Resource) -> str:
    return resource.name


def variables(function: Resource) -> dict[str, str]:
    declared = function.properties["Environment"]["Variables"]
    return {name: resolve(value) for name, value in declared.items()}


def test_each_directory_of_functions_is_deployed_as_one_function() -> None:
    directories = {path.parent.name for path in (REPOSITORY / "functions").glob("*/app.py")}

    assert {f"{name.capitalize()}Function" for name in directories} == set(map(name_of, FUNCTIONS))


@pytest.mark.parametrize("mapping", MAPPINGS, ids=name_of)
def test_a_message_comes_back_after_a_crash_soon_enough_to_be_deduplicated(
    mapping: Resource,
) -> None:
    function = resource(target(mapping.properties["FunctionName"])).properties
    queue = resource(target(mapping.properties["EventSourceArn"])).properties

    assert function["Timeout"] <= 45
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    longest_window = max(source()["Parameters"]["BatchingWindowSeconds"]["AllowedValues"])
    assert mapping.properties["MaximumBatchingWindowInSeconds"] == {"Ref": "BatchingWindowSeconds"}
    assert 6 * function["Timeout"] == VISIBILITY_SECONDS
    assert queue["VisibilityTimeout"] >= VISIBILITY_SECONDS + longest_window
    assert queue["VisibilityTimeout"] < DEDUPLICATION_SECONDS


@pytest.mark.parametrize("mapping", MAPPINGS, ids=name_of)
def test_a_mapping_reports_batch_item_failures_and_bounds_its_concurrency(
    mapping: Resource,
) -> None:
    assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert target(mapping.properties["ScalingConfig"]["MaximumConcurrency"]) in RANGES


@pytest.mark.parametrize(("window", "size"), [("1", 100), ("0", 10)])
@pytest.mark.parametrize("mapping", MAPPINGS, ids=name_of)
def test_more_than_ten_messages_come_only_with_a_batching_window(
    mapping: Resource, window: str, size: int
) -> None:
    found = deployed(BatchingWindowSeconds=window)[mapping.name].properties

    assert found["BatchSize"] == size
    assert int(window) in source()["Parameters"]["BatchingWindowSeconds"]["AllowedValues"]


def test_the_consumers_leave_a_new_account_room_for_the_other_functions() -> None:
    """It has ten concurrent executions, and CloudFormation waits for provision.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    parameters = source()["Parameters"]
    taken = sum(
        int(parameters[each.properties["ScalingConfig"]["MaximumConcurrency"]["Ref"]]["Default"])
        for each in MAPPINGS
    )
    others = len(FUNCTIONS) - len(MAPPINGS)

    assert taken + others <= 10


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_lambda_stops_no_function_that_sends_to_the_queue_it_is_fed_by(function: Resource) -> None:
    fed = {target(each.properties["FunctionName"]) for each in MAPPINGS}

    assert function.properties.get("RecursiveLoop") == ("Allow" if function.name in fed else None)


def test_the_two_queues_feed_the_two_functions() -> None:
    assert {
        (target(each.properties["EventSourceArn"]), target(each.properties["FunctionName"]))
        for each in MAPPINGS
    } == {("SubmitQueue", "SubmitFunction"), ("NotificationQueue", "RouteFunction")}


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_a_function_keeps_what_it_could_not_do_for_an_asynchronous_caller(
    function: Resource,
) -> None:
    (config,) = (
        each.properties
        for each in resources("Lambda::EventInvokeConfig")
        if target(each.properties["FunctionName"]) == function.name
    )

    assert resource(target(config["DestinationConfig"]["OnFailure"]["Destination"]))


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_a_function_has_a_log_group_of_its_own_with_a_retention(function: Resource) -> None:
    logging = function.properties["LoggingConfig"]
    groups = [target(each.properties["LoggingConfig"]["LogGroup"]) for each in FUNCTIONS]
    group = resource(target(logging["LogGroup"]))

    assert logging["LogFormat"] == "JSON"
    assert groups.count(group.name) == 1
    assert group.properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_a_function_runs_the_chosen_python_on_the_chosen_processor_with_the_layer(
    function: Resource,
) -> None:
    layers = [layer["Ref"] for layer in function.properties["Layers"]]

    assert function.properties["Runtime"] == {"Ref": "PythonRuntime"}
    assert function.properties["Architectures"] == [{"Ref": "Architecture"}]
    assert layers == [layer.name for layer in resources("Lambda::LayerVersion")]


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_a_function_reads_every_variable_that_it_is_given_and_no_other(function: Resource) -> None:
    given = variables(function)
    environment = Recording({**given, "AWS_REGION": "eu-central-1"})  # Lambda sets it
    reader = getattr(settings, function.name.replace("Function", "Settings"))

    reader.read(environment)
    bootstrap.log_level(environment)

    powertools = {name for name in given if name.startswith("POWERTOOLS_")}
    assert environment.asked - {"AWS_REGION"} == set(given) - powertools


@pytest.mark.parametrize("function", FUNCTIONS, ids=name_of)
def test_a_function_logs_and_counts_under_its_own_name_and_its_stacks(function: Resource) -> None:
    given = variables(function)

    stack, _, own = given["POWERTOOLS_SERVICE_NAME"].partition("-")
    assert stack == "relay"  # the stack's
    assert f"{own.capitalize()}Function" == function.name
    assert given["POWERTOOLS_METRICS_NAMESPACE"] == "AsyncInferenceRelay"
    assert given["RELAY_LOG_LEVEL"] == "INFO"
