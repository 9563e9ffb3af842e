"""The dotted name of what a Python file imports in; what a formula calls it out, or why it has no name there."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from sys import float_info

from gradgen.errors import GradgenError, printable
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import CONSTANTS
from gradgen.read.hints import KNOWN_IN, not_meant
from gradgen.read.sympy.table import CALLS

#: What means in a formula the same under the same name, by module.
_SAME: Mapping[str, frozenset[str]] = {
    **KNOWN_IN,
    "builtins": frozenset(("abs", "max", "min", "pow")),
    "gradgen": frozenset(("sigmoid", "softplus")),
    "scipy.special": frozenset("""
        expit log_expit erf erfc erfinv erfcinv erfcx erfi gamma gammaln gammainc gammaincc digamma psi polygamma
        beta betaln expm1 log1p exp2 exp10 cbrt logit jv yv iv kv j0 j1 y0 y1 i0 i1 k0 k1 expi xlogy xlog1py entr
        """.split()),  # noqa: SIM905
}  # fmt: skip
#: What has another name in a formula, or takes its arguments in another order.
_OTHERS: Mapping[str, str] = {
    "math.e": repr(math.e),
    "math.tau": repr(math.tau),
    "numpy.e": repr(math.e),
    "sys.float_info.epsilon": repr(float_info.epsilon),
    "sys.float_info.max": repr(float_info.max),
    "sys.float_info.min": repr(float_info.min),
    "numpy.finfo.eps": repr(float_info.epsilon),
    "numpy.finfo.max": repr(float_info.max),
    "numpy.finfo.tiny": repr(float_info.min),
    "numpy.sinc": "sinc({pi} * ({0}))",
    "numpy.float64": "{0}",
    "numpy.double": "{0}",
    "numpy.asarray": "{0}",
    "numpy.asanyarray": "{0}",
    "numpy.ones_like": "(0*({0}) + 1)",
    "numpy.zeros_like": "(0*({0}))",
    "numpy.deg2rad": "radians",
    "numpy.rad2deg": "degrees",
    "numpy.fix": "trunc",
    "numpy.rint": "round",
    "numpy.trunc": "trunc",
    "math.trunc": "trunc",
    "math.fma": "fma",
    **dict.fromkeys(
        ("math.fmod", "numpy.fmod"),
        "where(({0}) < 0, -(-({0}) % abs({1})), ({0}) % abs({1}))",
    ),
    "builtins.int": "trunc",
    "builtins.round": "round",
    "builtins.float": "{0}",
    "scipy.special.sinc": "sinc({pi} * ({0}))",
    "scipy.special.huber": "huber({1}, {0})",
    "scipy.special.log_expit": "logsigmoid",
    "scipy.special.ndtr": "norm_cdf",
    "scipy.special.ndtri": "norm_ppf",
    "scipy.special.binom": "binomial",
    # Those that are exact, and the same in every version.
    "scipy.constants.g": "9.80665",
    "scipy.constants.atm": "101325.0",
    "scipy.constants.atmosphere": "101325.0",
    **dict.fromkeys(
        ("scipy.constants.c", "scipy.constants.speed_of_light"), "299792458.0"
    ),
    **dict.fromkeys(("scipy.constants.h", "scipy.constants.Planck"), "6.62607015e-34"),
    **dict.fromkeys(("scipy.constants.k", "scipy.constants.Boltzmann"), "1.380649e-23"),
    **dict.fromkeys(
        ("scipy.constants.e", "scipy.constants.elementary_charge"), "1.602176634e-19"
    ),
    **dict.fromkeys(
        ("scipy.constants.N_A", "scipy.constants.Avogadro"), "6.02214076e+23"
    ),
    "scipy.stats.norm.cdf": "norm_cdf",
    "scipy.stats.norm.pdf": "norm_pdf",
    "scipy.stats.norm.ppf": "norm_ppf",
    "scipy.stats.norm.sf": "norm_cdf(-({0}))",
    "scipy.stats.norm.isf": "(-norm_ppf({0}))",
    "scipy.stats.norm.logcdf": "log_norm_cdf",
    "scipy.special.log_ndtr": "log_norm_cdf",
}
#: How many arguments Python takes where a formula would take others as well.
_COUNTS: Mapping[str, tuple[int, int]] = {
    "builtins.max": (2, 10**9),
    "builtins.min": (2, 10**9),
    "builtins.int": (1, 1),
    "builtins.round": (1, 1),
    "numpy.log": (1, 1),
    "numpy.heaviside": (2, 2),
    "numpy.hypot": (2, 2),
    "numpy.maximum": (2, 2),
    "numpy.minimum": (2, 2),
    "numpy.fmax": (2, 2),
    "numpy.fmin": (2, 2),
    "numpy.logaddexp": (2, 2),
    "math.hypot": (2, 99),
}
#: What an import may mean that takes sequences, by what the user calls it.
OF_SEQUENCES: Mapping[str, str] = {"sum": "builtins.sum", "dot": "numpy.dot"}
#: What scipy asks of arrays of any library, which is known without its source: which module makes them, arrays of floats, and what it tests.
API = tuple(f"scipy._lib._array_api.{name}" for name in ("array_namespace", "xp_promote", "xp_capabilities"))  # fmt: skip
#: What changes which errors are told, and no value.
SILENCING = ("numpy.errstate", "warnings.catch_warnings")
#: Modules whose functions give the values of another one's of the same names.
_WRAPPED: Mapping[str, str] = {"autograd.numpy.": "numpy."}
_DOTTED = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Meant:
    """What something imported is in a formula.

    Attributes:
        text: a function's name, a text with places for arguments, or a constant.
        callable: whether it is a function.
        least: how many arguments it takes at least.
        most: how many at most.
    """

    text: str
    callable: bool
    least: int = 0
    most: int = 10**9

    @property
    def functions(self) -> list[str]:
        """The names of the formula's functions that it calls."""
        text = self.text if "{" in self.text else f"{self.text}("
        return re.findall(r"([a-z_]\w*)\(", text) if self.callable else []

    def call(self, args: list[str], pi: str = "pi") -> str:
        """Return the text of a call."""
        if "{" in self.text:
            return self.text.format(*args, pi=pi)
        return f"{self.text}({', '.join(args)})"


def meant(path: str, means: Mapping[str, str], sought: bool = False) -> Meant:
    """Return what a dotted name is in a formula; what the user says it means goes first.

    Args:
        path: the name.
        means: what the user says.
        sought: whether its source was looked for.

    Raises:
        ValueError: it is not known; the text says what to do.
    """
    known = told(path, means)
    if known in means:
        return _said(means[known])
    module, _, name = known.rpartition(".")
    text = _OTHERS.get(known) or (name if name in _SAME.get(module, ()) else "")
    found = _said(text)
    if found.callable or text in CONSTANTS or text[:1].isdigit():
        least, most = _COUNTS.get(known, (found.least, found.most))
        return Meant(text, found.callable, least, most)
    if name in ("inf", "nan"):
        raise ValueError(f"`{name}` is not a finite number")
    if module in KNOWN_IN:
        raise ValueError(not_meant(module, name))
    source = path.rpartition(".")[0]
    follow = f"--follow {source} reads its source, "
    if sought:
        follow = "no source of it is found, "
    elif source in ("", "builtins", "math", "cmath") or path.startswith("."):
        follow = ""
    raise ValueError(
        f"`{path}` is not known here; {follow}"
        f'--means "{path}=NAME" says which function of formulas it is, and a `def` in this file says it in full'
    )


def told(path: str, means: Mapping[str, str]) -> str:
    """Return a name with its module replaced by the one that the user says it means."""
    if path in means and means[path] not in _SAME:
        return OF_SEQUENCES.get(means[path], path)
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        module = means.get(".".join(parts[:count]))
        if module is not None and module in _SAME:
            return ".".join((module, *parts[count:]))
    for module, wrapped in _WRAPPED.items():
        if path.startswith(module):
            return wrapped + path.removeprefix(module)
    return path


def _said(text: str) -> Meant:
    places = [int(place) for place in re.findall(r"{([0-9])}", text)]
    if places:
        return Meant(text, True, max(places) + 1, max(places) + 1)
    return Meant(text, text in CALLS or text in COMPOSITIONS)


def check_means(means: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return what the user says that imports mean, checked.

    Raises:
        GradgenError: an entry is no dotted name with a function, a constant or a module that is known.
    """
    for path, text in (means or {}).items():
        if not isinstance(path, str) or not _DOTTED.fullmatch(path):
            raise GradgenError(
                f"`{printable(str(path))[:60]}` is no name of an import; one is written as in fluids.numerics.exp"
            )
        known = isinstance(text, str) and (
            text in CALLS
            or text in COMPOSITIONS
            or text in CONSTANTS
            or text in (*_SAME, *OF_SEQUENCES)
        )
        if not known and not _is_number(text):
            raise GradgenError(
                f"`{path}` cannot mean `{printable(str(text))[:60]}`; it may mean a function that `gradgen functions` lists, "
                f"{', '.join(OF_SEQUENCES)}, a number, or a module: {', '.join(_SAME)}"
            )
    return {path: str(text) for path, text in (means or {}).items()}


def _is_number(text: object) -> bool:
    try:
        return not isinstance(text, bool) and math.isfinite(float(text))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
