"""Private Network Access, which is never granted (flask-cors, CVE-2024-6221)."""

from __future__ import annotations

from response_support import at
from support import ORIGIN, client


# flask-cors, CVE-2024-6221
def test_private_network_access_is_never_granted():
    sent = {
        "Access-Control-Request-Private-Network": "true",
        "Access-Control-Request-Local-Network": "true",
    }
    for options in (
        {"origin": "*", "headers": "*", "methods": "*"},
        {"origin": ORIGIN, "credentials": True},
    ):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", **sent}
            response = client(**options).request("/", method=method, headers=headers)
            assert "network" not in str(response.headerlist).lower()


def test_nothing_about_private_networks_is_ever_sent():
    for options in (
        {"origin": "*"},
        {"origin": ORIGIN},
        {"origin": ORIGIN, "credentials": True, "headers": "*"},
    ):
        asked = {
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
            "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": "true",
        }
        response = at(client(**options), "/", ORIGIN, "OPTIONS", **asked)
        assert response.status_int == 200
        assert "network" not in str(response.headerlist).lower()
