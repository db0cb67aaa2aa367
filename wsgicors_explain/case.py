"""A page's request with its verdict, and the evidence in the responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .browser import Verdict
from .evidence import Finding
from .headers import (
    REQUEST_METHOD,
    Headers,
    get_header,
    is_forbidden_request_header,
    is_response_header,
    unsafe_names,
)
from .targets import Visit
from .wire import Exchange, Response, Unreachable


class Diagnosis(NamedTuple):
    """cause: why the request is blocked. fix: what to change, empty if unknown.

    The fix is read after "To fix it,".
    """

    cause: str
    fix: str = ""


class Uncached(NamedTuple):
    """What a server returns if no cache can have the response.

    as_page: with the page's Origin, or None if that was not requested. alone: without Origin.
    """

    as_page: Verdict | None
    alone: Response


@dataclass(frozen=True)
class Case:
    """A request of a page, with all that is known about it.

    origin: the page's. method, headers, include: as the page asked. visits: what the last
    request met of wsgicors, if that is in the same process. uncached: what the server returned
    past its caches, if that was requested.
    """

    verdict: Verdict
    origin: str
    method: str
    headers: Headers
    include: bool
    visits: Sequence[Visit] = ()
    uncached: Uncached | None = None

    @property
    def exchanges(self) -> list[Exchange]:
        return [step.exchange for step in self.verdict.steps if step.exchange]

    @property
    def unreachable(self) -> Unreachable | None:
        """Why the last request got no response, if it got none."""
        return self.verdict.steps[-1].unreachable

    @property
    def last(self) -> Exchange:
        """What was exchanged just before the request was blocked."""
        return self.exchanges[-1]

    @property
    def response(self) -> Response:
        return self.last.response

    @property
    def sent_origin(self) -> str:
        """The Origin header of the last request: null after certain redirects."""
        return get_header(self.last.headers, "origin") or self.origin

    @property
    def is_preflight(self) -> bool:
        return get_header(self.last.headers, REQUEST_METHOD) is not None

    @property
    def to_allow(self) -> list[str]:
        """The names of the request headers that the server has to allow."""
        return [name for name in unsafe_names(self.kept_headers) if not is_response_header(name)]

    @property
    def mistaken(self) -> list[str]:
        """The names of response headers that the page sets in its request."""
        return [name for name in unsafe_names(self.kept_headers) if is_response_header(name)]

    @property
    def kept_headers(self) -> Headers:
        """The request headers of the page, without those that browsers drop."""
        return [pair for pair in self.headers if not is_forbidden_request_header(*pair)]

    def fill(self, finding: Finding) -> Diagnosis:
        """The finding with the values of this request."""
        values = {
            "origin": self.origin,
            "method": get_header(self.last.headers, REQUEST_METHOD) or self.last.method,
            "headers": ", ".join(self.to_allow) or "the request headers",
            "url": str(self.last.url),
            "host": self.last.url.host,
        }
        return Diagnosis(finding.cause.format(**values), finding.fix.format(**values))
