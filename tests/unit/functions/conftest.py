"""The functions' own modules, as Lambda imports them, with what lies behind them replaced."""

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import samples
from tests.support.pipeline.invocations import Counts, LambdaContext

FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()


@pytest.fixture
def counts(capsys: pytest.CaptureFixture[str]) -> Counts:
    return Counts(capsys)


@pytest.fixture(scope="session")
def submit_module() -> Iterator[ModuleType]:
    yield from _loaded("submit", samples.SUBMIT_ENVIRONMENT)


@pytest.fixture(scope="session")
def route_module() -> Iterator[ModuleType]:
    yield from _loaded("route", samples.ROUTE_ENVIRONMENT)


@pytest.fixture(scope="session")
def reconcile_module() -> Iterator[ModuleType]:
    yield from _loaded("reconcile", samples.RECONCILE_ENVIRONMENT)


@pytest.fixture(scope="session")
def backfill_module() -> Iterator[ModuleType]:
    yield from _loaded("backfill", samples.BACKFILL_ENVIRONMENT)


def _loaded(function: str, environment: Mapping[str, str]) -> Iterator[ModuleType]:
    """`app.py`, imported once with its environment, which is what a cold start does."""
    path = FUNCTIONS / function / "app.py"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "POWERTOOLS_SERVICE_NAME": function,
            "POWERTOOLS_METRICS_NAMESPACE": "AsyncInferenceRelay",
            **environment,
        }.items():
            patch.setenv(name, value)
        spec = importlib.util.spec_from_file_location(f"functions_{function}_app", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
