"""The benchmark's own environment: a virtualenv, wsgicors 0.7.0 and the npm package ``cors``, at pinned versions.

Everything is under ``benchmarks/.env``, which git ignores; deleting the folder is always safe.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENV = HERE / ".env"

# The measured module. run.py gives its child processes a copy, so that who edits the file meanwhile does not mix two
# versions in one table.
OURS = Path(os.environ.get("WSGICORS_MEASURED", ROOT / "wsgicors.py"))
# Our module and the measured predecessor have the same name, so it never is in the virtualenv's site-packages.
OLD = ENV / "wsgicors-0.7.0" / "wsgicors.py"
VIRTUALENV = ENV / f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
PYTHON = VIRTUALENV / "bin" / "python"


def prepare() -> None:
    """Make what is missing or no longer as pinned, which takes a minute the first time and nothing later.

    Raises SystemExit, naming what is missing, and subprocess.CalledProcessError where an installation fails.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise SystemExit(
                f"benchmarks: {tool} is not installed; the comparison with the npm package `cors` needs it"
            )
    ENV.mkdir(exist_ok=True)
    with open(ENV / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once must not install into the same folders
        _once(VIRTUALENV, (HERE / "requirements.txt").read_text(), _make_virtualenv)
        _once(OLD.parent, "wsgicors==0.7.0", _install_old)
        _once(ENV / "node_modules", (HERE / "package.json").read_text(), _install_node)


def node() -> list[str]:
    """Return the command that runs the measured side on Node.js."""
    return ["node", str(HERE / "node_side.js"), str(ENV)]


def _once(folder: Path, pins: str, make) -> None:
    stamp = folder.with_name(folder.name + ".installed")
    if stamp.exists() and stamp.read_text() == pins:
        return
    shutil.rmtree(folder, ignore_errors=True)
    make()
    stamp.write_text(pins)


def _run(*command: str | Path) -> None:
    # The output is for who asks why it failed; what is printed otherwise is the tables alone.
    subprocess.run(
        command, check=True, cwd=ENV, stdout=sys.stderr, env={**os.environ, "PIP_NO_INPUT": "1"}
    )


def _make_virtualenv() -> None:
    venv.create(VIRTUALENV, with_pip=True)
    _run(PYTHON, "-m", "pip", "install", "-qq", "--requirement", HERE / "requirements.txt")


def _install_old() -> None:
    _run(
        PYTHON,
        "-m",
        "pip",
        "install",
        "-qq",
        "--no-deps",
        "--target",
        OLD.parent,
        "wsgicors==0.7.0",
    )


def _install_node() -> None:
    shutil.copy(HERE / "package.json", ENV)
    _run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
