"""Diagnosis: `explain` names the cause and the fix of the mistakes that people make with CORS.

They were collected from issue trackers and question sites. In the first table the configuration is ours, in the second
the server is somebody else's and all that is known of it is what it answers.
"""

from __future__ import annotations

import pytest
from test_browser_http import serving

from wsgicors_explain import main

APP = "https://app.example.com"


def explain(capsys, *arguments):
    """The exit status, the whole output and its last line."""
    status = main(["explain", *arguments])
    output = capsys.readouterr().out
    return status, output, output.splitlines()[-1]


# name: (options, arguments, what the last line says)
OURS = {
    "http_page": (
        "origin = https://app.example.com",
        ("--origin", "http://app.example.com"),
        "BLOCKED: no policy for this path allows the origin: http://app.example.com;"
        " origin allows https://app.example.com (https instead of http)."
        " To fix it, open the page at https://app.example.com, or add http://app.example.com to origin (a.ini:3)",
    ),
    "www": (
        "origin = https://app.example.com",
        ("--origin", "https://www.app.example.com"),
        "; origin allows https://app.example.com (www. is missing)."
        " To fix it, open the page at https://app.example.com, or add https://www.app.example.com to origin (a.ini:3)",
    ),
    "no_www": (
        "origin = https://www.example.com",
        ("--origin", "https://example.com"),
        "; origin allows https://www.example.com (an extra www.)."
        " To fix it, open the page at https://www.example.com, or add https://example.com to origin (a.ini:3)",
    ),
    "port_left_out": (
        "origin = http://localhost",
        ("--origin", "http://localhost:3000"),
        "; origin allows http://localhost (port 3000 is missing)."
        " To fix it, open the page at http://localhost, or add http://localhost:3000 to origin (a.ini:3)",
    ),
    "another_port": (
        "origin = http://localhost:3000",
        ("--origin", "http://localhost:5173"),
        "; origin allows http://localhost:3000 (port 3000 instead of 5173)."
        " To fix it, open the page at http://localhost:3000, or add http://localhost:5173 to origin (a.ini:3)",
    ),
    "localhost_by_address": (
        "origin = http://localhost:3000",
        ("--origin", "http://127.0.0.1:3000"),
        "; origin allows http://localhost:3000 (localhost and 127.0.0.1 are different origins)",
    ),
    "wildcard_does_not_cover_the_name_itself": (
        "origin = https://*.example.com",
        ("--origin", "https://example.com:8443"),
        ": https://example.com:8443. To fix it, add https://example.com:8443 to origin (a.ini:3)",
    ),
    "wildcard_without_www": (
        "origin = https://pr-*.example.com",
        ("--origin", "https://example.com"),
        ": https://example.com. To fix it, add https://example.com to origin (a.ini:3)",
    ),
    "wildcard_above": (
        "origin = http://*.local.test",
        ("--origin", "http://local.test"),
        "; origin allows only names under that host, not itself. To fix it, add http://local.test to origin (a.ini:3)",
    ),
    "subdomain": (
        "origin = https://*.www.example.com",
        ("--origin", "https://www.example.com"),
        "; origin allows only names under that host, not itself."
        " To fix it, add https://www.example.com to origin (a.ini:3)",
    ),
    "origin_not_listed": (
        "origin = https://app.example.com",
        ("--origin", "https://other.example"),
        "no policy for this path allows the origin: https://other.example."
        " To fix it, add https://other.example to origin (a.ini:3)",
    ),
    "page_opened_as_a_file": (
        "origin = https://app.example.com",
        ("--origin", "file:///home/me/index.html"),
        ": null. To fix it, serve the page over http or https",
    ),
    "method_not_listed": (
        "origin = https://app.example.com",
        ("--origin", APP, "-X", "DELETE"),
        "Access-Control-Allow-Methods in the preflight response is 'GET, HEAD, POST'; it must include DELETE."
        " To fix it, add DELETE to methods (a.ini:1)",
    ),
    "patch_in_lower_case": (
        "origin = https://app.example.com\nmethods = GET, PATCH",
        ("--origin", APP, "-X", "patch"),
        "is 'GET, PATCH', and method names are case-sensitive; it must include patch."
        " To fix it, write PATCH instead of patch in the page, because method names are case-sensitive",
    ),
    "header_not_listed": (
        "origin = https://app.example.com",
        ("--origin", APP, "-H", "X-Requested-With: XMLHttpRequest"),
        "Access-Control-Allow-Headers in the preflight response is missing; it must include x-requested-with;"
        " x-requested-with comes from jQuery, or an old version of another library. To fix it, add x-requested-with to headers (a.ini:1)",
    ),
    "json": (
        "origin = https://app.example.com",
        ("--origin", APP, "-X", "POST", "-H", "Content-Type: application/json"),
        "To fix it, add content-type to headers (a.ini:1)",
    ),
    "json_in_a_get_and_a_token": (
        "origin = https://app.example.com",
        ("--origin", APP, "-H", "Content-Type: application/json", "-H", "Authorization: Bearer x"),
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is missing; it must include authorization, content-type;"
        " GET has no body, so Content-Type has no meaning. To fix it, add authorization, content-type to headers (a.ini:1)",
    ),
    "token": (
        "origin = https://app.example.com\nheaders = Content-Type",
        ("--origin", APP, "-H", "Authorization: Bearer x"),
        "Access-Control-Allow-Headers in the preflight response is 'Content-Type'; it must include authorization."
        " To fix it, add authorization to headers (a.ini:4)",
    ),
    "response_header_in_the_request": (
        "origin = https://app.example.com",
        ("--origin", APP, "-H", "Access-Control-Allow-Origin: *"),
        "To fix it, remove Access-Control-Allow-Origin from the request headers of the page, because only a server can send it",
    ),
    "credentials_off": (
        "origin = https://app.example.com",
        ("--origin", APP, "--credentials"),
        "Access-Control-Allow-Credentials is missing; it should be true because the request has credentials."
        " To fix it, write true in credentials (a.ini:1)",
    ),
    "credentials_for_anyone": (
        "origin = *",
        ("--origin", APP, "--credentials"),
        "Access-Control-Allow-Origin is *, which browsers refuse with credentials; it should be https://app.example.com."
        " To fix it, write https://app.example.com instead of * in origin (a.ini:3) and write true in credentials (a.ini:1)",
    ),
    "everything_at_once": (
        "origin = https://app.example.com",
        ("--origin", APP, "-X", "PUT", "-H", "X-A: 1", "-H", "X-B: 2", "--credentials"),
        "To fix it, write true in credentials (a.ini:1) and add PUT to methods (a.ini:1)"
        " and add x-a, x-b to headers (a.ini:1)",
    ),
    "path_not_governed": (
        "policy = api\napi_origin = *\napi_path = /api/*",
        ("--origin", APP, "--path", "/v2/users"),
        "BLOCKED: no policy governs the path /v2/users. To fix it, add /v2/users to api_path (a.ini:5)",
    ),
    "case_of_the_path": (
        "policy = api\napi_origin = *\napi_path = /api/*",
        ("--origin", APP, "--path", "/API/users"),
        "no policy governs the path /API/users; api_path has /api/*, and case matters. To fix it, request /api/users",
    ),
    "path_with_an_umlaut": (
        "policy = api\napi_origin = *\napi_path = /stra\xdfe",
        ("--origin", APP, "--path", "/stra\xdfe/"),
        "BLOCKED: no policy governs the path /stra\xdfe/; api_path has /stra\xdfe, and a trailing slash matters."
        " To fix it, request /stra\xdfe, or add /stra\xdfe/ to api_path (a.ini:5)",
    ),
    "trailing_slash_of_the_path": (
        "policy = api\napi_origin = *\napi_path = /api",
        ("--origin", APP, "--path", "/api/"),
        "; api_path has /api, and a trailing slash matters. To fix it, request /api, or add /api/ to api_path (a.ini:5)",
    ),
    "path_without_star": (
        "policy = api\napi_origin = *\napi_path = /api",
        ("--origin", APP, "--path", "/api/users"),
        "; api_path has /api, and that is one path only. To fix it, add /api/* to api_path (a.ini:5)",
    ),
    "double_slash": (
        "policy = api\napi_origin = *\napi_path = /api/*",
        ("--origin", APP, "--path", "http://localhost//api/users"),
        "BLOCKED: the path and its normal form are governed by different policies."
        " To fix it, request /api/users instead of //api/users",
    ),
    "origin_of_another_path": (
        "policy = api, public\napi_origin = https://admin.example.com\napi_path = /api/*\npublic_origin = *",
        ("--origin", APP, "--path", "/api/users"),
        ": https://app.example.com; public would allow it, but is not for this path."
        " To fix it, add https://app.example.com to api_origin (a.ini:4)",
    ),
    "policy_in_the_shadow": (
        "policy = public, app\npublic_origin = *\napp_origin = https://app.example.com\napp_methods = PUT",
        ("--origin", APP, "-X", "PUT"),
        "To fix it, add PUT to public_methods (a.ini:1), or list app, which allows this, before public",
    ),
    "policy_after_deny": (
        "policy = deny, app\napp_origin = https://app.example.com",
        ("--origin", APP),
        "BLOCKED: the policy deny refuses what no policy before it allows: https://app.example.com."
        " To fix it, list a policy for this path before deny in policy (a.ini:3)",
    ),
    "verb_not_allowed": (
        "matchstrategy = verbmatch\npolicy = app\napp_origin = https://app.example.com",
        ("--origin", APP, "-X", "PUT"),
        "allows the method to the origin (matchstrategy = verbmatch). To fix it, add PUT to app_methods (a.ini:1)",
    ),
    "trailing_slash_of_the_origin": (
        "origin = https://app.example.com/",
        ("--origin", APP),
        "BLOCKED: this configuration does not load: a.ini:3: origin: 'https://app.example.com/' is not what"
        " browsers send (a trailing slash): write 'https://app.example.com'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("options", "arguments", "expected"), OURS.values(), ids=OURS)
def test_mistake_in_our_configuration(options, arguments, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ini").write_text(
        f"[filter:cors]\nuse = egg:wsgicors\n{options}\n", encoding="utf-8"
    )
    status, output, last = explain(capsys, "a.ini", *arguments)
    assert status == 1
    assert last.startswith("BLOCKED: ")
    assert expected in last


def test_mistakes_that_prevent_the_start_are_shown_with_their_fix(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = "orign = *\norigin = app.example.com\nmethods = get, patch\ncredentials = maybe"
    (tmp_path / "a.ini").write_text(
        f"[filter:cors]\nuse = egg:wsgicors\n{options}\n", encoding="utf-8"
    )
    status, output, last = explain(capsys, "a.ini", "--origin", APP)
    assert status == 1
    assert last.startswith("BLOCKED: this configuration does not load: a.ini:3: orign: ")
    assert last.endswith(" and 3 more")
    for expected in (
        "a.ini:3: orign: '*' is given to an unknown option: remove it, because 'origin' is set as well",
        "a.ini:4: origin: 'app.example.com' is not what browsers send (no scheme): write 'https://app.example.com'",
        "a.ini:5: methods: 'patch' is not PATCH",
        "a.ini:6: credentials: 'maybe' is not a boolean: write true or false",
    ):
        assert expected in output


ORIGIN = ("Access-Control-Allow-Origin", APP)
ANY = ("Access-Control-Allow-Origin", "*")
PUT = ("Access-Control-Allow-Methods", "PUT")
TRUE = ("Access-Control-Allow-Credentials", "true")

MISSING = f"Access-Control-Allow-Origin is missing; it should be {APP} or *"

# name: (preflight: status and headers, response: status and headers, arguments, what the last line says)
THEIRS = {
    "no_cors_at_all": (None, (200, []), (), f"BLOCKED: the response to GET: {MISSING}"),
    "preflight_not_allowed": (
        (405, []), None, ("-X", "PUT"),
        "returned 405 Method Not Allowed by Python's wsgiref: the server does not handle OPTIONS at this URL."
        " To fix it, answer OPTIONS there with a status from 200 to 299 and the headers above",
    ),
    "preflight_not_found": (
        (404, []), None, ("-X", "PUT"), "the server has nothing at this URL, or does not handle OPTIONS there",
    ),
    "preflight_meets_authentication": (
        (401, []), None, ("-H", "Authorization: Bearer x"),
        "returned 401 Unauthorized by Python's wsgiref: the server requires a login, which a preflight never carries."
        " To fix it, let OPTIONS pass without a login: handle CORS before authentication",
    ),
    "preflight_redirected_to_https": (
        (301, [ORIGIN, ("Location", "https://api.example.com/x")]), None, ("-X", "PUT"),
        "was redirected (301) to https://api.example.com/x, which browsers do not follow."
        " To fix it, request https://api.example.com/x directly",
    ),
    "preflight_redirected_to_a_slash": (
        (308, [("Location", "/x/")]), None, ("-X", "PUT"), "/x/ (with the slash) directly",
    ),
    "preflight_fails": (
        (500, [ORIGIN, PUT]), None, ("-X", "PUT"),
        ": the application failed. To fix it, read the server's log for the exception and fix that",
    ),
    "preflight_without_headers": ((200, []), None, ("-X", "PUT"), f"BLOCKED: the response to the preflight: {MISSING}"),
    "headers_on_the_preflight_only": ((200, [ORIGIN, PUT]), (200, []), ("-X", "PUT", "--send"), f"to PUT: {MISSING}"),
    "error_without_headers": (
        None, (500, []), (),
        ": the application failed, and this error lacks Access-Control-Allow-Origin."
        " To fix it, read the server's log for the exception",
    ),
    "too_large": (None, (413, []), ("-X", "POST", "--send"), "To fix it, raise its limit (client_max_body_size in"),
    "set_twice": (
        None, (200, [ORIGIN, ORIGIN]), (), f"was sent 2 times: '{APP}' and '{APP}'; usually by two parts of the application",
    ),
    "star_and_origin": (None, (200, [ANY, ORIGIN]), (), f"one of them send it, with the value {APP}"),
    "list_of_origins": (
        None, (200, [(ORIGIN[0], f"https://a.example,{APP}")]), (), f"it should be {APP} (one value, sent once)",
    ),
    "pattern": (None, (200, [(ORIGIN[0], "https://*.example.com")]), (), f"be {APP} (browsers do not support patterns)"),
    "slash_after_the_origin": (None, (200, [(ORIGIN[0], APP + "/")]), (), f"it should be {APP} (a trailing slash)"),
    "origin_without_scheme": (None, (200, [(ORIGIN[0], "app.example.com")]), (), f"it should be {APP} (no scheme)"),
    "origin_of_development": (
        None, (200, [(ORIGIN[0], "http://localhost:3000")]), (), f"is 'http://localhost:3000'; it should be {APP}",
    ),
    "quotes": (None, (200, [(ORIGIN[0], f"'{APP}'")]), (), f"it should be {APP} (quotation marks)"),
    "path_after_the_origin": (None, (200, [(ORIGIN[0], APP + "/shop")]), (), f"it should be {APP} (a path)"),
    "misspelled_header": (
        None, (200, [(ORIGIN[0] + "s", "*")]), (),
        "Access-Control-Allow-Origin is missing (Access-Control-Allow-Origins is unknown to browsers); it should be",
    ),
    "redirect_to_a_login": (
        None, (302, [("Location", "https://login.example/")]), (),
        "was redirected (302) to https://login.example/, and the redirect itself does not allow"
        f" {APP}; that looks like a login, so the request was not authenticated."
        " To fix it, log in before the request and send the cookie or token with it",
    ),
    "null": (None, (200, [(ORIGIN[0], "null")]), (), f"is 'null'; it should be {APP}"),
    "star_with_credentials": (
        None, (200, [ANY, TRUE]), ("--credentials",),
        f"Access-Control-Allow-Origin is *, which browsers refuse with credentials; it should be {APP}",
    ),
    "no_credentials": (
        None, (200, [ORIGIN]), ("--credentials",),
        "Access-Control-Allow-Credentials is missing; it should be true because the request has credentials",
    ),
    "credentials_True": (
        None, (200, [ORIGIN, (TRUE[0], "True")]), ("--credentials",),
        "Access-Control-Allow-Credentials is 'True'; it should be true, in lower case and sent once",
    ),
    "no_methods": (
        (200, [ORIGIN]), None, ("-X", "PUT"),
        "BLOCKED: Access-Control-Allow-Methods in the preflight response is missing; it must include PUT",
    ),
    "method_not_listed": (
        (200, [ORIGIN, (PUT[0], "GET, POST")]), None, ("-X", "PUT"), "is 'GET, POST'; it must include PUT",
    ),
    "star_for_methods_with_credentials": (
        (200, [ORIGIN, TRUE, (PUT[0], "*")]), None, ("-X", "PUT", "--credentials"),
        "is '*', and * is not a wildcard with credentials; it must include PUT",
    ),
    "header_not_listed": (
        (200, [ORIGIN, ("Access-Control-Allow-Headers", "X-A")]), None, ("-H", "X-B: 1"),
        "BLOCKED: Access-Control-Allow-Headers in the preflight response is 'X-A'; it must include x-b",
    ),
    "star_for_authorization": (
        (200, [ORIGIN, ("Access-Control-Allow-Headers", "*")]), None, ("-H", "Authorization: Bearer x"),
        "is '*', and * never covers authorization; it must include authorization",
    ),
    "headers_without_commas": (
        (200, [ORIGIN, ("Access-Control-Allow-Headers", "X-A X-B")]), None, ("-H", "X-B: 1"),
        "is not a comma-separated list of names: X-A X-B",
    ),
    "redirect_to_a_login_page": (
        None, (302, [ORIGIN, ("Location", "ftp://login.example/")]), (), "does not lead to an http:// or https:// URL",
    ),
    "redirect_without_headers": (None, (302, [("Location", "/y")]), (), "/y directly"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("preflight", "response", "arguments", "expected"), THEIRS.values(), ids=THEIRS
)
def test_mistake_of_another_server(preflight, response, arguments, expected, capsys):
    def app(environ, start_response):
        status, headers = preflight if environ["REQUEST_METHOD"] == "OPTIONS" else response
        start_response(f"{status} Status", [("Content-Type", "text/plain"), *headers])
        return [b""]

    with serving(app) as port:
        status, output, last = explain(
            capsys, f"http://127.0.0.1:{port}/x", "--origin", APP, *arguments
        )
    assert status == 1
    assert last.startswith("BLOCKED: ")
    assert expected in last
    assert "NO  " in output


def test_http_server_for_a_page_on_https(capsys):
    status, _, last = explain(capsys, "http://api.example.com/x", "--origin", APP)
    assert status == 1
    assert (
        last
        == "BLOCKED: mixed content: the page is on https, so http://api.example.com must be https as well."
        " To fix it, serve the API over https and use that URL in the page"
    )


def test_there_are_enough_mistakes():
    assert len(OURS) + len(THEIRS) >= 30
