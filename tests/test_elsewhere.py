"""Functions of other languages mean here what they mean there, or are refused with a hint that does, or with none."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path
from typing import Any

import mpmath
import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.elsewhere import function_advice
from gradgen.read.formula import FORMS
from gradgen.read.sympy.table import CALLS

LINES = Path(__file__).with_name("cases") / "elsewhere.txt"
CASES = [
    [part.strip() for part in line.split(" | ")]
    for line in LINES.read_text("utf-8").splitlines()
    if not line.startswith("#")
]
KNOWN = (*CALLS, *COMPOSITIONS, *FORMS)
#: Hints that explain, and name several functions with what they are: one of them is meant.
EXPLAINED = ("`,", "` is", "` for", "and `", ", `")
POINTS = [(-1.5, 2.25, 0.7), (2.5, -0.75, 1.2), (0.4, 0.3, 0.6), (-2.5, -0.7, 3.0), (0.5, 5.0, 2.0), (6.0, 2.0, 1.0)]  # fmt: skip


def made(text: str, names: list[str]) -> Compiled:
    """Return a formula's module, in the target that has its functions."""
    try:
        return compile(text, inputs=names, wrt=[], proof=False)
    except GradgenError as error:
        if "--target scipy" not in error.message:
            raise
        pytest.importorskip("scipy")
        return compile(text, inputs=names, target="scipy", wrt=[], proof=False)


def value(
    compiled: Compiled, names: list[str], point: tuple[float, ...]
) -> float | None:
    """Return a formula's value; None outside its domain."""
    try:
        return float(compiled.forward(*point[: len(names)])[0])
    except (ArithmeticError, ValueError):
        return None


def truth(meaning: str, names: list[str], point: tuple[float, ...]) -> float | None:
    """Return what the data say the value is; None where it is no real number."""
    space: dict[str, Any] = {**vars(mpmath), "abs": abs, "int": int, "loggamma": lambda x: mpmath.log(abs(mpmath.gamma(x)))}  # fmt: skip
    space |= {name: mpmath.mpf(x) for name, x in zip(names, point)}
    try:
        with mpmath.workdps(30):
            found = eval(
                meaning, {"max": max, "min": min}, space
            )  # the tests' own data
    except (ArithmeticError, ValueError):
        return None
    return float(found) if isinstance(found, (mpmath.mpf, int)) else None


def means(text: str, meaning: str, names: list[str]) -> bool:
    """Whether a formula has the values that the data say, at some point at least and wherever both have one."""
    both = 0
    compiled = made(text, names)
    for point in POINTS:
        true, got = truth(meaning, names, point), value(compiled, names, point)
        if true is not None and got is not None and abs(true) < 1e12:
            if abs(true - got) > 1e-12 * max(1.0, abs(true)):
                return False
            both += 1
    return both > 0


def suggestions(call: str, message: str) -> list[str]:
    """Return the formulas that a hint names."""
    hint = message.partition("; ")[2]
    args = call[call.index("(") :]
    found = []
    for text in re.findall(r"`([^`]+)`", hint):
        if text != "gradgen functions":
            found.append(text + args if text.isidentifier() else text)
    return found


@pytest.mark.parametrize(("call", "meaning", "where"), CASES, ids=[c[0] for c in CASES])
def test_what_is_read_or_suggested_means_the_same(
    call: str, meaning: str, where: str
) -> None:
    names = list(dict.fromkeys(re.findall(r"[a-z]\b(?!\()", call[call.index("(") :])))
    try:
        compile(call, inputs=names, wrt=[], proof=False)
        read = [call]
    except GradgenError as error:
        if "--target scipy" in error.message:
            read = [call]
        else:
            assert "there is no function" in error.message, error.message
            read = suggestions(call, error.message)
            if "did you mean" in error.message or "write `" in error.message:
                assert len(read) == 1 or meaning == "-", error.message
    if meaning == "-":
        assert not any(text.endswith(call[call.index("(") :]) for text in read), read
    elif len(read) == 1:
        assert means(read[0], meaning, names), read
    elif read:
        assert any(_means_if_readable(text, meaning, names) for text in read), read


def _means_if_readable(text: str, meaning: str, names: list[str]) -> bool:
    try:
        return means(text, meaning, names)
    except GradgenError:
        return False


def test_a_hint_for_a_slip_is_the_function_meant() -> None:
    for typed, meant in [("sigmod", "sigmoid"), ("tahn", "tanh"), ("sinn", "sin"), ("SIN", "sin"), ("sqrrt", "sqrt"), ("digama", "digamma"), ("loggama", "loggamma"), ("sigmuid", "sigmoid"), ("erf_inv", "erfinv"), ("log_1p", "log1p"), ("Heavyside", "heaviside")]:  # fmt: skip
        expected = f"did you mean `{meant}`?" if typed != "Heavyside" else ""
        assert expected in function_advice(typed, KNOWN), typed


def test_families_are_no_slips() -> None:
    """One letter more or less at an end, or another digit, is another function."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    source = random.Random(7)
    known = {name.lower() for name in KNOWN}
    listed = {case[0].partition("(")[0] for case in CASES}
    for name in sorted(known):
        for letter in source.sample(letters, 2):
            ways = [letter + name, name + letter, letter + name[1:], name[:-1] + letter]
            if letter not in "aeiou":
                place = source.randrange(len(name))
                ways.append(name[:place] + letter + name[place + 1 :])
            for typed in ways:
                if typed in known or typed in (name + name[-1], name[0] + name):
                    continue
                hint = function_advice(typed, KNOWN)
                single = re.fullmatch(r"did you mean `(\w+)`\?", hint)
                if single and single[1].lower() == name:
                    # What C calls the same for shorter or longer numbers, and what the list says.
                    same = typed in listed or typed == f"d{name}" or typed[-1] in "fl"
                    assert same, typed


@pytest.mark.filterwarnings("ignore:floating point number truncated")
@pytest.mark.parametrize(
    "module", ["numpy", pytest.param("scipy.special", marks=pytest.mark.slow)]
)
def test_ufuncs_of_numpy_and_scipy(module: str) -> None:
    """Every function of theirs: what is read or suggested has its values, at the points that both have."""
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip(module)
    others = {"huber": "the order of its arguments", "elu": "", "nextafter": ""}
    checked = 0
    for name, function in sorted(vars(library).items()):
        if not isinstance(function, numpy.ufunc) or function.nout != 1:
            continue
        count = function.nin
        names = ["x", "y", "z", "w"][:count]
        call = f"{name}({', '.join(names)})"
        hint = function_advice(name, KNOWN)
        single = re.fullmatch(r"did you mean `(\w+)`\?", hint)
        if name in others or not (name in KNOWN or single):
            continue
        text = call.replace(name, single[1], 1) if single and name not in KNOWN else call  # fmt: skip
        try:
            compiled = made(text, names)
        except GradgenError:
            continue
        for point in itertools.product((0.25, -0.75, 2.0), repeat=count):
            try:
                with numpy.errstate(all="ignore"):
                    true = float(function(*point))
                got = value(compiled, names, point)
            except TypeError:
                continue
            if got is not None and numpy.isfinite(true):
                assert got == pytest.approx(true, rel=1e-9, abs=1e-12), (call, point)
                checked += 1
    assert checked > 50


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1j*x", "complex numbers are not supported"),
        ("2.5j", "complex numbers are not supported"),
        ("x + 3J", "complex numbers are not supported"),
        ("2i*x", "complex numbers are not supported"),
        ("conj(x)", "complex numbers are not supported"),
        ("2.0f*y", "write `2.0` if"),
        ("1e3f", "write `1e3` if"),
        ("3L*x", "write `3` if"),
        ("1.0_dp*x", "write `1.0`"),
        ("1d-3*x", "write `1e-3`"),
        ("2d0*x", "write `2e0`"),
        ("1.0f0*x", "write `1.0e0`"),
        ("1k*x", "`1e3` if"),
        ("2.2u*x", "`2.2*1e-6` if"),
        ("beta.0", "write `beta_0`"),
        ("x.1 + y", "write `x_1`"),
        ("5e-3d", "`5e-3*d`"),
        ("beta .0*x", "write `beta_0`"),
        ("1 000*x", "without spaces"),
        ("x + 2.5 10", "without spaces"),
        ("1.0_8*x", "`1.0`, if this is Fortran's"),
        ("1_000*x", "without separators"),
        ("1.0d-3*d", "Fortran"),
        ("d + 1.0d-3", "Fortran"),
        ("d3 + 1.0d3", "Fortran"),
        ("np.sinc(x)", "`sinc(pi*x)`"),
        ("scipy.special.sinc(x)", "`sinc(pi*x)`"),
        ("torch.special.sinc(x)", "`sinc(pi*x)`"),
        ("sp.sinc(x)", "`sinc(pi*x)` SciPy's"),
        ("sympy.sinc(x)", "write `sinc`"),
        ("torch.frac(x)", "`x - trunc(x)`"),
        ("torch.round(x)", "write `round`"),
        ("jax.nn.gelu(x)", "`gelu_tanh(x)`"),
        ("BESSELJ(x, n)", "`besselj(n, x)` takes the order first"),
        ("math.fmod(x, y)", "trunc(x/y)"),
        ("math.tau*x", "`2*pi`"),
        ("scipy.special.huber(d, r)", "`huber(r, delta)`"),
        ("mpmath.gammainc(s, x)", "`uppergamma(s, x)`"),
        ("Math.sqrt(x)", "write `sqrt`"),
        ("lambda x: x", "as in `def f(x)"),
        ("lambda_ + lambda", "one name"),
        ("1 if x > 0 & y < 1 else 2", "in brackets"),
        ("1 if (x > 0) & y < 1 else 2", "in brackets"),
        ("1 if x > 0 | y else 2", "in brackets"),
        ("1 if ~x > 0 else 2", "in brackets"),
        ("1 if (x > 0) ^ (y > 0) else 2", "not a power"),
        ("x & y", "`and`"),
    ],
)  # fmt: skip
def test_other_notations_are_named(text: str, words: str) -> None:
    with pytest.raises(GradgenError) as found:
        compile(text)
    assert words in found.value.message


def test_an_imaginary_unit_is_noted() -> None:
    assert "complex" in compile("R + I*w").notes[0]
    assert compile("I + 1").notes == compile("I*x", inputs="I, x").notes == ()
    assert "lambda_" in compile("lambda*x").notes[0]
    assert "C's" in compile("M_PI*x").notes[0]
    assert compile("M_PI*x", inputs="M_PI, x").program.inputs == ("M_PI", "x")
    assert "Fortran's" in compile("1.5d0*x").notes[0]
    with pytest.raises(GradgenError, match="Fortran"):
        compile("1.5d0*x", inputs="x, d")
    with pytest.raises(GradgenError, match="Fortran"):
        compile("a = 1.5d0*x; b = a*d0")
