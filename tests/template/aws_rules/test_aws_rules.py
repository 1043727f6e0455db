"""AWS takes the templates, in every combination of parameters and in every partition."""

import pytest

from local.aws_rules import check
from local.stack.settings import REPOSITORY
from tests.template.aws_rules.mutants import MUTANTS, Mutant
from tests.template.aws_rules.rules import LONGEST_STACK_NAMES, PATHS, template


@pytest.mark.timeout(600)  # every combination of the parameters that a rule asks for
@pytest.mark.parametrize("path", PATHS)
def test_aws_refuses_nothing(path: str) -> None:
    refusals = check(template(path))

    if refusals:
        listed = "\n".join(f"{number}. {each}" for number, each in enumerate(refusals, 1))
        pytest.fail(f"{path}:\n{listed}", pytrace=False)


@pytest.mark.parametrize(("path", "length"), LONGEST_STACK_NAMES.items())
def test_the_longest_name_of_a_stack_is_documented(path: str, length: int) -> None:
    where = "docs/how-to/deploy.md" if path == "template.yaml" else path

    assert f"at most {length} characters" in " ".join((REPOSITORY / where).read_text().split())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_mutant_that_aws_refuses_is_refused_with_what_to_change(mutant: Mutant) -> None:
    assert any(mutant.change in each.change for each in mutant.refusals()), (
        sorted({str(each) for each in mutant.refusals()}) or "it passes"
    )
