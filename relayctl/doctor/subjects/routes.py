"""The route document: whether route can read it, and whether its targets exist."""

from collections.abc import Iterator

from relay.provision.routes_resource import objection
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.target import Target

from relayctl.doctor.account import Account, Gone, NotChecked
from relayctl.doctor.expected import Resource, Stack
from relayctl.doctor.findings import Call, Finding, Severity


def routes(stack: Stack, account: Account) -> Iterator[Finding]:
    """Report a document that is gone, not valid, or that names a target that does not exist."""
    parameter = next(stack.of("AWS::SSM::Parameter"), None)
    if parameter is None:
        return
    try:
        text = account.get("ssm", "get_parameter", Name=parameter.id)["Parameter"]["Value"]
    except Gone:
        yield _gone(parameter)
        return
    if problem := _objection(stack, text):
        yield Finding(
            "routes",
            Severity.ERROR,
            parameter.name,
            f"{parameter.id}: {problem}; the last valid document is in force, in functions that "
            "have read one",
            "Correct the document, and set it",
            command="relayctl routes set FILE",
        )
        return
    document = Routes.read(text)
    for target in {rule.target for rule in (*document.routes, document.otherwise)}:
        try:
            _find(account, target)
        except Gone:
            yield Finding(
                "route-target",
                Severity.ERROR,
                parameter.name,
                f"{target.kind.value} {target.arn}, to which {parameter.id} sends results, does "
                "not exist: its results wait for ten days, and are parked then",
                "Create it, or name another target",
                command="relayctl routes set FILE",
            )
        except NotChecked:
            if target.account == stack.account_id:
                raise


def _objection(stack: Stack, text: str) -> str:
    """Say what is wrong, by the check that a deployment makes."""
    checked = next(stack.of("Custom::Routes"), None)
    if checked is not None:
        return objection({**checked.properties, "Document": text})
    try:
        Routes.read(text)
    except RoutesError as error:
        return str(error)
    return ""


def _gone(parameter: Resource) -> Finding:
    given = {
        "Name": parameter.id,
        "Type": parameter.get("Type"),
        "Value": parameter.get("Value"),
        "Tier": "Intelligent-Tiering",
    }
    return Finding(
        "routes",
        Severity.ERROR,
        parameter.name,
        f"parameter {parameter.id} with the route document does not exist: results wait",
        "Create it again, with the document that was deployed",
        (Call("ssm", "put_parameter", given),),
    )


def _find(account: Account, target: Target) -> None:
    match target.kind.service:
        case "sqs":
            given = {"QueueName": target.name, "QueueOwnerAWSAccountId": target.account}
            account.get("sqs", "get_queue_url", **given)
        case "sns":
            account.get("sns", "get_topic_attributes", TopicArn=target.arn)
        case "events":
            account.get("events", "describe_event_bus", Name=target.arn)
