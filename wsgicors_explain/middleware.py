"""The middleware that is explained: the names that the other modules use.

They come from the module ``wsgicors`` beside this package: the installed one or, if this
package is vendored, the one vendored with it. A ``CORS`` of another copy is recognised by the
names in its module, and used through that module. All must have the version of this package.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

# Of this package, which may have been copied without its middleware; a test compares the two.
__version__ = "1.0.0"

__all__ = [
    "ALLOW_CREDENTIALS",
    "ALLOW_HEADERS",
    "ALLOW_METHODS",
    "ALLOW_ORIGIN",
    "AMBIGUOUS_PATH",
    "CORS",
    "Call",
    "ConfigError",
    "DEFAULT_PORTS",
    "DENIED",
    "EXPOSE_HEADERS",
    "FORBIDDEN_RESPONSE_HEADERS",
    "MAX_AGE",
    "NORMALIZED_METHODS",
    "NOT_ALLOWED",
    "OPAQUE_SCHEMES",
    "OPTIONS",
    "OriginList",
    "POLICY_HEADERS",
    "PREDICATE_FAILED",
    "Policy",
    "REFUSED_PREFLIGHT",
    "SAFELISTED_RESPONSE_HEADERS",
    "STRATEGY_FAILED",
    "TOKEN",
    "UNSAFE_HEADERS",
    "VERB_NOT_ALLOWED",
    "is_local",
    "make_middleware",
    "normal_path",
    "parse_host",
    "parse_pattern",
    "public_suffix_list",
    "show",
]


def misfit(module: Any) -> str:
    """Why this copy of the middleware cannot be explained by this package; empty if it can."""
    version = getattr(module, "__version__", "of an unknown version")
    if version == __version__:
        return ""
    return (
        f"{module.__name__} is wsgicors {version}, but this wsgicors_explain is "
        f"{__version__}: use the same version of both"
    )


if TYPE_CHECKING:
    from wsgicors import (
        ALLOW_CREDENTIALS,
        ALLOW_HEADERS,
        ALLOW_METHODS,
        ALLOW_ORIGIN,
        AMBIGUOUS_PATH,
        CORS,
        DEFAULT_PORTS,
        DENIED,
        EXPOSE_HEADERS,
        FORBIDDEN_RESPONSE_HEADERS,
        MAX_AGE,
        NORMALIZED_METHODS,
        NOT_ALLOWED,
        OPAQUE_SCHEMES,
        OPTIONS,
        POLICY_HEADERS,
        PREDICATE_FAILED,
        REFUSED_PREFLIGHT,
        SAFELISTED_RESPONSE_HEADERS,
        STRATEGY_FAILED,
        TOKEN,
        UNSAFE_HEADERS,
        VERB_NOT_ALLOWED,
        Call,
        ConfigError,
        OriginList,
        Policy,
        is_local,
        make_middleware,
        normal_path,
        parse_host,
        parse_pattern,
        public_suffix_list,
        show,
    )
else:
    # "mypkg.vendor.wsgicors_explain" has "mypkg.vendor.wsgicors" beside it.
    _name = f"{__package__.rpartition('wsgicors_explain')[0]}wsgicors"
    try:
        _module = import_module(_name)
    except ImportError as error:
        needed = f"wsgicors_explain {__version__} needs the middleware beside it"
        raise ImportError(f"{needed}: {error}") from error
    if misfit(_module):
        raise ImportError(misfit(_module))
    globals().update({name: getattr(_module, name) for name in __all__})

# Names that no other module with a class CORS has.
MARKS: Final = ("ConfigError", "OriginList", "Policy", "check_origins", "make_middleware")


def middleware_of(thing: object) -> Any:
    """The copy of the middleware whose CORS or ConfigError this is, or None."""
    for kind in type(thing).__mro__:
        module = sys.modules.get(kind.__module__)
        if kind.__name__ in ("CORS", "ConfigError") and all(hasattr(module, m) for m in MARKS):
            return module
    return None


def middleware_modules() -> list[Any]:
    """Every copy of the middleware that is imported."""
    found = []
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", {})
        if "CORS" in names and all(mark in names for mark in MARKS):
            found.append(module)
    return found
