"""Random specifications, made of botocore's own shapes, against the emulator's control plane.

Whatever the relay accepts, the emulator accepts; whatever the relay refuses has a message that
names the field. Both read the same model of the API, with code of their own.
"""

import asyncio
import json
import os
import re
from typing import Any, cast

import pytest
from async_endpoint_emulator.api.callers.identity import Caller
from async_endpoint_emulator.api.control_plane import ControlPlane
from async_endpoint_emulator.api.tags import Tags
from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.resources import Namer
from async_endpoint_emulator.validation import operation_model, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from relay.errors import ConfigurationError
from relay.provision.specification import api_requests, overrides
from relay.provision.specification.overrides import REFUSED
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Specification

from tests.support.emulator.signed import UNSIGNED
from tests.support.provisioning.properties import REGION, properties
from tests.support.sagemaker.api import flaws, service
from tests.support.sagemaker.documents import Path, documents, spelled, with_junk

EXAMPLES = int(os.environ.get("RELAY_EXAMPLES", "100"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
_INDEX = re.compile(r"\[\d+\]")


def is_refused(path: str) -> bool:
    return path in REFUSED


def section(operation: str, name: str) -> st.SearchStrategy[Any]:
    shape = service().operation_model(operation).input_shape
    assert shape is not None
    return cast("st.SearchStrategy[Any]", documents(shape, name, is_refused))


def one_of_each(model: dict[str, Any]) -> dict[str, Any]:
    """Without what cannot be given together, which `test_rules` is about."""
    if model.pop("Containers", None) is not None or "InferenceExecutionConfig" in model:
        model.pop("InferenceExecutionConfig", None)
    container = model.get("PrimaryContainer", {})
    container.pop("Mode", None)
    container.pop("ImageConfig", None)
    if "S3DataSource" not in container.get("ModelDataSource", {}):
        container.pop("ModelDataSource", None)
    channels = container.get("AdditionalModelDataSources", [])
    if len({each["ChannelName"] for each in channels}) != len(channels):
        container.pop("AdditionalModelDataSources")
    return model


def pipeline(model: dict[str, Any]) -> dict[str, Any]:
    """Several containers, each with an image of its own and nothing that excludes another."""
    single = {"ContainerHostname", "Mode", "ImageConfig", "ModelDataUrl", "ModelDataSource"}
    several = [
        {"Image": "an-image"} | {k: v for k, v in each.items() if k not in single}
        for each in model.get("Containers", [])
    ]
    for each in several:
        each.pop("AdditionalModelDataSources", None)
    model["Containers"] = several or [{"Image": "an-image"}, {"Image": "another"}]
    model.pop("PrimaryContainer", None)
    model["InferenceExecutionConfig"] = {"Mode": "Serial"}
    return model


def with_one_variant(config: dict[str, Any]) -> dict[str, Any]:
    config["ProductionVariants"] = config["ProductionVariants"][:1]
    for variant in config["ProductionVariants"]:
        if variant.get("RoutingConfig", {}).get("RoutingStrategy") != "PREFIX_AWARE":
            variant.get("RoutingConfig", {}).pop("PrefixAwareRoutingConfig", None)
    return config


MODELS = section("CreateModel", "Model")
CONFIGS = section("CreateEndpointConfig", "EndpointConfig").map(with_one_variant)
TAGS = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("xy é", max_size=4)).map(
    lambda tags: [{"Key": key, "Value": value} for key, value in tags.items()]
)


def specifications(models: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {}, optional={"Model": models, "EndpointConfig": CONFIGS, "Tags": TAGS}
    )


SINGLE = specifications(MODELS.map(one_of_each))
SEVERAL = st.fixed_dictionaries({"Model": MODELS.map(pipeline)}, optional={"Tags": TAGS})


def read(document: object) -> Specification:
    """With the artifact in the parameter, unless the document has its own place for it."""
    model = document.get("Model") if isinstance(document, dict) else None
    model = model if isinstance(model, dict) else {}
    container = model.get("PrimaryContainer")
    elsewhere = "Containers" in model or (
        isinstance(container, dict) and "ModelDataSource" in container
    )
    changes = {"ModelDataUrl": ""} if elsewhere else {}
    given = properties(EndpointSpecification=json.dumps(document), **changes)
    return read_specification(given, REGION, flaws)


class FullAccess:
    """The emulator's view of callers and roles: every caller may do everything."""

    def __init__(self) -> None:
        self.tags = Tags()

    async def identify(self, authorization: object) -> Caller:
        return Caller("root", None)

    async def require(self, *question: object) -> None: ...

    async def usable(self, role_arn: str) -> bool:
        return True

    async def artifact(self, role_arn: str, container: object) -> None: ...


def refusal_of_the_emulator(specification: Specification) -> str:
    """What the emulator says against it; nothing when it makes everything."""
    access: Any = FullAccess()
    nothing: Any = None
    plane = ControlPlane(
        nothing,
        access.usable,
        access.artifact,
        access,
        FaultInjector(),
        Namer(REGION, "000000000000"),
        20,
    )

    async def make() -> None:
        await plane.call("CreateModel", api_requests.create_model(specification), UNSIGNED)
        await plane.call(
            "CreateEndpointConfig", api_requests.create_endpoint_config(specification), UNSIGNED
        )

    try:
        asyncio.run(make())
        endpoint = api_requests.create_endpoint(specification)
        validate(operation_model("sagemaker", "CreateEndpoint"), endpoint, "ValidationException")
    except AwsError as refusal:
        return f"{refusal}: {refusal.args}"
    return ""


@FUZZ
@given(SINGLE)
def test_what_the_api_allows_is_accepted_by_the_relay_and_by_the_emulator(document: object) -> None:
    specification = read(document)

    assert refusal_of_the_emulator(specification) == ""


@FUZZ
@given(SEVERAL)
def test_a_valid_inference_pipeline_is_accepted_by_both(document: object) -> None:
    specification = read(document)

    assert refusal_of_the_emulator(specification) == ""


@FUZZ
@given(st.one_of(SINGLE, SEVERAL).filter(bool).flatmap(with_junk))
def test_junk_is_accepted_by_both_or_refused_by_its_name(drawn: tuple[Path, Any]) -> None:
    path, document = drawn
    try:
        specification = read(document)
    except ConfigurationError as refusal:
        assert names_something_of(path, str(refusal))
    else:
        assert refusal_of_the_emulator(specification) == ""


def names_something_of(path: Path, message: str) -> bool:
    """Whether a problem is about the member, about something around it, or inside it."""
    whole = f"EndpointSpecification.{spelled(path)}"
    around = [f"EndpointSpecification.{spelled(path[:end])}" for end in range(1, len(path) + 1)]
    problems = message.removeprefix("the endpoint's properties are wrong: ").split("; ")
    return any(
        problem.startswith(whole)
        or any(re.match(re.escape(part) + r"(?![\w])", problem) for part in around)
        # One among several containers has no names of its own among the simple properties.
        or (path[0] == "Model" and problem.startswith("ModelDataUrl"))
        for problem in problems
    )


@FUZZ
@given(st.dictionaries(st.sampled_from(["Model", "EndpointConfig", "Tags", "x"]), st.text()))
def test_any_wrong_document_is_a_configuration_error(document: object) -> None:
    assume(document)

    with pytest.raises(ConfigurationError, match="EndpointSpecification"):
        read(document)


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_what_is_refused_exists_in_the_api(path: str) -> None:
    operation = {"Model": "CreateModel", "EndpointConfig": "CreateEndpointConfig"}
    first, *rest = path.split(".")
    shape: Any = service().operation_model(operation[first]).input_shape

    for name in rest:
        shape = shape.members[name.removesuffix("[]")]
        shape = shape.member if name.endswith("[]") else shape

    assert shape is not None
    assert overrides.REFUSED[path]
