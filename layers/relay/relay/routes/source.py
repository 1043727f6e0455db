"""The routes in force: of the latest document, or of the last valid one."""

from datetime import datetime, timedelta

from relay.delivery.isolation import as_relay_error
from relay.delivery.report import Count, Level, Report
from relay.errors import RelayError, TransientError
from relay.ports import Clock, RouteDocuments
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError


class LastGoodRoutes:
    """Implementation of `relay.ports.RoutesSource`.

    Args:
        documents: the versions of the route document. The latest may come from a cache.
        pause: time after a problem in which the last valid routes are used without a new call. It
            bounds the calls and the log lines while the document is not valid.
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
        # A clock that stepped back does not prolong the pause.
        pausing = self._trouble_at and timedelta() <= now - self._trouble_at < self._pause
        if self._routes and pausing:
            return self._routes
        try:
            # After a problem without the cache, so that a corrected document applies at once.
            routes = self._taken(self._documents.latest(fresh=self._trouble_at is not None))
        except Exception as trouble:
            error = as_relay_error(trouble, "read the routes")
            self._trouble_at = now
            report.count(Count.ROUTES_UNUSABLE)
            report.note(Level.ERROR, "the latest routes cannot be used", error=str(error))
            return self._last_good(error, report)
        self._trouble_at = None
        return routes

    def _taken(self, text: str) -> Routes:
        """Compile a document unless it is the one in force. Raise RoutesError if not valid."""
        if self._routes is None or text != self._text:
            self._routes, self._text = Routes.read(text), text
        return self._routes

    def _last_good(self, error: RelayError, report: Report) -> Routes:
        if self._routes is not None:
            return self._routes
        if not isinstance(error, RoutesError):
            raise error  # a failed call: earlier versions cannot be read either
        # A new environment has no routes in memory; SSM has the earlier versions.
        for version, text in self._documents.earlier():
            try:
                routes = self._taken(text)
            except RoutesError:
                continue
            report.note(Level.WARNING, f"version {version} of the routes is in force")
            return routes
        # Transient: results wait in the queue until the document is corrected.
        raise TransientError(f"no version of the routes is valid: {error}") from error
