"""Models, configurations and endpoints in a fake account."""

from datetime import timedelta

from tests.support.aws_fake.account import Account


def make_config(account: Account, name: str = "relay-c1", type: str = "ml.m5.large") -> None:
    """A configuration, with a model of the same name whose artifact has that name too."""
    sagemaker = account.clients.sagemaker
    sagemaker.create_model(ModelName=name, PrimaryContainer={"ModelDataUrl": f"s3://m/{name}"})
    variant = {"ModelName": name, "InstanceType": type, "InitialInstanceCount": 2}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def make_endpoint(account: Account, type: str = "ml.m5.large") -> None:
    """In service."""
    make_config(account, type=type)
    account.clients.sagemaker.create_endpoint(EndpointName="relay", EndpointConfigName="relay-c1")
    wait(account)


def wait(account: Account, seconds: float = 1000) -> None:
    """Let AWS end what it is doing, and a new invocation begin."""
    account.clock.advance_to(account.clock.now() + timedelta(seconds=seconds))
    account.calls.begin("test")


def status(account: Account) -> str:
    found = account.clients.sagemaker.describe_endpoint(EndpointName="relay")
    return str(found["EndpointStatus"])


def config(account: Account) -> str:
    found = account.clients.sagemaker.describe_endpoint(EndpointName="relay")
    return str(found["EndpointConfigName"])


def update(account: Account, name: str, **members: object) -> None:
    account.clients.sagemaker.update_endpoint(
        EndpointName="relay", EndpointConfigName=name, **members
    )
