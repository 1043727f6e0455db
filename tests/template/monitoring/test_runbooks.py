"""Runbooks: each alarm and each dead-letter queue has one, and who is notified finds it."""

import re

import pytest

from local.stack.settings import REPOSITORY
from tests.support.pages.runbooks import FOLDER, PAGES, PARTS, runbook, sections, subjects
from tests.template.template import resources, world

TOPIC = "arn:aws:sns:us-east-1:123456789012:operators"
ALARMS = [each.name for each in resources("CloudWatch::Alarm")]
QUEUES = [each.name for each in resources("SQS::Queue") if "DeadLetter" in each.name]
SUBJECTS = (*ALARMS, *QUEUES)


@pytest.mark.parametrize("alarm", ALARMS)
def test_the_description_of_an_alarm_ends_with_the_address_of_its_runbook(alarm: str) -> None:
    prefix = "https://git.example.com/relay/docs/how-to/runbooks"
    stack = world(AlarmTopicArn=TOPIC, RunbookUrl=prefix)

    description = str(stack.named(alarm).get("AlarmDescription"))

    found = re.search(rf" Runbook: {prefix}/([a-z-]+\.md)#([a-z]+)$", description)
    assert found, description
    assert found[2] == alarm.lower()
    assert alarm in sections(FOLDER / found[1])


def test_without_a_url_the_address_is_the_path_in_the_repository() -> None:
    description = str(world().named("ModelErrorsAlarm").get("AlarmDescription"))

    assert description.endswith(" Runbook: docs/how-to/runbooks/model.md#modelerrorsalarm")
    assert (REPOSITORY / "docs/how-to/runbooks/model.md").exists()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_alarm_and_a_dead_letter_queue_have_one_runbook_with_all_parts(subject: str) -> None:
    assert tuple(runbook(subject).parts) == PARTS


def test_a_runbook_is_about_what_the_template_has() -> None:
    assert sorted(subjects()) == sorted(SUBJECTS)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_lists_of_runbooks_and_of_alarms_link_each_of_them(subject: str) -> None:
    [page] = [page for page in PAGES if subject in sections(page)]
    link = f"{page.name}#{subject.lower()})"

    assert f"[`{subject}`]({link}" in (FOLDER / "README.md").read_text()
    if subject in ALARMS:
        alarms = (REPOSITORY / "docs/reference/alarms.md").read_text()
        assert f"[`{subject}`](../how-to/runbooks/{link}" in alarms
