"""CloudFormation's side of a custom resource: one PUT to an address that it signed beforehand."""

from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from relay.provision.lifecycle.custom_resource import Response
from relay.provision.lifecycle.ports import ResponseNotDelivered

_SECONDS: Final = 10


class CloudFormationPostman:
    """The port `Postman` of provision. Its address is a secret: no error names it."""

    def deliver(self, answer: Response) -> None:
        url = answer.request.response_url
        if urlsplit(url).scheme not in ("https", "http"):
            raise ResponseNotDelivered("the ResponseURL is neither https nor http")
        # CloudFormation signs an empty content type; urllib would fill in another, and S3 refuse
        # it.
        request = Request(  # noqa: S310 - the scheme is checked above
            url, data=answer.to_json().encode(), method="PUT", headers={"Content-Type": ""}
        )
        try:
            with urlopen(request, timeout=_SECONDS):  # noqa: S310 - the scheme is checked above
                pass
        except HTTPError as error:
            with error:
                raise ResponseNotDelivered(
                    f"CloudFormation answered {error.code} to request {answer.request.request_id}"
                ) from error
        except (OSError, HTTPException, ValueError) as error:
            # The error's own text may hold the address.
            cause = error.reason if isinstance(error, URLError) else type(error).__name__
            raise ResponseNotDelivered(
                f"CloudFormation could not be reached for request {answer.request.request_id}: "
                f"{cause}"
            ) from error
