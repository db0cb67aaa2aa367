"""Responses as bytes, what browsers read of them, and where the engines do otherwise: measured, not assumed.

test_http1.py sends each one to `Browser`, test_http1_engines.py to the engines, and fuzz.py starts from them.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import NamedTuple
from urllib.parse import unquote

from support import served

TIMEOUT = 3.0  # seconds, which two of the responses make `Browser` wait
ORIGIN = b"Access-Control-Allow-Origin: *"
EXPOSE = b"Access-Control-Expose-Headers: *"
STORE = b"Cache-Control: no-store"
ALWAYS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
    "cache-control": "no-store",
}
OK = b"HTTP/1.1 200 OK"
FOUND = b"HTTP/1.1 302 Found"
LOCATION = b"Location: /plain"
CHUNKED = b"Transfer-Encoding: chunked"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
CLOSED = "SERVER sent no response: it closed the connection"
REFUSED = "SERVER sent no HTTP response that browsers accept: "
CHECKED = "the response to GET: "
CHROMIUM, FIREFOX, WEBKIT = "chromium", "firefox", "webkit"


class Raw(NamedTuple):
    """A response, and what `Browser` makes of it.

    read: headers that the page may read, besides `ALWAYS`; None if the response is blocked.
    ignored: the header lines that a step names.
    reason: the verdict's reason, if it is blocked.
    but: the engines that read it otherwise.
    """

    data: bytes
    status: int = 200
    read: dict[str, str] | None = None
    ignored: tuple[str, ...] = ()
    reason: str = ""
    but: tuple[str, ...] = ()


def message(*lines, status=OK, end=b"\r\n", body=b"x", headers=(ORIGIN, EXPOSE, STORE)):
    return end.join([status, *lines, *headers, b""]) + end + body


def read(line, *but, **headers):
    """A header line that browsers read."""
    values = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(message(line), read=values, but=but)


def ignored(line, *but):
    """A header line that browsers ignore, continuation lines included."""
    text = line.decode("latin-1").replace("\r\n", "")
    return Raw(message(line), read={}, ignored=(text,), but=but)


def allowed(data, *but, status=200, **headers):
    return Raw(data, status, {k.replace("_", "-"): v for k, v in headers.items()}, but=but)


def blocked(data, reason, *but):
    return Raw(data, reason=reason, but=but)


def first_line(line, *but, status=200):
    """A status line that browsers accept."""
    return Raw(message(status=line, body=b""), status, {}, but=but)


def no_status(line, *but):
    """A first line with which no response begins."""
    return Raw(message(status=line), reason=f"{REFUSED}it began with {line.decode()!r}", but=but)


def origin(line, reason, *but):
    """A response with this line in place of its Access-Control-Allow-Origin."""
    return Raw(message(line, headers=(EXPOSE, STORE)), reason=reason, but=but)


def lines(count, size):
    """So many header lines, with so many bytes in each value."""
    return message(*[b"X-%d: %s" % (number, b"y" * size) for number in range(count)])


MISSING = f"{CHECKED}Access-Control-Allow-Origin is missing; it should be PAGE or *"
TOO_LONG = f"{REFUSED}it sent more than 256 KiB of headers"
NUL = f"{REFUSED}there is a NUL byte in the line "


def unread(line):
    return f"{CHECKED}Access-Control-Allow-Origin is missing (browsers ignore the line {line!r}); it should be PAGE or *"


def differs(value):
    return f"{CHECKED}Access-Control-Allow-Origin is {value!r}; it should be PAGE (one value, sent once)"


LINES = {
    "plain": allowed(message()),
    "no colon": ignored(b"X Foo bar"),
    "no colon in a token": ignored(b"XFoo"),
    "space before the colon": ignored(b"X-Foo : bar", CHROMIUM),
    "tab before the colon": ignored(b"X-Foo\t: bar", CHROMIUM),
    "space in a name": ignored(b"X Foo: bar"),
    "latin-1 in a name": ignored(b"X-F\xf6o: bar"),
    "utf-8 in a name": ignored("X-Föo: bar".encode()),
    "empty name": ignored(b": bar"),
    "only a colon": ignored(b":"),
    "space for a name": ignored(b" : bar"),
    "slash in a name": ignored(b"X/Foo: bar"),
    "brackets in a name": ignored(b"X(Foo): bar"),
    "quote in a name": ignored(b'X"Foo: bar'),
    "control character in a name": ignored(b"X\x01Foo: b"),
    "white space before the first name": ignored(b" X-Foo: bar"),
    "tab before the first name": ignored(b"\tX-Foo: bar"),
    "only white space": ignored(b"   "),
    "continuation of an odd line": ignored(b"X Foo bar\r\n X-Bar: b"),
    "carriage return in a value": ignored(b"X-Foo: a\rb", CHROMIUM, WEBKIT),
    "carriage return between lines": ignored(b"X-Foo: a\rX-Bar: b", CHROMIUM, WEBKIT),
    "two carriage returns": ignored(b"X-Foo: a\r", CHROMIUM, FIREFOX, WEBKIT),
    "continuation": read(b"X-Foo: a\r\n b", x_foo="a b"),
    "continuation with a colon": read(b"X-Foo: a\r\n X-Bar: b", x_foo="a X-Bar: b"),
    "continuation after a tab": read(b"X-Foo: a\r\n\tb", FIREFOX, x_foo="a b"),
    "continuation without text": read(b"X-Foo: a\r\n ", x_foo="a"),
    "continuations": read(b"X-Foo: a\r\n   \r\n b", FIREFOX, WEBKIT, x_foo="a  b"),
    "control character": read(b"X-Foo: a\x01b", x_foo="a\x01b"),
    "vertical tabs": read(b"X-Foo: \x0ba\x0b", x_foo="\x0ba\x0b"),
    "latin-1": read(b"X-Foo: \xf6\xa0", WEBKIT, x_foo="\xf6\xa0"),
    "utf-8": read("X-Foo: ö€".encode(), x_foo="ö€".encode().decode("latin-1")),
    "empty value": read(b"X-Foo:", x_foo=""),
    "no space": read(b"X-Foo:a", x_foo="a"),
    "white space around a value": read(b"X-Foo: \t a \t", x_foo="a"),
    "twice": read(b"X-Foo: a\r\nX-Foo: b", x_foo="a, b"),
    "once empty": read(b"X-Foo: a\r\nX-Foo:\r\nx-foo: b", FIREFOX, x_foo="a, , b"),
    "NUL in a value": blocked(message(b"X-Foo: a\0b"), NUL + r"'X-Foo: a\x00b'"),
    "NUL in a name": blocked(message(b"X\0Foo: b"), NUL + r"'X\x00Foo: b'", FIREFOX),
    "only NUL": blocked(message(b"\0"), NUL + r"'\x00'", FIREFOX),
}

ORIGINS = {
    "tabs around the origin": allowed(
        message(ORIGIN.replace(b" ", b"\t") + b"\t", headers=(EXPOSE, STORE))
    ),
    "continuation with the origin": allowed(
        message(ORIGIN.replace(b" ", b"\r\n "), headers=(EXPOSE, STORE))
    ),
    "empty continuation of the origin": allowed(
        message(ORIGIN + b"\r\n ", headers=(EXPOSE, STORE))
    ),
    "continuation of the origin": origin(ORIGIN + b"\r\n x", differs("* x")),
    "origin after a space": origin(b" " + ORIGIN, unread(f" {ORIGIN.decode()}")),
    "space before the origin's colon": origin(
        ORIGIN.replace(b":", b" :"), unread("Access-Control-Allow-Origin : *"), CHROMIUM
    ),
    "origin after an odd line": origin(b"X Foo\r\n " + ORIGIN, unread(f"X Foo {ORIGIN.decode()}")),
    "origin after a carriage return": origin(
        b"X-Foo: a\r" + ORIGIN, unread(f"X-Foo: a\r{ORIGIN.decode()}"), CHROMIUM
    ),
    "carriage return after the origin": origin(
        ORIGIN + b"\r", unread(f"{ORIGIN.decode()}\r"), CHROMIUM, WEBKIT
    ),
    "NUL after the origin": origin(ORIGIN + b"\0", NUL + rf"'{ORIGIN.decode()}\x00'"),
    "vertical tab before the origin": origin(ORIGIN.replace(b" ", b"\x0b"), differs("\x0b*")),
    "no-break space after the origin": origin(ORIGIN + b"\xa0", differs("*\xa0")),
    "comma after the origin": origin(ORIGIN + b",", differs("*,")),
    "origin twice": origin(ORIGIN + b"\r\n" + ORIGIN, differs("*, *")),
    "origin and nothing": origin(ORIGIN + b"\r\n" + ORIGIN[:-1], differs("*, ")),
    "nothing and origin": origin(ORIGIN[:-1] + b"\r\n" + ORIGIN, differs(", *")),
}

# Only WebKitGTK refuses these, and servers send them: `Browser` does as Chromium and Firefox.
SENT_BY_SERVERS = {
    "100 KiB in a line": Raw(lines(1, 102400), read={"x-0": "y" * 102400}, but=(WEBKIT,)),
    "250 KiB in a line": Raw(lines(1, 256000), read={"x-0": "y" * 256000}, but=(WEBKIT,)),
    "250 KiB in lines": Raw(
        lines(250, 1014), read={f"x-{i}": "y" * 1014 for i in range(250)}, but=(WEBKIT,)
    ),
    "300 KiB before and in the response": Raw(
        b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n" % (b"y" * 204800) + lines(1, 102400),
        read={"x-0": "y" * 102400},
        but=(WEBKIT,),
    ),
    "length with a unit": read(b"Content-Length: 1 byte", WEBKIT, content_length="1 byte"),
    "lengths in one line": read(b"Content-Length: 1, 1", WEBKIT, content_length="1, 1"),
    "unknown coding": read(b"Transfer-Encoding: foo", WEBKIT, transfer_encoding="foo"),
    "codings": allowed(
        message(b"Transfer-Encoding: gzip, chunked", body=b"1\r\nx\r\n0\r\n\r\n"),
        WEBKIT,
        transfer_encoding="gzip, chunked",
    ),
}

SIZES = {
    "150 lines": Raw(lines(150, 1), read={f"x-{i}": "y" for i in range(150)}),
    "5000 lines": Raw(lines(5000, 1), read={f"x-{i}": "y" for i in range(5000)}),
    "60 KiB": Raw(lines(1, 61440), read={"x-0": "y" * 61440}),
    "262 KiB in a line": blocked(lines(1, 268288), TOO_LONG, FIREFOX),
    "262 KiB in lines": blocked(lines(262, 1014), TOO_LONG, FIREFOX),
    "400 KiB": blocked(lines(1, 409600), TOO_LONG),
}

ENDS = {
    "line feeds": allowed(message(end=b"\n")),
    "line feed at the end": allowed(message(body=b"").rstrip() + b"\n\nx"),
    "line feed after the end": allowed(message(body=b"").rstrip() + b"\r\n\nx"),
    "line feeds before the end": allowed(message(end=b"\n", body=b"").rstrip() + b"\n\r\nx"),
    "one line feed": allowed(message(b"X-A: 1\nX-B: 2"), x_a="1", x_b="2"),
    "carriage returns": blocked(
        message(end=b"\r", headers=(ORIGIN,)),
        rf"{REFUSED}it ended in the middle of a line, with 'HTTP/1.1 200 OK\r{ORIGIN.decode()}\r\rx'",
        CHROMIUM,
    ),
    "two carriage returns each": blocked(
        message(end=b"\r\r\n"), f"{REFUSED}it ended in the middle of a line, with 'x'", CHROMIUM
    ),
    "ended after a line": allowed(message(body=b"")[:-2]),
    "ended in a line": blocked(
        message(body=b"X-Fo").replace(b"\r\n\r\n", b"\r\n"),
        f"{REFUSED}it ended in the middle of a line, with 'X-Fo'",
        CHROMIUM,
        FIREFOX,
    ),
    "ended in the status line": blocked(
        OK, f"{REFUSED}it ended in the middle of a line, with {OK.decode()!r}"
    ),
    "ended at once": blocked(b"", CLOSED),
    "empty lines only": blocked(b"\r\n\r\n", f"{REFUSED}it began with ''"),
    "text": blocked(b"hello\r\n\r\n", f"{REFUSED}it began with 'hello'"),
}

STATUS_LINES = {
    "HTTP/1.0": first_line(b"HTTP/1.0 200 OK"),
    "no reason": first_line(b"HTTP/1.1 200"),
    "empty reason": first_line(b"HTTP/1.1 200 "),
    "two spaces": first_line(b"HTTP/1.1  200 OK"),
    "latin-1 in the reason": first_line(b"HTTP/1.1 200 \xf6"),
    "carriage return in the reason": first_line(b"HTTP/1.1 200 O\rK"),
    "an empty line before": first_line(b"\r\n" + OK),
    "a line feed before": first_line(b"\n" + OK),
    "two empty lines before": first_line(b"\r\n\r\n" + OK),
    "206": first_line(b"HTTP/1.1 206 Partial Content", status=206),
    "204": first_line(b"HTTP/1.1 204 No Content", status=204),
    "304": first_line(b"HTTP/1.1 304 Not Modified", status=304),
    "404": first_line(b"HTTP/1.1 404 Not Found", status=404),
    "600": first_line(b"HTTP/1.1 600 Unknown", status=600),
    "999": first_line(b"HTTP/1.1 999 Denied", status=999),
    "three empty lines before": blocked(b"\r\n\r\n\r\n" + message(), f"{REFUSED}it began with ''"),
    "NUL in the reason": blocked(
        message(status=b"HTTP/1.1 200 O\0K"), NUL + r"'HTTP/1.1 200 O\x00K'", FIREFOX
    ),
    "ICY": no_status(b"ICY 200 OK", FIREFOX, WEBKIT),
    "HTTP/0.9": no_status(b"HTTP/0.9 200 OK", CHROMIUM),
    "HTTP/1": no_status(b"HTTP/1 200 OK", CHROMIUM),
    "HTTP/1.2": no_status(b"HTTP/1.2 200 OK", CHROMIUM, FIREFOX),
    "HTTP/2": no_status(b"HTTP/2 200", CHROMIUM, FIREFOX),
    "HTTP/2.0": no_status(b"HTTP/2.0 200 OK", CHROMIUM, FIREFOX),
    "no version": no_status(b"HTTP 200 OK", CHROMIUM),
    "lower case": no_status(b"http/1.1 200 OK", CHROMIUM),
    "no code": no_status(b"HTTP/1.1", CHROMIUM, FIREFOX),
    "no number": no_status(b"HTTP/1.1 abc OK", CHROMIUM),
    "two digits": no_status(b"HTTP/1.1 20 OK", CHROMIUM, FIREFOX),
    "four digits": no_status(b"HTTP/1.1 2000 OK", CHROMIUM),
    "a leading zero": no_status(b"HTTP/1.1 099 OK", CHROMIUM, FIREFOX),
    "no space after the code": no_status(b"HTTP/1.1 200OK", CHROMIUM, WEBKIT),
    "a space before": no_status(b" HTTP/1.1 200 OK", CHROMIUM, FIREFOX),
    "four letters before": no_status(b"xxxxHTTP/1.1 200 OK", CHROMIUM, FIREFOX),
    "five letters before": no_status(b"xxxxxHTTP/1.1 200 OK"),
    "SSH": no_status(b"SSH-2.0-OpenSSH"),
}

INTERIM = {
    "100": allowed(b"HTTP/1.1 100 Continue\r\n\r\n" + message()),
    "102": allowed(b"HTTP/1.1 102 Processing\r\n\r\n" + message()),
    "103": allowed(HINTS + message()),
    "199": allowed(b"HTTP/1.1 199 Unknown\r\n\r\n" + message()),
    "103 of HTTP/1.0": allowed(b"HTTP/1.0 103 Early Hints\r\n\r\n" + message()),
    "103 with an odd line": allowed(b"HTTP/1.1 103 Early Hints\r\nX Foo\r\n\r\n" + message()),
    "100 times 103": allowed(HINTS * 100 + message()),
    "101 times 103": blocked(
        HINTS * 101 + message(),
        f"{REFUSED}it sent more than 100 interim responses (1xx)",
        *(CHROMIUM, FIREFOX, WEBKIT),
    ),
    "103 with the origin": blocked(
        HINTS[:-2] + ORIGIN + b"\r\n\r\n" + message(headers=(EXPOSE, STORE)), MISSING
    ),
    "103 and no more": blocked(HINTS, CLOSED),
    "101": blocked(
        message(status=b"HTTP/1.1 101 Switching Protocols"),
        f"{REFUSED}it switched to another protocol (101) without being asked",
        FIREFOX,
    ),
}

ONCE = {
    "lengths that are equal": read(
        b"Content-Length: 1\r\nContent-Length: 1", FIREFOX, content_length="1, 1"
    ),
    "lengths that differ": blocked(
        message(b"Content-Length: 1\r\nContent-Length: 2"),
        "the response has more than one Content-Length header: 1, 2; send one",
        WEBKIT,
    ),
    "dispositions that differ": blocked(
        message(b"Content-Disposition: inline\r\nContent-Disposition: attachment"),
        "the response has more than one Content-Disposition header: inline, attachment; send one",
        WEBKIT,
    ),
    "locations without a redirect": blocked(
        message(b"Location: /a\r\nLocation: /b"),
        "the response has more than one Location header: /a, /b; send one",
        WEBKIT,
    ),
    "location": allowed(message(LOCATION, status=FOUND)),
    "location in a continuation": allowed(message(b"Location:\r\n /plain", status=FOUND)),
    "no location": allowed(message(status=FOUND), status=302),
    "location with a space before its colon": Raw(
        message(b"Location : /plain", status=FOUND),
        302,
        {},
        ("Location : /plain",),
        "",
        (CHROMIUM,),
    ),
    "locations that are equal": blocked(
        message(LOCATION, LOCATION, status=FOUND),
        "the response has more than one Location header: /plain, /plain; send one",
        *(CHROMIUM, FIREFOX),
    ),
    "locations that differ": blocked(
        message(LOCATION, b"Location: /204", status=FOUND),
        "the response has more than one Location header: /plain, /204; send one",
    ),
    "empty location": blocked(
        message(b"Location:", status=FOUND), "more than 20 redirects", CHROMIUM
    ),
}

RESPONSES = {
    **{**LINES, **ORIGINS, **SENT_BY_SERVERS, **SIZES},
    **{**ENDS, **STATUS_LINES, **INTERIM, **ONCE},
}


class Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def serving(responses: Mapping[str, bytes]) -> Iterator[int]:
    """A server that answers a path with the bytes of that name, and ends the connection; gives its port."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            request = b""
            while b"\r\n\r\n" not in request:
                request += (data := self.request.recv(65536))
                if not data:  # of a connection that an engine opened in advance
                    return
            path = request.split(b" ")[1].decode()
            with contextlib.suppress(OSError):  # of an engine that does not read it all
                self.request.sendall(responses[unquote(path)[1:]])
                self.request.shutdown(socket.SHUT_WR)
                while self.request.recv(65536):
                    pass

    with served(Server(("127.0.0.1", 0), Handler)) as port:
        yield port
