"""The benchmark's routes share its results between them."""

from collections import Counter

from relay.events.envelopes import read_notifications
from relay.model import Notification
from relay.routes.compiled import Routes

from benchmarks.messages import route_event
from benchmarks.routes import document
from tests.support.results.addressing import addressed


def test_every_result_goes_to_one_of_the_routes_and_each_has_as_many() -> None:
    routes = Routes.read(document())

    went = Counter(
        each.route
        for incoming in read_notifications(route_event(100), "invocation")
        for notification in incoming.contents
        if isinstance(notification, Notification)
        for each in addressed(
            routes,
            {
                "id": notification.inference_id,
                "data": {"input": {"location": str(notification.location)}},
            },
        )
    )

    assert went == {f"team-{number}": 20 for number in range(5)}
