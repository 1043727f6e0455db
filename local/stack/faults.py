"""Has MiniStack hang and reorder on demand; `local.ministack.faults` has the document's members."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3

from local.errors import LocalStackError
from local.ministack.faults import PATH
from local.stack.certificate import Certificate
from local.stack.settings import StackSettings


def set_aws_faults(settings: StackSettings, faults: Mapping[str, Any]) -> None:
    """Replaces the faults that are in force. Raises LocalStackError when MiniStack refuses them."""
    authority = str(Certificate.at(settings.tls).certificate)
    with urllib3.PoolManager(ca_certs=authority) as http:
        try:
            answer = http.request(
                *("PUT", f"{settings.aws_url}{PATH}"),
                body=json.dumps(faults),
                timeout=10,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as exc:
            raise LocalStackError(f"MiniStack does not answer: {exc}") from exc
    if answer.status >= 400:
        raise LocalStackError(f"MiniStack refused {faults}: {answer.data.decode()}")
