"""Responses to custom resource requests: one PUT to a presigned URL."""

from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import ResponseNotDelivered

_SECONDS: Final = 10


class CloudFormationResponder:
    """Implements `Responder`. The ResponseURL is a secret: no error contains it."""

    def deliver(self, response: Response) -> None:
        url = response.request.response_url
        if urlsplit(url).scheme not in ("https", "http"):
            raise ResponseNotDelivered("the ResponseURL is neither https nor http")
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
