"""The name of an operation in; what it means in double precision, as the operators and functions of plain Python, out."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from gradgen.core.rows import NAMED, Number

#: Arithmetic of rational numbers and of doubles, and comparisons.
ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg")},
    "copy": lambda x: x,
    "div": operator.truediv,
    "inv": lambda x: 1 / x,
    "sqr": lambda x: x * x,
    "powi": lambda x, n: x ** int(n),
}
COMPARISONS: Mapping[str, Callable[..., bool]] = {
    **{n: getattr(operator, n) for n in ("lt", "le", "gt", "ge", "eq", "ne")},
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "not": operator.not_,
}
# fmt: off
_FUNCTIONS = (
    "sqrt", "hypot", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "lgamma",
)
# fmt: on
#: What is worked out of constants: by the standard library of every Python that gradgen runs on.
_FOLDED: Mapping[str, Callable[..., Any]] = {
    **ARITHMETIC,
    **dict.fromkeys(("powr", "expb", "pow"), math.pow),
    **{name: getattr(math, name) for name in _FUNCTIONS},
}
#: All operations that need no function of a few lines.
DOUBLES: Mapping[str, Callable[..., Any]] = {
    **_FOLDED,
    **COMPARISONS,
    "where": lambda c, x, y: x if c else y,
    "mod": operator.mod,
    "floordiv": operator.floordiv,
    "hypot3": math.hypot,
    "norm": math.sqrt,
    "abs": abs,
    "max": max,
    "min": min,
    "copysign": math.copysign,
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "trunc": lambda x: float(math.trunc(x)),
    "round": lambda x: float(round(x)),
}
_VALUES = {"pi": math.pi, "e": math.e, "nan": math.nan, "inf": math.inf, **NAMED}


def double(number: Number) -> float:
    """Return a constant in double precision."""
    if isinstance(number, str):
        return _VALUES[number]
    return number if isinstance(number, bool) else float(number)


def evaluated(op: str, *args: float) -> float:
    """Return an operation on doubles, nan where that is not known without running the module.

    Raises:
        ArithmeticError, ValueError: as the module will when it runs.
    """
    return float(_FOLDED[op](*args)) if op in _FOLDED else math.nan
