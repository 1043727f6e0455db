"""boto3 clients for one local stack, whatever the developer's own AWS configuration says."""

import os

import boto3
import botocore.session
from botocore.config import Config

from local.stack.environment import client_variables
from local.stack.settings import StackSettings

# No profile and no file, so that neither can add an endpoint, a region or credentials.
_NO_CONFIGURATION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class Clients:
    """The root user's clients. Threads may share them."""

    def __init__(self, settings: StackSettings) -> None:
        variables = client_variables(settings)
        session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
            botocore_session=botocore.session.Session(session_vars=_NO_CONFIGURATION),
        )
        config = Config(
            proxies={},
            max_pool_connections=32,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        url, trust = settings.aws_url, variables["AWS_CA_BUNDLE"]
        self.cloudformation = session.client(
            "cloudformation", endpoint_url=url, verify=trust, config=config
        )
        self.dynamodb = session.client("dynamodb", endpoint_url=url, verify=trust, config=config)
        self.functions = session.client("lambda", endpoint_url=url, verify=trust, config=config)
        self.iam = session.client("iam", endpoint_url=url, verify=trust, config=config)
        self.logs = session.client("logs", endpoint_url=url, verify=trust, config=config)
        self.s3 = session.client("s3", endpoint_url=url, verify=trust, config=config)
        self.sqs = session.client("sqs", endpoint_url=url, verify=trust, config=config)
        self.sts = session.client("sts", endpoint_url=url, verify=trust, config=config)
        self.sagemaker = session.client(
            "sagemaker", endpoint_url=settings.sagemaker_url, config=config
        )
