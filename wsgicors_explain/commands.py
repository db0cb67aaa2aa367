"""The command line: its arguments, and its exit status."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import Any, Final

from .check import check
from .explain import explain
from .middleware import __version__
from .targets import UsageError
from .terminal import printable

DESCRIPTION: Final = (
    "Checks configurations of wsgicors, and explains why a browser blocks a request."
)
EXAMPLES: Final = """\
examples:
  wsgicors check production.ini
  wsgicors explain https://api.example.com/ --origin https://shop.example.com

exit status: 0 valid or allowed, 1 problems, blocked or unknown, 2 wrong usage
"""

CHECK_EXAMPLES: Final = """\
examples:
  wsgicors check production.ini
  wsgicors check shop.wsgi:application

exit status: 0 valid, 1 problems, 2 wrong usage
"""

EXPLAIN_EXAMPLES: Final = """\
examples:
  a server, in any language:
    wsgicors explain https://api.example.com/basket --origin https://shop.example.com \\
        -X PUT -H 'Content-Type: application/json' --credentials
  your configuration:
    wsgicors explain production.ini --path /basket --origin https://shop.example.com
  a paste: the console's message, "Copy as cURL", "Copy as fetch" or headers:
    wsgicors explain -

exit status: 0 allowed, 1 blocked or unknown, 2 wrong usage
"""

MAX_DATA_SIZE: Final = 100_000_000


def header_argument(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not a header: write 'Name: value'")
    return name.strip(), value


def variable_argument(text: str) -> str:
    if text.find("=") < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a variable: write NAME=VALUE")
    return text


def seconds_argument(text: str) -> float:
    if not re.fullmatch(r"[0-9]{0,6}\.?[0-9]+", text) or not float(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: write seconds, such as 10 or 0.5"
        )
    return float(text)


def size_argument(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > MAX_DATA_SIZE:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size: write a number of bytes, at most {MAX_DATA_SIZE}"
        )
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "wsgicors",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"wsgicors {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="check | explain")
    add_command(
        commands,
        check,
        "print policies, problems and advice",
        CHECK_EXAMPLES,
        "an ini file, or an application as module:attribute or module:factory()",
    )
    added = add_command(
        commands,
        explain,
        "make a request as a browser does, and say why it is blocked",
        EXPLAIN_EXAMPLES,
        "the URL of any server, an ini file, or a WSGI application as module:attribute or "
        "module:factory(). Or a paste: the console's message, a curl command, fetch(...), "
        "headers, or a HAR file. - reads the paste from standard input",
    )
    added.usage = "wsgicors explain TARGET [NAME=VALUE]... --origin ORIGIN [options]\n"
    added.usage += "       wsgicors explain PASTE [options]"
    add_request_options(added.add_argument_group("the request"))
    add_sending_options(added.add_argument_group("how it is sent to a URL"))
    add_paste_options(added.add_argument_group("the paste"))
    return parser


def add_command(
    commands: Any,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    examples: str,
    target: str,
) -> Any:
    added = commands.add_parser(
        run.__name__,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    group = added.add_argument_group("the target")
    group.add_argument("target", metavar="TARGET", help=target)
    group.add_argument(
        "variables",
        nargs="*",
        default=(),  # else argparse calls it required
        type=variable_argument,
        metavar="NAME=VALUE",
        help="variables of an ini file, as pserve takes them",
    )
    group.add_argument(
        "--section", metavar="NAME", help="the section of the ini file, such as filter:cors"
    )
    added.set_defaults(run=run)
    return added


def add_request_options(group: Any) -> None:
    group.add_argument(
        "--origin", help="the origin of the page that makes the request, or the page's URL"
    )
    group.add_argument("--path", default="", help="a path, or a URL, relative to TARGET")
    group.add_argument(
        "--script-name",
        default="",
        metavar="PATH",
        help="the path at which a server mounts the application; --path includes it",
    )
    group.add_argument("-X", "--method", help="the method of the request; default: GET")
    group.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        type=header_argument,
        metavar="'NAME: VALUE'",
        help="a request header that the page sets; may be repeated",
    )
    group.add_argument(
        "--credentials", action="store_true", help="as fetch(..., {credentials: 'include'}) does"
    )
    group.add_argument(
        "--preflight",
        action="store_true",
        help="send a preflight even before a simple request, as browsers do if the page listens "
        "to the progress of an upload",
    )
    group.add_argument(
        "--data-size",
        type=size_argument,
        default=0,
        metavar="BYTES",
        help="send a body of this size",
    )


def add_sending_options(group: Any) -> None:
    group.add_argument(
        "--send",
        action="store_true",
        help="also send methods other than GET and HEAD, and the cookies in a paste",
    )
    group.add_argument(
        "--timeout",
        type=seconds_argument,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for a response; default: 10",
    )


def add_paste_options(group: Any) -> None:
    group.add_argument(
        "--pasted", metavar="FILE", help="a file with a paste, whose request is sent to TARGET"
    )
    group.add_argument(
        "--offline", action="store_true", help="use the paste alone, and send nothing"
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The arguments; after an option, older versions of argparse leave the variables."""
    parser = make_parser()
    args, rest = parser.parse_known_args(argv)
    unknown = [text for text in rest if text.startswith("-")]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        args.variables = [*args.variables, *map(variable_argument, rest)]
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument NAME=VALUE: {error}")
    return args


def main(argv: list[str] | None = None) -> int:
    """The command line; the exit status."""
    try:
        args = parse(argv)
    except SystemExit as done:  # argparse has said all
        return int(done.code or 0)
    sys.path.insert(0, os.getcwd())  # as python -m does; the console script does not
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except UsageError as error:
        lines = map(printable, f"wsgicors: {error}".split("\n"))
        print("\n".join(lines), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("wsgicors: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in: wsgicors explain ... | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
