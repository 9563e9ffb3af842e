"""With --ieee nothing raises, whatever the input; values are C's and NumPy's, and those of the plain module where that has any."""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.main import main
from gradgen.core.build import Steps
from gradgen.core.derive import Chain
from gradgen.core.notation import read
from gradgen.core.rows import Row
from gradgen.core.table import ROWS as TABLE
from gradgen.core.tidy import Tidy
from gradgen.passes.ieee import Quiet
from gradgen.pipeline import Compiled, compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.targets import PYTHON
from gradgen.write.spell import Speller
from tests.conftest import many, one_in
from tests.rows import ALL, called, has_text

SCIPY = importlib.util.find_spec("scipy") is not None
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, -2.5, 1e300, -1e300, 1e-310, -5e-324, 800.0, -800.0, math.inf, -math.inf, math.nan)  # fmt: skip
#: Rows that a formula calls or writes, with numbers alone.
ROWS = [r for r in ALL if not r.boolean and not r.truths and (has_text(r) or SCIPY)]  # fmt: skip

CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in (Path(__file__).parent / "cases" / "ieee.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def same(one: float, other: float, within: float = 0.0) -> bool:
    """Whether two values are equal, nan being equal to nan."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=within)


@pytest.mark.parametrize(("formula", "at", "value", "gradient"), CASES)
def test_poles_and_overflow(formula: str, at: str, value: str, gradient: str) -> None:
    point = {k.strip(): float(v) for k, v in (p.split("=") for p in at.split(","))}
    f = compile(formula, inputs=tuple(point), ieee=True, with_="jacobian")
    got, slopes = f.value_and_grad(**point)
    assert same(got, float(value), 1e-14)
    wanted = [float(slope) for slope in gradient.split(",")]
    assert all(map(same, slopes, wanted, [1e-14] * len(wanted))), slopes
    assert all(map(same, f.jacobian(*point.values())[0], slopes))


def call(
    row: Row, whole: int = 2, names: Sequence[str] = ("x", "y", "z")
) -> tuple[str, list[str]]:
    """Return the text of an operation on inputs, and those inputs."""
    args = list(names[: row.arity])
    for place in range(row.arity):
        if place in row.whole or row.adjoint(place) is None:
            args[place] = str(whole)
    if row.name in ("powi", "powr"):
        args[1] = "3" if row.name == "powi" else "2.5"
    if row.name == "expb":
        args[0] = "2"
    if row.name == "polygamma":
        args[0] = "3"
    return called(row, args), [name for name in names if name in args]


def made(text: str, names: Sequence[str], **options: Any) -> Compiled:
    target = "scipy" if SCIPY else "python"
    return compile(text, inputs=list(names), target=target, **options)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_row_raises_at_any_double(row: Row) -> None:
    text, names = call(row)
    f = precise = made(text, names, ieee=True)
    if row.precise:
        precise = made(text, names, ieee=True, precise=True)
    true = reference(row)
    special = SPECIAL if len(names) < 3 else SPECIAL[::3]
    for point in itertools.product(special, repeat=len(names)):
        value, cache = f.forward(*point)
        f.backward(cache)
        f.backward(cache, 0.0)
        precise.value_and_grad(*point)
        # 1/y has no double there; and of sqrt(-inf) NumPy and C think otherwise.
        apart = row.name == "div" and 0 < abs(point[1]) < 5e-309
        apart |= row.name == "pow" and point[1] == 0.5
        if true is not None and not apart:
            wanted = float(true(*point))
            assert same(value, wanted, 1e-11), (text, point, value, wanted)


#: What NumPy calls the rows, where not the same.
_NUMPY = {"abs": "fabs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2", "max": "maximum", "min": "minimum", "sqr": "square", "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "inv": "reciprocal", "pow": "power"}  # fmt: skip
_NUMPY |= {name: name for name in ("sqrt", "cbrt", "hypot", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "ceil", "sign", "heaviside", "logaddexp")}  # fmt: skip


def reference(row: Row) -> Callable[..., Any] | None:
    """Return NumPy's function for a row, or None."""
    if not SCIPY:
        return None
    import numpy as np

    np.seterr(all="ignore")
    if row.name in _NUMPY:
        function = getattr(np, _NUMPY[row.name])
        return lambda *args: function(*map(np.float64, args))
    if row.name in ("powi", "powr"):
        return lambda x: np.power(np.float64(x), 3 if row.name == "powi" else 2.5)
    return None


# Random formulas at wild points.

_ONE = ("exp({0})", "log({0})", "sqrt({0})", "1/({0})", "({0})**3", "({0})**-2", "sin({0})", "asin({0})", "acosh({0})", "atanh({0})", "gamma({0})", "lgamma({0})", "sinh({0})", "floor({0})", "sigmoid({0})", "relu({0})", "digamma({0})", "tan({0})", "({0})**0.3", "-({0})", "clip({0}, -1, 1)", "log1p({0})", "expm1({0})", "lambertw({0})", "erfinv({0})")  # fmt: skip
_TWO = ("{0} + {1}", "{0} - ({1})", "({0})*({1})", "({0})/({1})", "pow({0}, {1})", "max({0}, {1})", "({0}) % ({1})", "{0} if {1} > 0 else {1}", "atan2({0}, {1})", "hypot({0}, {1})", "logaddexp({0}, {1})", "beta({0}, {1})")  # fmt: skip


def formula(rng: random.Random, depth: int) -> str:
    """Return a random formula."""
    if depth == 0:
        return rng.choice(("x", "y", "x", "y", "2", "0.5"))
    if rng.random() < 0.5:
        return rng.choice(_ONE).format(f"({formula(rng, depth - 1)})")
    return rng.choice(_TWO).format(*(f"({formula(rng, depth - 1)})" for _ in range(2)))


def compare(text: str, points: Sequence[tuple[float, float]]) -> int:
    """Run both modules; return at how many points the plain one raised."""
    plain = compile(text, inputs="x, y")
    f = compile(text, inputs="x, y", ieee=True, with_="jacobian")
    raised = 0
    for point in points:
        value, slopes = f.value_and_grad(*point)
        f.jacobian(*point)
        try:
            wanted, gradient = plain.value_and_grad(*point)
        except (ArithmeticError, ValueError):
            raised += 1
            continue
        if any(map(math.isnan, (wanted, value))):
            continue  # of max(1, nan), one is 1
        assert same(value, wanted, 1e-15), (text, point, value, wanted)
        for one, other in zip(slopes, gradient):
            assert same(one, other, 1e-15), (text, point, slopes, gradient)
    return raised


def run(seed: int, count: int) -> tuple[int, int]:
    rng = random.Random(seed)
    wild = (*SPECIAL, 0.3, 3.0, -0.7, 30.0, -700.0, 1e154, 1e-160)
    compiled = raised = 0
    for _ in range(count):
        text = formula(rng, rng.randint(1, 3))
        points = [(rng.choice(wild), rng.choice(wild)) for _ in range(12)]
        try:
            compile(text, inputs="x, y")
        except ValueError:  # a constant without a value
            continue
        compiled += 1
        raised += compare(text, points)
    return compiled, raised


def test_random_formulas_never_raise_and_change_no_value() -> None:
    compiled, raised = run(3, 8)
    assert compiled > 5 and raised > 12


@pytest.mark.slow
def test_many_random_formulas() -> None:
    run(4, many(400))
    for name, composition in COMPOSITIONS.items():
        names = ["x", "y", "z"][: composition.arity]
        if SCIPY or "bessel" not in str(composition.body):
            f = made(f"{name}({', '.join(names)})", names, wrt=names[-1:], ieee=True)
            for point in itertools.product(SPECIAL, repeat=len(names)):
                f.value_and_grad(*point)


@pytest.mark.parametrize("count", [12, pytest.param(many(300), marks=pytest.mark.slow)])
def test_a_row_is_what_its_result_alone_has(count: int) -> None:
    """What is infinite in the one row is no nan in another, through which no gradient flows."""
    finite = odd = 0
    for seed in range(count):
        rng = random.Random(seed)
        lines, names = [], ["x", "y"]
        for place in range(rng.randint(2, 4)):
            one, other, test = (rng.choice(names) for _ in range(3))
            text = rng.choice(("log({0})", "sqrt({0})", "1/{0}", "{0}**0.3", "asin({0})", "exp({0})"))  # fmt: skip
            choice = rng.choice(("{2} if {3} < 0.5 else {0}", "{0} if {3} > 0 else {1}", "{2}", "{0} + {1}", "{1} if {3} > 1 else {2}"))  # fmt: skip
            value = choice.format(one, other, text.format(one, other), test)
            lines.append(f"u{place} = {value}")
            names.append(f"u{place}")
        program, results = "\n".join(lines), names[2:]
        f = compile(program, outputs=results, inputs="x, y", ieee=True, proof=False)
        alone = [compile(program, outputs=[r], inputs="x, y", ieee=True, proof=False) for r in results]  # fmt: skip
        for point in itertools.product((0.0, 0.2, 1.0, -1.0, 2.0, 800.0), repeat=2):
            rows = f.jacobian(*point)
            if any(map(math.isnan, f(*point))):
                continue  # what is compared with nan takes any branch
            for row, single in zip(rows, alone):
                true = single.value_and_grad(*point)[1]
                for slope, wanted in zip(row, true):
                    if math.isfinite(wanted):
                        assert same(slope, wanted, 1e-12), (program, point, rows, true)
                        finite += 1
                    odd += not math.isfinite(wanted)
    assert finite > 100 * count / 2 and odd > count


def test_own_functions_and_choices_do_not_raise() -> None:
    f = compile("def rate(u): return exp(u)/u if u > 0 else log(u)\ny = rate(a)*rate(b)", ieee=True)  # fmt: skip
    for point in itertools.product(SPECIAL, repeat=2):
        f.value_and_grad(*point)


@pytest.mark.parametrize("row", [r for r in ROWS if " if " in str(r.body)], ids=lambda row: row.name)  # fmt: skip
@pytest.mark.parametrize("style", one_in(2, ["textbook", "compact"]))
def test_a_choice_is_made_before_what_asks_for_it(row: Row, style: str) -> None:
    """What is 0 unless its operand is another asks for that before it is made."""
    text, names = call(row)
    chosen = [f"c{name} = {name} if w > 0 else {name} + v" for name in names]
    of_chosen, _ = call(row, names=("cx", "cy", "cz"))
    program = "\n".join([*chosen, f"f = {of_chosen}"])
    inputs = [*names, "v", "w"]
    f = compile(program, inputs=inputs, ieee=True, style=style, proof=False)
    alone = compile(text, inputs=names, ieee=True, style=style, proof=False)
    bounds = [row.sample["xyz".index(name)] for name in names]
    numbers = [low + 0.4 * (high - low) for low, high in bounds]
    for w in (1.0, -1.0):
        value, cache = f.forward(*numbers, 0.01, w)
        slopes = f.backward(cache)
        assert f.value_and_grad(*numbers, 0.01, w)[0] == value
        moved = [number if w > 0 else number + 0.01 for number in numbers]
        wanted, gradient = alone.value_and_grad(*moved)
        assert value == wanted and math.isfinite(value)
        by_v = 0.0 if w > 0 else sum(gradient)
        assert slopes == pytest.approx((*gradient, by_v, 0.0))


@pytest.mark.parametrize("style", ["textbook", "compact"])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("sqrt(-2) > 4", False),
        ("not sqrt(-2) > 4", True),
        ("acos(3) != 4", True),
        ("not (sqrt(-2) != 4 and x > 1)", True),
    ],
)
def test_a_condition_of_constants_without_a_value(
    condition: str, holds: bool, style: str
) -> None:
    text = f"-(y + (0.5 if x < 3 else y)) if {condition} else y*x"
    both = ["jacobian", "value_and_grad"]
    f = compile(text, inputs="x, y", ieee=True, style=style, with_=both)
    alone = "-(y + (0.5 if x < 3 else y))" if holds else "y*x"
    wanted = compile(alone, inputs="x, y").value_and_grad(0.5, 7.0)
    assert f.value_and_grad(0.5, 7.0) == wanted
    assert f.jacobian(0.5, 7.0) == (wanted[1],)
    value, cache = f.forward(0.5, 7.0)
    assert (value, f.backward(cache)) == wanted


def quiet(text: str) -> str:
    """Return a text of the table as a line of a module that does not raise."""
    steps = Steps(TABLE)
    scope = {name: steps.input(name) for name in ("x", "y", "f", "df")}
    names = {value: name for name, value in scope.items()}
    value = read(text, scope, steps, Tidy(steps).make)
    return Speller(steps, PYTHON.language).text(
        Quiet(Chain(steps), PYTHON.language.words).value(value, names), names
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0.5/f*df if f != 0 else 0", "(0.5 / f * df) if f != 0.0 else 0.0"),
        ("0.5/f*df if f > 0 else 0", "(_divide(0.5, f) * df) if f > 0.0 else 0.0"),
        ("x/3", "x / 3.0"),
        ("x/sqrt(2*pi)", "x / math.sqrt(2.0 * math.pi)"),
        ("1e300*x/y", "_divide(1e300 * x, y)"),
        ("x/log(0)", "_divide(x, _log(0.0))"),
        ("-(x**3)", "-_power(x, 3.0)"),
        ("max(x, 2) + max(x, y)", "max(x, 2.0) + _maximum(x, y)"),
    ],
)
def test_what_is_guarded_or_constant_stays_a_division(text: str, line: str) -> None:
    assert quiet(text) == line


def test_the_module_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "exp(x)/y", "--ieee"]) == 0
    text = capsys.readouterr().out
    assert "# ieee: yes\n" in text and "Raises" not in text
    assert "Overflow and poles give inf, what has no value gives nan, as in C." in text
    assert "num = _exp(x)" in text and "f = _divide(num, y)\n" in text


def test_a_project_asks_for_it(tmp_path: Path) -> None:
    entry = '[[tool.gradgen.modules]]\nsource = "exp(x)"\noutput = "a.py"\nieee = true\nstrict = true\n'
    (tmp_path / "pyproject.toml").write_text(entry)
    assert main(["build", str(tmp_path)]) == 0
    text = (tmp_path / "a.py").read_text()
    assert "# ieee: yes\n# strict: yes\n" in text and "_exp(x)" in text
    assert main(["check", str(tmp_path / "a.py")]) == 0


def test_what_is_too_large_has_its_sign() -> None:
    rnd = random.Random(17)
    power, rise = made("polygamma(2, x)", ["x"], ieee=True), made("polygamma(3, x)", ["x"], ieee=True)  # fmt: skip
    paid = made("compound(x, y)", ["x", "y"], ieee=True)
    for _ in range(200):
        tiny = rnd.choice((-1, 1)) * 10 ** rnd.uniform(-300, -110)
        assert power.forward(tiny)[0] == math.copysign(math.inf, -tiny)
        assert rise.forward(abs(tiny))[0] == math.inf
        # ((1 + r)**n - 1)/r, whose power is too large.
        r, n = rnd.choice((-9, -1.5, -0.9, -0.4, 2)), rnd.choice((5000, 5001))
        negative = (-1) ** n if r < -1 else 1
        n = n if abs(1 + r) > 1 else -n
        value = math.copysign(math.inf, r) * negative
        found, cache = paid.forward(r, n)
        assert found == value, (r, n)
        # Its slope by r is n*(1 + r)**(n - 1)/r, but for what that leaves behind.
        slope = math.copysign(math.inf, n / r) * (-negative if r < -1 else 1)
        assert paid.backward(cache)[0] == slope, (r, n)


def test_slopes_at_the_smallest_and_the_largest_doubles() -> None:
    rnd = random.Random(18)
    far, near = made("xcoth(x)", ["x"]), made("langevin(x)", ["x"])
    for _ in range(200):
        sign = rnd.choice((-1, 1))
        for size in (10 ** rnd.uniform(2, 308), math.inf):
            assert far.backward(far.forward(sign * size)[1]) == (sign,)
        for size in (10 ** rnd.uniform(-323.2, -300), 5e-324):
            (slope,) = near.backward(near.forward(sign * size)[1])
            assert slope == pytest.approx(1 / 3, rel=1e-15)
