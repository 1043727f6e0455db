"""`relayctl cost` on the local stack, where CloudWatch counts little."""

import json
import os
import subprocess
import sys

from local.stack.settings import REPOSITORY
from tests.support.stack import RunningStack


def test_what_is_not_counted_is_said_and_is_not_a_price_of_0(stack: RunningStack) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    ended = subprocess.run(
        [sys.executable, "-m", "relayctl", "cost", "--since", "1h", "--json"],
        cwd=REPOSITORY,
        env=others | {"PYTHONPATH": "layers/relay"} | dict(stack.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    unpriced = {
        f"{each['service']}: {each['part']}"
        for each in document["parts"]
        if each["dollars"] is None
    }
    assert set(document["not_counted"]) == unpriced
    assert "SageMaker: instances, ml.m5.large" in unpriced
    assert document["dollars"] > 0  # alarms and the key of the topics
