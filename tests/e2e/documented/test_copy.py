"""The pages that begin with an empty machine, in a copy of the working tree, in the order of each.

`make demo` and `make up` start a stack of their own, in `.local` of the copy.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.machine.tcp_ports import free_ports
from local.stack.settings import REPOSITORY
from tests.support.pages.blocks import Block, Command, output, shell
from tests.support.pages.folders import copied, environment
from tests.support.pages.runs import IN_A_COPY, runs, statuses, until
from tests.support.pages.terminal import Terminal, terminal
from tests.support.stack import taken_down

TUTORIAL = "docs/tutorial/first-result.md"
COMMANDS = [each for each in shell() if each.block.page in IN_A_COPY and runs(each)]
BLOCKS = list({each.block: None for each in COMMANDS})
SECONDS = 400


@pytest.fixture(scope="module")
def terminals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Terminal]]:
    """A terminal for each page. No stack is left at the end."""
    folder = copied(tmp_path_factory.mktemp("documented") / "relay")
    aws_port, sagemaker_port = map(str, free_ports(2))
    ports = {"RELAY_AWS_PORT": aws_port, "RELAY_SAGEMAKER_PORT": sagemaker_port}
    variables = environment(folder, os.environ) | ports
    with ExitStack() as exits:
        exits.enter_context(taken_down(folder, variables))
        yield {
            page: exits.enter_context(
                terminal(folder, variables, folder.parent / page.replace("/", " "))
            )
            for page in IN_A_COPY
        }


@pytest.fixture(scope="module")
def screens() -> dict[Block, str]:
    """What the commands of each block have shown."""
    return {}


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: str(each).splitlines()[0])
def test_a_command_of_a_page_runs(
    command: Command, terminals: dict[str, Terminal], screens: dict[Block, str]
) -> None:
    shell = terminals[command.block.page]
    status, shown = shell.run(command.text, SECONDS, until(command))

    assert status in statuses(command), f"{command}: {status}: {shown}"
    assert "Traceback" not in shown
    screens[command.block] = screens.get(command.block, "") + shown.replace("\r\n", "\n")


@pytest.mark.parametrize("block", [each for each in BLOCKS if output(each)], ids=str)
def test_a_block_shows_the_output_that_its_page_shows(
    block: Block, screens: dict[Block, str]
) -> None:
    documented = output(block)

    assert documented
    assert re.search(_pattern(documented.text), screens[block], re.M), screens[block]


def test_the_queue_of_the_team_has_the_complaint_alone_with_its_score(
    screens: dict[Block, str],
) -> None:
    page = (REPOSITORY / TUTORIAL).read_text()
    assert "one result, the complaint, with its score in `data.output.body.content`" in page
    (block,) = (each for each in BLOCKS if "praise.txt" in each.text)

    _, _, received = screens[block].rpartition(":complaints\n")
    result = json.loads(received)

    assert result["data"]["input"]["location"].endswith("/inputs/complaint.txt")
    assert result["data"]["output"]["body"]["content"]["score"] < 0


def test_the_demo_ends_with_the_line_that_the_front_page_shows(screens: dict[Block, str]) -> None:
    page = " ".join((REPOSITORY / "README.md").read_text().split())
    (line,) = re.findall(r"`(demo: [^`]*)`", page)
    (block,) = (each for each in BLOCKS if each.page == "README.md")

    assert screens[block].splitlines()[-1].startswith(line)


def _pattern(text: str) -> str:
    """Return the pattern of lines of output, between which there may be others.

    Ids differ, and `…` is what the page leaves out.
    """
    lines = (re.escape(line.rstrip()) for line in text.splitlines())
    pattern = r"\n(?:.*\n)*?".join(re.sub(r"[0-9a-f]{32}", "[0-9a-f]{32}", each) for each in lines)
    return f"^{pattern.replace('…', '.*')}$"
