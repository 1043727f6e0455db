"""Why a direct call or an upload is refused before anything begins. docs/reference/endings.md."""

from typing import Final

from relay.provision.lifecycle.ending import Ending

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
    "Deploy the stack, and then repeat this",
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
    to_do="Create the endpoint with a deployment of the stack, and then repeat this",
)
NOTHING_BEFORE: Final = Ending(
    "A rollback is asked for, and the endpoint has had one generation only",
    "there is no generation before this one to go back to",
    _UNCHANGED,
    to_do="Roll out the model that is to serve",
)
BEFORE_UNKNOWN: Final = Ending(
    "A rollback is asked for, and the record of the previous generation is lost",
    "the relay did not remember what the generation before was made of",
    _UNCHANGED,
    to_do="Roll out the model that is to serve",
)
BEFORE_OVERWRITTEN: Final = Ending(
    "A rollback is asked for, and an upload has overwritten the previous artifact",
    "the artifact of the generation before, {artifact}, has been overwritten by the one that "
    "serves now",
    _UNCHANGED,
    to_do="Upload the old artifact again, best under a key of its own",
)
BEFORE_EQUAL: Final = Ending(
    "A rollback is asked for, and only the stack changed the previous generation",
    "the generation before differs in nothing that a roll-out may change",
    _UNCHANGED,
    to_do="Update the stack with the parameters from before",
)

TOO_LARGE: Final = Ending(
    "A roll-out is asked for, and what is stored about the endpoint would be too large with it",
    "the endpoint's record would have {size} bytes with this roll-out, and may have {most}",
    _UNCHANGED,
    to_do="Shorten `environment`; or wait until the roll-outs before this one have ended, and then "
    "repeat this",
)

REFUSALS: Final = {name: each for name, each in [*globals().items()] if isinstance(each, Ending)}
