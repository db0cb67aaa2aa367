"""Lines on a terminal, printed so that foreign text cannot control it."""

from __future__ import annotations

import os
import sys
from typing import Final

GOOD: Final = "32"  # green
BAD: Final = "1;31"  # bold red


def say(text: str, style: str = "") -> None:
    """Print a line, escaped so that foreign text cannot control a terminal.

    style: used only on a terminal.
    """
    text = printable(text)
    encoding = sys.stdout.encoding or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    if style and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        text = f"\033[{style}m{text}\033[0m"
    print(text)


def printable(text: str) -> str:
    """The text with escapes in place of what could control a terminal."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
