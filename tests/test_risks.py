"""Risks: what is refused with credentials unless accepted, with each reason."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest
from publicsuffixlist import PSLFILE, PublicSuffixList
from support import ORIGIN, OTHER, assert_cors, client, plain_app, preflight, problems_of, request

import wsgicors
from wsgicors import CORS, ConfigError

ANY = "any-origin"
HTTP = "insecure-origin"
PUBLIC = "public-suffix"
NULL = "null-origin"

SENTENCES = {
    ANY: "every web site could act as the logged-in user; write the origins that you trust",
    HTTP: "http is not authenticated, so anyone who controls a user's network can be this origin; write https",
    NULL: "any page can obtain the origin null with a sandboxed frame, and act as the logged-in user;"
    " write the origin of a page that is not sandboxed",
}
EXTENSION = (
    "any extension that a user installs could act as that user; write the origins that you trust"
)
TOP = "it is a top-level domain"
TABLE = "according to a short built-in table; wsgicors[psl] has the whole list"
TABLE_BESIDE_LIST = "according to a short built-in table"
LIST = "according to the public suffix list"
ABOVE = "names below it are public suffixes"


def public(name, source):
    return (
        f"anyone can get a name under {name!r} ({source}), and act from it as the logged-in user;"
        " write the hosts in full"
    )


def problems(module, **options):
    """Every problem of a configuration with credentials, as (key, value, message)."""
    return problems_of(module.CORS, plain_app, credentials=True, **options)


def load_again():
    """The module as a new process would import it, so that nothing is remembered of what is installed."""
    spec = importlib.util.spec_from_file_location("wsgicors_again", wsgicors.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def with_list():
    return load_again()


@pytest.fixture(scope="module")
def never_saw_list():
    return load_again()


@pytest.fixture
def without_list(never_saw_list, monkeypatch):
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    return never_saw_list


@pytest.fixture(params=["with_list", "without_list"])
def module(request):
    return request.getfixturevalue(request.param)


RISKS = [
    # pattern, its risks and no others: all the same with and without the public suffix list
    ("https://*", [ANY]),
    ("https://*:8443", [ANY]),
    ("https://*:*", [ANY]),
    ("http://*", [ANY, HTTP]),
    ("chrome-extension://*", [ANY]),
    ("http://app.example.com", [HTTP]),
    ("http://app.example.com:8080", [HTTP]),
    ("http://app.example.com:*", [HTTP]),
    ("http://*.example.com", [HTTP]),
    ("http://203.0.113.7", [HTTP]),
    ("http://10.0.0.1", [HTTP]),
    ("http://[2001:db8::1]", [HTTP]),
    ("http://localhost.example.com", [HTTP]),
    ("http://notlocalhost", [HTTP]),
    ("http://127.0.0.1.example.com", [HTTP]),
    ("null", [NULL]),
    ("http://localhost", []),
    ("http://localhost:3000", []),
    ("http://localhost:*", []),
    ("http://app.localhost:3000", []),
    ("http://*.localhost", []),
    ("http://*.localhost:*", []),
    ("https://*.localhost", []),
    ("http://127.0.0.1:5173", []),
    ("http://127.255.255.254", []),
    ("http://[::1]:8080", []),
    ("https://app.example.com", []),
    ("https://app.example.com:*", []),
    ("https://*.example.com", []),
    ("https://pr-*.example.com", []),
    ("https://*.example.co.uk", []),
    ("https://*.myapp.vercel.app", []),
    ("https://myapp.vercel.app", []),
    ("https://com", []),
    ("https://co.uk", []),
    ("chrome-extension://abcdef", []),
    ("capacitor://localhost", []),
]
PATTERNS = [pytest.param(*row, id=row[0]) for row in RISKS]
RISKY = [pytest.param(*row, id=row[0]) for row in RISKS if row[1]]


def prohibited(pattern, risk, sentence=None, key="accept_risk"):
    if pattern == "chrome-extension://*":
        sentence = EXTENSION
    reason = f"with credentials is prohibited ({risk}): {sentence or SENTENCES[risk]}"
    return ("origin", pattern, f"{pattern!r} {reason}, or accept it with {key} = {risk}")


@pytest.mark.parametrize(("pattern", "risks"), RISKY)
def test_risky_pattern_is_refused_with_credentials_and_every_risk_is_named(module, pattern, risks):
    assert problems(module, origin=pattern) == [prohibited(pattern, risk) for risk in risks]
    assert problems(module, origin=[ORIGIN, pattern]) == [
        prohibited(pattern, risk) for risk in risks
    ]


@pytest.mark.parametrize(("pattern", "risks"), PATTERNS)
def test_pattern_loads_where_all_its_risks_are_accepted_and_without_credentials(
    module, pattern, risks
):
    for options in ({"credentials": True, "accept_risk": risks}, {"credentials": False}, {}):
        assert module.CORS(plain_app, origin=pattern, **options).policies["direct"].origin == (
            pattern,
        )


@pytest.mark.parametrize(("pattern", "risks"), RISKY)
def test_accepting_the_other_risks_does_not_help(module, pattern, risks):
    for risk in risks:
        others = {ANY, HTTP, PUBLIC, NULL} - {risk}
        assert problems(module, origin=pattern, accept_risk=others) == [prohibited(pattern, risk)]


SUFFIXES = [
    # pattern, the public suffix, source without the list, source with it (None: not known)
    ("https://*.com", "com", TOP, TOP),
    ("https://*.com:8443", "com", TOP, TOP),
    ("https://*.internal", "internal", TOP, TOP),
    ("https://my-*.dev", "dev", TOP, TOP),
    ("https://*example.com", "com", TOP, TOP),
    ("https://*.co.uk", "co.uk", TABLE, LIST),
    ("https://*.com.au", "com.au", TABLE, LIST),
    ("https://*.github.io", "github.io", TABLE, LIST),
    ("https://*.herokuapp.com", "herokuapp.com", TABLE, LIST),
    ("https://*.netlify.app", "netlify.app", TABLE, LIST),
    ("https://deploy-preview-*.netlify.app", "netlify.app", TABLE, LIST),
    ("https://*--myapp.netlify.app", "netlify.app", TABLE, LIST),
    ("https://*.vercel.app", "vercel.app", TABLE, LIST),
    ("https://myapp-*.vercel.app:*", "vercel.app", TABLE, LIST),
    ("https://*.pages.dev", "pages.dev", TABLE, LIST),
    ("https://*.glitch.me", "glitch.me", TABLE, TABLE_BESIDE_LIST),
    # several labels, so that what is further down counts as well
    ("https://*.amazonaws.com", "amazonaws.com", ABOVE, ABOVE),
    ("https://*.eu-west-1.amazonaws.com", "eu-west-1.amazonaws.com", ABOVE, ABOVE),
    ("https://my-*.amazonaws.com", "amazonaws.com", None, None),
    ("https://*.k12.ca.us", "k12.ca.us", None, LIST),
    ("https://*.city.kawasaki.jp", "city.kawasaki.jp", None, None),
    ("https://*.anything.ck", "anything.ck", None, LIST),
    ("https://*.example.com", "example.com", None, None),
]


@pytest.mark.parametrize(
    ("pattern", "suffix", "source"),
    [pytest.param(row[0], row[1], row[2], id=row[0]) for row in SUFFIXES],
)
def test_wildcard_right_under_a_public_suffix_by_the_built_in_table(
    without_list, pattern, suffix, source
):
    check_suffix(without_list, pattern, suffix, source)


@pytest.mark.parametrize(
    ("pattern", "suffix", "source"),
    [pytest.param(row[0], row[1], row[3], id=row[0]) for row in SUFFIXES],
)
def test_wildcard_right_under_a_public_suffix_by_the_whole_list(with_list, pattern, suffix, source):
    check_suffix(with_list, pattern, suffix, source)


def check_suffix(module, pattern, suffix, source):
    if source is None:
        assert module.CORS(plain_app, origin=pattern, credentials=True).policies
    else:
        wanted = prohibited(pattern, PUBLIC, public(suffix, source))
        assert problems(module, origin=pattern) == [wanted]
        assert module.CORS(plain_app, origin=pattern, credentials=True, accept_risk=PUBLIC).policies
    assert module.CORS(plain_app, origin=pattern).policies


HOSTERS = """
    ngrok.dev ngrok-free.dev supabase.co cloudfunctions.net azure-api.net azurecontainerapps.io
    cloudapp.azure.com hf.space streamlit.app gradio.live val.run notion.site gitbook.io
    bitbucket.io codeberg.page ts.net ddns.net hopto.org nip.io sslip.io app.github.dev github.dev
    gitpod.io devtunnels.ms wordpress.com shopifypreview.com koyeb.app code.run pantheonsite.io
    wixstudio.com framer.website carrd.co bubbleapps.io lovableproject.com base44.app bolt.host
    vusercontent.net usercontent.goog cdn.ampproject.org kinsta.app ngrok.io vercel.app github.io
    onrender.com up.railway.app replit.dev herokuapp.com web.app amazonaws.com
""".split()
REGISTRIES = """
    uk.com us.com de.com com.pl com.vn com.ph com.pk com.ng com.sa com.pe com.gr com.pt com.ro co.ke
    ac.uk or.kr co.uk com.au edu.cn gov.br net.nz org.za
""".split()


@pytest.mark.parametrize("name", HOSTERS + REGISTRIES)
def test_name_that_people_deploy_or_register_under_is_a_public_suffix(module, name):
    for origin in (f"https://*.{name}", re.compile(rf"https://.+\.{re.escape(name)}")):
        ((_, _, message),) = problems(module, origin=origin)
        assert f"(public-suffix): {'' if isinstance(origin, str) else 'it may admit '}" in message
        assert f"anyone can get a name under {name!r}" in message


# Names of the table that the list lacks: their owners have not asked for them to be in it.
NOT_IN_THE_LIST = set(
    """
    *.azurecontainerapps.io *.azurefd.net *.azurestaticapps.net *.azurewebsites.net
    *.cdn.digitaloceanspaces.com *.cloudapp.azure.com *.devtunnels.ms *.firebasedatabase.app
    *.gitpod.io *.web.core.windows.net *.webcontainer.io a.free.pinggy.link a.pinggy.link
    app.github.dev azurecontainerapps.io b-cdn.net backblazeb2.com beeceptor.com bore.pub
    cdn.ampproject.org centralus.*.azurestaticapps.net chickenkiller.com cloudapp.azure.com
    cloudworkstations.dev containers.*.scw.cloud cs.amazonlightsail.com devtunnels.ms
    eastasia.*.azurestaticapps.net eastus2.*.azurestaticapps.net elb.*.amazonaws.com
    firebasedatabase.app firebaseio.com firebasestorage.app free.pinggy.link
    functions.fnc.*.scw.cloud functions.supabase.co github.dev gitpod.io glitch.me godaddysites.com
    gradio.app gradio.live herokussl.com jimdosite.com kinsta.app kinsta.cloud kinsta.page koyeb.app
    lhr.life loca.lt localtunnel.me modal.run mooo.com my.site.com neocities.org nhost.app nhost.run
    nip.io on.aws pinggy.link powerappsportals.com preview.app.github.dev r2.cloudflarestorage.com
    railway.app s3.*.backblazeb2.com s3.*.scw.cloud scw.cloud serveo.net share.zrok.io
    sharepoint.com shopifypreview.com softr.app sourcehut.page squarespace.com sslip.io
    staticblitz.com substack.com tilda.ws traefik.me tumblr.com w-corp.staticblitz.com
    webcontainer.io webhook.site weebly.com weeblysite.com westeurope.*.azurestaticapps.net
    westus2.*.azurestaticapps.net wordpress.com wpcomstaging.com wpengine.com xip.io zendesk.com
    zrok.io
    """.split()
)


@pytest.mark.once
def test_table_agrees_with_the_list_on_names_in_both():
    whole = PublicSuffixList()
    lacking = {
        name
        for name in wsgicors.PUBLIC_SUFFIXES
        if not whole.is_public(name.replace("*", "eu-west-1"))
    }
    assert lacking <= NOT_IN_THE_LIST


@pytest.mark.once
def test_registries_under_countries_that_the_list_knows_follow_the_rule(without_list):
    with open(PSLFILE, encoding="utf-8") as lines:
        known = re.findall(r"^(?:ac|co|com|edu|gov|net|org)\.[a-z]{2}$", lines.read(), re.MULTILINE)
    assert len(known) > 500
    assert all(map(without_list.public_suffix_source, known))


@pytest.mark.parametrize("host", ["*.localhost", "*.app.localhost", "pr-*.localhost"])
def test_localhost_is_not_a_public_suffix(module, host):
    assert module.CORS(plain_app, origin=f"https://{host}", credentials=True).policies


# Names of a region, and a name that somebody has there.
IN_REGIONS = [
    ("euw.devtunnels.ms", "8080"),
    ("westeurope.cloudapp.azure.com", "shop"),
    ("eastus.azurecontainerapps.io", "shop"),
    ("1.azurestaticapps.net", "shop"),
    ("eastus2.1.azurestaticapps.net", "shop"),
    ("westeurope-01.azurewebsites.net", "shop"),
    ("us-central1.run.app", "shop"),
    ("ew.r.appspot.com", "shop"),
    ("europe-west1.firebasedatabase.app", "shop"),
    ("us-east-1.awsapprunner.com", "shop"),
    ("us-east-1.elasticbeanstalk.com", "shop"),
    ("execute-api.ap-south-1.amazonaws.com", "a1b2c3"),
    ("s3.ap-south-1.amazonaws.com", "shop"),
    ("lambda-url.ap-south-1.on.aws", "a1b2c3"),
    ("eu.ngrok.io", "shop"),
    ("riker.replit.dev", "shop"),
    ("ws-eu54.gitpod.io", "8080"),
    ("nyc3.digitaloceanspaces.com", "shop"),
]


@pytest.mark.parametrize(("region", "owned"), IN_REGIONS, ids=[row[0] for row in IN_REGIONS])
def test_name_of_a_region_is_a_public_suffix_and_a_name_below_it_is_not(module, region, owned):
    for origin in (f"https://*.{region}", f"https://pr-*.{region}"):
        ((_, _, message),) = problems(module, origin=origin)
        assert f"anyone can get a name under {region!r}" in message
    expression = re.compile(rf"https://[a-z0-9]+\.{re.escape(region)}")
    ((_, _, message),) = problems(module, origin=expression)
    assert f"anyone can get a name under {region!r}" in message
    mine = f"https://*.{owned}.{region}"
    assert module.CORS(plain_app, origin=mine, credentials=True).policies


@pytest.mark.parametrize(
    ("pattern", "with_the_list"),
    [
        ("https://*.eu-west-1.amazonaws.com", True),
        ("https://*.ap-south-1.amazonaws.com", True),
        ("https://pr-*.ap-south-1.amazonaws.com", False),
        ("https://*.kawasaki.jp", True),
        ("https://*.core.windows.net", True),
        ("https://*.example.com", False),
    ],
)
def test_name_above_a_suffix_is_looked_up_in_the_whole_list(with_list, pattern, with_the_list):
    assert bool(with_list.names_above_suffixes())
    if with_the_list:
        ((_, _, message),) = problems(with_list, origin=pattern)
        assert "(public-suffix)" in message
    else:
        assert with_list.CORS(plain_app, origin=pattern, credentials=True).policies


def test_several_risks_of_one_pattern_are_all_named(without_list):
    assert problems(without_list, origin="http://*.vercel.app") == [
        prohibited("http://*.vercel.app", PUBLIC, public("vercel.app", TABLE)),
        prohibited("http://*.vercel.app", HTTP),
    ]


# --- anyone ---


def test_star_with_credentials_is_always_an_error_and_offers_a_list_or_copy(module):
    wanted = (
        "origin",
        "*",
        "'*' with credentials is forbidden by the standard, and browsers reject it: write the origins that you trust,"
        " or 'copy' and accept_risk = any-origin (every web site could act as the logged-in user)",
    )
    for accepted in ((), (ANY,), (ANY, HTTP, PUBLIC, NULL)):
        assert problems(module, origin="*", accept_risk=accepted) == [wanted]
        assert problems(module, origin=["*"], accept_risk=accepted) == [wanted]
    (found,) = problems(module, origin=["*", ORIGIN], accept_risk=ANY)
    assert found[0] == "origin"


def test_copy_with_credentials_needs_any_origin(module):
    assert problems(module, origin="copy") == [prohibited("copy", ANY)]
    assert problems(module, origin="copy", accept_risk=[HTTP, PUBLIC, NULL]) == [
        prohibited("copy", ANY)
    ]


@pytest.mark.parametrize(
    ("accepted", "null"),
    [pytest.param(ANY, False, id="any-origin"), pytest.param(f"{ANY} {NULL}", True, id="both")],
)
def test_copy_with_credentials_reflects_null_only_if_that_is_accepted_as_well(accepted, null):
    both = client(origin="copy", credentials=True, accept_risk=accepted)
    for origin in (ORIGIN, OTHER, "http://evil.example"):
        assert_cors(
            request(both, origin), allow_origin=origin, allow_credentials="true", vary="Origin"
        )
    expected = {"allow_origin": "null", "allow_credentials": "true"} if null else {}
    assert_cors(request(both, "null"), **expected, vary="Origin")


def test_accepting_a_risk_admits_what_it_says():
    both = client(
        origin=["null", "http://a.example", "https://*.vercel.app", "https://*"],
        credentials=True,
        accept_risk=[ANY, HTTP, PUBLIC, NULL],
    )
    for origin in ("null", "http://a.example", "https://x.vercel.app", "https://any.example"):
        assert_cors(
            request(both, origin), allow_origin=origin, allow_credentials="true", vary="Origin"
        )
    assert_cors(request(both, "http://b.example"), vary="Origin")


def test_message_names_the_key_under_which_the_risk_would_be_accepted():
    with pytest.raises(ConfigError) as caught:
        CORS(
            plain_app,
            policy="a, b, c",
            a_origin="copy",
            a_credentials=True,
            b_origin="*",
            b_credentials="yes",
            c_origin="null",
            c_credentials=True,
            c_accept_risk="any-origin",
        )
    found = {problem.key: problem.message for problem in caught.value.problems}
    assert set(found) == {"a_origin", "b_origin", "c_origin"}
    assert found["a_origin"].endswith("or accept it with a_accept_risk = any-origin")
    assert "'copy' and b_accept_risk = any-origin" in found["b_origin"]
    assert found["c_origin"].endswith("or accept it with c_accept_risk = null-origin")
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, policies={"a": {"origin": "null", "credentials": True}})
    (problem,) = caught.value.problems
    assert problem.key == "policies.a.origin"
    assert problem.message.endswith("or accept it with policies.a.accept_risk = null-origin")


def test_risk_that_is_none_is_an_error_that_lists_them():
    with pytest.raises(ConfigError) as caught:
        CORS(plain_app, origin=ORIGIN, accept_risk="any_origin, http")
    assert [tuple(problem)[:3] for problem in caught.value.problems] == [
        (
            "accept_risk",
            "any_origin",
            "'any_origin' is not a risk: write one or more of any-origin, insecure-origin, public-suffix, null-origin, slow-expression;"
            " did you mean 'any-origin'?",
        ),
        (
            "accept_risk",
            "http",
            "'http' is not a risk: write one or more of any-origin, insecure-origin, public-suffix, null-origin, slow-expression",
        ),
    ]


# rs/cors, gorilla and fiber
@pytest.mark.parametrize(
    "origin", ["*", ["*"], ("*",), {"*"}, ["*", ORIGIN], "* https://a.example", ["https://*"]]
)
def test_star_is_not_reflected_with_credentials(origin):
    assert problems(wsgicors, origin=origin)


# wsgicors 0.7.0
def test_wildcard_before_a_name_is_refused_with_credentials():
    (found,) = problems(wsgicors, origin="https://*example.com")
    assert (found[0], found[1]) == ("origin", "https://*example.com")
    assert "public-suffix" in found[2]
    both = client(origin="https://*.example.com", credentials=True)
    assert_cors(request(both, "https://evilexample.com"), vary="Origin")


def test_copy_with_credentials_is_refused_and_told_what_to_write():
    options = {
        "origin": "copy",
        "credentials": "true",
        "headers": "*",
        "methods": "*",
        "maxage": "180",
    }
    assert problems_of(CORS, plain_app, **options) == [
        (
            "origin",
            "copy",
            "'copy' with credentials is prohibited (any-origin): every web site could act as the logged-in user;"
            " write the origins that you trust, or accept it with accept_risk = any-origin",
        )
    ]
    both = client(**options, accept_risk="any-origin")
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, allow_credentials="true", vary="Origin")
    assert_cors(
        preflight(both, asked="PUT", headers="x-a"),
        allow_origin=ORIGIN,
        allow_credentials="true",
        allow_methods="GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        allow_headers="Authorization, Content-Type, x-a",
        max_age="180",
        vary="Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    )


@pytest.mark.parametrize(
    "pattern", ["https://*.co.uk", "https://*.co.uk.", "https://*.com.", "https://pr-*.github.io."]
)
def test_name_with_a_dot_at_its_end_is_as_public_as_without(pattern):
    ((_, _, message),) = problems(wsgicors, origin=pattern)
    assert "with credentials is prohibited (public-suffix)" in message


def test_part_of_a_label_that_is_the_whole_host_may_be_anyone():
    ((_, _, message),) = problems(wsgicors, origin="https://pr-*")
    assert "with credentials is prohibited (any-origin)" in message


def test_part_of_a_label_right_above_a_public_suffix_is_nobody_elses():
    for origin in ("https://pr-*.amazonaws.com", re.compile(r"https://[a-z]*x\.amazonaws\.com")):
        assert CORS(plain_app, origin=[origin], credentials=True).policies


# --- regular expressions and what cannot be looked into ---

EXPRESSIONS = [
    # expression, the risks that it shows
    (r".*", {ANY, HTTP}),
    (r"https://.*", {ANY}),
    (r"https?://.*", {ANY, HTTP}),
    (r"https://[^/]+", {ANY}),
    (r"https://.+\..+", {ANY}),
    (r"https://\w+(\.\w+)+", {ANY}),
    (r"https://.*example\.com", {PUBLIC}),
    (r"https://.*\.example\.com.*", {ANY}),
    (r"https://app.example.com", {ANY, PUBLIC}),
    (r"https://[a-z]+\.example.com", {ANY}),
    (r"https://(www\.)?example\.com.*", {ANY}),
    (r"https?://app\.example\.com", {HTTP}),
    (r"http://app\.example\.com", {HTTP}),
    (r"https://[a-z0-9-]+\.vercel\.app", {PUBLIC}),
    (r"https://[a-z0-9-]+\.com", {PUBLIC}),
    (r"https://app\.example\.com", set()),
    (r"https://[a-z0-9-]+\.example\.com", set()),
    (r"https://(?:[a-z0-9-]+\.)*example\.com", set()),
    (r"https://app\.example\.(?:com|org)", set()),
    (r"https://app\.example\.com(?::[0-9]+)?", set()),
    (r"https://pr-[0-9]+\.example\.com", set()),
    (r"https://[a-z0-9-]+-app\.example\.com", set()),
    (r"https?://(app|www)\.example\.com", {HTTP}),
    (r"https://(app|www).example\.com", {PUBLIC}),
    (r"https://example\..*", {ANY}),
    (r"https://example\.[a-z]{2,3}", {ANY}),
    (r"https://(.*-)?example\.com", {PUBLIC}),
    (r"https://.*(foo|bar)\.com", {PUBLIC}),
    (r"(?i)https?://APP\.EXAMPLE\.COM", {HTTP}),
    (r"(?x)https:// app . example\.com", {PUBLIC}),
    (r"https://app\.example\.com|.*localhost.*", {ANY, HTTP}),
    (r"https://foo-.*\.vercel\.app", {PUBLIC}),
    (r"https://\d+\.github\.io", {PUBLIC}),
    (r"http://(\w+)\.corp", {HTTP, PUBLIC}),
    (r"https://[a-z]+\.net", {PUBLIC}),
    (r"https?://[a-z0-9-]+\.netlify\.app", {HTTP, PUBLIC}),
    (r"(?x) https://app \. example \. com  # any.host, also http://", set()),
    (r"HTTPS://APP\.EXAMPLE\.COM", set()),
    (r"https://app\.example\.com\.?", set()),
    (r"\Ahttps?://localhost\Z", set()),
    (r"https?://app\.example\.com|https://(?:b)\.example\.com", {HTTP}),
    (r"\S+://(app|www)\.example\.com", {HTTP}),
    (r"https://http\.example\.com", set()),
    (r"https://example\.[a-z]{4,}", {ANY}),
    (r"https://shop\.example\.[a-z]{2}", {ANY}),
    (r"https://www\.example\.[a-z.]+", {ANY}),
    (r"https://www\.example\.co\.[a-z]{2}", {ANY}),
    (r"https://www\.example\.\w+", {ANY}),
    (r"https://.*example\.(de|fr)", {PUBLIC}),
    (r"https://[a-z0-9.-]*mysite\.(de|fr|at)", {PUBLIC}),
    (r"https://app\.[a-z]+\.com", {PUBLIC}),
    (r"https://(www|app)\.[a-z0-9-]+\.(com|net|io)", {PUBLIC}),
    (r"https://www\.?example\.com", set()),
    (r"(http|https)://localhost:\d+", set()),
    (r"http(s)?://localhost(:\d+)?", set()),
    (r"(?:https?):\/\/localhost", set()),
    (r"https?://(.+\.)?localhost(:\d+)?", set()),
    (r"http://([a-z0-9-]+\.)?localhost:\d+", set()),
    (r"(http|https)://app\.example\.com", {HTTP}),
    (r"http(s)?://app\.example\.com", {HTTP}),
    (r"https://(?:www\.)?example\.com", set()),
    (r"https://[a-z]+\.example\.(?:com|org|co\.uk)", set()),
    (r"https://app\.[a-z]+\.[a-z]+", {ANY}),
    (r"https://[a-z]+\.example\.com[a-z.]+", {ANY}),
    (r"https://[a-z]*example\.com", {PUBLIC}),
    (r"https://[a-z.]+\.example\.com", set()),
    (r"https://[a-z]{9}\.github\.io", {PUBLIC}),
    (r"h(?:ttps|ttp)://app\.example\.com", {HTTP}),
    (r"h(?:ttps|ttp)://[a-z]+\.example\.com", {HTTP}),
    (r"\Ahttps?://(app|www)\.example\.com\Z", {HTTP}),
    (r"http://(localhost|192\.168\.\d+\.\d+)(:\d+)?", {ANY, HTTP}),
    (r"https?://(localhost|(app|www)\.example\.com)", {HTTP}),
    (r"\w+://(app|www)\.example\.com", {HTTP}),
    (r"https?://localhost(:\d+)?", set()),
    (r"(https://app\.example\.com|http://localhost:3000)", set()),
    (r"http://\[::1\](:\d+)?", set()),
    (r"https?://.*\.localhost", set()),
    (r"https://[a-z]+app\.example\.com", set()),
    (r"http://localhost(?::[0-9]+)?", set()),
    (r"http://127\.0\.0\.1:[0-9]+", set()),
]


@pytest.mark.parametrize(
    ("expression", "risks"), [pytest.param(*row, id=row[0]) for row in EXPRESSIONS]
)
def test_regular_expression_that_matches_unrelated_origins_is_refused(module, expression, risks):
    regex = re.compile(expression)
    found = problems(module, origin=regex) if risks else []
    assert [re.search(r"prohibited \(([a-z-]+)\)", message)[1] for _, _, message in found] == [
        risk for risk in (ANY, HTTP, PUBLIC) if risk in risks
    ]
    assert module.CORS(plain_app, origin=regex, credentials=True, accept_risk=risks).policies
    assert module.CORS(plain_app, origin=regex).policies


def test_regular_expression_that_admits_names_of_strangers_at_a_hoster_is_refused(module):
    assert problems(module, origin=re.compile(r"https://[a-z0-9-]+-team\.vercel\.app"))


@pytest.mark.parametrize(
    "pattern", ["https://*.co.uk.", "https://pr-*.github.io.", "https://*.com."]
)
def test_public_suffix_with_a_dot_at_its_end_is_one(module, pattern):
    assert (
        "with credentials is prohibited (public-suffix)" in problems(module, origin=pattern)[0][2]
    )


def test_predicate_is_its_authors_responsibility():
    both = client(origin=lambda origin, environ: True, credentials=True)
    assert_cors(request(both, ORIGIN), allow_origin=ORIGIN, allow_credentials="true", vary="Origin")
    assert_cors(request(both, "null"), vary="Origin")


def test_risks_are_per_policy():
    with pytest.raises(ConfigError) as caught:
        CORS(
            plain_app,
            policy="a, b",
            a_origin="copy",
            a_credentials=True,
            a_accept_risk=ANY,
            b_origin="copy",
            b_credentials=True,
            b_path="/b",
        )
    assert [problem.key for problem in caught.value.problems] == ["b_origin"]


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param(
            re.compile(r"https://a p p.example\.com  # any.host", re.VERBOSE), id="verbose"
        ),
        pytest.param(
            re.compile("https://app.\nexample\\.com\n# x\n", re.VERBOSE), id="verbose-lines"
        ),
        pytest.param(re.compile(r"https://(?:[#]|)app.example\.com"), id="number-sign"),
        pytest.param(re.compile(r"https://APP.example\.COM", re.IGNORECASE), id="any-case"),
    ],
)
def test_neighbours_of_a_name_are_found_however_it_is_written(regex):
    ((_, _, message),) = problems(wsgicors, origin=regex)
    assert "with credentials is prohibited (public-suffix)" in message


@pytest.mark.parametrize(
    "regex",
    [
        r"https://[a-z]+\.[a-z]+",
        r"https://[a-z]\.[a-z]-[a-z]\.[a-z]+\.[a-z]+",
        r"https://xn--[a-z0-9-]+\.[a-z]+",
        r"https://[0-9.]+",
        r"https://[a-z.]+:[0-9]+",
        r"http://[a-z.]+",
    ],
)
def test_strangers_of_every_kind_are_probed(regex):
    found = problems(wsgicors, origin=re.compile(regex))
    assert "with credentials is prohibited (any-origin)" in found[0][2]


def test_end_that_is_not_anchored_is_found_beside_a_name():
    for regex in (
        r"https://app\.example\.com[a-z.]*",
        r"https://(?:app\.example\.com|[a-z]+\.[a-z]+)",
    ):
        found = problems(wsgicors, origin=re.compile(regex))
        assert "with credentials is prohibited (any-origin)" in found[0][2]
