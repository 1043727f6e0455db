"""Why a direct call or an upload is refused before anything begins. docs/reference/endings.md."""

from typing import Final

from relay.provision.texts.ending import Ending

_UNCHANGED: Final = "Nothing was changed"

DELETE_BY_CALL: Final = Ending(
    "A direct call asks for the deletion of the endpoint",
    "the stack owns the endpoint, and uploads would wait for it",
    _UNCHANGED,
    to_do="To delete the endpoint, delete the stack",
)
WHILE_DELETING: Final = Ending(
    "A roll-out is asked for during a deletion",
    "the endpoint is being deleted",
    _UNCHANGED,
    "The deletion goes on",
    "Deploy the stack again when the deletion has ended, and then {again}",
)
OF_EXISTING: Final = Ending(
    "A roll-out is asked for, and `EndpointMode` is `existing`",
    "EndpointMode is existing: the relay never changes that endpoint",
    _UNCHANGED,
    to_do="Update the endpoint with the tools of its owner",
)
NO_ENDPOINT: Final = Ending(
    "A roll-out is asked for, and the relay has created no endpoint",
    "there is no endpoint that the relay made and could change",
    _UNCHANGED,
    to_do="Create the endpoint by deploying the stack, and then {again}",
)
NOTHING_BEFORE: Final = Ending(
    "A rollback is asked for, and the endpoint has had one generation only",
    "the endpoint has had no model and configuration before the present ones",
    _UNCHANGED,
    to_do="Roll out the model that is to serve: call `deploy`, or upload it under models/",
)
BEFORE_UNKNOWN: Final = Ending(
    "A rollback is asked for, and the record of the previous generation is lost",
    "the relay has no record of the parameters of the previous model and configuration",
    _UNCHANGED,
    to_do="Roll out the model that is to serve: call `deploy`, or upload it under models/",
)
BEFORE_OVERWRITTEN: Final = Ending(
    "A rollback is asked for, and an upload has overwritten the previous artifact",
    "the previous artifact, {artifact}, has been overwritten by the one that serves now",
    _UNCHANGED,
    to_do="Upload the old artifact again, preferably under a key of its own",
)
BEFORE_EQUAL: Final = Ending(
    "A rollback is asked for, and only the stack changed the previous generation",
    "the previous configuration differs only in what the parameters of the stack set",
    _UNCHANGED,
    to_do="Update the stack with the parameters from before",
)

TOO_LARGE: Final = Ending(
    "A roll-out is asked for, and what is stored about the endpoint would be too large with it",
    "the endpoint's record would have {size} bytes with this roll-out, and may have {most}",
    _UNCHANGED,
    to_do="Shorten `environment`; or wait until the roll-outs before this one have ended, and then "
    "{again}",
)

WRONG: Final = Ending(
    "A direct call or an upload asks for what is not possible, such as an unknown member",
    "{cause}",
    _UNCHANGED,
    to_do="Correct what is named, and {again}",
)

REFUSALS: Final = {name: each for name, each in [*globals().items()] if isinstance(each, Ending)}
