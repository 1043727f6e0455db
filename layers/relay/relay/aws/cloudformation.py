"""CloudFormation's requests to a custom resource, and responses to them.

A response is one PUT to the request's presigned URL, of an object in CloudFormation's bucket
`cloudformation-custom-resource-response-REGION`, where the region has no hyphens.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-create.html
"""

import re
from collections.abc import Callable
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import ResponseNotDelivered
from relay.s3uri import host_prefix

_SECONDS: Final = 10


class CloudFormationResponder:
    """Implements `Responder`. The ResponseURL is a secret: no error contains it.

    Args:
        stack_id: ARN of the stack of this deployment.
        s3_endpoint: returns the URL of S3 in the region, as the SDK resolves it.
    """

    def __init__(self, stack_id: str, s3_endpoint: Callable[[], str]) -> None:
        self._stack_id = stack_id
        self._s3_endpoint = s3_endpoint

    def objection(self, stack_id: str, response_url: str) -> str | None:
        if _without_number(stack_id) != _without_number(self._stack_id):
            return f"its StackId is not of {_without_number(self._stack_id)}"
        if not self._is_cloudformations(response_url):
            return f"its ResponseURL is not an https URL of the bucket {self._bucket}"
        return None

    def deliver(self, response: Response) -> None:
        url = response.request.response_url
        if not self._is_cloudformations(url):
            raise ResponseNotDelivered("the ResponseURL is not CloudFormation's")
        # The presigned URL is for an empty content type, and urllib's default would be refused.
        request = Request(  # noqa: S310 - the scheme is checked above
            url, data=response.to_json().encode(), method="PUT", headers={"Content-Type": ""}
        )
        try:
            with urlopen(request, timeout=_SECONDS):  # noqa: S310 - the scheme is checked above
                pass
        except HTTPError as error:
            with error:
                raise ResponseNotDelivered(
                    f"CloudFormation answered {error.code} to request {response.request.request_id}"
                ) from error
        except (OSError, HTTPException, ValueError) as error:
            # The error's own text may contain the URL.
            cause = error.reason if isinstance(error, URLError) else type(error).__name__
            raise ResponseNotDelivered(
                f"CloudFormation could not be reached for request {response.request.request_id}: "
                f"{cause}"
            ) from error

    @property
    def _region(self) -> str:
        return self._stack_id.split(":")[3]

    @property
    def _bucket(self) -> str:
        return f"cloudformation-custom-resource-response-{self._region.replace('-', '')}"

    def _is_cloudformations(self, url: str) -> bool:
        """Recorded URLs have the hosts BUCKET.s3.amazonaws.com, BUCKET.s3-REGION.amazonaws.com and
        BUCKET.s3.REGION.amazonaws.com.cn. So each host of S3 in the region and its partition is
        accepted, and the SDK's own endpoint, with the bucket before the host or in the path.
        """
        own = urlsplit(self._s3_endpoint()).netloc
        prefix = host_prefix(self._region)
        domain = re.sub(f"^{prefix}", "", own)
        host = f"(?:{re.escape(own)}|{prefix}{re.escape(domain)})"
        # Of printable characters, and without a segment that leads out of the bucket.
        form = rf"https://(?:{self._bucket}\.{host}|{host}/{self._bucket})/[!-\[\]-~]*"
        path = unquote(url.partition("?")[0])
        return bool(re.fullmatch(form, url)) and ".." not in re.split(r"[/\\]", path)


def _without_number(stack_id: str) -> str:
    """Partition, region, account and name of a stack, without what differs when it is made anew."""
    return stack_id.rpartition("/")[0]
