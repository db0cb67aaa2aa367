"""What explain is asked: its arguments, and what a paste adds to them."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Final

from .answers import OF_ORIGINS, SAY_IT_ALL
from .console import OF_RESPONSES
from .copied import PasteError
from .headers import SAFELISTED_METHODS, get_header
from .pasted import MAX_PASTE, Pasted, looks_pasted, mask, read_pasted
from .targets import UsageError
from .terminal import say
from .wire import URL

ORIGIN_UNKNOWN: Final = "the page's origin is unknown: give it with --origin"


def take_paste(args: argparse.Namespace) -> Pasted | None:
    """The paste, if there is one; it fills the arguments that are unset."""
    text = paste_text(args)
    if text is None:
        if args.offline:
            raise UsageError("--offline needs a paste")
        args.method = args.method or "GET"
        if not args.origin:
            raise UsageError(ORIGIN_UNKNOWN)
        return None
    pasted = read_pasted(text)
    for line in [*understood(pasted), *complete(args, pasted)]:
        say(line)
    return pasted


def complete(args: argparse.Namespace, pasted: Pasted) -> list[str]:
    """Fill the arguments that are unset from the paste; return lines that report it.

    PasteError: the URL or the origin is missing.
    """
    take_target(args, pasted)
    args.origin = args.origin or pasted.origin
    args.method = args.method or pasted.method
    given = {name.lower() for name, _ in args.header}
    args.header += [pair for pair in pasted.headers if pair[0].lower() not in given]
    args.credentials = args.credentials or bool(pasted.credentials)
    notes = assume_preflight(args, pasted)
    args.method = args.method or "GET"
    if not args.origin and not needs_no_origin(args, pasted):
        raise PasteError(f"{pasted.understood[0]}; {ORIGIN_UNKNOWN}")
    return notes


def assume_preflight(args: argparse.Namespace, pasted: Pasted) -> list[str]:
    """Force a preflight for a message about one, even without a method or header in it."""
    simple = args.method in (None, *SAFELISTED_METHODS) and not args.header
    if pasted.preflight and simple:
        args.header.append(("Content-Type", "application/json"))
        return [
            "--  the paste does not say what requires the preflight: "
            "assuming Content-Type: application/json"
        ]
    return []


def needs_no_origin(args: argparse.Namespace, pasted: Pasted) -> bool:
    """Whether the diagnosis is the same for each page."""
    if says_it_all(pasted):
        return True
    return args.offline and pasted.said is not None and pasted.said.kind not in OF_ORIGINS


def is_judged_alone(args: argparse.Namespace, pasted: Pasted) -> bool:
    """Whether nothing that the target could answer would matter."""
    return args.offline or says_it_all(pasted)


def says_it_all(pasted: Pasted) -> bool:
    """Whether the browser's message is enough, without a URL or an origin."""
    return pasted.said is not None and pasted.said.kind in SAY_IT_ALL


def was_answered(pasted: Pasted) -> bool:
    """Whether the paste shows that the server responded."""
    said = pasted.said
    if pasted.response_status or said is None:
        return bool(pasted.response_status)
    # Firefox says these two also if no response came.
    vague = said.engine == "Firefox" and said.kind in ("status", "allow-origin-refused")
    return said.kind in OF_RESPONSES and not vague


def is_doubtful(args: argparse.Namespace, pasted: Pasted | None) -> bool:
    """Whether the credentials mode is known neither from the options nor from the paste.

    Browsers copy ``include`` for a cookie, and for the header Authorization alone.
    """
    return (
        pasted is not None
        and pasted.credentials is None
        and not args.credentials
        and get_header(args.header, "authorization") is not None
    )


def doubt(last: str) -> str:
    """The last line, if only credentials block the request, and its mode is unknown."""
    mode = "allowed without credentials, blocked with them, and the paste does not say which it is"
    return last.replace("BLOCKED: ", f"UNKNOWN: {mode}: ", 1)


def take_target(args: argparse.Namespace, pasted: Pasted) -> None:
    """Use the URL in the paste as TARGET; with --pasted, as the path below TARGET."""
    url = pasted.url or ""
    if args.pasted is not None:
        if not is_url(args.target):
            args.path, args.offline = args.path or url, False  # it is played in process
        return
    args.target = url or "a URL that is not in the paste"
    if pasted.said and url and not is_valid_url(url):
        args.offline = True  # the message says it all
    if needs_url(args, pasted) and not is_url(url):
        raise PasteError(f"{pasted.understood[0]}; {without_target(pasted)}")


def without_target(pasted: Pasted) -> str:
    """What is wrong with the URL in the paste, and what to write."""
    found = f"the URL {mask(pasted.url)!r} is not absolute" if pasted.url else "it has no URL"
    offline = ", or add --offline" if pasted.said else ""
    return f"{found}: write it as TARGET --pasted FILE{offline}"


def needs_url(args: argparse.Namespace, pasted: Pasted) -> bool:
    """Whether nothing can be said without a URL to request."""
    return not (says_it_all(pasted) or (args.offline and (pasted.url or pasted.said)))


def is_valid_url(text: str) -> bool:
    """Whether it can be requested. In public, people write <server> or host:port instead."""
    try:
        return bool(URL.parse(text))
    except ValueError:
        return False


def is_url(text: str) -> bool:
    return re.match("(?i)https?://", text) is not None


def paste_text(args: argparse.Namespace) -> str | None:
    """What was pasted: the target itself, standard input, or a file."""
    if args.pasted is not None:
        return read_text(args.pasted)
    if looks_pasted(args.target):
        return str(args.target)
    is_file = args.target.lower().endswith((".har", ".txt")) and not is_url(args.target)
    return read_text(args.target) if is_file or args.target == "-" else None


def read_text(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_PASTE + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(MAX_PASTE + 1)
    except OSError as error:
        raise PasteError(f"{name} cannot be read: {error.strerror}") from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, "replace")


def understood(pasted: Pasted) -> list[str]:
    """What was taken from the paste, and what was not."""
    lines = [f"--  {sentence}" for sentence in pasted.understood]
    if pasted.dropped:
        names = ", ".join(pasted.dropped)
        lines.append(f"--  ignored in the paste because browsers set them: {names}")
    if pasted.others:
        others = ", ".join(pasted.others)
        lines.append(f"--  only the first request is explained; the paste also has {others}")
    return lines
