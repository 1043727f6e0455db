"""Cold starts of the built functions under AWS's own Runtime Interface Emulator."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from benchmarks.batches import variables
from benchmarks.figures import Figure, Sample
from benchmarks.messages import idle_event
from benchmarks.stub import Stub, running_stub
from benchmarks.trees import Trees
from local.functions.lambda_environment import Function
from local.functions.lambda_runtime import LambdaRuntime

_COMPARED = ("submit", "route")
_ALONE = ("reconcile", "backfill", "provision")
# As most people deploy it: `sam build` ships no byte code.
_AS_BUILT = "usual, as built"

Key = tuple[str, str]


def measure(trees: Trees, rounds: int) -> list[Figure]:
    """The emulator's own figure for INIT: from starting the interpreter to the loaded handler."""
    keys = [("relay", name) for name in (*_COMPARED, *_ALONE)]
    keys += [(kind, name) for kind in ("bare", "usual", _AS_BUILT) for name in _COMPARED]
    milliseconds: defaultdict[Key, list[float]] = defaultdict(list)
    with running_stub() as stub:
        for _ in range(rounds):
            # In an order of its own each time, so that none always comes after the same one.
            for kind, name in random.sample(keys, len(keys)):  # noqa: S311 - no secret
                function = _function(kind, name, trees, stub)
                with LambdaRuntime(function) as runtime:
                    init = runtime.invoke(_event(name)).init_milliseconds
                assert init is not None, f"{kind} {name} was not initialised"
                milliseconds[kind, name].append(init)
    return list(_figures({key: Sample.of(values) for key, values in milliseconds.items()}))


def _figures(found: Mapping[Key, Sample]) -> list[Figure]:
    compared = [
        Figure(
            f"cold start, {name}",
            " ms",
            found["relay", name],
            found["bare", name],
            found[_AS_BUILT, name],
            at_most_of_bare=1.2,
            at_most_of_usual=0.5,
        )
        for name in _COMPARED
    ]
    compiled = [
        Figure(
            f"cold start, {name}, usual with byte code",
            " ms",
            found["relay", name],
            usual=found["usual", name],
        )
        for name in _COMPARED
    ]
    alone = [Figure(f"cold start, {name}", " ms", found["relay", name]) for name in _ALONE]
    return [*compared, *compiled, *alone]


def _function(kind: str, name: str, trees: Trees, stub: Stub) -> Function:
    tree = trees.tree(kind.partition(",")[0], name)
    if kind == _AS_BUILT:
        tree = replace(tree, layer=trees.directory / "usual-as-built")
    return Function(
        name=f"{kind.split(',')[0]}-{name}",
        handler=f"{tree.module}.handler",
        code=tree.code,
        layers=(tree.layer,),
        environment=variables(tree, name, stub.url),
        memory_megabytes=512,
        timeout_seconds=45,
    )


def _event(name: str) -> object:
    return idle_event(name) if name in _COMPARED else {}
