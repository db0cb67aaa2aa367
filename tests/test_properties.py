"""What holds for every configuration that loads and for every request, on examples that hypothesis makes up.

What is expected comes from a second reading of the documentation, written as plainly as possible below: nothing of it looks at
wsgicors.py. The short run is the same each time. A long one, of other examples each time::

    WSGICORS_EXAMPLES=100000 pytest tests/test_properties.py
"""

from __future__ import annotations

import logging
import os
import re
from datetime import timedelta
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st
from support import CORS_NAMES, app_sending, plain_app

from wsgicors import CORS, ConfigError, OriginList, make_middleware
from wsgicors_explain import Browser

EXAMPLES = int(os.environ.get("WSGICORS_EXAMPLES", "120"))
settings.register_profile(
    "wsgicors",
    max_examples=EXAMPLES,
    derandomize="WSGICORS_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,  # speed is judged by benchmarks/
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("wsgicors")
FEWER = settings(max_examples=EXAMPLES // 3)  # for what runs once for each option

RISKS = ["any-origin", "insecure-origin", "public-suffix", "null-origin"]
LOWER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"


# ---------------------------------------------------------------------------------------------------------------
# Origins and patterns, by their grammar. Few letters, so that patterns and origins often meet.
# ---------------------------------------------------------------------------------------------------------------

LABELS = st.text("ab-_1", min_size=1, max_size=3)
NAMES = st.builds(
    lambda labels, last, dot: ".".join([*labels, last]) + dot,
    st.lists(LABELS, max_size=3),
    st.sampled_from(["a", "ab", "b", "localhost", "example"]),
    st.sampled_from(["", "", "", "."]),
)
WILDCARD_LABELS = st.builds(
    lambda before, after: f"{before}*{after}",
    st.text("ab-1", max_size=2),
    st.text("ab-1", max_size=2),
)
WILDCARD_NAMES = st.one_of(
    WILDCARD_LABELS, st.builds(lambda label, name: f"{label}.{name}", WILDCARD_LABELS, NAMES)
)
ADDRESSES = st.sampled_from(["127.0.0.1", "203.0.113.7", "[::1]", "[2001:db8::1]"])
SCHEMES = st.sampled_from(["https", "https", "http", "chrome-extension"])
PORTS = st.sampled_from(["", "", ":1", ":8443", ":65535"])


def joined(scheme, host, port):
    return f"{scheme}://{host}{port}"


ORIGINS = st.builds(joined, SCHEMES, NAMES | ADDRESSES, PORTS)
PATTERNS = st.builds(joined, SCHEMES, NAMES | WILDCARD_NAMES | ADDRESSES, PORTS | st.just(":*"))
HOSTILE_ORIGINS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(max_codepoint=255), max_size=20),
    st.builds(
        lambda origin, at, text: origin[:at] + text + origin[at:],
        ORIGINS,
        st.integers(0, 30),
        st.text(),
    ),
    st.builds(
        lambda origin, text: origin + text,
        PATTERNS,
        st.sampled_from(["/", "\r\nX: 1", ", null", "\n", "\0"]),
    ),
    st.builds(lambda origin, text: f"{origin} {text}", ORIGINS, ORIGINS),
    ORIGINS.map(lambda origin: origin.upper()),  # builds() cannot look into PyPy's str.upper
    PATTERNS,
    st.sampled_from(
        ["", " ", "null ", "NULL", "*", "copy", "file://", "https://", "https://[", "https://a:0"]
    ),
    st.sampled_from(
        ["https://" + "a" * 505, "https://" + "a.b" * 168, "a" * 10**6, "https://a" * 10**5]
    ),
)


def split(origin):
    """Scheme, host and port of an origin or a pattern."""
    scheme, _, rest = origin.partition("://")
    if rest.startswith("["):
        host, _, port = rest.partition("]")
        return scheme, host + "]", port[1:]
    host, _, port = rest.partition(":")
    return scheme, host, port


def well_formed(origin):
    """Whether browsers send such an Origin: at most 512 bytes, scheme://host[:port] in the characters they use."""
    if len(origin) > 512 or "://" not in origin:
        return False
    scheme, host, port = split(origin)
    rebuilt = scheme + "://" + host + (":" + port if port else "")
    if len(host) > 253 and host[0] != "[":
        return False
    if rebuilt != origin or scheme == "file" or not scheme or scheme[0] not in LOWER:
        return False
    if not set(scheme) <= set(LOWER + DIGITS + "+.-"):
        return False
    if port and (not set(port) <= set(DIGITS) or port[0] == "0" or len(port) > 5):
        return False
    if host.startswith("["):
        return len(host) > 2 and set(host[1:-1]) <= set("0123456789abcdef:")
    if host == ".":  # of Electron's pages
        return scheme not in ("http", "https")
    letters = LOWER if scheme in ("http", "https") else LOWER + LOWER.upper()
    labels = host[:-1].split(".") if host.endswith(".") else host.split(".")
    return all(label and set(label) <= set(letters + DIGITS + "-_") for label in labels)


def matches(pattern, origin):
    """Whether the pattern admits the well-formed origin, by the words of the documentation."""
    scheme, host, port = split(pattern)
    its_scheme, its_host, its_port = split(origin)
    if scheme != its_scheme or port not in ("*", its_port):
        return False
    if "*" not in host:
        return host == its_host
    if its_host.startswith("["):
        return False
    label, dot, parents = host.partition(".")
    if label == "*":  # one or more labels
        return not dot or (its_host.endswith(dot + parents) and len(its_host) > len(dot + parents))
    before, after = label.split("*")  # one or more characters inside that label
    its_label, its_dot, its_parents = its_host.partition(".")
    return (
        (dot, parents) == (its_dot, its_parents)
        and len(its_label) > len(before + after)
        and its_label.startswith(before)
        and its_label.endswith(after)
    )


@given(st.lists(PATTERNS, min_size=1, max_size=5), ORIGINS | HOSTILE_ORIGINS, st.data())
@example(["https://*.a:*"], "https://b.a:*", None)
def test_compiled_patterns_admit_what_each_pattern_admits(patterns, origin, data):
    if data and data.draw(st.booleans()):  # an origin that is near a pattern
        origin = data.draw(st.sampled_from(patterns)).replace(":*", data.draw(PORTS))
        origin = origin.replace(
            "*", data.draw(st.sampled_from(["a", "b", "1", "a.b", "ab", "-", "", ".", "a..b"]))
        )
    patterns = [pattern for pattern in patterns if loads(origin=pattern)]
    expected = well_formed(origin) and any(matches(pattern, origin) for pattern in patterns)
    event(f"admitted: {expected}")
    for configured in (patterns, OriginList(lambda: patterns, allow_empty=True)):
        assert (allowed_origin(CORS(plain_app, origin=configured), origin) == origin) is expected


def loads(**options):
    try:
        CORS(plain_app, options)
    except ConfigError:
        return False
    return True


def allowed_origin(cors, origin):
    _, headers = respond(cors, {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": origin})
    return dict(headers).get("Access-Control-Allow-Origin")


def respond(application, environ):
    """Status and headers of an application's answer."""
    answers = []

    def start_response(status, headers, exc_info=None):
        answers.append((int(status[:3]), headers))
        return lambda data: None

    answer = application(environ, start_response)
    list(answer)
    getattr(answer, "close", lambda: None)()
    return answers[-1]


# ---------------------------------------------------------------------------------------------------------------
# Configurations
# ---------------------------------------------------------------------------------------------------------------


def app_example(origin, environ):
    """A predicate."""
    return origin.endswith("example")


def fails(origin, environ):
    """A predicate that does not work."""
    raise RuntimeError(origin)


REGEX = re.compile(r"https://[ab]+\.example")
HEADER_NAMES = ["X-A", "X-B", "Authorization", "Content-Type"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CHICKEN", "chicken"]
ENTRIES = st.one_of(
    PATTERNS, PATTERNS, PATTERNS, st.sampled_from(["null", REGEX, app_example, fails])
)
PATHS = ["/a", "/a/*", "/a/b/", "/*", "/é/*"]


def list_of(names, **options):
    return st.lists(st.sampled_from(names), unique=True, **options)


POLICIES = st.fixed_dictionaries(
    {
        "origin": st.one_of(
            st.just("*"), st.just("copy"), st.lists(ENTRIES, max_size=3), ORIGINS.map(lambda o: [o])
        )
    },
    optional={
        "path": list_of(PATHS, min_size=1, max_size=2),
        "methods": st.just("*") | list_of(METHODS),
        "headers": st.just("*") | list_of(HEADER_NAMES),
        "expose_headers": st.just("*") | list_of(["X-One", "X-Two", "ETag"]),
        "credentials": st.booleans(),
        "maxage": st.integers(0, 10**6),
        "timing": st.booleans(),
        "preflight_status": st.integers(200, 299),
        "preflight_continue": st.booleans(),
        "accept_risk": st.just(RISKS) | list_of(RISKS),
    },
)


@st.composite
def configurations(draw):
    """A configuration in the nested form that loads."""
    policies = {name: draw(POLICIES) for name in draw(st.sampled_from(["a", "ab", "abc"]))}
    configuration = {
        "policies": policies,
        "matchstrategy": draw(st.sampled_from(["firstmatch", "verbmatch"])),
    }
    if draw(st.booleans()):
        configuration["policy"] = [*policies, "deny"]
    for policy in policies.values():
        if policy["origin"] == "*":
            policy.pop("credentials", None)
        elif policy.get("credentials"):
            policy["accept_risk"] = RISKS
    try:
        CORS(plain_app, configuration)
    except ConfigError:
        assume(False)
    return configuration


def near(configuration):
    """Origins that the configuration is likely to have an opinion on."""
    entries = [entry for policy in configuration["policies"].values() for entry in policy["origin"]]
    patterns = [entry for entry in entries if isinstance(entry, str) and "://" in entry]
    found = [pattern.replace(":*", ":1").replace("*", "a") for pattern in patterns]
    return st.sampled_from(found) | ORIGINS if found else ORIGINS


# ---------------------------------------------------------------------------------------------------------------
# A second reading of the documentation: what a request gets.
# ---------------------------------------------------------------------------------------------------------------

STANDARD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
TCHAR = set("!#$%&'*+-.^_`|~" + DIGITS + LOWER + LOWER.upper())


def is_token(text):
    return bool(text) and set(text) <= TCHAR


def admits(policy, origin):
    """True, False, or None where a predicate fails before anything admits the origin."""
    entries = policy["origin"]
    if entries in ("*", "copy"):
        if origin == "null":
            return not policy.get("credentials") or "null-origin" in policy.get("accept_risk", [])
        return well_formed(origin)
    if origin == "null":
        return "null" in entries
    if not well_formed(origin):
        return False
    if any(
        matches(entry, origin) for entry in entries if isinstance(entry, str) and entry != "null"
    ):
        return True
    if REGEX in entries and re.match(REGEX.pattern + r"\Z", origin):
        return True
    for predicate in (entry for entry in entries if callable(entry)):
        if predicate is fails:
            return None
        if predicate(origin, {}):
            return True
    return False


def covers(pattern, path):
    if pattern.endswith("/*"):
        return path == pattern[:-2] or path.startswith(pattern[:-1])
    return path == pattern


def group_for(configuration, path):
    """The policies that the path picks, or None where the request is not governed."""
    groups = {}
    for policy in configuration["policies"].values():
        groups.setdefault(tuple(sorted(policy.get("path", ()))), []).append(policy)
    rest = groups.pop((), [] if "deny" in configuration.get("policy", ()) else None)
    for paths, members in groups.items():
        if any(covers(pattern.encode().decode("latin-1"), path) for pattern in paths):
            return members
    return rest


def normalized(path):
    """The path with dot segments, double slashes and backslashes resolved, step by step."""
    segments = path.replace("\\", "/").split("/")
    kept = []
    for segment in segments:
        if segment == ".." and kept:
            kept.pop()
        elif segment not in ("", ".", ".."):
            kept.append(segment)
    slash = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + slash


def reading(configuration, environ):
    """The policy that allows a request; "untouched", "refused"; and whether its headers are static."""
    path = environ["PATH_INFO"] or "/"
    group = group_for(configuration, path)
    if (
        group_for(configuration, normalized(path)) is not group
        and group_for(configuration, normalized(path)) != group
    ):
        return "refused", False
    if group is None:
        return "untouched", False
    first_match = configuration["matchstrategy"] == "firstmatch"
    if group and group[0]["origin"] == "*" and first_match:
        return group[0], True
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return "refused", False
    for policy in group:
        admitted = admits(policy, origin)
        if admitted is None:
            return "refused", False
        if admitted and (first_match or takes_verb(policy, environ)):
            return policy, False
    return "refused", False


def takes_verb(policy, environ):
    verb = (
        environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        if preflight(environ)
        else environ["REQUEST_METHOD"]
    )
    methods = policy.get("methods", ["GET", "HEAD", "POST"])
    return methods == "*" or verb in methods


def preflight(environ):
    asks = "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    return environ["REQUEST_METHOD"] == "OPTIONS" and asks


def are_names(text):
    return len(text) <= 4096 and all(is_token(name.strip(" ")) for name in text.split(","))


def expected(configuration, environ, exposable):
    """Status and CORS headers of the answer to a request; the application's status is 200.

    exposable: those of the application's headers that ``expose_headers = *`` names with credentials.
    """
    policy, static = reading(configuration, environ)
    if policy == "untouched":
        return 200, {}
    asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "")
    names = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    if policy != "refused" and preflight(environ) and policy.get("credentials"):
        unsafe_method = policy.get("methods") == "*" and not (is_token(asked) and len(asked) <= 64)
        unsafe_names = policy.get("headers") == "*" and names and not are_names(names)
        if unsafe_method or unsafe_names:
            policy = "refused"
    if policy == "refused":
        return (403 if preflight(environ) else 200), {"vary": "Origin"}

    headers = {"allow-origin": "*" if static else environ.get("HTTP_ORIGIN")}
    vary = [] if static else ["Origin"]
    credentials = policy.get("credentials", False)
    if credentials:
        headers["allow-credentials"] = "true"
    if preflight(environ):
        status = 200 if policy.get("preflight_continue") else policy.get("preflight_status", 200)
        methods = policy.get("methods", ["GET", "HEAD", "POST"])
        if methods == "*" and credentials:
            vary.append("Access-Control-Request-Method")
            methods = STANDARD if asked in STANDARD else [*STANDARD, asked]
        elif methods == "*":
            methods = ["*", "PUT", "PATCH", "DELETE"]
        if methods:
            headers["allow-methods"] = ", ".join(methods)
        allowed = policy.get("headers", [])
        if allowed == "*":
            vary.append("Access-Control-Request-Headers")
            allowed = [*([] if credentials else ["*"]), "Authorization", "Content-Type"]
            for name in names.split(",") if are_names(names) else []:
                if name.strip(" ").lower() not in [other.lower() for other in allowed]:
                    allowed.append(name.strip(" "))
        if allowed:
            headers["allow-headers"] = ", ".join(allowed)
        headers["max-age"] = str(policy.get("maxage", 600))
    else:
        status = 200
        exposed = policy.get("expose_headers", [])
        if exposed == "*" and credentials:
            exposed = [
                *exposable,
                *(["Timing-Allow-Origin"] if policy.get("timing") else []),
                "Vary",
            ]
        if exposed:
            headers["expose-headers"] = ", ".join(exposed)
        if policy.get("timing"):
            headers["timing-allow-origin"] = headers["allow-origin"]
    if vary:
        headers["vary"] = ", ".join(vary)
    return status, headers


def short_name(name):
    return name.lower().replace("access-control-", "")


@st.composite
def requests(draw, configuration):
    """An environ that PEP 3333 allows, with or without an Origin, often near what the configuration allows."""
    environ = {"QUERY_STRING": ""}
    setup_testing_defaults(environ)
    environ["REQUEST_METHOD"] = draw(st.sampled_from(["OPTIONS", "OPTIONS", *METHODS]))
    paths = [
        "",
        "/",
        "/a",
        "/a/",
        "/a/b",
        "/a/b/",
        "/b",
        "/A",
        "/a//b",
        "/a/../b",
        "/b/../a",
        "//a",
        "/\xc3\xa9/x",
    ]
    environ["PATH_INFO"] = draw(st.sampled_from([*paths, "/a/..", "/a/.", "/b\\a", "/.a"]))
    origins = st.one_of(near(configuration), near(configuration), st.just("null"), HOSTILE_ORIGINS)
    for key, values in {
        "HTTP_ORIGIN": origins,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": st.sampled_from(
            [*METHODS, "", "a b", "GET\r\n", "A" * 64, "A" * 65]
        ),
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": st.sampled_from(
            [
                "",
                "x-a",
                "x-a,x-b",
                "x-a, x-b",
                "x-a\t,x-b",
                "x-a,,x-b",
                "x-a,",
                "é",
                "x" * 4096,
                "x" * 4097,
                ",",
                "x-a\n",
            ]
        ),
    }.items():
        if draw(st.integers(0, 4)):
            environ[key] = draw(values)
    return environ


def with_lists(configuration):
    """The same, with the predicates and every other entry of ``origin`` in an OriginList."""
    policies = {}
    for name, policy in configuration["policies"].items():
        entries, origin = policy["origin"], policy["origin"]
        if isinstance(entries, list):
            listed = [entry for entry in entries if callable(entry)] + entries[::2]
            kept = [entry for entry in entries if entry not in listed]
            origin = [*kept, OriginList(lambda listed=listed: listed, allow_empty=True)]
        policies[name] = {**policy, "origin": origin}
    return {**configuration, "policies": policies}


UNUSUAL_METHOD = pytest.mark.filterwarnings(
    "ignore:Unknown REQUEST_METHOD"
)  # says wsgiref.validate


@UNUSUAL_METHOD
@given(configurations(), st.data())
def test_every_request_gets_what_the_configuration_says(configuration, data):
    exposed_by_app = [("ETag", '"1"'), ("X-One", "1"), ("Set-Cookie", "a=b")]
    options = with_lists(configuration) if data.draw(st.booleans()) else configuration
    cors = validator(CORS(validator(app_sending(*exposed_by_app)), options))
    for _ in range(3):  # one after the other, as a group remembers what was asked before
        environ = data.draw(requests(configuration))
        status, headers = respond(cors, environ)
        found = [(short_name(name), value) for name, value in headers if name.lower() in CORS_NAMES]
        wanted_status, wanted = expected(configuration, environ, ["ETag", "X-One"])
        event(f"status {status}, {'allowed' if 'allow-origin' in wanted else 'not allowed'}")
        assert (status, sorted(found)) == (wanted_status, sorted(wanted.items()))


# ---------------------------------------------------------------------------------------------------------------
# The same as a browser sees it
# ---------------------------------------------------------------------------------------------------------------


@UNUSUAL_METHOD
@given(
    configurations(),
    st.data(),
    st.sampled_from(["/", "/a", "/a/b", "/b"]),
    st.sampled_from([method for method in METHODS if method != "OPTIONS"]),
    list_of([name for name in HEADER_NAMES if name != "Content-Type"]),
    st.sampled_from(["omit", "include"]),
)
def test_browser_reads_what_the_configuration_lets_it_read(
    configuration, data, path, method, names, credentials
):
    origin = data.draw(st.one_of(near(configuration), st.just("null")))
    assume(origin == "null" or origin.startswith(("https:", "http:")))
    assume(
        origin not in ("http://localhost", "https://localhost:65535")
    )  # the first is the browser's own
    app = validator(CORS(validator(app_sending(("X-One", "1"), ("ETag", '"1"'))), configuration))
    verdict = Browser(app, origin).fetch(path, method, dict.fromkeys(names, "1"), credentials)

    actual = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_ORIGIN": origin}
    needs_preflight = bool(names) or method not in ("GET", "HEAD", "POST")
    asking = {**actual, "REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
    policy, static = reading(configuration, actual)
    may = isinstance(policy, dict) and (credentials == "omit" or policy.get("credentials", False))
    if needs_preflight and may:
        asked, _ = reading(configuration, asking)
        assert asked == policy  # the same for a preflight as for what it announces
        methods, headers = policy.get("methods", ["GET", "HEAD", "POST"]), policy.get("headers", [])
        may = method in ("GET", "HEAD", "POST") or methods == "*" or method in methods
        may = may and (headers == "*" or set(names) <= set(headers))
    event(f"{'with' if needs_preflight else 'no'} preflight, {'allowed' if may else 'blocked'}")
    assert verdict.allowed is may, verdict.steps
    assert (verdict.preflight is not None) is needs_preflight
    if may:
        exposed = policy.get("expose_headers", [])
        exposed = ["X-One", "ETag"] if exposed == "*" else exposed
        readable = {name.lower() for name in exposed} & {"x-one", "etag"}
        assert (
            verdict.readable_headers.keys()
            - {"content-type", "content-length", "vary", "timing-allow-origin"}
            - {name for name in verdict.readable_headers if name.startswith("access-control-")}
            == readable
        )


# ---------------------------------------------------------------------------------------------------------------
# Hostile requests and careless applications
# ---------------------------------------------------------------------------------------------------------------

ANY_TEXT = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.text(st.characters(exclude_categories=()), max_size=40),  # lone surrogates as well
    st.builds(
        lambda text, times: text * times,
        st.text(min_size=1, max_size=3),
        st.sampled_from([10, 5000, 100_000]),
    ),
    st.text("/.\\ab%\r\n\0é", max_size=12),
)
HOSTILE_VALUES = {
    "PATH_INFO": ANY_TEXT,
    "REQUEST_METHOD": ANY_TEXT | st.sampled_from(METHODS),
    "HTTP_ORIGIN": HOSTILE_ORIGINS | ANY_TEXT | st.none(),
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ANY_TEXT | st.sampled_from(METHODS),
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ANY_TEXT
    | st.lists(ANY_TEXT | st.sampled_from(["x-a", " x-b"]), max_size=4).map(",".join),
    "HTTP_HOST": ANY_TEXT,
    "wsgi.url_scheme": ANY_TEXT,
}
# Those that a policy decides: an application's own never stays beside them. (Timing-Allow-Origin may, and of Vary an
# application may send several lines where nothing is merged into them.)
DECIDED = CORS_NAMES - {"timing-allow-origin", "access-control-allow-private-network", "vary"}
SPELLINGS = sorted({spelt for name in CORS_NAMES for spelt in (name, name.title(), name.upper())})
APP_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([*SPELLINGS, "X-One", "x-two", "Set-Cookie"]),
        st.sampled_from(
            ["*", "Origin", "Accept, origin", "", "https://a.example", "true", ",, ,", "Accept,*"]
        ),
    ),
    max_size=6,
)


@given(configurations(), APP_HEADERS, st.booleans(), st.data())
@example({"policies": {"a": {"origin": "*"}}, "matchstrategy": "firstmatch"}, [], True, None)
@example(
    {"policies": {"a": {"origin": "*"}}, "matchstrategy": "firstmatch"},
    [("VARY", "*")] * 2,
    False,
    None,
)
def test_no_request_breaks_anything(configuration, app_headers, catch_errors, data):
    cors = CORS(app_sending(*app_headers), configuration, catch_errors=catch_errors)
    environ = {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ORIGIN": None,
    }
    for _ in range(2):
        if data:
            keys = data.draw(st.sets(st.sampled_from(list(HOSTILE_VALUES))))
            environ = {key: data.draw(HOSTILE_VALUES[key]) for key in keys}
            environ.setdefault("REQUEST_METHOD", data.draw(st.sampled_from(["GET", "OPTIONS"])))
            if data.draw(st.booleans()):
                environ["HTTP_ORIGIN"] = data.draw(near(configuration))
        _, headers = respond(cors, environ)
        governed = (environ.get("PATH_INFO") or "/") and reading(
            configuration, {"PATH_INFO": "", **environ, "HTTP_ORIGIN": "https://unrelated.invalid"}
        )[0] != "untouched"
        if governed:
            found = [name.lower() for name, _ in headers if name.lower() in DECIDED]
            assert len(found) == len(set(found)), headers
            if not any(
                policy["origin"] == "*" for policy in configuration["policies"].values()
            ):  # none is static
                assert [name.lower() for name, _ in headers].count("vary") == 1, headers
        for name, value in headers:
            assert type(name) is type(value) is str
            assert not re.search(r"[\x00-\x1f\x7f]", name + value), headers
            (name + value).encode("latin-1")
        sent = {name.lower(): value for name, value in headers}
        if governed and "access-control-allow-credentials" in sent:
            assert isinstance(environ["HTTP_ORIGIN"], str)
            assert sent["access-control-allow-origin"] == environ["HTTP_ORIGIN"]
            trusting = [
                policy for policy in configuration["policies"].values() if policy.get("credentials")
            ]
            assert any(admits(policy, environ["HTTP_ORIGIN"]) for policy in trusting)


@given(configurations(), st.data())
def test_no_request_breaks_a_line_of_the_log(configuration, data):
    lines = []

    class Lines(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    log, handler = logging.getLogger("wsgicors"), Lines()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        environ = {key: data.draw(values) for key, values in HOSTILE_VALUES.items()}
        respond(CORS(plain_app, configuration), environ)
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    for line in lines:
        first, _, traceback = line.partition("\nTraceback (most recent call last):\n")
        assert first.isprintable()
        assert len(first) < 1500
        assert not traceback or fails in sum(
            (list(p["origin"]) for p in configuration["policies"].values()), []
        )


# ---------------------------------------------------------------------------------------------------------------
# Values of options
# ---------------------------------------------------------------------------------------------------------------

WORDS = [
    "*",
    "copy",
    "null",
    "true",
    "1",
    "600",
    "GET",
    "patch",
    "X-A",
    "/a/*",
    "deny",
    "any-origin",
    "verbmatch",
]
PIECES = st.sampled_from(
    [
        *WORDS,
        ",",
        " ",
        "\n",
        "https://",
        "http://",
        "a.example",
        "*.",
        ":443",
        ":*",
        "[::1]",
        "é",
        "＊",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(PIECES, max_size=6).map("".join),
    PATTERNS,
)
OPTION_NAMES = (
    "origin path methods headers expose_headers credentials maxage timing preflight_status preflight_continue"
    " accept_risk matchstrategy catch_errors policy policies"
).split()
VALUES = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.binary(),
        st.timedeltas(),
        st.just(REGEX),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=4,
)
OWN_KEY = {
    "policy": re.compile(r"policy|origin|.*_origin", re.DOTALL),
    "policies": re.compile(r"policies.*|policy|origin|matchstrategy", re.DOTALL),
}


def problems(option, value, make):
    """The problems of a configuration with this value, which all name the option."""
    try:
        make(value)
    except ConfigError as error:
        for problem in error.problems:
            assert OWN_KEY.get(option, re.compile(option)).fullmatch(problem.key), problem
            assert problem.message
            assert str(problem).isprintable()
        assert error.problems
        return error.problems
    return ()


def configured(option, credentials=False):
    """A function that gives a value to an option of an otherwise good configuration."""
    rest = {} if option in ("origin", "policy", "policies") else {"origin": "https://a.example"}
    if credentials:
        rest["credentials"] = True
    return lambda value: CORS(plain_app, {**rest, option: value})


@pytest.mark.parametrize("option", OPTION_NAMES)
@FEWER
@given(value=TEXTS | VALUES)
@example(value=timedelta.max)
@example(value="https://\uff0a\uff0a.example.com")
def test_value_of_an_option_loads_or_is_refused_by_its_key(option, value):
    for problem in problems(option, value, configured(option)):
        mended = re.search(r"\(.*\): write ('.*')\Z", problem.message)
        if mended and option == "origin" and isinstance(problem.value, str):
            assert loads(origin=[eval(mended[1])]), problem  # what a message says to write loads


@given(value=TEXTS, credentials=st.booleans())
def test_origin_with_credentials_loads_or_is_refused_by_its_key(value, credentials):
    found = problems("origin", value, configured("origin", credentials))
    assert not found or not value.isspace()


@pytest.mark.parametrize("option", OPTION_NAMES)
@FEWER
@given(value=TEXTS, prefix=st.sampled_from(["", "call:", "call:wsgicors:", "call:os."]))
def test_text_of_an_ini_file_loads_or_is_refused_by_its_key(option, value, prefix):
    rest = {} if option in ("origin", "policy", "policies") else {"origin": "https://a.example"}
    problems(
        option,
        prefix + value,
        lambda text: make_middleware(plain_app, {}, **{**rest, option: text}),
    )


@given(
    key=st.text()
    | st.sampled_from([*OPTION_NAMES, "app", "cfg", "self", "api_origin", "cors_origins"]),
    value=TEXTS,
)
def test_any_key_of_an_ini_file_loads_or_is_refused(key, value):
    try:
        make_middleware(plain_app, {}, **{"origin": "*", key: value})
    except ConfigError as error:
        assert all(problem.message for problem in error.problems)
