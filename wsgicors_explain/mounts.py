"""Applications below a path of a URL, as Paste, PasteDeploy and servers mount them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# How the response for a path with no mount begins; the diagnosis recognises it by that.
NO_MOUNT: Final = "nothing is mounted for the path"


def not_found(mounts: str) -> WSGIApplication:
    """The application for paths outside of these mounts."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        url = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        path = url.encode("latin-1", "replace").decode(errors="replace")
        body = f"{NO_MOUNT} {path}: {mounts}".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        start_response("404 Not Found", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return app


def part_after(mount: str) -> str:
    """What the middleware in a mounted application compares with its paths, in words."""
    return f"the part of the URL after {mount}, where the application is mounted"


class ScriptName:
    """A server's mount point: below it, the rest of the path is the application's."""

    def __init__(self, app: WSGIApplication, script_name: str) -> None:
        self.app, self.script_name = app, script_name
        self.elsewhere = not_found(f"the application is mounted at {script_name}")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        mount, path = self.script_name.encode().decode("latin-1"), environ["PATH_INFO"]
        if not f"{path}/".startswith(f"{mount}/"):
            return self.elsewhere(environ, start_response)
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = mount, path[len(mount) :]
        return self.app(environ, start_response)


def address_of(key: str) -> tuple[str, str]:
    """Host and path of a key of urlmap; the host may be empty.

    Keys are ``/api``, ``domain a.example port 80 /api`` or ``http://a.example/api``.
    ValueError: urlmap refuses the key.
    """
    words = words_of(key)
    host, path = words.get("domain", ""), words.get("path", "")
    if "port" in words:
        host += f":{words['port']}"
    if host.startswith(":"):
        raise ValueError("port needs a domain: write domain a.example port 8080 /path")
    if host:
        path = f"/{path}"
    url = re.match("https?://([^/]*)(.*)", path, re.DOTALL)
    if url:
        host, path = url.groups()
    if path and not path.startswith("/"):
        raise ValueError("it is not a path: write /path, or domain a.example /path")
    return host, re.sub("//+", "/", path).rstrip("/")


def words_of(key: str) -> dict[str, str]:
    """The parts of a key of urlmap: domain, port and path."""
    found: dict[str, str] = {}
    words = iter(key.split())
    for word in words:
        option, value = "path", word
        if word in ("domain", "port"):
            option, value = word, next(words, "")
        if not value:
            raise ValueError(f"{option} has no value")
        if option in found:
            raise ValueError(f"{option} is given twice")
        found[option] = value
    return found


class URLMap:
    """``egg:Paste#urlmap``: the longest prefix takes the request, after the hosts' own ones."""

    def __init__(
        self, mounts: dict[tuple[str, str], WSGIApplication], fallback: WSGIApplication
    ) -> None:
        def order(mount: tuple[str, str]) -> tuple[str, int, str]:
            host, prefix = mount
            return host or "\xff", -len(prefix), prefix

        self.mounts = {mount: mounts[mount] for mount in sorted(mounts, key=order)}
        self.fallback = fallback

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        default_port = "80" if environ["wsgi.url_scheme"] == "http" else "443"
        name: str = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
        host, _, port = name.lower().partition(":")
        hosts = ("", host, f"{host}:{port or default_port}")
        path = re.sub("//+", "/", environ["PATH_INFO"])
        for (mounted_host, prefix), app in self.mounts.items():
            if mounted_host in hosts and f"{path}/".startswith(f"{prefix}/"):
                environ["SCRIPT_NAME"] += prefix
                environ["PATH_INFO"] = path[len(prefix) :]
                return app(environ, start_response)
        return self.fallback(environ, start_response)


TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})


class Prefix:
    """``egg:PasteDeploy#prefix``: an application behind a proxy that shows it below a prefix.

    ValueError, re.error: PasteDeploy refuses these options.
    """

    def __init__(
        self,
        app: WSGIApplication,
        prefix: str = "/",
        translate_forwarded_server: str = "true",
        force_port: str | None = None,
        scheme: str | None = None,
    ) -> None:
        self.app = app
        self.force_port = force_port
        self.scheme = scheme
        self.prefix = prefix.rstrip("/")
        self.pattern = re.compile(f"^{self.prefix}(.*)$")
        translate = translate_forwarded_server.strip().lower()
        if translate not in TRUE | FALSE:
            raise ValueError(f"translate_forwarded_server is {translate!r}, not true or false")
        self.translate = translate in TRUE

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = self.pattern.sub(r"\1", environ["PATH_INFO"]) or "/"
        environ["SCRIPT_NAME"] = self.prefix
        if self.translate:
            self.take_forwarded(environ)
        if self.force_port is not None:
            self.set_port(environ, self.force_port)
        if self.scheme is not None:
            environ["wsgi.url_scheme"] = self.scheme
        return self.app(environ, start_response)

    def take_forwarded(self, environ: WSGIEnvironment) -> None:
        """Put in place what the proxy says of the request that it got."""
        for name, keys in (
            ("SERVER", ("SERVER_NAME", "HTTP_HOST")),
            ("HOST", ("HTTP_HOST",)),
            ("FOR", ("REMOTE_ADDR",)),
        ):
            value = environ.pop(f"HTTP_X_FORWARDED_{name}", None)
            if value is not None:
                environ.update(dict.fromkeys(keys, value.split(",")[0]))
        for name in ("SCHEME", "PROTO"):
            if f"HTTP_X_FORWARDED_{name}" in environ:
                environ["wsgi.url_scheme"] = environ.pop(f"HTTP_X_FORWARDED_{name}")
                break

    @staticmethod
    def set_port(environ: WSGIEnvironment, port: str) -> None:
        """Put a port in place of the server's; an empty one is that of the scheme."""
        host = environ.get("HTTP_HOST", "").split(":", 1)[0]
        environ["HTTP_HOST"] = f"{host}:{port}" if port else host
        default_port = "80" if environ["wsgi.url_scheme"] == "http" else "443"
        environ["SERVER_PORT"] = port or default_port
