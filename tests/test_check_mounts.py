"""The command `check`: paths below a mount, and a filter within another one."""

from __future__ import annotations


def test_path_with_the_prefix_of_a_mount_is_pointed_out(check):
    ini = """
        [composite:main]
        use = egg:Paste#urlmap
        /api = api
        [pipeline:api]
        pipeline = prefix cors inner
        [pipeline:unmounted]
        pipeline = cors inner
        [filter:prefix]
        use = egg:PasteDeploy#prefix
        prefix = /v1
        [filter:cors]
        use = egg:wsgicors
        origin = *
        path = /api/items/* /v1 /api/v1/x /items /apis
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    compared = "a.ini:14: path: {} is compared with the part of the URL after {}, where the application is mounted"
    assert (status, lines[3:]) == (
        0,
        [
            f"{compared.format('/v1', '/v1')}: write /",
            f"{compared.format('/api/v1/x', '/api/v1')}: write /x",
            "no problems, 2 pieces of advice",
        ],
    )


def test_mount_at_the_root_removes_nothing_from_a_path(check):
    ini = """
        [composite:main]
        use = egg:Paste#urlmap
        / = site
        [pipeline:site]
        pipeline = cors inner
        [filter:cors]
        use = egg:wsgicors
        origin = *
        path = /items/* /
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines[-1]) == (0, "no problems")


def test_filter_within_another_one_is_pointed_out(check):
    ini = """
        [pipeline:main]
        pipeline = cors inner
        [filter:cors]
        use = egg:wsgicors
        origin = *
        [filter-app:inner]
        use = egg:wsgicors
        origin = https://b.example
        next = app
        [app:app]
        use = egg:app
        """
    status, lines = check("a.ini", a_ini=ini)
    assert status == 0
    assert [line for line in lines if not line.startswith(" ")] == [
        "filter:cors (a.ini:3)",
        "a.ini:3: this CORS wraps another one: for a path that both govern,"
        " only the outer one's headers are sent",
        "filter-app:inner (a.ini:6)",
        "no problems, 1 piece of advice",
    ]
