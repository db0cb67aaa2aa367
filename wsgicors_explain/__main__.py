"""The command line: python -m wsgicors_explain."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
