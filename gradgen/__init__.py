"""gradgen compiles a formula into a plain-Python module with matching `forward` and `backward` functions.

>>> import gradgen
>>> gradgen.compile("x * sigmoid(y)").value_and_grad(2.0, 0.0)
(1.0, (0.5, 0.5))
"""

from __future__ import annotations

# Not from typing, which takes a moment to load, as all that is not needed: until the command has begun, an interrupt is not quiet.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gradgen.decorator import differentiate as differentiate
    from gradgen.errors import GradgenError as GradgenError
    from gradgen.pipeline import Compiled as Compiled
    from gradgen.pipeline import compile as compile
    from gradgen.read.sympy.functions import sigmoid as sigmoid
    from gradgen.read.sympy.functions import softplus as softplus

__all__ = [
    "Compiled",
    "GradgenError",
    "compile",
    "differentiate",
    "sigmoid",
    "softplus",
]

# Loaded on first use, so that the command answers `--help` and usage errors without waiting for SymPy.
_HOMES = {
    "Compiled": "gradgen.pipeline",
    "GradgenError": "gradgen.errors",
    "compile": "gradgen.pipeline",
    "differentiate": "gradgen.decorator",
    "sigmoid": "gradgen.read.sympy.functions",
    "softplus": "gradgen.read.sympy.functions",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("gradgen-compiler")
        except PackageNotFoundError:
            return "0+unknown"  # run from a checkout that is not installed
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
