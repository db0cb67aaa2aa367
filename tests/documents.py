"""Reads the documents' code blocks; ``python tests/documents.py`` writes transcripts anew.

A block is ``.. code-block:: LANGUAGE``, with options, in README.rst or docs/. What is done with it
depends on its language:

- ``python`` is run, each document's blocks in one directory. A caption is the file's name there. A
  function whose name begins with ``test_`` is called. The class ``before`` marks what only compiles:
  it shows other libraries.
- ``ini`` is loaded by PasteDeploy; a caption is its name for the transcripts. The class ``refused``
  marks one that must not load.
- ``pycon`` is a doctest.
- ``console`` is a transcript if it begins with one of ``PLAYED``.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.rst", *sorted((ROOT / "docs").glob("*.rst"))]

BLOCK = re.compile(
    r"""
    ^\.\.\ code-block::\ (?P<language>[a-z]+)\n
    (?P<options>(?:\ {3,4}:[a-z-]+:.*\n)*)
    \n
    (?P<text>(?:\ {3,4}.*\n|\n)+)
    """,
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Block:
    document: str
    line: int
    language: str
    options: dict[str, str]
    text: str

    @property
    def caption(self) -> str:
        return self.options.get("caption", "")

    @property
    def kind(self) -> str:
        return self.options.get("class", "")

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks_of(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        options = dict(re.findall(r":([a-z-]+):[ ]*(.*)", match["options"]))
        line = text.count("\n", 0, match.start()) + 1
        code = textwrap.dedent(match["text"]).strip("\n") + "\n"
        found.append(Block(path.name, line, match["language"], options, code))
    return found


def page_blocks(path: Path, language: str) -> list[Block]:
    return [block for block in blocks_of(path) if block.language == language]


# Transcripts: how one begins that is played.
PLAYED = ("$ wsgicors ", "$ curl ", "$ python3 examples/")


def permissive(environ, start_response):
    """The server at localhost:8080: not ours, and it allows everything that a ``*`` can."""
    names = ("Origin", "Methods", "Headers")
    headers = [(f"Access-Control-Allow-{name}", "*") for name in names]
    start_response("200 OK", [("Content-Type", "text/plain"), *headers, ("Content-Length", "0")])
    return [b""]


def hello_application():
    """The application at localhost:8000: the one that README.rst begins with."""
    block = page_blocks(ROOT / "README.rst", "python")[0]
    names = {"__name__": "hello"}
    exec(compile(block.text, str(block), "exec"), names)
    return names["application"]


def write_files(directory: Path) -> None:
    """The ini files that the pages show, by their captions."""
    for document in DOCUMENTS:
        for block in page_blocks(document, "ini"):
            if block.caption:
                (directory / block.caption).write_text(block.text, encoding="utf-8")
        for block in page_blocks(document, "text"):
            if block.caption:
                (directory / block.caption).write_text(block.text, encoding="utf-8")


def printed_by(command: str, ports: dict[str, str]) -> str:
    """What a command prints, without what differs from day to day."""
    for shown, real in ports.items():
        command = command.replace(f":{shown}", f":{real}")
    program, *arguments = shlex.split(command)
    if program == "wsgicors":
        from wsgicors_explain import main

        with contextlib.redirect_stdout(io.StringIO()) as out:
            main(arguments)
        output = out.getvalue()
    else:
        if program == "python3":
            program, arguments = sys.executable, [str(ROOT / arguments[0])]
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=True, timeout=60
        )
        output = done.stdout
    for shown, real in ports.items():
        output = output.replace(f":{real}", f":{shown}")
    lines = [line.rstrip() for line in output.splitlines()]
    varying = ("< Date", "< Server", "Date:", "Server:")
    return "".join(f"{line}\n" for line in lines if not line.startswith(varying))


def played(text: str) -> str:
    """A transcript as it would be printed today."""
    from test_browser_http import serving

    parts = re.split(r"(?m)^\$ ((?:.*\\\n)*.*)\n", text)
    result = parts[0]
    previous = os.getcwd()
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(permissive) as foreign,
        serving(hello_application()) as ours,
    ):
        write_files(Path(directory))
        os.chdir(directory)
        try:
            ports = {"8080": str(foreign), "8000": str(ours)}
            for index, command in enumerate(parts[1::2]):
                last = index == len(parts) // 2 - 1
                output = printed_by(command.replace("\\\n", " "), ports)
                result += f"$ {command}\n{output}" + ("" if last else "\n")
        finally:
            os.chdir(previous)
    return result


def is_transcript(block: Block) -> bool:
    return block.language == "console" and block.text.startswith(PLAYED)


def write_anew(path: Path) -> int:
    """Put what commands print today into a document; the value is the number of changed blocks."""
    text, changed = path.read_text(encoding="utf-8"), 0
    for block in filter(is_transcript, blocks_of(path)):
        new = played(block.text)
        if new != block.text:
            old_lines = textwrap.indent(block.text, "    ")
            assert old_lines in text, f"{block} is indented by other than four spaces"
            text = text.replace(old_lines, textwrap.indent(new, "    "))
            changed += 1
    path.write_text(text, encoding="utf-8")
    return changed


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for document in DOCUMENTS:
        print(f"{document.name}: {write_anew(document)} transcripts written")
