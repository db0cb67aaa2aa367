"""The tables and the chart's rows, made from the times that groups.py measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from groups import SERVERS, Times

Value = Callable[[Times], float]


def whole(name: str, unit: float = 1.0) -> Value:
    """Return what looks up a time as it is, in `unit` nanoseconds."""
    return lambda times: times[name] / unit


def starting(prefix: str, unit: float) -> Value:
    """Return what looks up the one time whose name starts with `prefix`, in `unit` nanoseconds."""
    return lambda times: (
        next(time for name, time in times.items() if name.startswith(prefix)) / unit
    )


def over(with_it: str, without: str = "bare") -> Value:
    """Return what computes an overhead."""
    return lambda times: times[with_it] - times[without]


def ratio(above: Value, below: Value) -> Value:
    """Return what computes the quotient of two numbers made from times."""
    return lambda times: (
        above(times) / (below(times) or math.nan)
    )  # a smoke run may find no difference at all


class Row(NamedTuple):
    """One line of a table: a number made from the times, and the greatest that it may be."""

    text: str
    value: Value
    goal: float | None = None


def goal_rows(origins: int) -> dict[str, list[Row]]:
    """Return the goals and their rows, by the group that measures them."""
    ours = {
        (case, n): over(f"ours/{case}/{n}", f"bare/{n}")
        for case in ("none", "allowed")
        for n in (2, 8)
    }
    old = {n: over(f"old/allowed/{n}", f"bare/{n}") for n in (2, 8)}
    node = {
        (case, n): over(f"node/{case}/{n}", f"node/bare/{n}")
        for case in ("none", "allowed")
        for n in (2, 8)
    }
    node_preflight = over("node/preflight", "node/blank")
    preflight = whole("ours/preflight")

    def grown(kind: str, again: str, before: str = "1/same") -> Value:
        return ratio(over(f"origins/{kind}/{origins}/{again}"), over(f"origins/{kind}/{before}"))

    def lengthened(case: str, value: Callable[[str], Value] = whole) -> Value:
        return ratio(value(f"length/{case}/64 KiB"), value(f"length/{case}/usual"))

    def mixed(kind: str, what: str, count: int) -> Value:
        cost = over if what == "allowed" else whole
        return ratio(*(cost(f"mix/{kind}/{what}/{count}/{how}") for how in ("mix", "same")))

    def listed(what: str, again: str) -> Value:
        cost = over if what == "allowed" else whole
        return ratio(*(cost(f"list/{name}/{what}/{again}") for name in ("OriginList", "written")))

    def most_hostile(kind: str) -> Value:
        usual = over(f"length/Origin, {kind}/usual")
        return lambda times: max(
            ratio(over(name), usual)(times)
            for name in times
            if name.startswith(f"hostile/Origin, {kind}/")
        )

    return {
        "requests": [
            Row(
                "overhead, no Origin, 2 headers / the floor's",
                ratio(ours["none", 2], over("floor/2", "bare/2")),
                1.5,
            ),
            Row(
                "overhead, no Origin, 8 headers / the floor's",
                ratio(ours["none", 8], over("floor/8", "bare/8")),
            ),
            Row(
                "overhead, allowed, 2 headers / wsgicors 0.7.0's",
                ratio(ours["allowed", 2], old[2]),
                0.65,
            ),
            Row(
                "overhead, allowed, 8 headers / wsgicors 0.7.0's",
                ratio(ours["allowed", 8], old[8]),
                0.8,
            ),
            Row(
                "allowed preflight, whole call / 0.7.0's",
                ratio(preflight, whole("old/preflight")),
                0.35,
            ),
            Row(
                "overhead, no Origin, 2 headers / npm cors's",
                ratio(ours["none", 2], node["none", 2]),
                1.0,
            ),
            Row(
                "overhead, allowed, 2 headers / npm cors's",
                ratio(ours["allowed", 2], node["allowed", 2]),
                1.0,
            ),
            Row(
                "allowed preflight, whole call / npm cors's", ratio(preflight, node_preflight), 1.0
            ),
            Row(
                "overhead, no Origin, 8 headers / npm cors's",
                ratio(ours["none", 8], node["none", 8]),
            ),
            Row(
                "overhead, allowed, 8 headers / npm cors's",
                ratio(ours["allowed", 8], node["allowed", 8]),
            ),
        ],
        "growth": [
            *(
                Row(
                    f"1 -> {origins:,} {kind} origins, one again and again",
                    grown(kind, "same"),
                    1.2,
                )
                for kind in ("exact", "wildcard")
            ),
            # With one exact origin there is no other one to ask about; with one wildcard there is.
            Row(
                f"1000 -> {origins:,} exact origins, another each time",
                grown("exact", "other", "1000/other"),
            ),
            Row(
                f"1 -> {origins:,} wildcard origins, another each time",
                grown("wildcard", "other", "1/other"),
            ),
            *(
                Row(
                    f"another each time of {origins:,} {kind} origins / one again",
                    grown(kind, "other"),
                    goal,
                )
                for kind, goal in (("exact", 3.0), ("wildcard", 5.0))
            ),
            Row(
                "another subdomain each time of one wildcard / one again",
                ratio(over("origins/wildcard/1/other"), over("origins/wildcard/1/same")),
                5.0,
            ),
            *(
                Row(
                    f"two in turn of {origins:,} {kind} origins / one again",
                    grown(kind, "two in turn"),
                )
                for kind in ("exact", "wildcard")
            ),
            *(
                Row(
                    f"load, us per {kind} origin of {origins:,}",
                    whole(f"load/{kind}/{origins}", 1e3),
                    4.0,
                )
                for kind in ("exact", "wildcard")
            ),
        ],
        "mixes": [
            *(
                Row(
                    f"1,000 {kind} origins in turn, {what} / one again",
                    mixed(kind, what, 1000),
                    1.5,
                )
                for kind in ("exact", "wildcard")
                for what in ("allowed", "preflight")
            ),
            *(
                Row(
                    f"Zipf mix of 10,000 {kind}, {what} / one again", mixed(kind, what, 10_000), 2.0
                )
                for kind in ("exact", "wildcard")
                for what in ("allowed", "preflight")
            ),
        ],
        "lists": [
            Row(
                f"OriginList of {min(100_000, origins):,}, {text}, {what} / written down",
                listed(what, again),
                goal,
            )
            for what, goal in (("allowed", 1.3), ("preflight", 1.5))
            for again, text in (("same", "one again"), ("other", "another each time"))
        ],
        "memory": [
            Row(f"memory, bytes per {kind} origin of {origins:,}", whole(f"memory/{kind}"), 200.0)
            for kind in ("exact", "wildcard")
        ],
        "lengths": [
            *(
                Row(
                    f"64 KiB Origin, {kind} / a usual refused one",
                    lengthened(f"Origin, {kind}", over),
                    3.0,
                )
                for kind in ("exact", "wildcard")
            ),
            *(
                Row(
                    f"64 KiB Origin, {kind}, preflight / usual",
                    lengthened(f"Origin of a preflight, {kind}"),
                    3.0,
                )
                for kind in ("exact", "wildcard")
            ),
            *(
                Row(
                    f"the most hostile Origin, {kind} / a usual refused one",
                    most_hostile(kind),
                    3.0,
                )
                for kind in ("exact", "wildcard", "patterns", "OriginList")
            ),
            Row(
                "64 KiB of request headers, listed / usual",
                lengthened("request headers, listed"),
                3.0,
            ),
            Row(
                "64 KiB of request headers, refused / usual",
                lengthened("request headers, refused"),
                3.0,
            ),
        ],
        "construction": [
            Row(
                "construction / 0.7.0's",
                ratio(whole("construction/ours"), whole("construction/old")),
                0.55,
            ),
            Row(
                "construction, another origin each time / 0.7.0's",
                ratio(
                    whole("construction/ours, another origin each time"), whole("construction/old")
                ),
            ),
        ],
        "import": [
            Row(f"import, ms on top of {server}'s", starting(f"import/ours/{server}", 1e6), 8.0)
            for server in SERVERS
        ],
    }


def least(blocks: Iterable[Times]) -> Times:
    """Return the least of each time over the blocks."""
    result: Times = {}
    for times in blocks:
        for name, time in times.items():
            result[name] = min(time, result.get(name, time))
    return result


def print_all(blocks: dict[str, list[Times]], origins: int) -> None:
    """Print the table of goals, then the details of each group."""
    print(f"{'':60} {'goal':>6} {'found':>8}         spread")
    for group, rows in goal_rows(origins).items():
        for row in rows if group in blocks else ():
            found = row.value(least(blocks[group]))
            each = [row.value(times) for times in blocks[group]]
            goal = "" if row.goal is None else f"{row.goal:g}"
            verdict = "" if row.goal is None else "met" if found <= row.goal else "MISSED"
            print(
                f"{row.text:60} {goal:>6} {found:8.2f} {verdict:7} {min(each):.2f} to {max(each):.2f}"
            )
    details = {"kinds": print_kinds, "lengths": print_lengths, "peers": print_peers}
    for group, measured in blocks.items():
        print(f"\n{group}")
        details.get(group, print_times)(least(measured))


def print_times(times: Times) -> None:
    """Print the least time of each case, in ns (of `memory`: bytes)."""
    for name, time in times.items():
        print(f"  {name:60} {time:12,.0f}")


def print_instructions(counts: Times) -> None:
    """Print instructions per call, whole and more than the bare application's, and against the floor's."""
    print(f"{'Instructions of a call':30}{'whole':>10}{'overhead':>10}{'/ floor':>10}")
    for name, count in counts.items():
        headers = name.rpartition("/")[2]
        bare, floor = counts.get(f"bare/{headers}"), counts.get(f"floor/{headers}")
        more = (
            ""
            if bare is None or floor is None
            else f"{count - bare:10,.0f}{(count - bare) / (floor - bare):10.2f}"
        )
        print(f"{name:30}{count:10,.0f}{more}")


def print_kinds(times: Times) -> None:
    """Print what kinds of configuration cost, and how that grows."""
    floor = over("floor")(times)
    print("Kinds of configuration: overhead in ns, and against the floor's")
    for name in times:
        if name.startswith(("kind/", "policies/")):
            print(f"  {name:50} {over(name)(times):8,.0f} {over(name)(times) / floor:7.2f}")
    print("The application's headers: overhead in ns     floor     ours    0.7.0")
    for count in dict.fromkeys(name.split("/")[1] for name in times if name.startswith("headers/")):
        bare = times[f"headers/{count}/bare"]
        columns = (times[f"headers/{count}/{name}"] - bare for name in ("floor", "ours", "old"))
        print(f"  {count:>40} " + " ".join(f"{column:8,.0f}" for column in columns))


def print_lengths(times: Times) -> None:
    """Print hostile values beside the usual ones of the same outcome."""
    print(
        "Long and hostile values: time of the whole call in ns, and against the usual one of the same outcome"
    )
    usual = {name.split("/")[1]: name for name in times if name.endswith("/usual")}
    usual["request headers, allowed"] = usual["request headers, echoed"]
    for name in times:
        if not name.startswith("bare"):
            beside = times[usual[name.split("/")[1]]]
            print(f"  {name:75} {times[name]:9,.0f} {times[name] / beside:8.2f}")


def print_peers(times: Times) -> None:
    """Print frameworks alone, with their own middleware, and in ours."""
    print(
        "Peers in their own stacks: us per call alone; more with its own middleware; more with ours"
    )
    print(f"  {'':32}{'':12}{'alone':>10}{'own':>10}{'ours':>10}")
    for name, time in times.items():
        stack, variant, kind = name.split("/")
        if variant == "alone":
            less = (
                0.0 if kind == "preflight" else time
            )  # a middleware answers a preflight instead of the framework
            columns = [f"{time / 1e3:10.2f}"]
            for other in ("own", "ours"):
                found = times.get(f"{stack}/{other}/{kind}")
                columns.append(f"{'':>10}" if found is None else f"{(found - less) / 1e3:10.2f}")
            print(f"  {stack:32}{kind:12}" + "".join(columns))
    print("  (preflight: the whole call, framework included where its middleware runs inside)")


def chart_rows(requests: Times, peers: Times) -> dict[str, dict[str, float]]:
    """Return the chart's rows: overheads of requests, whole calls of preflights, in nanoseconds."""
    rows = {"the floor": {"allowed": over("floor/2", "bare/2")(requests)}}
    for name, case in (
        ("wsgicors 1.0 (this project)", "ours"),
        ("wsgicors 0.7.0", "old"),
        ("npm cors, Node.js", "node"),
    ):
        bare, nothing = ("node/bare/2", "node/blank") if case == "node" else ("bare/2", None)
        rows[name] = {
            kind: requests[f"{case}/{kind}/2"] - requests[bare] for kind in ("none", "allowed")
        }
        rows[name]["preflight"] = requests[f"{case}/preflight"] - (
            requests[nothing] if nothing else 0.0
        )
    for stack in dict.fromkeys(name.split("/")[0] for name in peers):
        rows[stack] = {
            kind: over(f"{stack}/own/{kind}", f"{stack}/alone/{kind}")(peers)
            for kind in ("none", "allowed")
        }
        rows[stack]["preflight"] = peers[f"{stack}/own/preflight"]
    return rows
