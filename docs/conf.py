"""How Sphinx builds these pages: ``sphinx-build -W docs build/docs``."""

import re
from pathlib import Path

SOURCE = (Path(__file__).parent.parent / "wsgicors.py").read_text(encoding="utf-8")

project = "wsgicors"
copyright = "2026, the wsgicors authors"
release = re.search(r'__version__ = "(.+)"', SOURCE)[1]
html_theme = "furo"
html_title = f"wsgicors {release}"
html_copy_source = False
highlight_language = "none"
exclude_patterns = ["_build"]
nitpicky = True
