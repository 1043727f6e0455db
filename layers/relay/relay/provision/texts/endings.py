"""How a change of the endpoint can end badly, and what its owner reads then.

The table is the source of every reason that CloudFormation, the log and `describe` show, and of
docs/reference/endings.md. A text says what happened, which state the endpoint is in, what goes on
by itself, and what to do next. `{again}` is how to repeat what failed: the update of the stack, the
upload of the artifact, or the direct call.
"""

from typing import Final

from relay.provision.texts.ending import Ending

_UNCHANGED: Final = "Nothing was changed"
_REPEAT: Final = "{advice}. Then {again}"
_AGAIN_AND_AGAIN: Final = "every minute, and every 15 minutes after the first ten"
_CLEARED: Final = "The relay deletes what it made for the endpoint"
_OWNERS: Final = "The endpoint was not changed: it belongs to its owner"
_AT_WORK: Final = (
    "SageMaker goes on with the update, which no call cancels. CloudFormation's rollback waits for "
    "its end, and then updates the endpoint back"
)
_ALL_AT_ONCE: Final = "The relay updates it to the previous configuration once, all at once"
_MIXED: Final = (
    "The rollback failed as well: the endpoint serves the old and the new configuration mixed"
)
_DOWN: Final = "It does not serve, and requests wait in SubmitQueue"
_NOT_UPDATED: Final = "endpoint {name} could not be updated ({status}): {cause}"
_WAITED: Final = "endpoint {name} is still {status} after {minutes} minutes"

# --- before the first call ------------------------------------------------------------------------

PROPERTIES_WRONG: Final = Ending(
    "A parameter is wrong, or contradicts another",
    "{cause}",
    _UNCHANGED,
    to_do="Correct what is named, and deploy the stack again",
)
TOO_FEW_INSTANCES: Final = Ending(
    "`DeploymentStrategy` needs two instances, and the endpoint has one",
    "DeploymentStrategy is {strategy}, with which SageMaker moves at most half of the instances in "
    "one step, but endpoint {name} has only {count}",
    _UNCHANGED,
    to_do="Set DeploymentStrategy to AllAtOnce (in a call: the strategy of its deployment), or "
    "InstanceCount to at least 2, and {again}",
)
ANOTHER_STACKS: Final = Ending(
    "The endpoint belongs to another stack of the relay",
    "endpoint {name} belongs to the stack {stack}",
    "The relay does not change it",
    to_do="Choose another EndpointName, and deploy the stack again",
)
EXISTS_ALREADY: Final = Ending(
    "An endpoint of this name exists, and the stack did not create it",
    "endpoint {name} already exists with configuration {config}, which this request did not make",
    "The relay does not change it",
    to_do="Choose another EndpointName, or delete that endpoint, or set EndpointMode=existing to "
    "submit to it, and deploy the stack again",
)
CHANGED_BY_ANOTHER: Final = Ending(
    "Another caller has updated the stack's endpoint",
    "endpoint {name} has configuration {config}, which the relay did not make: another caller has "
    "updated the endpoint",
    "The relay does not change it",
    to_do="Update it back to a configuration of the relay, for example {before}, or delete it, so "
    "that the relay creates it again. Then {again}",
)

# --- a creation -----------------------------------------------------------------------------------

NOT_CREATED: Final = Ending(
    "SageMaker could not create the endpoint",
    "endpoint {name} could not be created ({status}): {cause}",
    "It does not serve",
    "The relay deletes it with its model and configuration",
    _REPEAT,
)
CREATION_GIVEN_UP: Final = Ending(
    "AWS did not take a call of a creation",
    "{problem}",
    "The endpoint does not serve",
    _CLEARED,
    _REPEAT,
)
CREATION_TOO_LATE: Final = Ending(
    "A creation takes longer than 52 minutes",
    _WAITED,
    "It does not serve",
    "The relay deletes it as soon as SageMaker has ended what it is doing",
    "{advice}. Deploy the stack again when the endpoint no longer exists",
)

# --- an update or a roll-out ----------------------------------------------------------------------

ROLLED_BACK: Final = Ending(
    "SageMaker rolled an update back",
    _NOT_UPDATED,
    "SageMaker rolled it back, and the previous configuration is in service",
    "The relay deletes the new model and configuration",
    _REPEAT,
)
LEFT_MIXED: Final = Ending(
    "An update ends with `UpdateRollbackFailed`",
    _NOT_UPDATED,
    _MIXED,
    _ALL_AT_ONCE,
    _REPEAT,
)
LEFT_OUT_OF_SERVICE: Final = Ending(
    "An update ends with `OutOfService`", _NOT_UPDATED, _DOWN, _ALL_AT_ONCE, _REPEAT
)
LEFT_FAILED: Final = Ending(
    "An update ends with `Failed`",
    _NOT_UPDATED,
    _DOWN,
    "The relay deletes it, because SageMaker updates no failed endpoint, and creates it with the "
    "previous configuration",
    _REPEAT,
)
LEFT_TO_THE_NEXT: Final = Ending(
    "An update ends with `UpdateRollbackFailed`, `OutOfService` or `Failed`, and another change "
    "waits",
    _NOT_UPDATED,
    "{state}",
    "The change that waits begins now, and replaces this configuration as well",
    _REPEAT,
)
LEFT_AS_IT_IS: Final = Ending(
    "The update back to the previous configuration fails too, or that configuration is unknown",
    _NOT_UPDATED,
    "{state}",
    "The relay does not try again",
    "{advice}. Then {again}, which also replaces an endpoint that failed",
)
UPDATE_NOT_BEGUN: Final = Ending(
    "AWS did not take a call that comes before UpdateEndpoint, or UpdateEndpoint itself",
    "{problem}",
    "Endpoint {name} is as it was before",
    "The relay deletes the new model and configuration",
    _REPEAT,
)
UPDATE_UNDER_WAY: Final = Ending(
    "AWS does not take a call after UpdateEndpoint: DescribeEndpoint, or the scaling",
    "{problem}",
    "SageMaker has accepted the update of endpoint {name}, so the new configuration may be in "
    "service, with or without its scaling",
    f"What SageMaker has begun goes on, and the relay tries to set the scaling {_AGAIN_AND_AGAIN}. "
    "After a stack update, CloudFormation's rollback then updates the endpoint back",
    _REPEAT,
)
SCALING_UNSURE: Final = Ending(
    "AWS did not take a call while the scaling changes, and UpdateEndpoint was not called",
    "{problem}",
    "Endpoint {name} has the configuration that it had before, and its scaling is not confirmed",
    f"The relay tries to restore the scaling from before, {_AGAIN_AND_AGAIN}",
    _REPEAT,
)
SCALING_NOT_RESTORED: Final = Ending(
    "CloudFormation rolls an update back, and the scaling cannot be restored (log only)",
    "the scaling is not restored yet: {cause}",
    "Endpoint {name} serves the configuration from before, and its scaling is not confirmed",
    f"The rollback succeeds, and the relay tries to restore the scaling, {_AGAIN_AND_AGAIN}",
    "{advice}",
)
NOT_RECREATED: Final = Ending(
    "An endpoint that failed, or that another caller deleted, is created again, and AWS does not "
    "take a call",
    "{problem}",
    "No endpoint {name} is in service, and requests wait in SubmitQueue",
    "The relay goes on until it has created the endpoint, if necessary with the previous "
    "configuration",
    _REPEAT,
)
UPDATE_TOO_LATE: Final = Ending(
    "An update takes longer than 52 minutes",
    _WAITED,
    "The update has not ended",
    _AT_WORK,
    "Wait until the status no longer changes. If the stack is in UPDATE_ROLLBACK_FAILED, continue "
    "its rollback. Then deploy the stack again, or roll the change out with the action `deploy`, "
    "which has no such limit",
)
UPDATE_HELD_UP: Final = Ending(
    "SageMaker changes the endpoint by itself, or for another caller, for longer than 52 minutes",
    _WAITED,
    "SageMaker accepts no update in this time, so the update of the stack has not begun",
    "SageMaker goes on with its change",
    "Deploy the stack again when the status no longer changes",
)
NEVER_ITS_TURN: Final = Ending(
    "A stack update waits for longer than 52 minutes for an earlier change",
    "an earlier change of endpoint {name} was still in progress after {minutes} minutes, and "
    "SageMaker takes no second one until it ends",
    "The stack's change has not begun",
    "The earlier change goes on",
    "Invoke the provision function with the action `describe`, and deploy the stack again when "
    "`goal` is `rest` in its response",
)
NO_ENDPOINT_TO_CHANGE: Final = Ending(
    "An artifact was uploaded, and no endpoint was created within five minutes",
    "the relay has made no endpoint that could be changed",
    _UNCHANGED,
    to_do="Create the endpoint by deploying the stack, and upload the artifact again",
)

# --- a deletion -----------------------------------------------------------------------------------

REMOVAL_GIVEN_UP: Final = Ending(
    "AWS does not take a call of a deletion",
    "{problem}",
    "Endpoint {name}, its scaling, models or configurations may still exist",
    f"The relay tries to delete them, {_AGAIN_AND_AGAIN}",
    "{advice}. Then delete the stack again",
)
REMOVAL_TOO_LATE: Final = Ending(
    "A deletion takes longer than 52 minutes",
    _WAITED,
    "It is not deleted yet",
    "SageMaker ends what it is doing, and the relay goes on with the removal",
    "Delete the stack again when the endpoint no longer exists",
)

FORMER_LEFT: Final = Ending(
    "The stack is deleted, and what a stack update made under another `EndpointName` is not "
    "deleted after 52 minutes",
    "the stack's endpoint is deleted, but what stack updates made under {names} is not deleted "
    "after {minutes} minutes",
    "Endpoints, models or configurations with these names may still exist",
    "The relay goes on with their removal",
    "See the errors about these names in the log of the provision function. Then delete the stack "
    "again",
)
NOT_FINISHED: Final = Ending(
    "A removal, the scaling, or the deletion of what is unused fails for ten minutes, and no "
    "request waits for it (log only)",
    "{problem}",
    "What the relay does for endpoint {name} without a request is not finished: {task}",
    "The relay tries again every 15 minutes, and at once when the stack is updated or deleted",
    "{advice}",
)

# --- an existing endpoint -------------------------------------------------------------------------

NO_SUCH_ENDPOINT: Final = Ending(
    "`EndpointMode` is `existing`, and there is no such endpoint",
    "EndpointMode is existing, but there is no endpoint {name} in this account and region",
    _UNCHANGED,
    to_do="Correct EndpointName, or create the endpoint with EndpointMode=create",
)
EXISTING_NOT_IN_SERVICE: Final = Ending(
    "`EndpointMode` is `existing`, and the endpoint is not in service",
    "EndpointMode is existing, and endpoint {name} is not in service ({status}): {cause}",
    _OWNERS,
    to_do="Bring it into service, and deploy the stack again",
)
UNSUITABLE: Final = Ending(
    "`EndpointMode` is `existing`, and the endpoint has another output configuration",
    "endpoint {name} cannot be used with its configuration {config}: {problems}",
    _OWNERS,
    to_do="Create a configuration with these values, update the endpoint to it, and deploy the "
    "stack again. If the topics do not exist yet, deploy with EndpointMode=none first",
)
VARIANT_MISSING: Final = Ending(
    "`EndpointMode` is `existing`, and the endpoint has no variant `VariantName`",
    "endpoint {name} cannot be used: {cause}",
    _OWNERS,
    to_do="Set VariantName to a variant that the endpoint has, and deploy the stack again",
)
EXISTING_NOT_CHECKED: Final = Ending(
    "`EndpointMode` is `existing`, and AWS does not take a call that describes the endpoint",
    "{problem}",
    _OWNERS,
    to_do=_REPEAT,
)
EXISTING_TOO_LATE: Final = Ending(
    "`EndpointMode` is `existing`, and the endpoint changes for longer than 52 minutes",
    _WAITED,
    _OWNERS,
    "SageMaker goes on with what the owner has begun",
    "Deploy the stack again when it is in service",
)

# --- requests and responses -----------------------------------------------------------------------

HELD_BACK: Final = Ending(
    "Lambda has held CloudFormation's request for too long",
    "Lambda did not invoke the provision function within 50 minutes after CloudFormation's "
    "{request} request",
    _UNCHANGED,
    to_do="Check the metric Throttles of the provision function, and the concurrency that the "
    "account has left for it. Then {again}",
)
NOT_STORED: Final = Ending(
    "The ledger table cannot be written for 52 minutes",
    "CloudFormation's {request} request could not be stored in the ledger table for 52 minutes: "
    "{cause}",
    _UNCHANGED,
    to_do="Verify that the ledger table exists and that the provision function's role may write to "
    "it. Then {again}",
)
NOT_RESPONDED: Final = Ending(
    "No decision is possible within the hour for which CloudFormation waits (log only)",
    "CloudFormation timed out waiting for the response to {request}",
    "CloudFormation counts it as failed",
    "The relay deletes what a creation has made, and follows an update or a removal to its end",
    "See the errors before this line in the log, and repeat the operation of the stack",
)
RESPONSE_DROPPED: Final = Ending(
    "A response cannot be delivered within an hour (log only)",
    "CloudFormation stopped waiting for the response to {request}, which is dropped",
    "The endpoint stays as the response says, until CloudFormation rolls back",
    to_do="See the errors before this line in the log, and repeat the operation of the stack",
)

ENDINGS: Final = {name: each for name, each in [*globals().items()] if isinstance(each, Ending)}
