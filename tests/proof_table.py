"""Print a table of the expressions of regexes.json: expression, verdict with credentials, truth.

    python tests/proof_table.py

A verdict that differs from the truth is marked. Exit status 1: an expression that is risky loads.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import wsgicors  # noqa: E402  the file of this checkout

FLAGS = {"": 0, "i": re.IGNORECASE, "x": re.VERBOSE}


def main() -> int:
    rows = json.loads((HERE / "regexes.json").read_text(encoding="utf-8"))
    admitted = 0
    print("| expression | verdict | truth | |")
    print("|---|---|---|---|")
    for row in rows:
        regex = re.compile(row["pattern"], FLAGS[row["flags"]])
        risks = {name: sentence for name, sentence, _ in wsgicors.regex_risks(regex, frozenset())}
        shown = [
            f"{name} ({found[1]})" if (found := re.search("admit '([^']+)'", sentence)) else name
            for name, sentence in risks.items()
        ]
        about_origins = bool(risks.keys() & wsgicors.ABOUT_ORIGINS)
        differs = bool(risks) != (row["truth"] == "RISKY")
        admitted += row["truth"] == "RISKY" and not about_origins
        expression = row["pattern"].replace("|", "\\|").replace("\n", "\\n")
        flags = f" ({row['flags']})" if row["flags"] else ""
        verdict = "refused: " + ", ".join(shown) if shown else "loads"
        print(f"| `{expression}`{flags} | {verdict} | {row['truth']} | {'differs' * differs} |")
    print(f"\n{len(rows)} expressions; risky ones that load: {admitted}")
    return int(admitted > 0)


if __name__ == "__main__":
    sys.exit(main())
