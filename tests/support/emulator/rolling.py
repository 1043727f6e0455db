"""Roll-outs of every kind, with requests while they last."""

import asyncio
from typing import Any

import pytest

from tests.support.emulator.rehearsing import Scene, blue_green, rolling

EVERY_KIND = pytest.mark.parametrize(
    "deployment",
    [
        None,
        blue_green("ALL_AT_ONCE"),
        blue_green("CANARY", 25),
        blue_green("LINEAR", 30),
        rolling(50),
    ],
    ids=["default", "all at once", "canary", "linear", "rolling"],
)


def guarded(deployment: Any) -> dict[str, Any]:
    return {"DeploymentConfig": deployment} if deployment else {}


async def keep_submitting(scene: Scene, stop: asyncio.Event) -> int:
    """Submit requests until `stop` is set; return how many."""
    submitted = 0
    while not stop.is_set():
        scene.submit(3)
        submitted += 3
        await asyncio.sleep(0.001)
    return submitted


async def submit_while_it_changes(scene: Scene) -> int:
    stop = asyncio.Event()
    submitting = asyncio.create_task(keep_submitting(scene, stop))
    await scene.rest()
    stop.set()
    return await submitting


def phases(scene: Scene) -> list[str]:
    if scene.endpoint.pending is None:
        return []
    [variant] = scene.endpoint.pending.describe_pending()["ProductionVariants"]
    return [phase["Status"] for phase in variant.get("VariantStatus", [])]
