"""A stack in memory where much happens, the same in every run: for the pictures of the docs."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from relay.model import AttemptState, Closing

from relayctl.console.sources.emulator import Emulator
from relayctl.deployment import Deployment
from tests.support.console.backfills import FakeBackfills
from tests.support.console.page import ConsoleDeployment, EmulatorStandIn
from tests.support.provisioning.requests import create, deploy
from tests.support.relayctl.dead_letters import parked_attributes
from tests.support.samples import NOON

_SECONDS = 600
_REASON = "ClientError: Received client error (400) from model: row 1 has 3 values, it needs 30"
_ROW = "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871\n"
_FAULTS = {"throttle": 0.1, "lose_notification": 0.5}


def now() -> datetime:
    """When the page looks at this stack."""
    return NOON + timedelta(seconds=_SECONDS)


def lively() -> ConsoleDeployment:
    """Return the stack."""
    deployment = ConsoleDeployment()
    _requests(deployment, random.Random(4))
    deployment.queues.put("SubmitQueue", "{}")
    for number in range(3):
        deployment.queues.put(
            "SubmitDeadLetterQueue",
            f'{{"orders": [{number},',
            attributes=parked_attributes("not JSON: Expecting value: line 1 column 14 (char 13)"),
        )
    deployment.queues.put(
        "NotificationDeadLetterQueue",
        "{}",
        attributes=parked_attributes("notification of another endpoint", parked_by="route"),
    )
    FakeBackfills.of(deployment)
    deployment.world.run(
        create(MinInstanceCount="0", MaxInstanceCount="3"),
        deploy("s3://relay-models/churn/42/model.tar.gz"),
    )
    deployment.world.sagemaker.broken.add("s3://relay-models/churn/43/model.tar.gz")
    deployment.world.run(deploy("s3://relay-models/churn/43/model.tar.gz"))
    return deployment


def _requests(deployment: ConsoleDeployment, chance: random.Random) -> None:
    number = 0
    for second in range(0, _SECONDS, 2):
        for _ in range(chance.randint(0, 3)):
            number += 1
            key = f"inputs/orders/{20_000 + number}.csv"
            attempt = deployment.submitted(chance.getrandbits(128), second / 60, key)
            deployment.objects.objects[key] = (_ROW.encode() * 3, "text/csv")
            at = attempt.submitted_at + timedelta(seconds=1 + chance.expovariate(0.4))
            fate = chance.random()
            if at >= now():
                continue
            state, reason = AttemptState.COMPLETED, None
            if fate < 0.05:
                state = AttemptState.FAILED if fate > 0.01 else AttemptState.REJECTED
                reason = _REASON
            else:
                output = f"outputs/{attempt.id}"
                deployment.objects.objects[output] = (b'{"score": 0.81}', "application/json")
            deployment.search.ledger.close(
                [Closing(attempt, state, at, delivered=("otherwise",), reason=reason)]
            )


@contextmanager
def emulator() -> Iterator[Callable[[Deployment], Emulator | None]]:
    """Run a stand-in of the emulator; yield what finds it."""
    with EmulatorStandIn() as server:
        server.faults = dict(_FAULTS)
        server.state = {"endpoints": {"relay-endpoint": {"backlog": 4, "in_process": 2}}}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        environment = {"AWS_ENDPOINT_URL_SAGEMAKER": server.url}
        try:
            yield lambda deployment: Emulator.of(deployment, environment)
        finally:
            server.shutdown()
            thread.join()
