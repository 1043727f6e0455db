"""The composition root: builds each use case from settings and clients, once an environment.

Each function imports only the modules that it needs: imports are most of a cold start.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from relay.aws.clients import Clients
from relay.aws.clock import SystemClock
from relay.aws.dynamodb.ledger import DynamoDbLedger
from relay.aws.messaging.outbox import AwsOutbox
from relay.aws.messaging.queues import SqsInbox
from relay.aws.messaging.targets import Targets
from relay.budget import Budget
from relay.settings import (
    BackfillSettings,
    ProvisionSettings,
    ReconcileSettings,
    RouteSettings,
    SubmitSettings,
)

# Maximum age of the routes in use. GetParameter is free of charge, but takes a few milliseconds.
_ROUTES_MAX_AGE = timedelta(seconds=5)

if TYPE_CHECKING:
    from relay.backfill.backfill import Backfilling
    from relay.backfill.operations import Operations
    from relay.provision.lifecycle.ports import Journal
    from relay.provision.provision import Provision
    from relay.reconcile.questions import Questions
    from relay.reconcile.reconcile import Reconcile
    from relay.route.route import Route
    from relay.submit.submit import Submit


def log_level(environment: Mapping[str, str] = os.environ) -> str:
    """Return the log level of a function: `RELAY_LOG_LEVEL`, or INFO."""
    return environment.get("RELAY_LOG_LEVEL") or "INFO"


def submit(budget: Budget, environment: Mapping[str, str] = os.environ) -> "Submit":
    """Build the use case of the submit function, whose invocations share `budget`.

    Raises:
        ConfigurationError: the environment is not valid; lists every problem.
    """
    from relay.aws.sagemaker.endpoint import SageMakerEndpoint
    from relay.submit.submit import Submit

    settings = SubmitSettings.read(environment)
    clients = Clients(budget=budget)
    return Submit(
        settings,
        SageMakerEndpoint(clients.sagemaker_runtime, settings.endpoint, budget),
        DynamoDbLedger(clients.dynamodb, settings.ledger_table),
        AwsOutbox(Targets(clients), budget),
        SqsInbox(clients.sqs, settings.submit_queue_url),
        SystemClock(),
        budget,
    )


def route(budget: Budget, environment: Mapping[str, str] = os.environ) -> "Route":
    """Build the use case of the route function, whose invocations share `budget`.

    Raises:
        ConfigurationError: the environment is not valid; lists every problem.
    """
    from relay.aws.parameters import SsmRouteDocuments
    from relay.route.route import Route
    from relay.routes.source import LastGoodRoutes

    settings = RouteSettings.read(environment)
    clients = Clients(budget=budget)
    clock = SystemClock()
    documents = SsmRouteDocuments(clients.ssm, settings.routes_parameter, _ROUTES_MAX_AGE)
    return Route(
        settings,
        LastGoodRoutes(documents, clock, pause=_ROUTES_MAX_AGE),
        DynamoDbLedger(clients.dynamodb, settings.ledger_table),
        AwsOutbox(Targets(clients), budget),
        SqsInbox(clients.sqs, settings.notification_queue_url),
        clock,
        budget,
    )


def reconcile(
    budget: Budget, environment: Mapping[str, str] = os.environ
) -> "tuple[Reconcile, Questions]":
    """Build the use case of the reconcile function, and the answers to its direct calls.

    Raises:
        ConfigurationError: the environment is not valid; lists every problem.
    """
    from relay.aws.dynamodb.due_ledger import DynamoDbDueLedger
    from relay.aws.storage import S3Storage
    from relay.reconcile.questions import Questions
    from relay.reconcile.reconcile import Reconcile

    settings = ReconcileSettings.read(environment)
    clients = Clients(budget=budget)
    ledger = DynamoDbDueLedger(clients.dynamodb, settings.ledger_table)
    outbox = AwsOutbox(Targets(clients), budget)
    storage = S3Storage(clients.s3, budget)
    clock = SystemClock()
    return (
        Reconcile(settings, ledger, storage, outbox, clock, budget),
        Questions(settings.inputs, ledger, storage, clock, budget),
    )


def backfill(
    budget: Budget, environment: Mapping[str, str] = os.environ
) -> "tuple[Backfilling, Operations]":
    """Build the use case of the backfill function, and the answers to its direct calls.

    Raises:
        ConfigurationError: the environment is not valid; lists every problem.
    """
    from relay.aws.dynamodb.backfill_store import DynamoDbBackfillStore
    from relay.aws.listing import S3Listing
    from relay.aws.messaging.queues import SqsBacklog
    from relay.aws.schedule import RuleSchedule
    from relay.backfill.backfill import Backfilling
    from relay.backfill.operations import Operations
    from relay.backfill.schedule import Switch

    settings = BackfillSettings.read(environment)
    clients = Clients(budget=budget)
    store = DynamoDbBackfillStore(clients.dynamodb, settings.ledger_table)
    clock = SystemClock()
    switch = Switch(store, RuleSchedule(clients.events, settings.schedule), clock)
    listing = S3Listing(clients.s3)
    # No state that a backfill waits for changes again, so an older one does no harm.
    ledger = DynamoDbLedger(clients.dynamodb, settings.ledger_table, eventual=True)
    return (
        Backfilling(
            settings,
            store,
            switch,
            listing,
            ledger,
            SqsBacklog(clients.sqs, settings.submit_queue_url),
            AwsOutbox(Targets(clients), budget),
            clock,
            budget,
        ),
        Operations(settings, store, switch, listing, clock),
    )


def provision(journal: "Journal", environment: Mapping[str, str] = os.environ) -> "Provision":
    """Build the use case of the provision function, which writes each step to `journal`.

    Raises:
        ConfigurationError: the environment is not valid; lists every problem.
    """
    from relay.aws.buckets import S3Buckets
    from relay.aws.cloudformation import CloudFormationResponder
    from relay.aws.dynamodb.record_store import DynamoDbRecordStore
    from relay.aws.messaging.failed_invocations import SqsFailedInvocations
    from relay.aws.model_environment import SsmEnvironment
    from relay.aws.sagemaker.autoscaling import ApplicationAutoScaling
    from relay.aws.sagemaker.control_plane import SageMakerControlPlane
    from relay.provision.buckets import UploadEvents
    from relay.provision.provision import Provision

    settings = ProvisionSettings.read(environment)
    clients = Clients()
    clock = SystemClock()
    return Provision(
        settings.endpoint,
        settings.region,
        roll_out_uploads=settings.roll_out_uploads,
        uploads=UploadEvents(settings.input_bucket, settings.input_prefixes),
        control_plane=SageMakerControlPlane(
            lambda: clients.sagemaker, SsmEnvironment(lambda: clients.ssm)
        ),
        autoscaler=ApplicationAutoScaling(
            lambda: clients.autoscaling, lambda: clients.cloudwatch, settings.stack_name
        ),
        store=DynamoDbRecordStore(clients.dynamodb, settings.ledger_table, clock),
        responder=CloudFormationResponder(settings.stack_id, lambda: clients.s3.meta.endpoint_url),
        failed=SqsFailedInvocations(lambda: clients.sqs, settings.dead_letter_queue_url),
        buckets=S3Buckets(lambda: clients.s3, settings.account),
        clock=clock,
        journal=journal,
    )
