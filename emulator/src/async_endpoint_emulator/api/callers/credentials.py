"""Asks an AWS stand-in whose an access key is, and what its secret is.

`GET {address}/{access key}`, signed by root, is answered with a JSON object: `arn`, `principal`
(the user or the role whose policies decide; null for root) and `secret_access_key`; or with 404. No
API of AWS tells this.
"""

import json
import os
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from async_endpoint_emulator.api.callers.identity import Caller, Holder
from async_endpoint_emulator.errors import AwsError

_SECONDS = 10


def ask(root: Credentials, address: str, access_key_id: str) -> Holder | None:
    """Blocks. None: there is no such key.

    Raises:
        AwsError: InternalFailure, because the stand-in does not answer as it should.
    """
    url = f"{address.rstrip('/')}/{quote(access_key_id, safe='')}"
    request = AWSRequest("GET", url)
    SigV4Auth(root, "sagemaker", "us-east-1").add_auth(request)
    # Its stub does not know that `verify` may be a path.
    trust: Any = os.environ.get("AWS_CA_BUNDLE", True)
    http = URLLib3Session(verify=trust, timeout=_SECONDS)
    try:
        answer = http.send(request.prepare())
        if answer.status_code == 404:
            return None
        found = json.loads(answer.content)
        return Holder(Caller(found["arn"], found["principal"]), found["secret_access_key"])
    except (BotoCoreError, ValueError, KeyError, TypeError) as exc:
        message = f"The AWS stand-in did not say at {address} whose the access key is: {exc!r}"
        raise AwsError("InternalFailure", message, 500) from exc
    finally:
        http.close()
