"""What most tests of the layer begin with."""

import pytest

from tests.support.pipeline.pipelines import FakePipeline


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()
