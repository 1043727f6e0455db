"""Python and output in the documentation: code runs, and output is what the program prints."""

import json
from typing import Any

import pytest
import result as result_types
from relay.errors import ConfigurationError
from relay.provision.specification.read import read_specification

from local.stack.settings import REPOSITORY
from relayctl.output import Output
from relayctl.routes.checking import check_text
from tests.support.pages.blocks import Block, blocks
from tests.support.pages.runs import COPY, PAGES
from tests.support.provisioning.properties import properties
from tests.support.sagemaker.api import flaws

RESULTS = "docs/reference/result.md"
# What runs the code of a page, or compares its output with what is printed. A block that none runs
# says why in its first line.
CHECKED = {
    ("python", RESULTS): __file__,
    ("python", "docs/how-to/coming-from.md"): PAGES,
    ("python", "emulator/README.md"): "tests/integration/emulator/product/test_readme.py",
    ("toml", "emulator/README.md"): "tests/integration/emulator/product/test_readme.py",
    ("text", "docs/reference/routes.md"): __file__,
    ("text", "docs/reference/endpoint-specification.md"): __file__,
    ("text", "docs/explanation/cost.md"): "tests/template/reference_pages/test_references.py",
    ("text", "docs/tutorial/first-result.md"): COPY,
    ("text", "local/README.md"): "tests/unit/local/load/test_account.py",
}
# Drawings, which show no output.
DRAWINGS = {"docs/how-to/deploy.md", "examples/consumer/README.md"}


def of(language: str, page: str) -> list[Block]:
    return [each for each in blocks() if (each.language, each.page) == (language, page)]


def test_code_and_output_is_checked_by_a_test_or_says_why_not() -> None:
    checked = [each for each in blocks() if each.language in languages() and not each.reason]

    drawings = {("text", page) for page in DRAWINGS}
    assert {(each.language, each.page) for each in checked} == CHECKED.keys() | drawings
    assert [each for each in CHECKED.values() if not (REPOSITORY / each).exists()] == []


@pytest.mark.parametrize("block", [each for each in blocks() if each.language == "python"], ids=str)
def test_code_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


def languages() -> set[str]:
    return {language for language, _ in CHECKED}


def test_the_code_that_reads_a_result_reads_each_example() -> None:
    (code,) = of("python", RESULTS)
    examples = [each for each in of("json", RESULTS) if '"specversion"' in each.text]
    read: list[str] = []
    names: dict[str, Any] = {"json": json, "Result": result_types.Result}
    names |= {"save": read.append, "report": read.append}

    for example in examples:
        exec(code.text, {**names, "message": {"Body": example.text}})  # noqa: S102 - of this page

    assert len(read) == len(examples) == 4
    assert read[0].startswith("s3://")
    assert read[1].startswith("InternalServerError")


def test_the_problems_of_a_route_document_are_printed_as_the_page_shows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (shown,) = of("text", "docs/reference/routes.md")
    queue = "arn:aws:sqs:eu-central-1:123456789012:rest"
    document = {
        "routes": [
            {"name": "a", "when": "data.outcome = 'failed'", "to": queue},
            {"name": "b", "when": "data.outcom == 'failed'", "to": queue},
        ],
        "otherwise": {"too": queue},
    }

    check_text(Output(as_json=False), "routes.json", json.dumps(document), ())

    assert capsys.readouterr().err == shown.text


def test_the_problems_of_an_endpoint_specification_are_those_that_the_page_shows() -> None:
    (shown,) = of("text", "docs/reference/endpoint-specification.md")
    document = {
        "Model": {"VpcConfig": {"SecurityGroupIds": ["sg-0f3a"]}},
        "EndpointConfig": {"ProductionVariants": [{"VolumeSizeInGB": 600}]},
    }
    given = properties(EndpointSpecification=json.dumps(document), InstanceType="ml.m5.lage")

    with pytest.raises(ConfigurationError) as refused:
        read_specification(given, "us-east-1", flaws)

    assert str(refused.value).endswith(" ".join(shown.text.split()))
