"""curl commands, as developer tools copy them or people type them; none is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .copied import MAX_OTHERS, Copied, PasteError
from .dumps import read_dump

# What may stand before the command: a prompt, with a name and a directory.
CURL: Final = re.compile(r"(?m)^(?:[^\n]{0,100}[$>%#] ?)?[ \t]*curl(?:\.exe)?(?=[\s^])")
# What the command printed, if that is pasted with it.
TRANSCRIPT: Final = re.compile(r"(?m)^(?:[*<>] |HTTP/[\d.]+ \d{3})")
PIECE: Final = re.compile(
    r"""(?P<space>[^\S\n]+|\\\r?\n|\n(?=\s*-))|(?P<stop>\n|[;|&]+(?=\s|\Z))"""
    r"""|'(?P<plain>[^']*)'|\$'(?P<ansi>(?:\\.|[^'\\])*)'"""
    r"""|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|(?P<bare>[^\s'"\\$;|&]+|[$;|&])""",
    re.DOTALL,
)
ANSI_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.DOTALL
)
ANSI: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
DATA: Final = frozenset(
    """-d --data --data-raw --data-binary --data-ascii --data-urlencode --json -F --form
    --form-string""".split()
)
# Options without a value.
FLAGS: Final = frozenset(
    """--compressed --fail --fail-with-body --get --globoff --head --http1.0 --http1.1 --http2
    --http2-prior-knowledge --http3 --include --insecure --ipv4 --ipv6 --location
    --location-trusted --path-as-is --progress-bar --raw --show-error --silent --ssl-no-revoke
    --tcp-nodelay --tlsv1.2 --tlsv1.3 --verbose""".split()
)
SHORT_FLAGS: Final = "#012346aBfgGiIjJklLMnNOpqRsSv"


def first_command(text: str) -> tuple[list[str], str]:
    """The words of the first command, as bash splits them, and what follows it."""
    words: list[list[str]] = []
    end, inside = 0, False
    for match in PIECE.finditer(text):
        if match.start() != end or match["stop"] is not None:
            break
        end = match.end()
        if match["space"] is not None:
            inside = False
            continue
        if not inside:
            words.append([])
        words[-1].append(meant(match))
        inside = True
    if text[end : end + 1] in tuple("'\"\\$"):
        raise PasteError("the curl command ends within quotation marks: paste all of it")
    return ["".join(pieces) for pieces in words], text[end:]


def meant(match: re.Match[str]) -> str:
    """What bash makes of a piece of a word."""
    if match["ansi"] is not None:
        return ansi(match["ansi"])
    if match["double"] is not None:
        return re.sub(r'\\([$`"\\\n])', r"\1", match["double"])
    return match["plain"] or match["escaped"] or match["bare"] or ""


def ansi(text: str) -> str:
    """The text in bash's $'...'."""

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code:
            return chr(int(code, 16))
        return chr(int(match[3], 8)) if match[3] else ANSI.get(match[4], match[4])

    return ANSI_ESCAPE.sub(char, text)


URL: Final = re.compile(r"https?://[^\s'\"^]+")
# The first argument shows it: only in cmd is it, or the end of its line, escaped with ^.
CMD: Final = re.compile(r"""\s+(?:--url\s+)?(?:\^"|"[^"]*"\s+\^\r?\n)""")


def cmd_to_bash(text: str) -> str:
    """The cmd form of a command, in which ^ escapes, with bash's quotation marks."""
    text = re.sub(r"\^\r?\n", " ", text)
    return re.sub(r"\^(.)", r"\1", text, flags=re.DOTALL)


def read_curl(text: str) -> Copied:
    """The first curl command in a text with its printed response, and the others' URLs."""
    first, *later = CURL.finditer(text)
    text = text[first.end() : later[0].start() if later else None]
    copied = read_command(text)
    urls = [URL.search(each.string, each.end()) for each in later[:MAX_OTHERS]]
    copied.others = [url[0] for url in urls if url]
    return copied


def read_command(text: str) -> Copied:
    """The arguments of curl, and what it printed."""
    if CMD.match(text):
        text = cmd_to_bash(text)
    transcript = TRANSCRIPT.search(text)
    command = text[: transcript.start()] if transcript else text
    words, _ = first_command(command.strip())
    copied = Copied()
    for option, value in options_in(words):
        take_option(copied, option, value)
    if copied.url is None:
        raise PasteError("the curl command has no URL: paste all of it")
    require_url(copied.url)
    if "://" not in copied.url:
        copied.url = f"http://{copied.url}"
    if copied.method is None and copied.body_size is not None:
        copied.method = "POST"
    if transcript:
        answered = read_dump(text[transcript.start() :])
        copied.status, copied.response_headers = answered.status, answered.response_headers
    return copied


def require_url(url: str) -> None:
    """PasteError: curl would not request this, or the shell would replace a part of it."""
    if re.search(r"\s", url):
        raise PasteError(
            "the curl command's URL has a space in it, so a quotation mark is missing: "
            "paste all of it"
        )
    variable = re.match(r"(?:https?://)?[^/?#$]*(\$\{?\w*\}?)", url)
    if variable:
        raise PasteError(
            f"the curl command's URL has a variable of the shell, {variable[1]}: "
            "put its value there"
        )


def options_in(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each option of curl with its value, which is empty for a flag; a URL has no option."""
    rest = iter(words)
    for word in rest:
        if len(word) < 2 or not word.startswith("-"):
            yield "", word
        elif word in FLAGS or word.startswith("--no-"):
            yield word, ""
        elif word.startswith("--"):
            yield word, value_of(word, rest)
        else:
            flags = len(word[1:]) - len(word[1:].lstrip(SHORT_FLAGS))
            for letter in word[1 : 1 + flags]:
                yield f"-{letter}", ""
            if word[1 + flags :]:
                option, value = f"-{word[1 + flags]}", word[2 + flags :]
                yield option, value or value_of(option, rest)


def value_of(option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise PasteError(f"curl's option {option!r} lacks its value: paste all of the command")
    return value


def take_option(copied: Copied, option: str, value: str) -> None:
    """What an option adds to the request."""
    if option in ("", "--url"):
        copied.url = copied.url or value
    elif option in ("-X", "--request"):
        copied.method = value
    elif option in METHODS:
        copied.method = copied.method or METHODS[option]
    elif option in ("-H", "--header"):
        name, _, rest = value.partition(":")
        copied.headers.append((name.rstrip("; ").strip(), rest.strip()))
    elif option in HEADERS:
        copied.headers.append((HEADERS[option], value))
    elif option in ("-e", "--referer"):
        copied.referrer = value
    elif option in DATA:
        copied.body_size = (copied.body_size or 0) + len(value.encode(errors="replace"))
        copied.headers += [("Content-Type", "application/json")] * (option == "--json")


METHODS: Final = {
    "-G": "GET",
    "--get": "GET",
    "-I": "HEAD",
    "--head": "HEAD",
    "-T": "PUT",
    "--upload-file": "PUT",
}
HEADERS: Final = {
    "-b": "Cookie",
    "--cookie": "Cookie",
    "-u": "Authorization",
    "--user": "Authorization",
    "--oauth2-bearer": "Authorization",
}
