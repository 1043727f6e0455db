"""Has MiniStack hang and reorder on demand; `local.ministack.faults` has the document's members."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3

from local.errors import LocalStackError
from local.ministack.paths import FAULTS
from local.stack.certificate import Certificate
from local.stack.root_user import signed_headers
from local.stack.settings import StackSettings


def set_aws_faults(settings: StackSettings, faults: Mapping[str, Any]) -> None:
    """Replaces the faults that are in force. Raises LocalStackError when MiniStack refuses them."""
    authority = str(Certificate.at(settings.tls).certificate)
    url, body = f"{settings.aws_url}{FAULTS}", json.dumps(faults).encode()
    with urllib3.PoolManager(ca_certs=authority) as http:
        try:
            answer = http.request(
                *("PUT", url),
                body=body,
                headers=signed_headers(settings, "PUT", url, body),
                timeout=10,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as exc:
            raise LocalStackError(f"MiniStack does not answer: {exc}") from exc
    if answer.status >= 400:
        raise LocalStackError(f"MiniStack refused {faults}: {answer.data.decode()}")
