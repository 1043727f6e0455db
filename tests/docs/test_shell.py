"""Each command of the documentation exists, with its options."""

import re
from pathlib import Path

import pytest
from samcli.commands.build.command import cli as sam_build
from samcli.commands.delete.command import cli as sam_delete
from samcli.commands.deploy.command import cli as sam_deploy
from samcli.commands.local.invoke.cli import cli as sam_local_invoke
from samcli.commands.package.command import cli as sam_package
from samcli.commands.publish.command import cli as sam_publish

from local.stack.settings import REPOSITORY
from tests.support.pages import aws_cli
from tests.support.pages.blocks import blocks, of, shell
from tests.template.template import source

MAKEFILE = (REPOSITORY / "Makefile").read_text()
LANGUAGES = {"sh", "json", "yaml", "toml", "python", "text", "html"}
SAM = {
    "build": sam_build,
    "delete": sam_delete,
    "deploy": sam_deploy,
    "local invoke": sam_local_invoke,
    "package": sam_package,
    "publish": sam_publish,
}
COMMANDS = shell()


def test_every_block_has_its_language() -> None:
    assert len(blocks()) > 50
    assert [str(block) for block in blocks() if block.language not in LANGUAGES] == []


def simple(program: str) -> list[tuple[str, list[str]]]:
    """Where each command of a program is, and its words, without those left to the reader."""
    return [
        (str(command), [word for word in words[1:] if word != "…"])
        for command in COMMANDS
        for words in command.simple()
        if Path(words[0]).name == program
    ]


def test_every_target_of_make_exists_with_its_variables() -> None:
    lines = simple("make")
    assert len(lines) > 20
    for place, (target, *variables) in lines:
        assert re.search(rf"^{target}:", MAKEFILE, re.M), place
        recipe = re.search(rf"^{target}:[^\n]*\n((?:\t.*\n)*)", MAKEFILE, re.M)
        for variable in variables:
            assert recipe and f"$({variable.partition('=')[0]})" in recipe[1], place


@pytest.mark.parametrize(
    ("place", "words"), [pytest.param(*each, id=each[0][:70]) for each in simple("aws")]
)
def test_the_aws_cli_knows_the_operation_and_its_options(place: str, words: list[str]) -> None:
    assert aws_cli.problems(words) == [], place


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("lambdas invoke", "lambdas is no service"),
        ("lambda invok", "lambda has no operation invok"),
        ("sqs purge-queue --queue-url Q --forced", "no option --forced"),
        ("sqs purge-queue", "QueueUrl is missing"),
        ("lambda invoke --function-name F", "no file for the answer"),
        ("s3 cp a.csv", "cp of ['a.csv']"),
        ("s3 rb s3://b --forced", "no option --forced"),
        ("logs tail --since 1h", "tail of []"),
        ("logs tail /aws/lambda/relay-route --from 1h", "no option --from"),
        ("sns subscribe --topic-arn T --protocol lambda --endpoint F", "no option --endpoint"),
        (
            "cloudformation wait stack-done --stack-name S",
            "cloudformation has no waiter stack-done",
        ),
        ("cloudwatch list-metrics --dimensions Nam=T,Value=V", "--dimensions: no member Nam"),
    ],
)
def test_a_wrong_line_of_the_aws_cli_is_a_problem(line: str, problem: str) -> None:
    assert problem in aws_cli.problems(line.split())


@pytest.mark.parametrize(
    ("place", "words"), [pytest.param(*each, id=each[0][:70]) for each in simple("sam")]
)
def test_the_sam_cli_knows_the_options_and_the_template_the_parameters(
    place: str, words: list[str]
) -> None:
    name = next(each for each in SAM if each.split() == words[: len(each.split())])
    given = [word for word in words if word.startswith("--")]
    known = {option for each in SAM[name].params for option in each.opts + each.secondary_opts}
    parameters = [found[1] for word in words if (found := re.match(r"([A-Z]\w+)=", word))]

    assert [each for each in given if each not in known] == [], place
    assert [each for each in parameters if each not in source()["Parameters"]] == [], place


PAGE = """\
```sh
relayctl a  # on AWS
relayctl b \\
  --all
say() { aws sqs list-queues |
  cat; }
```

1. Then:

   ```sh
   # needs Docker
   relayctl c 'two
   lines'
   ```

```
other
```
"""


def test_a_block_is_read_with_its_commands_and_their_reasons() -> None:
    first, second, other = of("page.md", PAGE)

    assert [each.text.partition(" ")[0] for each in first.commands()] == [
        "relayctl",
        "relayctl",
        "say()",
    ]
    assert [each.reason for each in first.commands()] == ["on AWS", None, None]
    assert [*first.commands()[2].simple()] == [["say"], ["aws", "sqs", "list-queues"], ["cat"]]
    assert [(each.text, each.reason) for each in second.commands()] == [
        ("relayctl c 'two\nlines'", "needs Docker")
    ]
    assert (str(other), other.language) == ("page.md:17", "")
