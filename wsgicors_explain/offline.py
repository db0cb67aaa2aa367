"""The diagnosis from a paste alone; nothing is sent."""

from __future__ import annotations

import argparse
import re

from .browser import Request, cors_check
from .console import CURES, Said
from .headers import SAFELISTED_METHODS, unsafe_names
from .origins import page_origin
from .pasted import Pasted, mask
from .targets import UsageError
from .terminal import BAD, GOOD, say
from .wire import URL, Response


def explain_offline(args: argparse.Namespace, pasted: Pasted) -> int:
    """The diagnosis from the paste alone; nothing is sent."""
    what = mask(f"{args.method} {args.target} for a page on {args.origin}")
    if pasted.said:
        return say_said(args, pasted, pasted.said)
    if pasted.response_headers is None or pasted.response_status is None:
        say(f"UNKNOWN: {what}: the paste has no response to judge, and nothing is sent", BAD)
        return 1
    sent = Response(pasted.response_status, pasted.response_headers)
    try:
        request = Request(
            page_origin(args.origin),
            args.method,
            args.header,
            b"",
            args.credentials,
            [URL.parse(args.target)],
        )
    except ValueError as error:
        raise UsageError(mask(str(error))) from error
    problem = cors_check(request, sent)
    if pasted.preflight and not 200 <= sent.status <= 299:
        problem = f"the preflight was answered {sent.status}, not with a status from 200 to 299"
    if problem:
        say(mask(f"BLOCKED: {problem}"), BAD)
        return 1
    if not pasted.preflight and (
        args.method not in SAFELISTED_METHODS or unsafe_names(args.header)
    ):
        say(f"UNKNOWN: {what}: the pasted response passes, its preflight is not in the paste", BAD)
        return 1
    if pasted.preflight:
        say(f"UNKNOWN: {what}: the origin passes in the pasted preflight, no more was checked", BAD)
        return 1
    say(f"ALLOWED: {what}, says the pasted response", GOOD)
    return 0


def say_said(args: argparse.Namespace, pasted: Pasted, said: Said) -> int:
    """The last line for a message of the console."""
    cause, fix = CURES.get(said.kind, ("", ""))
    values = {"method": args.method, "header": "the header", **said.details, "origin": args.origin}
    status = pasted.response_status
    if not cause:
        say(f"UNKNOWN: {said.engine} names no cause that a server can mend", BAD)
        return 1
    error = f", and the status is {status}: look into that first" if (status or 0) >= 400 else ""
    line = f"BLOCKED: {cause}{error}. To fix it, {fix}"
    say(mask(re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), line)), BAD)
    return 1
