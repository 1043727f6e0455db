"""The API of SageMaker as botocore describes it, read once for all tests."""

from functools import cache

import botocore.session
from botocore.model import ServiceModel
from relay.aws.sagemaker import api_model
from relay.provision.specification.api_requests import Flaw, Request


@cache
def service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


def flaws(operation: str, request: Request) -> list[Flaw]:
    """What the adapter finds wrong with a request."""
    return list(api_model.flaws(service(), operation, request))
