"""The verdict over a route: middleware, dependencies, decorators and body, asked one after the other."""

from collections.abc import Iterator, Sequence

from fastapi_expert.codebase.interpret.interpreter import Interpreter
from fastapi_expert.codebase.interpret.values import FunctionValue, Partial, Site
from fastapi_expert.codebase.link.classes import Classes
from fastapi_expert.codebase.link.protection.asked import Asking
from fastapi_expert.codebase.link.protection.request import Request, Shared
from fastapi_expert.codebase.link.protection.stranger import Exhausted
from fastapi_expert.codebase.link.protection.switches import Switch, switches
from fastapi_expert.codebase.link.protection.verdict import Asked, Layer, Verdict, doubtful, evidence, verdict_of
from fastapi_expert.codebase.link.routes import FlatRoute
from fastapi_expert.codebase.model import Evidence

_STRENGTH = {"required": 3, "unknown": 2, "optional": 1, "none": 0}


FAULT = "the protection of this route is not known through a fault of this program"
"""Begins the problem that says so."""


def behind(own: Verdict, met: Verdict, site: Site) -> Verdict:
    """The verdict over a route whose requests an earlier one takes, registered at ``site``: what that one asks, too."""
    if _STRENGTH[met.protection] <= _STRENGTH[own.protection]:
        return own
    by = (Evidence(site.path, site.line, "an earlier route answers its requests"), *met.by)
    return own._replace(protection=met.protection, by=by, when=met.when)


class Judge:
    """Judges the routes of one codebase."""

    def __init__(self, interp: Interpreter, classes: Classes) -> None:
        self.shared = Shared(interp, classes)
        self._asking = Asking(self.shared)

    def switches(self, routes: Sequence[FlatRoute]) -> list[Switch]:
        """The settings that decide how the application was put together that serves ``routes``."""
        branches = self.shared.interp.branches
        if not branches or not routes:
            return []
        return switches(Request(self.shared, routes[0], routes[0].entry.methods[0]), branches)

    def of(self, route: FlatRoute, method: str) -> Verdict:
        """The verdict over one route by one method."""
        request = Request(self.shared, route, method)
        best = Verdict("none")
        for layer in self._layers(request):
            verdict = verdict_of(layer)
            if _STRENGTH[verdict.protection] > _STRENGTH[best.protection] or (
                verdict.protection == "required" and best.when is not None and verdict.when is None
            ):
                best = verdict
            if best.protection == "required" and best.when is None:
                break
        if best.protection == "none" and request.seen:
            best = Verdict("optional", evidence(request.seen))
        elif best.protection == "none" and request.security is not None:
            site = request.security
            what = "Security() that lets a stranger through, as far as the text tells"
            best = Verdict("unknown", (Evidence(site.path, site.line, what),))
        hidden = next((router for router in route.chain if router.hidden), None)
        if best.protection == "none" and hidden is not None:
            best = Verdict("unknown", (Evidence(hidden.site.path, hidden.site.line, hidden.hidden),))
        elif best.protection == "none" and (site := self._of_a_library(route)) is not None:
            what = "an endpoint of an installed library, of whose ways to refuse not all are followed"
            best = Verdict("unknown", (Evidence(site.path, site.line, what),))
        return best._replace(asked=self._asked(request))

    def _asked(self, request: Request) -> Asked:
        """What the route asks for; nothing where a fault of our own hides it: the verdict says so already."""
        try:
            return self._asking.of(request)
        except Exhausted:
            return Asked()
        except Exception as error:
            self.shared.interp.problem(request.route.entry.site, f"{FAULT} ({type(error).__name__}: {error})")
            return Asked()

    def _of_a_library(self, route: FlatRoute) -> Site | None:
        """Where the endpoint of ``route`` stands, when that is a library's code."""
        endpoint = route.entry.endpoint
        while isinstance(endpoint, Partial):
            endpoint = endpoint.function
        if not isinstance(endpoint, FunctionValue) or not self.shared.interp.names.is_library(endpoint.path):
            return None
        facts = self.shared.interp.names.function(endpoint.path, endpoint.qualname)
        return Site(endpoint.path, facts.line if facts is not None else 1)

    def _layers(self, request: "Request") -> Iterator[Layer]:
        """What the request meets; a fault of our own becomes a problem and a doubt, never silence or a wrong answer."""
        site = request.route.entry.site
        try:
            yield from request.layers()
        except Exhausted:
            yield Layer("route", site, doubtful("what takes too long to follow", site))
        except Exception as error:
            self.shared.interp.problem(site, f"{FAULT} ({type(error).__name__}: {error})")
            yield Layer("route", site, doubtful("what a fault of this program hides", site))
