"""Formulas as people write them are right where their naive evaluation is not, and mean the same everywhere else."""

from __future__ import annotations

import itertools
import math
import random
import re
from functools import cache
from pathlib import Path

import mpmath
import pytest

from gradgen.passes.forms.patterns import PATTERNS
from gradgen.pipeline import Compiled, compile
from gradgen.prove.exact import ExactFormula
from gradgen.read.programs import parse
from gradgen.sources import compile_function
from tests.conftest import one_in

CASES = Path(__file__).parent / "cases"
KINDS = ("exponentials", "removable", "overflow", "norms", "entropy")


def cases(kind: str) -> list[tuple[str, str, str, str]]:
    """Return the rows of a file: formula, point, value and gradient."""
    found = []
    for line in (CASES / f"{kind}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            formula, at, value, gradient = (part.strip() for part in line.split(" | "))
            found.append((formula, at, value, gradient))
    return found


def close(got: float, true: float, relative: float) -> bool:
    """Whether a number is right to its own size; what no double holds counts as 0, and so does what saturates to 0."""
    return abs(got - true) <= relative * abs(true) + 1e-300


@pytest.mark.parametrize(
    ("formula", "at", "value", "gradient"),
    one_in(2, (row for kind in KINDS for row in cases(kind))),
)
def test_value_and_gradient(formula: str, at: str, value: str, gradient: str) -> None:
    point = {
        name.strip(): float(number)
        for name, _, number in (part.partition("=") for part in at.split(","))
    }
    got, slopes = compile(formula, inputs=tuple(point)).value_and_grad(**point)
    assert close(got, float(value), 1e-12)
    for slope, true in zip(slopes, gradient.split(", ")):
        # The adjoints of saturating functions are right to the last digit of 1.
        assert true == "-" or close(slope, float(true), 1e-9) or abs(slope - float(true)) < 1e-16  # fmt: skip


# Recognition changes nothing but rounding.

#: Further naive forms, of any number of parts.
FORMS = (
    "log(exp(x) + exp(y) + exp(z))",
    "log(x*exp(y) + (1 - x)*exp(z))",
    "log(2 + 3*exp(x))",
    "log(exp(x) - exp(y))",
    "log(1 - exp(x))",
    "log(exp(x)*y)",
    "log(y/exp(x))",
    "log(exp(-x**2/2)/y)",
    "exp(x)/(exp(x) + exp(y) + exp(z))",
    "exp(x)*z/(exp(y) + exp(x))",
    "1/(2 + exp(x))",
    "exp(-exp(x))",
    "1/(3 + 2*exp(-x))",
    "y*exp(-x)/(1 + exp(-x))**2",
    "0.1*(x + 40)/(1 - exp(-(x + 40)/10))",
    "y*(x + z)/(exp((x + z)/3) - 1)",
    "sin(x*y)/x",
    "x**3/(exp(x) - 1)",
    "sqrt(x**2 + 2*y**2 + z**2)",
    "sqrt(x*y**2 + z**2)",
    "sqrt(x**2 + x*y + y**2)",
    "sqrt(x**2 - y**2)",
    "sqrt(x**2 + y)",
    "x*log(y)",
    "x*log(x/y)",
    "(1 - x)*log(1 - x)",
    "x*log(1 + y)",
    "x**(1/3)",
    "0 - x",
    "z/exp(-x*y)",
    "log(y + exp(x))",
    "log(1 + x)*x/((1 + x) - 1)",
    "(exp(x) - 1)*x/log(exp(x))",
    "x**2/(1 + (x*y)**2)",
    "log(y*cosh(x)/sigmoid(z))",
    "y*(exp(x) - exp(-x))**2/2",
    "z*erfc(x)**2*y/2",
    "log(erfc(x)*y**2)",
    "log(z/(norm_cdf(y) - norm_cdf(x)))",
    "log(z/(2 + 3*exp(x)))",
    "log(3*norm_cdf(x)**2*softplus(y))",
)
PARTS = ("x", "-x", "x - y", "2*x", "-x/3", "x*y", "x**2", "y - 1", "1 - x")
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-9, -1e-9, 1e-20, 30.0, -30.0, 400.0, -750.0, -8.0, 0.3, 1e200)  # fmt: skip


def run(compiled: Compiled, point: list[float]) -> float:
    """Return the value, nan where there is none."""
    try:
        return float(compiled(*point))
    except (ArithmeticError, ValueError):
        return math.nan


def check_that_nothing_changes(text: str, rng: random.Random, points: int) -> None:
    """Where the formula as written is right, so is what it becomes; where it has no real value, that has none either."""
    written, ours = compile(text, as_written=True), compile(text)
    names = written.program.inputs
    truth = ExactFormula(parse(text).expr, names)
    for _ in range(points):
        point = [rng.choice(SPECIAL) for _ in names]
        before, after = run(written, point), run(ours, point)
        true = truth.at(point, ()).value
        if true is None:
            # Beside the point there is none either: it is no removable one.
            sides = [
                [x + d * (1 + abs(x)) / (i + 1) for i, x in enumerate(point)]
                for d in (1e-9, -1e-9)
            ]
            small = max(map(abs, point)) <= 3  # the truth has digits for that
            if small and all(truth.at(side, ()).value is None for side in sides):
                assert not math.isfinite(after), (text, point)
        elif math.isfinite(before) and abs(before - true) <= 1e-9 * abs(true) + 1e-300:
            assert abs(after - true) <= 1e-9 * abs(true) + 1e-300, (text, point)


#: The forms that are of one row; sums over rows are held to what they are in languages/test_rows.py.
NAIVE = [naive for naive, _ in PATTERNS if not re.search(r"\b(sum|mean)\(", naive)]


@pytest.mark.parametrize("text", [*FORMS, *NAIVE[::4]])
def test_recognition_changes_nothing_but_rounding(text: str) -> None:
    rng = random.Random(text)
    check_that_nothing_changes(text, rng, 6)


@pytest.mark.slow
@pytest.mark.parametrize("text", [*FORMS, *NAIVE])
def test_recognition_changes_nothing_at_many_points(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradgen.prove.exact._FAR", 10**6)
    rng = random.Random(text)
    check_that_nothing_changes(text, rng, 30)
    for _ in range(6):
        varied = substituted(text, {n: rng.choice(PARTS) for n in "xyzw"})
        check_that_nothing_changes(varied, rng, 20)


def substituted(text: str, parts: dict[str, str]) -> str:
    """Return a formula with an expression in the place of each variable."""
    return re.sub(r"\b[xyzw]\b", lambda m: f"({parts[m.group()]})", text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("atan2(0 - y, x)", (-1.0, 0.0)),
        ("atan2(y - x, -1)", (0.5, 0.5)),
        ("atan2(1 - exp(y), x)", (-1.0, 0.0)),
        ("atan2(cos(y) - 1, x)", (-1.0, 0.0)),
        ("atan2(log(1 - y), x)", (-1.0, 0.0)),
        ("atan2(exp(y) - 1, x)", (-1.0, -0.0)),
        ("atan2(log(1 + y), x)", (-1.0, -0.0)),
        ("atan2(-y + x, -1)", (0.0, 0.0)),
        ("atan2(1 - 2/(1 + exp(-y)), x)", (-2.0, 0.0)),
    ],
)
def test_a_zero_keeps_its_sign(text: str, at: tuple[float, float]) -> None:
    written, ours = (compile(text, inputs="x, y", as_written=w) for w in (True, False))
    assert ours(*at) == written(*at)


@pytest.mark.parametrize(
    "text",
    [
        "exp(x)/(exp(x) + exp(y) + exp(z))",
        "(x*exp(y) + 2*exp(y))/(exp(y)*z + x*exp(y))",
        "(x*exp(y) + exp(z))/(exp(y) + exp(z))",
        "log(x*exp(y) + exp(z))",
        "log(exp(x) - exp(y) + 3*exp(z))",
        "log(2 + 3*exp(x) + y*exp(z))",
    ],
)
def test_sums_of_exponentials_where_an_exponent_is_no_number(text: str) -> None:
    """At infinity and nan they raise only where the formula as written does, and are what that is or nan."""
    written, ours = (compile(text, as_written=w, inputs="x, y, z") for w in (True, False))  # fmt: skip
    for place in range(3):
        for number in (math.inf, -math.inf, math.nan):
            point = [1.0, 0.5, 0.25]
            point[place] = number
            try:
                wanted = written.value_and_grad(*point)[0]
            except (ArithmeticError, ValueError) as error:
                assert "integer" not in str(error)
                continue
            got, slopes = ours.value_and_grad(*point)
            assert math.isnan(got) or got == pytest.approx(wanted, rel=1e-12)
            assert len(slopes) == 3


#: Sigmoids and the like as people write them, scaled and shifted.
SIGMOIDS = (
    "{s}/(1 + exp({k}*x))",
    "{s}/(1 + exp(-(x - y)/{k}))",
    "y*{s}/({s} + {s}*exp(-{k}*x))",
    "{s} - {s}/(1 + exp({k}*x))",
    "exp({k}*x)/({s} + {s}*exp({k}*x))",
    "1 - 2/(exp({k}*x) + 1)",
    "2/(1 + exp(-{k}*x)) - 1",
    "y*(1 - exp(-{k}*x))/(1 + exp(-{k}*x))",
    "(1/(1 + exp(-{k}*x)))**2",
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))*{s}",
    "exp(y)/(exp(x) + exp(y))",
    "log(1 + exp({k}*x))/{k}",
    "log(1/(1 + exp(-{k}*x)))",
    "{s}*(1 - sigmoid({k}*x))",
)


def test_no_slope_is_lost() -> None:
    """Where the slopes of the formula as written are right to their own size, so are those of what it becomes."""
    rng = random.Random(7)
    kept = 0
    for form in SIGMOIDS:
        words = {"s": rng.choice((0.5, 1.5, 3)), "k": rng.choice((1, 2, 0.5))}
        text = form.format(**words)
        written, ours = compile(text, as_written=True), compile(text)
        names = written.program.inputs
        truth = ExactFormula(parse(text).expr, names, digits=150)
        for size in (35.0, -35.0, 90.0):
            point = [size * rng.uniform(0.8, 1.2), *(rng.uniform(-1, 1) for _ in names[1:])]  # fmt: skip
            _, before = written.value_and_grad(*point)
            _, after = ours.value_and_grad(*point)
            true = truth.at(point, range(len(names))).slopes
            for one, other, wanted in zip(before, after, true):
                if close(one, wanted, 1e-9):
                    kept += 1
                    assert close(other, wanted, 1e-9), (text, point)
    assert kept > 40


@pytest.mark.parametrize(
    "text",
    [
        "1/(1 + a*exp(-x))",
        "k/(3 + a*exp(2*x))**2",
        "1/(exp(x - 1)*a*k - 2)",
        "exp(x)/(2 + exp(x))",
        "k*exp(2*x)/(3 - 5*exp(2*x))",
        "a*exp(1 - x)/(exp(1 - x)*7 + 2)",
        "k*exp(x)/(2 + exp(x))**2",
        "exp(x)/(exp(x) - 1)",
        "a*x*exp(x)/(exp(x) - 1)",
        "exp(-x)/(1 - exp(-x))*k",
    ],
)
def test_logistic_functions_far_out(text: str) -> None:
    rng = random.Random(text)
    compiled = compile(text)
    names = compiled.program.inputs
    truth = ExactFormula(parse(text).expr, names, digits=600)
    compared = 0
    for _ in range(4):
        a, k = (rng.choice((1, -1)) * 10 ** rng.uniform(-30, 30) for _ in "ak")
        point = {"a": a, "k": k, "x": rng.uniform(*rng.choice(((-690, 690), (-20, 20), (-1200, 1200))))}  # fmt: skip
        at = [point[name] for name in names]
        true = truth.at(at, range(len(names)))
        value, slopes = compiled.value_and_grad(*at)
        for got, wanted in zip((value, *slopes), (true.value, *true.slopes)):
            if wanted is not None:  # beyond the digits of the truth there is none
                compared += 1
                assert close(got, wanted, 1e-11), (text, at)
    assert compared >= 4


def test_roots_keep_their_domain() -> None:
    for text in ("x**(1/3)", "x**(2/3)", "x**(4/3)", "(x*y)**(1/3)"):
        assert math.isnan(run(compile(text, inputs="x, y"), [-8.0, 1.0]))
    value, (slope,) = compile("x**(1/3)").value_and_grad(8.0)
    assert value == 2.0 and slope == pytest.approx(1 / 12)
    assert compile("cbrt(x)")(-8.0) == -2.0


# A constant means what the same value as an input means.

CONSTANT_FORMS = (
    "x*(exp(h) - 1)",
    "x*(1 - cos(h))",
    "x*log(1 + h)",
    "x*(1 - exp(-h))/h",
    "x*(1 - erf(1/h))",
    "x/(1 + exp(1/h))",
    "log(exp(x) + exp(1/h))",
    "log(exp(1/h) - exp(x))",
    "x*h/(exp(h) - 1)",
    "x*(1 - tanh(0.01/h)**2)",
    "log(1 + h) + x",
    "x*(h + 2.5)**0.5",
    "(x + h*0.3)*(h - 0.2)",
    "x**(2*h) + h**2*x",
    "sqrt(h**2 + x**2)*(exp(h*h) - 1)",
    "x*sin(h)/h",
    "log(h)/(h - 1)*x",
    "x*(1/tanh(h) - 1/h)",
    "x*((1 + h)**3.5 - 1)/h",
    "((1 + h)**x - 1)/h",
    "2*h/((1 + h)**x - 1)",
    "x*(1 - (1 + h*h)**x)/h**2",
)


@pytest.mark.parametrize(
    ("text", "h"),
    one_in(3, itertools.product(CONSTANT_FORMS, [1e-17, 3e-9, 0.001, 0.7])),
)
def test_a_constant_is_its_value_as_an_input(text: str, h: float) -> None:
    folded = compile(text, inputs="x", const={"h": h})
    given = compile(text, inputs="x, h")
    for x in (0.3, 2.0):
        one, other = run(folded, [x]), run(given, [x, h])
        assert math.isnan(one) == math.isnan(other)
        assert math.isnan(one) or one == pytest.approx(other, rel=1e-13, abs=0)


def test_numbers_that_come_to_no_double_are_left_as_they_are() -> None:
    assert compile("1e-200*y*((1 + 1e-300)**y - 1)")(2.0) == 0.0
    assert compile("1e-200*y*((1 + 1e-20)**y - 1)")(2.0) == pytest.approx(4e-220)


def test_a_constant_far_out() -> None:
    assert compile("x*(1 - erf(9))")(1.0) == pytest.approx(4.13703174651381e-37)
    assert compile("log(exp(x) + exp(1000))")(999.0) == pytest.approx(1000.3132616875)


# Norms.


@cache
def norm(seed: int) -> tuple[str, list[str], list[float]]:
    """Return the root of a random sum of squares, its inputs, and a point where all the squares are 0."""
    rng = random.Random(seed)
    count = rng.randint(1, 5)
    names = [f"x{i}" for i in range(count)] + ["a", "b"]
    at = [rng.choice([0.0, 1.0, -2.0, 0.5]) for _ in range(count)]
    parts = []
    for name, x in zip(names, at):
        base = name if x == 0 else f"({name} - {x})" if x > 0 else f"({name} + {-x})"
        scale = rng.choice(["", "2*", "0.3*", "a*", "a**2*", "exp(b)*", "a*b*"])
        square = rng.choice([f"{base}**2", f"{base}*{base}", f"({base}/3)**2", f"{base}**4", f"sin({base})**2"])  # fmt: skip
        parts.append(f"{scale}{square}")
    text = " + ".join(parts)
    text = rng.choice([text, f"({text})/{count}", f"0.5*({text})"])
    return f"sqrt({text})", names, [*at, 2.0, 0.7]


@pytest.mark.parametrize("seed", range(25))
def test_a_root_of_a_sum_of_squares_has_no_slope_at_its_zero(seed: int) -> None:
    text, names, point = norm(seed)
    compiled = compile(text, inputs=names)
    value, slopes = compiled.value_and_grad(*point)
    assert value == 0.0 and not any(slopes)
    beside = [x + 0.01 * (i + 1) for i, x in enumerate(point)]
    truth = ExactFormula(parse(text).expr, names, digits=120).at(
        beside, range(len(names))
    )
    value, slopes = compiled.value_and_grad(*beside)
    for got, true in zip((value, *slopes), (truth.value, *truth.slopes)):
        assert mpmath.almosteq(got, true, 1e-11, 1e-11)


def test_a_cone_still_has_a_slope_where_it_has_one() -> None:
    for text in ("sqrt(x**2 - y**2)", "sqrt(x**2 - 3*x*y + 2*y**2)"):
        compiled = compile(text)
        value, cache = compiled.forward(1.0, 1.0)
        assert value == 0.0
        with pytest.raises(ZeroDivisionError):
            compiled.backward(cache)


@pytest.mark.parametrize("seed", range(12))
def test_a_mean_of_squares_minus_the_squared_mean(seed: int) -> None:
    """Variances and standard deviations are right far from 0, and flat or 0 where all parts are equal."""
    rng = random.Random(seed)
    names = [f"x{i}" for i in range(rng.randint(2, 7))]
    count = len(names)
    # All unlike, all alike, or of two kinds.
    few = rng.sample(range(1, 10), (9, 1, 2)[seed % 3])
    weights = [few[i % len(few)] for i in range(count)]
    whole = sum(weights)
    squares = " + ".join(f"{w}*{n}**2" if w > 1 else f"{n}**2" for w, n in zip(weights, names))  # fmt: skip
    total = " + ".join(f"{w}*{n}" if w > 1 else n for w, n in zip(weights, names))
    text = rng.choice([
        f"({squares})/{whole} - (({total})/{whole})**2",
        f"({squares} - ({total})**2/{whole})/{max(whole - 1, 1)}",
        f"m = ({total})/{whole}\n({squares})/{whole} - m*m",
    ])  # fmt: skip
    head, _, formula = text.rpartition("\n")
    compiled = compile(f"{head}\ny = sqrt({formula})", inputs=names)
    written = parse(f"sqrt({formula.replace('m*m', f'(({total})/{whole})**2')})")
    truth = ExactFormula(written.expr, names, digits=120)
    for _ in range(3):
        far = rng.choice([0.0, 1e6, -3e7])
        point = [far + rng.uniform(-1, 1) for _ in names]
        true = truth.at(point, range(count))
        value, slopes = compiled.value_and_grad(*point)
        for got, wanted in zip((value, *slopes), (true.value, *true.slopes)):
            assert mpmath.almosteq(got, wanted, 1e-6, 1e-7)
    value, slopes = compiled.value_and_grad(*[rng.choice([0.1, 3.0, -7e5])] * count)
    assert value < 1e-9 and max(map(abs, slopes)) < 1


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_zero_that_is_a_constant_keeps_its_sign(zero: float) -> None:
    given = compile("atan2(z, x)", inputs="x, z")
    made = [
        compile("atan2(z, x)", inputs="x", const={"z": zero}),
        compile(f"z = {zero!r}\natan2(z, x)", inputs="x"),
        compile(f"atan2({zero!r}, x)", inputs="x"),
        compile_function(f"import math\nZ = {zero!r}\ndef f(x): return math.atan2(Z, x)", "f"),
        compile_function(f"import math\ndef f(x): return math.atan2(-({-zero!r}), x)", "f"),
        compile_function(f"import math\ndef f(x): return math.atan2({zero!r}, x)", "f"),
    ]  # fmt: skip
    for x in (-1.5, 2.0):
        wanted = math.atan2(zero, x)
        assert given(x, zero) == wanted
        assert [math.copysign(1, one(x)) for one in made] == [
            math.copysign(1, zero)
        ] * len(made)
        assert {one(x) for one in made} == {wanted}
