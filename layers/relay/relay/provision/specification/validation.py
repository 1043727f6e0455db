"""Validation of the requests before the first is sent, with messages that name the properties.

Flaws come from the rules of each property, from the API's model (through a port, because only an
adapter may read it), and from rules that the model cannot express. The owner of the stack sees
neither requests nor operations, so every message names the property or the member that was given.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from relay.provision.specification.api_requests import Flaw, Request, RequestCheck
from relay.provision.specification.endpoint_properties import ENDPOINT_PROPERTIES, PROPERTY
from relay.provision.specification.properties import PropertyReader
from relay.s3uri import S3Uri

# The member of EndpointSpecification that a request begins with.
_SECTIONS: Final = {"CreateModel": "Model", "CreateEndpointConfig": "EndpointConfig"}
_ORIGINS: Final = {
    member.replace("[]", "[0]"): each.name
    for each in ENDPOINT_PROPERTIES
    for member in each.members
}


def check(reader: PropertyReader, model: Request, config: Request, *, by: RequestCheck) -> None:
    """Report to `reader` what SageMaker would refuse in the two requests.

    A property that its own rules refused before is not reported again, nor an image that is missing
    because no image was found for its framework.
    """
    found = [("CreateModel", flaw) for flaw in by("CreateModel", model)]
    found += [("CreateEndpointConfig", flaw) for flaw in by("CreateEndpointConfig", config)]
    found += flaws(model, config, reader.inputs())
    for operation, flaw in found:
        origin, where = _origin(operation, flaw.path)
        if origin == "ImageUri" and not reader.value(origin):
            continue
        if not reader.has_refused(where if origin.startswith(PROPERTY) else origin):
            reader.refuse(where, flaw.problem)


def _origin(operation: str, path: str) -> tuple[str, str]:
    """Return the property that sets a path, and the path below that property."""
    member = f"{_SECTIONS[operation]}.{path}"
    for prefix, origin in _ORIGINS.items():
        rest = member.removeprefix(prefix)
        if member.startswith(prefix) and (not rest or rest[0] in ".["):
            return origin, f"{origin}{rest}"
    return f"{PROPERTY}.{_SECTIONS[operation]}", f"{PROPERTY}.{member}"


# Rules of SageMaker's API that its model cannot express, because they combine several members. The
# documentation of the members has them. SageMaker reports one at a time, and some of them only
# minutes later, when the endpoint fails.

# Of a request's environments together, in UTF-8.
_ENVIRONMENT_BYTES: Final = 32 * 1024
_METRIC_SECONDS: Final = (10, 30, 60, 120, 180, 240, 300)


def flaws(model: Request, config: Request, inputs: Sequence[S3Uri]) -> Iterator[tuple[str, Flaw]]:
    """Yield flaws of CreateModel and CreateEndpointConfig, each with the name of its operation.

    `inputs` are the folders whose objects are submitted: nothing else may be written there. Members
    of a wrong type are skipped, because the API's model finds them.
    """
    for flaw in _of_model(model):
        yield "CreateModel", flaw
    for flaw in _of_config(config, inputs):
        yield "CreateEndpointConfig", flaw


def _of_model(model: Request) -> Iterator[Flaw]:
    several = "Containers" in model
    if several and "PrimaryContainer" in model:
        yield Flaw("PrimaryContainer", "cannot be given together with Containers")
    if "InferenceExecutionConfig" in model and not several:
        yield Flaw("InferenceExecutionConfig", "needs Containers")
    containers = _containers(model)
    for path, container in containers:
        yield from _of_container(path, container, in_vpc="VpcConfig" in model)
    names = [container.get("ContainerHostname") for _, container in containers if several]
    if None in names and any(names):
        yield Flaw("Containers", "must all have a ContainerHostname, or none of them")
    for name in _repeated(names):
        yield Flaw("Containers", f"have the ContainerHostname {name!r} more than once")
    if sum(_environment_size(container) for _, container in containers) > _ENVIRONMENT_BYTES:
        where = "Containers" if several else "PrimaryContainer.Environment"
        what = "have environments that are" if several else "is"
        yield Flaw(where, f"{what} longer than {_ENVIRONMENT_BYTES} bytes in all")
    yield from _of_tags(model)


def _containers(model: Request) -> list[tuple[str, Request]]:
    if "Containers" in model:
        return [(f"Containers[{i}]", each) for i, each in enumerate(_list(model, "Containers"))]
    return [("PrimaryContainer", _object(model, "PrimaryContainer"))]


def _of_container(path: str, container: Request, *, in_vpc: bool) -> Iterator[Flaw]:
    if "Image" not in container:
        yield Flaw(f"{path}.Image", "is missing")
    if "ModelDataUrl" in container and "ModelDataSource" in container:
        yield Flaw(f"{path}.ModelDataSource", "cannot be given together with ModelDataUrl")
    source = _object(container, "ModelDataSource")
    if "ModelDataSource" in container and "S3DataSource" not in source:
        yield Flaw(f"{path}.ModelDataSource.S3DataSource", "is missing")
    yield from _of_source(f"{path}.ModelDataSource.S3DataSource", _object(source, "S3DataSource"))
    others = _list(container, "AdditionalModelDataSources")
    for index, other in enumerate(others):
        where = f"{path}.AdditionalModelDataSources[{index}].S3DataSource"
        yield from _of_source(where, _object(other, "S3DataSource"))
    for name in _repeated([other.get("ChannelName") for other in others]):
        problem = f"have the ChannelName {name!r} more than once"
        yield Flaw(f"{path}.AdditionalModelDataSources", problem)
    image = _object(container, "ImageConfig")
    private = image.get("RepositoryAccessMode") == "Vpc"
    if private and not in_vpc:
        yield Flaw(f"{path}.ImageConfig", "with RepositoryAccessMode Vpc needs Model.VpcConfig")
    if "RepositoryAuthConfig" in image and not private:
        where = f"{path}.ImageConfig.RepositoryAuthConfig"
        yield Flaw(where, "is for RepositoryAccessMode Vpc only")
    metrics = _list(_object(container, "ContainerMetricsConfig"), "MetricsEndpoints")
    for index, each in enumerate(metrics):
        where = f"{path}.ContainerMetricsConfig.MetricsEndpoints[{index}]"
        yield from _of_frequency(where, each)


def _of_source(path: str, source: Request) -> Iterator[Flaw]:
    if source.get("S3DataType") != "S3Prefix":
        return
    if not str(source.get("S3Uri", "")).endswith("/"):
        yield Flaw(f"{path}.S3Uri", "must end with a slash where S3DataType is S3Prefix")
    if source.get("CompressionType") == "Gzip":
        yield Flaw(f"{path}.CompressionType", "must be None where S3DataType is S3Prefix")


def _of_config(config: Request, inputs: Sequence[S3Uri]) -> Iterator[Flaw]:
    variant = next(iter(_list(config, "ProductionVariants")), {})
    routing = _object(variant, "RoutingConfig")
    if "PrefixAwareRoutingConfig" in routing and routing.get("RoutingStrategy") != "PREFIX_AWARE":
        where = "ProductionVariants[0].RoutingConfig.PrefixAwareRoutingConfig"
        yield Flaw(where, "is for RoutingStrategy PREFIX_AWARE only")
    written = {
        "DataCaptureConfig": _object(config, "DataCaptureConfig"),
        "ProductionVariants[0].CoreDumpConfig": _object(variant, "CoreDumpConfig"),
    }
    for path, part in written.items():
        for folder in inputs:
            if _lies_under(part.get("DestinationS3Uri"), folder):
                problem = f"is under {folder}: every object there is submitted"
                yield Flaw(f"{path}.DestinationS3Uri", problem)
    if "MetricsConfig" in config:
        yield from _of_frequency("MetricsConfig", _object(config, "MetricsConfig"))


def _of_frequency(path: str, part: Request) -> Iterator[Flaw]:
    seconds = part.get("MetricPublishFrequencyInSeconds")
    if isinstance(seconds, int) and seconds not in _METRIC_SECONDS:
        allowed = ", ".join(map(str, _METRIC_SECONDS))
        yield Flaw(f"{path}.MetricPublishFrequencyInSeconds", f"must be one of {allowed}")


def _of_tags(model: Request) -> Iterator[Flaw]:
    """Yield flaws of the tags, which model, configuration and endpoint share."""
    keys = [tag.get("Key") for tag in _list(model, "Tags")]
    for index, key in enumerate(keys):
        if str(key).lower().startswith("aws:"):
            yield Flaw(f"Tags[{index}].Key", "begins with aws:, which is reserved for AWS")
    for key in _repeated(keys):
        yield Flaw("Tags", f"have the Key {key!r} more than once")


def _lies_under(location: object, folder: S3Uri) -> bool:
    # The API's model refuses what is not an S3 URI.
    return folder.contains_text(str(location).removesuffix("/") + "/")


def _environment_size(container: Request) -> int:
    return sum(
        len(str(part).encode(errors="surrogatepass"))
        for entry in _object(container, "Environment").items()
        for part in entry
    )


def _repeated(values: list[object]) -> list[object]:
    counted = Counter(value for value in values if isinstance(value, str))
    return [value for value, times in counted.items() if times > 1]


def _object(part: Request, name: str) -> Request:
    value = part.get(name)
    return value if isinstance(value, dict) else {}


def _list(part: Request, name: str) -> list[Request]:
    value = part.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
