"""What is measured: each group measures its cases and returns the least time of each, in nanoseconds, by name.

A case's name is a path such as ``ours/allowed/8``; run.py makes the rows of its tables from these names.
"""

from __future__ import annotations

import gc
import itertools
import json
import random
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter_ns
from types import ModuleType
from typing import Any

import environment
from timing import Environ, Node, Sample, answer, calling, fresh, interleave, load, request

ORIGIN = "https://app.example.com"
STRANGER = "https://app.example.net"
# One policy, five options, in values that both our module and wsgicors 0.7.0 understand.
OPTIONS = {
    "origin": ORIGIN,
    "methods": "GET, PUT",
    "headers": "X-Token",
    "credentials": "true",
    "maxage": "600",
}

NONE = request()
ALLOWED = request(HTTP_ORIGIN=ORIGIN)
REFUSED = request(HTTP_ORIGIN=STRANGER)
PREFLIGHT = request(
    "OPTIONS",
    HTTP_ORIGIN=ORIGIN,
    HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT",
    HTTP_ACCESS_CONTROL_REQUEST_HEADERS="x-token",
)
BATCH = 100  # calls; see timing.calling
FEW = 10  # calls that take long each
NODE_BATCH = 2000  # calls, some milliseconds: see node_side.js


@dataclass(frozen=True)
class Size:
    """How much is measured: fresh processes, rounds in each, and the most origins of a policy.

    Of a mix also how many requests come before the first sample, and between two.
    """

    blocks: int
    rounds: int
    origins: int
    before: int
    between: int


SIZES = {
    "full": Size(blocks=5, rounds=100, origins=1_000_000, before=100_000, between=2500),
    "quick": Size(blocks=2, rounds=20, origins=100_000, before=100_000, between=2500),
    "smoke": Size(blocks=1, rounds=1, origins=2000, before=BATCH, between=BATCH),
}
Times = dict[str, float]
Wrap = Callable[[Any], Any]  # the application -> the application in its middleware


class Cases:
    """Samples by name; each application has answered as it should before its sample is accepted."""

    def __init__(self, wanted: str = "", empty: bool = False) -> None:
        self.samples: dict[str, Sample] = {}
        self.wanted = wanted  # leave out all other cases
        self.empty = empty  # only make the requests, call nothing

    def add(
        self,
        name: str,
        wrap: Wrap,
        environ: Environ,
        outcome: str,
        headers: int = 2,
        calls: int = BATCH,
    ) -> None:
        """Add the case of `wrap(app)`, called with `environ`, where `app` sends that many headers."""
        if self.wanted not in ("", name):
            return
        subject = load(environment.HERE / "subject.py")
        self.add_made(name, subject, wrap(subject.make_app(headers)), environ, outcome, calls=calls)

    def add_made(
        self,
        name: str,
        subject: ModuleType,
        app: Any,
        environ: Environ,
        outcome: str,
        others: Iterator[Environ] | None = None,
        calls: int = BATCH,
    ) -> None:
        """Add the case of `app`, called with `environ` again and again, or with those that `others` yields."""
        verify(name, app, environ, outcome)
        environs = others or itertools.repeat(environ)
        elapsed = (lambda app, environs: 0) if self.empty else subject.elapsed
        self.samples[name] = calling(elapsed, app, environs, calls)


def verify(name: str, app: Any, environ: Environ, outcome: str) -> None:
    """Raise AssertionError unless `app` answers as `outcome` says.

    That is "plain" (no CORS header), "constant" (`*`: the floor's, and a static policy's), "allowed" (to the request's
    Origin), "preflight" (likewise, with the methods) or "refused" (a preflight).
    """
    origin = environ.get("HTTP_ORIGIN")
    status, headers = answer(app, fresh(environ))
    found = (
        status,
        headers.get("access-control-allow-origin"),
        "access-control-allow-methods" in headers,
    )
    expected = {
        "plain": (200, None, False),
        "constant": (200, "*", False),
        "allowed": (200, origin, False),
        "preflight": (200 if status == 200 else 204, origin, True),
        "refused": (403, None, False),
    }[outcome]
    if found != expected:
        raise AssertionError(
            f"{name}: the measured application answers {found} instead of {expected}"
        )


def bare(app: Any) -> Any:
    """Return the application as it is."""
    return app


def floor(app: Any) -> Any:
    """Return the application in the floor: see subject.py."""
    return load(environment.HERE / "subject.py").Floor(app)


def old(app: Any) -> Any:
    """Return the application in wsgicors 0.7.0."""
    return load(environment.OLD).CORS(app, **OPTIONS)


def ours(**options: Any) -> Wrap:
    """Return what wraps an application in ours; `options` change or add to the usual five."""
    return lambda app: load(environment.OURS).CORS(app, {**OPTIONS, **options})


def only(**options: Any) -> Wrap:
    """Return what wraps an application in ours with these options alone."""
    return lambda app: load(environment.OURS).CORS(app, options)


def request_cases(wanted: str = "", empty: bool = False) -> Cases:
    """Return the Python cases of the group `requests`, whose instructions run.py counts, too."""
    cases = Cases(wanted, empty)
    for headers in (2, 8):
        cases.add(f"bare/{headers}", bare, NONE, "plain", headers)
        cases.add(f"floor/{headers}", floor, NONE, "constant", headers)
        for name, wrap in (("ours", ours()), ("old", old)):
            cases.add(f"{name}/none/{headers}", wrap, NONE, "plain", headers)
            cases.add(f"{name}/allowed/{headers}", wrap, ALLOWED, "allowed", headers)
    for name, wrap in (("ours", ours()), ("old", old)):
        cases.add(f"{name}/preflight", wrap, PREFLIGHT, "preflight")
    return cases


def requests(size: Size) -> Times:
    """Requests without Origin, allowed ones and preflights: floor, ours, wsgicors 0.7.0 and npm cors."""
    samples = request_cases().samples
    node = Node(environment.node())
    try:
        for case in (
            "blank",
            "preflight",
            *(f"{name}/{n}" for name in ("bare", "none", "allowed") for n in (2, 8)),
        ):
            samples[f"node/{case}"] = node.sample(case, NODE_BATCH)
        return interleave(samples, size.rounds)
    finally:
        node.close()


def peers(size: Size) -> Times:
    """Frameworks alone, with their CORS middleware, and wrapped in ours."""
    import peers as stacks

    subject = load(environment.HERE / "subject.py")
    samples: dict[str, Sample] = {}
    kinds = {"none": NONE, "allowed": ALLOWED, "preflight": PREFLIGHT}
    for stack, make in stacks.WSGI.items():
        apps = {"alone": make(False), "own": make(True), "ours": ours()(make(False))}
        for (variant, app), (kind, environ) in itertools.product(apps.items(), kinds.items()):
            name = f"{stack}/{variant}/{kind}"
            if variant != "alone" and kind != "none":
                verify(name, app, environ, kind)
            samples[name] = calling(subject.elapsed_serving, app, itertools.repeat(environ), FEW)
    for variant, (kind, environ) in itertools.product(("alone", "own"), kinds.items()):
        app = stacks.starlette_app(variant == "own")
        samples[f"{stacks.ASGI}/{variant}/{kind}"] = stacks.asgi_sample(
            app, environ, FEW, variant == "own" and kind != "none"
        )
    return interleave(samples, size.rounds)


def growth(size: Size) -> Times:
    """How an allowed request's cost grows with the number of origins, and how long each takes to load.

    As in `mixes`, requests of the same case come before each sample.
    """
    cases = Cases()
    loads: Times = {}
    cases.add("bare", bare, NONE, "plain")
    for kind, pattern, example in (
        ("exact", "https://shop-{}.example.com", "https://shop-{}.example.com"),
        ("wildcard", "https://*.shop-{}.example.com", "https://www.shop-{}.example.com"),
    ):
        for count in sorted({1, 1000, size.origins}):
            subject, module = load(environment.HERE / "subject.py"), load(environment.OURS)
            options = {**OPTIONS, "origin": [pattern.format(number) for number in range(count)]}
            gc.collect()
            gc.freeze()  # what earlier cases hold is not this one's to traverse; see also `memory`
            start = perf_counter_ns()
            app = module.CORS(subject.make_app(2), options)
            loads[f"load/{kind}/{count}"] = (perf_counter_ns() - start) / count
            gc.unfreeze()
            del options
            one = request(HTTP_ORIGIN=example.format(count // 2))
            cases.add_made(f"origins/{kind}/{count}/same", subject, app, one, "allowed")
            if count > 1:
                pair = itertools.cycle(
                    [request(HTTP_ORIGIN=example.format(number)) for number in (0, 1)]
                )
                cases.add_made(
                    f"origins/{kind}/{count}/two in turn", subject, app, one, "allowed", pair
                )
                many = _another_each_time(example, count)
                cases.add_made(f"origins/{kind}/{count}/other", subject, app, one, "allowed", many)
    many = _another_each_time("https://shop-{}.example.com", size.origins)
    subject = load(environment.HERE / "subject.py")
    app = ours(origin="https://*.example.com")(subject.make_app(2))
    cases.add_made("origins/wildcard/1/other", subject, app, next(many), "allowed", many)
    samples = {name: _after(size.between, sample) for name, sample in cases.samples.items()}
    return {**loads, **interleave(samples, size.rounds)}


def mixes(size: Size) -> Times:
    """Many allowed origins that are asked for in turn, and as visitors come: a few very often, most seldom.

    A server that has run for a while is measured: what it remembers has been full, and was cleared. Requests of the
    same case come before each sample, as on a server that does nothing else meanwhile: otherwise the processor's caches
    would hold what the other cases need.
    """
    cases = Cases()
    cases.add("bare", bare, NONE, "plain")
    example = "https://shop-{}.example.com"
    for kind, pattern in (("exact", example), ("wildcard", "https://*.shop-{}.example.com")):
        asked = pattern.replace("*", "www")
        for count, mix in ((1000, _in_turn), (10_000, _zipf)):
            origins = [pattern.format(number) for number in range(count)]
            subject = load(environment.HERE / "subject.py")
            app = ours(origin=origins)(subject.make_app(2))
            for outcome, like in (("allowed", ALLOWED), ("preflight", PREFLIGHT)):
                name = f"mix/{kind}/{outcome}/{count}"
                one = {**like, "HTTP_ORIGIN": asked.format(count // 2)}
                cases.add_made(f"{name}/same", subject, app, one, outcome)
                many = _from_each(like, asked, mix(count))
                cases.add_made(f"{name}/mix", subject, app, one, outcome, many)
                _after(size.before, cases.samples[f"{name}/mix"])()
    samples = {name: _after(size.between, sample) for name, sample in cases.samples.items()}
    return interleave(samples, size.rounds)


def _after(calls: int, sample: Sample) -> Sample:
    """Return the sample as it is after so many calls of its own."""

    def last() -> float:
        for _ in range(calls // BATCH):
            sample()
        return sample()

    return last


def _from_each(like: Environ, example: str, numbers: Iterator[int]) -> Iterator[Environ]:
    """Yield the request as it comes from the origin of each number."""
    for number in numbers:
        yield {**like, "HTTP_ORIGIN": example.format(number)}


def _at_random(count: int) -> Iterator[int]:
    chosen = random.Random(count)
    while True:
        yield chosen.randrange(count)


def _in_turn(count: int) -> Iterator[int]:
    return itertools.cycle(range(count))


def _zipf(count: int) -> Iterator[int]:
    """Yield numbers below count, each as often as its rank lets expect: the n-th 1/n as often as the first."""
    chosen = random.Random(count)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))
    numbers = chosen.sample(range(count), count)
    while True:
        yield from chosen.choices(numbers, cum_weights=weights, k=1000)


def lists(size: Size) -> Times:
    """An OriginList beside the same origins written down."""
    cases = Cases()
    cases.add("bare", bare, NONE, "plain")
    count, example = min(100_000, size.origins), "https://shop-{}.example.com"
    origins = [example.format(number) for number in range(count)]
    for name in ("written", "OriginList"):
        subject, module = load(environment.HERE / "subject.py"), load(environment.OURS)
        origin = origins if name == "written" else module.OriginList(lambda: origins, every=3600)
        app = module.CORS(subject.make_app(2), {**OPTIONS, "origin": origin})
        for outcome, like in (("allowed", ALLOWED), ("preflight", PREFLIGHT)):
            one = {**like, "HTTP_ORIGIN": example.format(count // 2)}
            cases.add_made(f"list/{name}/{outcome}/same", subject, app, one, outcome)
            many = _from_each(like, example, _at_random(count))
            cases.add_made(f"list/{name}/{outcome}/other", subject, app, one, outcome, many)
    return interleave(cases.samples, size.rounds)


def _another_each_time(example: str, count: int) -> Iterator[Environ]:
    return _from_each(request(), example, _at_random(count))


def kinds(size: Size) -> Times:
    """What kinds of configuration cost, and how cost grows with policies and with the application's headers."""
    cases = Cases()
    cases.add("bare", bare, NONE, "plain")
    cases.add("floor", floor, NONE, "constant")
    for name, wrap, environ, outcome in (
        ("one exact origin", ours(), ALLOWED, "allowed"),
        ("refused origin", ours(), REFUSED, "plain"),
        ("`*`, static", only(origin="*"), ALLOWED, "constant"),
        ("`*`, static, no Origin", only(origin="*"), NONE, "constant"),
        ("one wildcard", ours(origin="https://*.example.com"), ALLOWED, "allowed"),
        (
            "regular expression",
            ours(origin=re.compile(r"https://[a-z]+\.example\.com")),
            ALLOWED,
            "allowed",
        ),
        ("predicate", ours(origin=lambda origin, environ: True), ALLOWED, "allowed"),
        ("OriginList", _with_origin_list, ALLOWED, "allowed"),
        ("expose_headers = *", ours(expose_headers="*"), ALLOWED, "allowed"),
        ("path that is governed", ours(path="/*"), ALLOWED, "allowed"),
        ("path that is not", ours(path="/api/*"), ALLOWED, "plain"),
        (
            "verbmatch",
            only(policies={"api": OPTIONS}, matchstrategy="verbmatch"),
            ALLOWED,
            "allowed",
        ),
    ):
        cases.add(f"kind/{name}", wrap, environ, outcome)
    for count in (1, 10, 100, 1000):
        by_path = {f"p{n}": {**OPTIONS, "path": f"/{n}/*"} for n in range(count)}
        by_origin = {
            f"p{n}": {**OPTIONS, "origin": f"https://shop-{n}.example.com"} for n in range(count)
        }
        last = request(path=f"/{count - 1}/x", HTTP_ORIGIN=ORIGIN)
        calls = FEW if count == 1000 else BATCH
        cases.add(
            f"policies/each a path/{count}", only(policies=by_path), last, "allowed", calls=calls
        )
        last = request(HTTP_ORIGIN=f"https://shop-{count - 1}.example.com")
        cases.add(
            f"policies/each an origin/{count}",
            only(policies=by_origin),
            last,
            "allowed",
            calls=calls,
        )
    for count in (0, 2, 8, 32, 128):
        cases.add(f"headers/{count}/bare", bare, ALLOWED, "plain", count)
        cases.add(f"headers/{count}/floor", floor, ALLOWED, "constant", count)
        cases.add(f"headers/{count}/ours", ours(), ALLOWED, "allowed", count)
        cases.add(f"headers/{count}/old", old, ALLOWED, "allowed", count)
    return interleave(cases.samples, size.rounds)


def _with_origin_list(app: Any) -> Any:
    module = load(environment.OURS)
    return module.CORS(app, {**OPTIONS, "origin": module.OriginList(lambda: [ORIGIN])})


def _hostile_origins() -> dict[str, str]:
    """Return origins that look long as if they were allowed, of at most 512 bytes where they are read at all."""
    return {
        "253 bytes of labels": f"https://{'a.' * 121}example.net",
        "253 bytes of labels above a name": f"https://{'a.' * 120}xexample.com",
        "253 bytes of labels below another scheme": f"http://{'a.' * 121}example.com",
        "253 bytes of labels and a port": f"https://{'a.' * 121}example.com:65536",
        "512 bytes of labels": f"https://{'a.' * 246}bexample.com",
        "512 bytes of one label": f"https://{'a' * 492}.bexample.com",
        "512 bytes of hyphens": f"https://{'a-' * 246}example.com",
        "512 bytes of a port": f"{ORIGIN}:{'1' * 488}",
        "512 bytes of an address": f"https://[{'1:' * 251}]",
        "512 bytes of a scheme": f"{'a' * 490}://{'example.com'}",
        "512 bytes of dots": f"https://{'.' * 504}",
        "512 bytes of upper case": f"https://{'A.' * 246}example.com",
        "64 KiB of dots": "https://" + "." * 65_536,
        "64 KiB of commas": "," * 65_536,
        "64 KiB of spaces": " " * 65_536,
        "joined origins": ", ".join([ORIGIN] * 8),
        "every byte": "https://" + "".join(map(chr, range(256))),
    }


def _with_many(as_list: bool) -> Wrap:
    """Return what wraps an application in ours, which allows a thousand patterns and origins."""

    def wrap(app: Any) -> Any:
        module = load(environment.OURS)
        origins = [f"https://*.{'b.' * (n % 20)}shop-{n}.example.com" for n in range(500)]
        origins += [f"https://shop-{n}.example.com:*" for n in range(500)]
        listed = module.OriginList(lambda: origins) if as_list else origins
        return module.CORS(app, {**OPTIONS, "origin": listed})

    return wrap


def lengths(size: Size) -> Times:
    """Long and hostile values, each beside a usual one of the same outcome."""
    cases = Cases()
    cases.add("bare", bare, NONE, "plain")
    long = 64 * 1024
    exact, wildcard = ours(), ours(origin="https://*.example.com")
    echo = ours(headers="*")
    paths = only(policies={"api": {**OPTIONS, "path": "/api/*"}, "public": {"origin": "*"}})

    def preflight(origin: str = ORIGIN, headers: str = "x-token") -> Environ:
        return {**PREFLIGHT, "HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers}

    for name, wrap in (("exact", exact), ("wildcard", wildcard)):
        cases.add(f"length/Origin, {name}/usual", wrap, REFUSED, "plain")
        cases.add(
            f"length/Origin, {name}/64 KiB",
            wrap,
            request(HTTP_ORIGIN="https://" + "a" * long),
            "plain",
        )
        cases.add(
            f"length/Origin of a preflight, {name}/usual", wrap, preflight(STRANGER), "refused"
        )
        cases.add(
            f"length/Origin of a preflight, {name}/64 KiB",
            wrap,
            preflight("https://" + "a" * long),
            "refused",
        )
    patterns, listed = _with_many(as_list=False), _with_many(as_list=True)
    cases.add("length/Origin, patterns/usual", patterns, REFUSED, "plain")
    cases.add("length/Origin, OriginList/usual", listed, REFUSED, "plain")
    for name, wrap in {
        "exact": exact,
        "wildcard": wildcard,
        "patterns": patterns,
        "OriginList": listed,
    }.items():
        for attack, origin in _hostile_origins().items():
            environ = request(HTTP_ORIGIN=origin)
            cases.add(f"hostile/Origin, {name}/{attack}", wrap, environ, "plain")
    usual_list = "content-type,x-request-id,x-token"
    full_list = ",".join(
        f"x-{number:04}" for number in range(585)
    )  # 4094 of the 4096 bytes that are echoed
    cases.add("length/request headers, listed/usual", exact, preflight(), "preflight")
    cases.add(
        "length/request headers, listed/64 KiB", exact, preflight(headers="a" * long), "preflight"
    )
    cases.add(
        "length/request headers, echoed/usual", echo, preflight(headers=usual_list), "preflight"
    )
    cases.add(
        "hostile/request headers, allowed/4 KiB of names",
        echo,
        preflight(headers=full_list),
        "preflight",
    )
    cases.add(
        "length/request headers, refused/usual", echo, preflight(headers="x-token; x"), "refused"
    )
    for attack, headers in {
        "64 KiB of a name": "a" * long,
        "64 KiB of names": "a," * (long // 2),
        "64 KiB of commas": "," * long,
        "64 KiB of spaces": " " * long,
        "64 KiB of commas and spaces": ", " * (long // 2),
        "4 KiB of commas": "," * 4096,
        "4 KiB of commas and spaces, then a fault": ", " * 2047 + ";",
        "4 KiB of a name, then a fault": "a" * 4095 + ";",
    }.items():
        group = "length" if attack == "64 KiB of a name" else "hostile"
        name = "64 KiB" if group == "length" else attack
        cases.add(
            f"{group}/request headers, refused/{name}", echo, preflight(headers=headers), "refused"
        )
    for attack, method in {
        "usual": "G;",
        "64 KiB of a name": "A" * long,
        "64 KiB of semicolons": ";" * long,
    }.items():
        environ = {**PREFLIGHT, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
        cases.add(f"hostile/method, refused/{attack}", ours(methods="*"), environ, "refused")
    for attack, path in {"usual": "/public/x", "64 KiB of one segment": "/" + "a" * long}.items():
        cases.add(
            f"hostile/path, other/{attack}",
            paths,
            request(path=path, HTTP_ORIGIN=ORIGIN),
            "constant",
        )
    for attack, path in {
        "usual": "/public/../api/x",
        "64 KiB of slashes": "/" * long + "api",
        "64 KiB of ..": "/.." * (long // 3) + "/api",
        "64 KiB of backslashes": "/" + "\\" * long + "api",
    }.items():
        cases.add(
            f"hostile/path, refused/{attack}",
            paths,
            request(path=path, HTTP_ORIGIN=ORIGIN),
            "plain",
            calls=FEW,
        )
    return interleave(cases.samples, size.rounds)


def construction(size: Size) -> Times:
    """One policy with five options."""
    current, before = load(environment.OURS), load(environment.OLD)
    app = load(environment.HERE / "subject.py").make_app(2)
    numbers = itertools.count()

    def constructing(make: Callable[[], Any], number: int = 10) -> Sample:
        def sample() -> float:
            start = perf_counter_ns()
            for _ in range(number):
                make()
            return (perf_counter_ns() - start) / number

        return sample

    def another() -> Any:
        return current.CORS(
            app, **{**OPTIONS, "origin": f"https://shop-{next(numbers)}.example.com"}
        )

    return interleave(
        {
            "construction/old": constructing(lambda: before.CORS(app, **OPTIONS)),
            "construction/ours": constructing(lambda: current.CORS(app, **OPTIONS)),
            "construction/ours, another origin each time": constructing(another),
        },
        size.rounds,
    )


def memory(size: Size) -> Times:
    """Bytes per origin that stay allocated (tracemalloc), the texts included, once the caller's list is gone."""
    module, app = load(environment.OURS), load(environment.HERE / "subject.py").make_app(2)
    held: Times = {}
    for kind, pattern in (
        ("exact", "https://shop-{}.example.com"),
        ("wildcard", "https://*.shop-{}.example.com"),
    ):
        tracemalloc.start()
        middleware = module.CORS(
            app, {**OPTIONS, "origin": [pattern.format(number) for number in range(size.origins)]}
        )
        gc.collect()
        held[f"memory/{kind}"] = tracemalloc.get_traced_memory()[0] / size.origins
        tracemalloc.stop()
        del middleware
    return held


# Runs in a fresh interpreter, where nothing is imported but what a server that is about to accept a request needs.
IMPORTING = """
import json, sys
from time import perf_counter_ns
def app(environ, start_response): pass
if sys.argv[1] == "wsgiref":
    from wsgiref.simple_server import make_server
    server = make_server("127.0.0.1", 0, app)
else:
    from waitress import create_server
    server = create_server(app, host="127.0.0.1", port=0)
before = set(sys.modules)
sys.path.insert(0, sys.argv[2])
start = perf_counter_ns()
import wsgicors
time = perf_counter_ns() - start
assert wsgicors.__file__.startswith(sys.argv[2])
print(json.dumps([time, sorted(set(sys.modules) - before - {"wsgicors"})]))
"""
SERVERS = ("wsgiref", "waitress")
UNCACHED = ["-Xpycache_prefix=/nowhere"]  # where no bytecode is, so CPython compiles again


def importing(size: Size) -> Times:
    """`import wsgicors` on top of what a running server has imported, in fresh interpreters.

    With bytecode on disk, as pip leaves it, and without, as the first import of a copied file is.
    """
    least: Times = {}
    cases = (
        ("ours", environment.OURS, []),
        ("old", environment.OLD, []),
        ("ours, uncompiled", environment.OURS, UNCACHED),
    )
    for _ in range(size.rounds // 10 + 1):
        for server, (name, path, flags) in itertools.product(SERVERS, cases):
            command = [
                str(environment.PYTHON),
                "-B",
                *flags,
                "-c",
                IMPORTING,
                server,
                str(path.parent),
            ]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            time, modules = json.loads(output.stdout)
            case = f"import/{name}/{server}, with {' '.join(modules) or 'nothing more'}"
            least[case] = min(least.get(case, time), time)
    return least


GROUPS: dict[str, Callable[[Size], Times]] = {
    "requests": requests,
    "growth": growth,
    "mixes": mixes,
    "lists": lists,
    "lengths": lengths,
    "construction": construction,
    "memory": memory,
    "import": importing,
    "kinds": kinds,
    "peers": peers,
}


def main(command: str, *arguments: str) -> None:
    """Do, in a process of its own, what run.py asks for; print JSON."""
    if command == "measure":
        group, size = arguments
        print(json.dumps(GROUPS[group](SIZES[size])))
    elif command == "names":
        print(json.dumps(list(request_cases().samples)))
    else:
        name, loop, number = arguments
        sample = request_cases(name, loop == "empty").samples[name]
        gc.disable()
        for _ in range(int(number) // BATCH):
            sample()


if __name__ == "__main__":
    main(*sys.argv[1:])
