"""Real browser engines, headless: open a page in one and wait for what the page reports.

No driver protocol is involved. The page runs its own requests and POSTs what it saw to the test's server, which
fulfils a `Future`; `visit` starts the engine on the page's address and waits for that future, for the end of the
engine's process, or for the time limit, whichever comes first.

An engine that is not installed skips the test and says how to install it; with ``WSGICORS_REQUIRE_ALL=1`` in the
environment it fails the test instead, so that a run that should have all engines cannot pass without them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from glob import iglob
from itertools import chain
from pathlib import Path
from socketserver import ThreadingMixIn
from types import MappingProxyType
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from support import need, served

CHROMIUM_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# What a fresh Firefox profile would otherwise do by itself: pages of its own, requests of its own, and a proxy.
FIREFOX_PREFERENCES = """\
user_pref("app.normandy.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 0);
"""


class Engine(NamedTuple):
    """One browser engine: its name, how to install it, where its program is, and how to start that on a page."""

    name: str
    install: str
    program: Callable[[], str | None]
    start: Callable[[str, Path, str], list[str]]
    needs_display: bool = False
    environment: Mapping[str, str] = MappingProxyType({})

    def require(self) -> str:
        """The path of the engine's program; skip the test, or fail it where every engine is required."""
        display = not self.needs_display or shutil.which("Xvfb")
        program: str = need(display and self.program(), self.name, self.install)
        return program


def _first(*names: str) -> Callable[[], str | None]:
    return lambda: next(filter(None, map(shutil.which, names)), None)


def _minibrowser() -> str | None:
    """WebKitGTK's own small browser; distributions keep it beside the library, outside PATH."""
    return next(
        chain(
            iglob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser"),
            iglob("/usr/libexec/webkit2gtk-4.*/MiniBrowser"),
        ),
        None,
    )


def _start_chromium(program: str, profile: Path, url: str) -> list[str]:
    # Without a debugging port the headless shell would end after the page's load event.
    return [
        program,
        *CHROMIUM_SWITCHES,
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        url,
    ]


def _start_firefox(program: str, profile: Path, url: str) -> list[str]:
    (profile / "user.js").write_text(FIREFOX_PREFERENCES, encoding="utf-8")
    return [program, "--headless", "--no-remote", "--profile", str(profile), url]


def _start_webkit(program: str, profile: Path, url: str) -> list[str]:
    return [program, "--private", url]


ENGINES = (
    Engine(
        "chromium",
        "apt-get install chromium",
        _first("chromium", "chromium-browser"),
        _start_chromium,
    ),
    Engine(
        "firefox", "apt-get install firefox-esr", _first("firefox-esr", "firefox"), _start_firefox
    ),
    Engine(
        "webkit",
        "apt-get install webkit2gtk-driver xvfb",
        _minibrowser,
        _start_webkit,
        needs_display=True,
        # Its sandbox needs user namespaces, which containers rarely have.
        environment={"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"},
    ),
)


@contextlib.contextmanager
def _process(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, of which nothing is left afterwards."""
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            # The group outlives its leader where the engine's helpers have not ended yet.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _display() -> Iterator[str]:
    """A virtual X display whose number the server itself picks and reports once it is ready."""
    command = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1024x768x24"]
    with _process(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        number = server.stdout.readline().decode().strip()
        assert number, "Xvfb ended without reporting a display"
        yield f":{number}"


def visit(engine: Engine, url: str, report: Future[Any], timeout: float = 180.0) -> Any:
    """Open *url* in *engine* and return what the test's server puts into *report*.

    Raises `AssertionError` with the end of the engine's own output when it ends before it reported,
    or when *timeout* seconds have passed.
    """
    program = engine.require()
    with contextlib.ExitStack() as stack:
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        environment = {**os.environ, **engine.environment, "HOME": str(profile)}
        if engine.needs_display:
            environment["DISPLAY"] = stack.enter_context(_display())
        output = stack.enter_context(tempfile.TemporaryFile())
        command = engine.start(program, profile, url)
        process = stack.enter_context(
            _process(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        )

        def ended() -> None:
            process.wait()
            with contextlib.suppress(InvalidStateError):
                report.set_exception(
                    ChildProcessError(f"{engine.name} ended with status {process.returncode}")
                )

        threading.Thread(target=ended, daemon=True).start()
        try:
            return report.result(timeout)
        except Exception as error:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            reason = str(error) or f"nothing reported within {timeout:g} s"
            raise AssertionError(f"{engine.name} on {url}: {reason}\n{tail}") from error


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: hundreds of requests are the point, not an event."""

    def address_string(self) -> str:
        return str(self.client_address[0])


@contextlib.contextmanager
def serve(app: Any) -> Iterator[int]:
    """Serve a WSGI application on loopback, one thread a request; the value is the port.

    wsgiref, since it hands every method through as it came, ``patch`` as well as ``PATCH``.
    """
    with served(make_server("127.0.0.1", 0, app, _Server, _QuietHandler)) as port:
        yield port
