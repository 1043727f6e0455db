"""Each document in the documentation is read as the program reads it that it is written for."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.session import get_session
from botocore.validate import ParamValidator
from relay.backfill.calls import read_call as read_backfill_call
from relay.events.direct_calls import read_call
from relay.events.endpoint_events import read_event
from relay.inputs.defaults import read_defaults
from relay.inputs.inputs import Inputs
from relay.reconcile.calls import read_action
from relay.routes.compiled import Routes
from relay.s3uri import S3Uri
from samcli.cli.types import CfnParameterOverridesType

from local.aws_rules.cross_service.event_patterns import malformed
from local.stack.settings import REPOSITORY
from relayctl.cost import prices
from tests.support.pages.blocks import Block, blocks
from tests.support.provisioning.properties import PROPERTIES, SCHEDULED, specification
from tests.support.results import result_schema
from tests.template.iam.reference import matching
from tests.template.iam.statements import statements
from tests.template.template import source

ARN = "arn:aws:sqs:us-east-1:000000000000:queue"
INPUTS = Inputs((S3Uri("relay-data-111122223333-us-east-1", "inputs/"),))
JSON = [block for block in blocks() if block.language == "json"]
PARAMETERS = [block for block in blocks() if block.language == "yaml"]


def documents(block: Block) -> Iterator[Any]:
    """Yield the documents of a block, one after another as in JSON Lines."""
    rest = filled(block.text).strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        yield document
        rest = rest[end:].strip()


def filled(text: str) -> str:
    """Put an ARN, a name or a condition where a page leaves it to the reader."""
    text = re.sub(r'("(?:to|\w*Topic)": )"(?:<[^>]*>|…)"', rf'\1"{ARN}"', text)
    text = text.replace('"when": "…"', '"when": "data.tracked"').replace("s3://…/", "s3://bucket/")
    return re.sub(r"<\w+>", "name", text)


@pytest.mark.parametrize("block", JSON, ids=str)
def test_a_document_in_json_is_what_its_reader_takes(block: Block, tmp_path: Path) -> None:
    found = list(documents(block))

    assert found
    for document in found:
        assert list(problems(document, tmp_path)) == []


def problems(document: Any, folder: Path) -> Iterator[str]:
    """What is wrong with a document. Each kind is known by its members."""
    match document:
        case {"specversion": _}:
            yield from result_schema.problems(document)
        case {"routes": [*_], "otherwise": _}:
            Routes.read(json.dumps(document))
        case {"when": _, "to": _}:
            Routes.read(json.dumps({"routes": [document], "otherwise": {"to": ARN}}))
        case {"Version": _, "Statement": _}:
            template = {
                "Resources": {"K": {"Type": "AWS::KMS::Key", "Properties": {"P": document}}}
            }
            actions = (each for statement in statements(template) for each in statement.actions)
            yield from (f"no action {each}" for each in actions if not matching(each))
        case {"detail-type": [*_]}:
            yield from (str(each) for each in malformed(document, "", ""))
        case {"region": _, "rates": _}:
            (folder / "prices.json").write_text(json.dumps(document))
            prices.read(folder / "prices.json")
        case {"AsyncInferenceConfig": given}:
            operation = (
                get_session().get_service_model("sagemaker").operation_model("CreateEndpointConfig")
            )
            shape: Any = operation.input_shape
            report = ParamValidator().validate(given, shape.members["AsyncInferenceConfig"])
            yield from [report.generate_report()] if report.has_errors() else []
        case {"EndpointConfig": _}:
            specification(EndpointSpecification=json.dumps(document), ModelDataUrl="")
        case {"action": _}:
            call(document)
        case {"requests": [{"number": _}, *_]}:
            yield from unknown_members(document)
        case {"requests": [*requests]} if "state" not in document and "next" not in document:
            assert len(read_call(document, "id").requests) == len(requests)
        case dict() if all(name.endswith("/") for name in document):
            yield from map(str, read_defaults(json.dumps(document), ["inputs/"])[1])
        case _:
            yield from unknown_members(document)


def call(document: Mapping[str, Any]) -> None:
    """Read a direct call of the function that has the action."""
    match document["action"]:
        case "status" | "list" | "reconcile":
            read_action(document, INPUTS.bucket)
        case "preview" | "start" | "pause" | "resume" | "cancel":
            read_backfill_call(document, INPUTS)
        case _:
            read_event(document)


def unknown_members(answer: Any) -> Iterator[str]:
    """Return the members of an answer that no function writes."""
    if isinstance(answer, list):
        for each in answer:
            yield from unknown_members(each)
    elif isinstance(answer, dict):
        yield from (name for name in answer if name not in _written())
        for each in answer.values():
            yield from unknown_members(each)


@cache
def _written() -> frozenset[str]:
    """Every name that the code of the functions has as text or as a field of a class."""
    code = "\n".join(each.read_text() for each in (REPOSITORY / "layers/relay").rglob("*.py"))
    found = re.finditer(r'"(\w+)"|^    (\w+):', code, re.M)
    return frozenset(each[1] or each[2] for each in found)


@pytest.mark.parametrize("block", PARAMETERS, ids=str)
def test_a_file_of_parameters_has_parameters_with_values_that_are_read(
    block: Block, tmp_path: Path
) -> None:
    file = tmp_path / "parameters.yaml"
    file.write_text(filled(block.text))

    read = CfnParameterOverridesType().convert(f"file://{file}", None, None)

    assert isinstance(yaml.safe_load(block.text), dict)
    assert read and [name for name in read if name not in source()["Parameters"]] == []
    if "Routes" in read:
        Routes.read(read.pop("Routes"))
    if "InputDefaults" in read:
        prefixes = read.get("InputPrefixes", "inputs/").split(",")
        assert read_defaults(read.pop("InputDefaults"), prefixes)[1] == ()
    specification(**{name: value for name, value in read.items() if name in PROPERTIES | SCHEDULED})
