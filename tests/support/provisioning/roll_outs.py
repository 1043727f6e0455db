"""Artifacts to roll out, and the configuration that serves."""

from tests.support.provisioning.properties import specification
from tests.support.provisioning.world import World

A, B, C, D = (f"s3://models/{name}.tar.gz" for name in "abcd")
OLD = specification().generation


def config(**changes: object) -> str:
    return specification(**changes).generation.config


def serving(world: World) -> str:
    assert world.endpoint is not None
    return world.endpoint.config
