"""The root user of one local stack: an access key that is made when the stack starts.

MiniStack and the endpoint emulator allow root everything. So its secret is random, and lies in a
file that only the account that started the stack can read.
"""

import base64
import json
import secrets
from dataclasses import asdict, dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.errors import LocalStackError
from local.machine import private
from local.stack.settings import REGION, StackSettings


@dataclass(frozen=True, slots=True)
class RootUser:
    access_key_id: str
    secret_access_key: str


def issue(settings: StackSettings) -> RootUser:
    """Makes a new access key in the form of AWS's, in place of the earlier one."""
    root = RootUser(
        "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode(),
        base64.b64encode(secrets.token_bytes(30)).decode(),
    )
    private.make_directory(settings.directory)
    private.write(settings.root_user_file, json.dumps(asdict(root)).encode())
    return root


def read(settings: StackSettings) -> RootUser:
    """Raises LocalStackError: no stack was started in this directory."""
    try:
        return RootUser(**json.loads(settings.root_user_file.read_text()))
    except FileNotFoundError as exc:
        raise LocalStackError("no local stack is up: `make up` starts one") from exc


def signed_headers(settings: StackSettings, method: str, url: str, body: bytes) -> dict[str, str]:
    """Root's signature, for the servers' own interfaces, of which no AWS SDK knows."""
    root = read(settings)
    request = AWSRequest(method=method, url=url, data=body)
    credentials = Credentials(root.access_key_id, root.secret_access_key)
    SigV4Auth(credentials, "sagemaker", REGION).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}
