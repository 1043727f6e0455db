"""Why AWS did not take a call: `{problem}` and `{advice}` of the endings. See endings.py."""

from typing import Final

from relay.provision.texts.ending import CallFailure

DENIED: Final = CallFailure(
    "AWS denies a permission for five minutes, or for ten in a deletion",
    "{cause}. The permission was still missing {minutes} minutes after the first refusal",
    "Verify that no permissions boundary, service control policy or change made by hand denies "
    "this to the provision function's role",
)
THROTTLED: Final = CallFailure(
    "AWS throttles a call for 52 minutes",
    "{cause}. AWS throttled this call for {minutes} minutes",
    "Find in CloudTrail which callers use this API often in this account and region, and reduce "
    "their calls",
)
NO_RESPONSE: Final = CallFailure(
    "A call fails for 52 minutes with a network or server error, or while SageMaker is busy",
    "{cause}. This call failed for {minutes} minutes",
    "Check the AWS Health Dashboard, and wait until the service is available again",
)
REFUSED: Final = CallFailure(
    "AWS refuses a call with an error that lasts",
    "{cause}",
    "Correct what this error names",
)
CALL_FAILURES: Final = (DENIED, THROTTLED, NO_RESPONSE, REFUSED)
