"""Draw the chart of README.rst: what a CORS middleware adds to a request, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape

WIDTH, LEFT, RIGHT, TOP, ROW = 860, 250, 60, 84, 34
KINDS = {
    "none": ("no Origin", "#8c8c8c"),
    "allowed": ("allowed request", "#0072b2"),
    "preflight": ("preflight, whole call", "#d55e00"),
}


def draw(rows: dict[str, dict[str, float]], subtitle: str) -> str:
    """Return the SVG of `rows`: name -> kind (a key of KINDS) -> nanoseconds."""
    # What cannot be told from nothing has no place on a logarithmic scale: it is left out.
    rows = {
        name: {kind: time for kind, time in row.items() if time > 0} for name, row in rows.items()
    }
    times = [time for row in rows.values() for time in row.values()]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    height = TOP + ROW * len(rows) + 50
    bottom = height - 44

    def across(time: float) -> float:
        return round(LEFT + (math.log10(time) - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<style>text { font: 13px sans-serif } .title { font-size: 16px } .title, .ours { font-weight: bold }</style>",
        "<title>What a CORS middleware adds to a request</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" class="title">What a CORS middleware adds to a request</text>',
        f'<text x="16" y="46" fill="#555555">{escape(subtitle)}</text>',
    ]
    for index, (label, colour) in enumerate(KINDS.values()):
        x = LEFT + 170 * index
        parts.append(
            f'<circle cx="{x}" cy="64" r="6" fill="{colour}"/><text x="{x + 12}" y="69">{label}</text>'
        )
    for power in range(low, high + 1):
        x = across(10**power)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}" stroke="#cccccc"/>')
        parts.append(
            f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{_duration(10**power)}</text>'
        )
    for index, (name, row) in enumerate(rows.items()):
        y = TOP + ROW * index + ROW // 2
        weight = ' class="ours"' if name.startswith("wsgicors 1") else ""
        parts.append(
            f'<text x="{LEFT - 14}" y="{y + 5}" text-anchor="end"{weight}>{escape(name)}</text>'
        )
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#eeeeee"/>')
        for kind, time in row.items():
            label, colour = KINDS[kind]
            title = f"<title>{escape(name)}, {label}: {_duration(time)}</title>"
            parts.append(
                f'<circle cx="{across(time)}" cy="{y}" r="6" fill="{colour}">{title}</circle>'
            )
    return "\n".join([*parts, "</svg>", ""])


def _duration(nanoseconds: float) -> str:
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"
