"""The routes in force: the latest document, or while that one is of no use, the last good one."""

from datetime import datetime, timedelta

from relay.errors import RelayError, TransientError
from relay.ports import Clock, RouteDocuments
from relay.report import Count, Level, Report
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError


class LastGoodRoutes:
    """Fills in `relay.ports.RoutesSource`.

    Args:
        documents: the versions of the route document. The latest may come from a cache.
        pause: how long the last good routes stay in force, unasked, once something is wrong. It
            keeps trouble with the document from costing time and a line of the log for each batch.
    """

    def __init__(self, documents: RouteDocuments, clock: Clock, pause: timedelta) -> None:
        self._documents = documents
        self._clock = clock
        self._pause = pause
        self._routes: Routes | None = None
        self._text: str | None = None
        self._trouble_at: datetime | None = None

    def current(self, report: Report) -> Routes:
        now = self._clock.now()
        if self._routes and self._trouble_at and now < self._trouble_at + self._pause:
            return self._routes
        try:
            # After trouble from the source: a document that is corrected by now is not waited for.
            routes = self._taken(self._documents.latest(fresh=self._trouble_at is not None))
        except RelayError as error:
            self._trouble_at = now
            report.count(Count.ROUTES_UNUSABLE)
            report.note(Level.ERROR, "the latest routes cannot be used", error=str(error))
            return self._last_good(error, report)
        self._trouble_at = None
        return routes

    def _taken(self, text: str) -> Routes:
        """The document, compiled unless it is the one in force. Raises RoutesError."""
        if self._routes is None or text != self._text:
            self._routes, self._text = Routes.read(text), text
        return self._routes

    def _last_good(self, error: RelayError, report: Report) -> Routes:
        if self._routes is not None:
            return self._routes
        if not isinstance(error, RoutesError):
            raise error  # they could not be read, and neither could earlier ones
        # A new environment remembers nothing, but SSM knows what was in force before.
        for version, text in self._documents.earlier():
            try:
                routes = self._taken(text)
            except RoutesError:
                continue
            report.note(Level.WARNING, f"version {version} of the routes is in force")
            return routes
        # Transient: results wait in the queue until somebody has corrected the document.
        raise TransientError(f"no version of the routes can be used: {error}") from error
