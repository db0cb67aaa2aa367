"""The command `check`: which sections of an ini file are checked."""

from __future__ import annotations

from check_support import FILTER


def test_sections_of_other_filters_are_left_alone(check):
    ini = """
        [filter:a]
        use = egg:wsgicors#main
        origin = *
        [filter:b]
        use = egg:other#middleware
        origin = nonsense
        [filter:vendored]
        paste.filter_app_factory = my.vendor.wsgicors:make_middleware
        origin = *
        [server:main]
        use = egg:waitress
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, [line for line in lines if line.startswith("filter:")]) == (
        0,
        ["filter:a (a.ini:1)", "filter:vendored (a.ini:7)"],
    )


def test_one_section_is_chosen_by_name(check):
    ini = FILTER + "origin = *\n[filter:bad]\nuse = egg:wsgicors\norigin = x\n"
    for name in ("cors", "filter:cors"):
        assert check("a.ini", "--section", name, a_ini=ini)[0] == 0
    assert check("a.ini", "--section", "bad")[0] == 1
    status, lines = check("a.ini", "--section", "other")
    assert (status, lines) == (
        2,
        ["wsgicors: a.ini has no section other that uses wsgicors; it has filter:cors, filter:bad"],
    )


def test_section_that_others_build_on_is_not_checked_by_itself(check):
    ini = """
        [pipeline:main]
        pipeline = cors inner
        [filter:base]
        use = egg:wsgicors
        maxage = 600
        [filter:cors]
        use = base
        origin = *
        [app:inner]
        use = egg:inner
        """
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines[0], lines[-1]) == (0, "filter:cors (a.ini:6)", "no problems")


def test_main_application_is_reported_first(check):
    """It is what servers take, wherever the file has it."""
    apps = "[pipeline:a]\npipeline = inner x\n[pipeline: main]\npipeline = outer x\n[app:x]\nuse = egg:x\n"
    filters = FILTER.replace("cors]", "inner]") + "origin = *\n"
    filters += FILTER.replace("cors]", "outer]") + "origin = *\n"
    status, lines = check("a.ini", a_ini=apps + filters)
    found = [line for line in lines if line.startswith("filter:")]
    assert (status, found) == (0, ["filter:outer (a.ini:10)", "filter:inner (a.ini:7)"])


def test_same_filter_in_two_pipelines_is_checked_once(check):
    ini = (
        "[pipeline:a]\npipeline = cors x\n[pipeline:b]\npipeline = cors x\n[app:x]\nuse = egg:x\n"
        + FILTER
        + "origin = *\n"
    )
    status, lines = check("a.ini", a_ini=ini)
    assert (status, lines.count("filter:cors (a.ini:7)")) == (0, 1)
