"""Formulas end to end: the right value and gradient, the same bytes, a usable object."""

from __future__ import annotations

import math
import os
import random
import re
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import black
import pytest
import sympy as sp

import gradgen
from gradgen import pipeline
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import regenerate
from gradgen.read.programs import parse
from gradgen.settings import GIVEN, Kind
from tests.conftest import many
from tests.truth import relative, value_and_gradient

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
NAIVE_SEED = "(x + 1/(1 + exp(-y))) / (1/(1 + exp(-x)) + (x + y)**2)"


@pytest.mark.parametrize("options", [{}, {"as_written": True}])
@pytest.mark.parametrize("text", [SEED, NAIVE_SEED])
def test_the_seed_to_one_ulp(text: str, options: dict[str, bool]) -> None:
    value, gradient = gradgen.compile(
        text, as_written=options.get("as_written", False)
    ).value_and_grad(3, -4)
    for got, true in zip(
        (value, *gradient), (1.5456448841066441, 2.0595697955721652, 1.5922327514838093)
    ):
        assert abs(got - true) <= math.ulp(true)


@pytest.mark.parametrize(
    ("text", "inputs", "point", "value", "gradient"),
    [
        ("dx*x*x", None, (0.7, 0.3), 0.7 * 0.09, (0.09, 2 * 0.7 * 0.3)),
        ("f*df", None, (2.0, 5.0), 10.0, (5.0, 2.0)),
        ("num/x", None, (6.0, 2.0), 3.0, (0.5, -1.5)),
        ("math+1", None, (2.0,), 3.0, (1.0,)),
        ("cache*x", None, (2.0, 5.0), 10.0, (5.0, 2.0)),
        ("forward+x", None, (2.0, 5.0), 7.0, (1.0, 1.0)),
        ("lambda_*2", None, (4.0,), 8.0, (2.0,)),
        ("x", None, (4.0,), 4.0, (1.0,)),
        ("3", "x", (4.0,), 3.0, (0.0,)),
        ("3", None, (), 3.0, ()),
        ("x - x", None, (4.0,), 0.0, (0.0,)),
        ("0*x", None, (4.0,), 0.0, (0.0,)),
        ("x**0", None, (4.0,), 1.0, (0.0,)),
        ("x + dx + ddx", None, (1.0, 2.0, 4.0), 7.0, (1.0, 1.0, 1.0)),
        ("d*x + dx", None, (2.0, 3.0, 5.0), 13.0, (5.0, 1.0, 2.0)),
        ("0.1*3*x", None, (1.0,), 0.30000000000000004, (0.30000000000000004,)),
        ("sin(1e300)*x", None, (1.0,), math.sin(1e300), (math.sin(1e300),)),
    ],
)
def test_formulas_that_are_easy_to_get_wrong(
    text: str,
    inputs: str | None,
    point: tuple[float, ...],
    value: float,
    gradient: tuple[float, ...],
) -> None:
    got, slopes = gradgen.compile(text, inputs=inputs).value_and_grad(*point)
    assert got == pytest.approx(value, rel=1e-15)
    assert slopes == pytest.approx(gradient, rel=1e-15)
    assert len(slopes) == len(gradient)


FORMULAS = [
    "exp(-(x**2))*sin(3*x + y)/(1 + y**2)",
    "log(x)*x**y - y**x + atan2(y, x)",
    "asin(x/4)*acos(y/4)*atan(x*y)",
    "sinh(x)*cosh(y)/tanh(x + y) - asinh(x)*acosh(1 + y) + atanh(x/5)",
    "x**2.5*y**(-1/3) + cbrt(x)*exp2(y) - expm1(x)*log1p(y) + log2(x)*log10(y)",
    "softplus(x - y)*sigmoid(x*y) + hypot(x, y)*abs(x - y) - tan(x)",
    "-x**2*3 - (-2)*y/3 - 1 + 1/x - x**-3 + pi*E**y",
    "(x + y)*(x - y)*(x*y)**2/(x/y + y/x)",
    "sqrt(x)*sqrt(x*y)/sqrt(x**2 + y**2 + 1)",
]


@pytest.mark.parametrize("as_written", [False, True])
@pytest.mark.parametrize("text", FORMULAS)
def test_value_and_gradient_against_sympy_at_fifty_digits(
    text: str, as_written: bool
) -> None:
    compiled = gradgen.compile(text, as_written=as_written)
    for point in ((1.3, 0.7), (2.2, 1.9), (0.4, 2.6)):
        value, gradient = compiled.value_and_grad(*point)
        true, slopes = value_and_gradient(parse(text).expr, ("x", "y"), point)
        assert relative([value], [true]) < 1e-14
        assert relative(gradient, slopes) < 1e-14


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("exp(-r*T)", "rT negrT f"), ("exp(-r*T/v)", "num numbyv negnumbyv f"), ("a + -b*c", "bc f"), ("-b*c + a", "bc f"),
        ("a - b*-c", "bc f"), ("exp(-a*-b)", "ab f"), ("a*sin(-(b - c))", "bmc negbmc sinnegbmc f"),
        # What others read, or the author named, keeps its sign.
        ("n = -r; exp(n*T)", "n nT f"), ("p = -r*T; exp(p)", "negr p f"), ("exp(-r*T)*sin(-r)", "negr negrT expnegrT sinnegr f"),
        # A gradient goes past what it divides by, to the factors.
        ("log(-r*T)", "negr negrT f"), ("a/(-r*T)", "negr den f"),
    ],
)  # fmt: skip
def test_signs_stand_in_front_of_products_and_change_no_digit(
    monkeypatch: pytest.MonkeyPatch, text: str, stages: str
) -> None:
    made = gradgen.compile(text)
    names = [made.program.names[value] for value in made.program.lines]
    assert names == stages.split()
    monkeypatch.setattr(pipeline, "outward", lambda program: program)
    plain = gradgen.compile(text)
    rnd = random.Random(text)
    for _ in range(20):
        point = [rnd.uniform(-3, 3) for _ in made.program.inputs]
        if "log" in text and point[0] * point[1] >= 0:
            continue
        value, gradient = made.value_and_grad(*point)
        true, slopes = plain.value_and_grad(*point)
        assert value == true and gradient == pytest.approx(slopes, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x/-10", ["dx = -df / 10.0"]),
        ("sin(x)*(x/-7)", ["dx = -dxbyneg7 / 7.0"]),
        ("x*y + x/3 + x/-7", ["dx = -dxbyneg7 / 7.0", "dx += dxby3 / 3.0"]),
        ("sin(-1.0*x)", ["dx = -dnegonex"]),
        ("a - (b - (-x))*y", ["bpx = b + x", "dx = dbpx"]),
        (
            "besselk(2, x)",
            ["dx = -(float(special.kv(1, x)) + float(special.kv(3, x))) / 2.0 * df"],
        ),
        (
            "a - b**4/(x**2*y**2) + sin(y)",
            [
                "df_db = 4.0 * b**3 * df_dbpow4",
                "df_dy += 2.0 * (ratiobpow4 / y)",
                "df_dx = 2.0 * (ratiobpow4 / x)",
            ],
        ),
    ],
)
def test_a_sign_stands_first_and_each_line_is_its_own_rule(
    text: str, lines: list[str]
) -> None:
    source = gradgen.compile(text, target="scipy", with_="jacobian").source
    said = [line.strip() for line in source.splitlines()]
    assert [line for line in lines if line not in said] == []


@pytest.mark.parametrize("name", ["tan", "atan", "cbrt", "abs", "log1p", "asin", "acosh", "sec"])  # fmt: skip
def test_a_constant_in_a_jacobian_is_no_slope_that_has_its_value(name: str) -> None:
    """The rule of a slope is that of the gradient: 1 + tan(x)**2 and not df_dx + tan(x)**2 where df_dx is 1 so far."""
    text = gradgen.compile(f"3*{name}(x) + x", with_="jacobian").source
    one, other = re.findall(r"\n    (?:df_)?dx (?:\+=|-=) (.*)", text)
    assert one == other.replace("df_d", "d")


@pytest.mark.parametrize(
    ("text", "operations"),
    [("heaviside(x, v)*w", 1), ("(1 if x > 0 else 2)*y", 1), ("3*(2 if x > 0 else 1)", 1), ("x*heaviside(y, 0.5)", 1)],
)  # fmt: skip
def test_a_choice_of_constants_is_no_constant_to_a_count(
    text: str, operations: int
) -> None:
    assert gradgen.compile(text).cost.forward == operations


def test_the_slope_of_abs_at_nan_is_nan() -> None:
    assert math.isnan(gradgen.compile("abs(x)", ieee=True).value_and_grad(math.nan)[1][0])  # fmt: skip


def test_the_upstream_gradient_scales() -> None:
    compiled = gradgen.compile("x*y", name="g")
    _, cache = compiled.forward(2.0, 3.0)
    assert compiled.backward(cache, dg=10.0) == (30.0, 20.0)


@pytest.mark.parametrize(
    "text",
    [
        "x*(1/3 + pi)",
        "x*(1/pi - 1)",
        "x*sigmoid(-720)",
        "x/3 + x*(-1/3)",
        "x*sqrt(2)**3 + x/sqrt(2*pi)",
        *FORMULAS,
    ],
)
def test_the_upstream_gradient_scales_every_term(text: str) -> None:
    compiled = gradgen.compile(text)
    point = (1.3, 0.7)[: len(compiled.program.inputs)]
    _, cache = compiled.forward(*point)
    # A power of two scales exactly.
    assert compiled.backward(cache, 4.0) == tuple(
        4.0 * g for g in compiled.backward(cache)
    )


def test_a_constant_beside_a_symbol_of_its_name() -> None:
    for constant in (sp.E, sp.pi):
        symbol = sp.Symbol(str(constant))
        compiled = gradgen.compile(constant * symbol)
        assert compiled.value_and_grad(2.0) == (2 * float(constant), (float(constant),))
        assert "(not recorded)" in compiled.source
        listed = gradgen.compile(constant * sp.Symbol("x"), inputs=["x", str(constant)])
        assert listed.value_and_grad(2.0, 5.0)[0] == 2 * float(constant)


@pytest.mark.parametrize(
    "text",
    [
        "x*cbrt(2) + cbrt(3)",
        "1/log(1)*x",
        "x*log(-0.5, 1)",
        "x*hypot(1, sqrt(-1))",
        "x**hypot(1, sqrt(-1))",
        "x**(cbrt(2)**-2)",
        "x**sin(exp(exp(20)))",
        "x*sin(exp(exp(20)))",
        "x**cos(2**(pi**20))",
        "-(pi+1)**5*x",
        "x/(-(pi-E)**5)",
        "log(sigmoid(-x)) + max(x, x)",
        "x*(2*pi)**3 + 1e300*x - --log1p(2)*x",
        "ValueError*2 + Ellipsis",
        "0**x + (-2)**x",
    ],
)
@pytest.mark.parametrize("as_written", [False, True])
def test_odd_constants_compile_at_once_to_clean_text(
    text: str, as_written: bool
) -> None:
    source = gradgen.compile(text, as_written=as_written).source
    assert black.format_str(source, mode=black.Mode()) == source
    assert source.count("_cbrt(") == 0 or "def _cbrt" in source


def test_constants_with_helpers_run() -> None:
    assert gradgen.compile("x*cbrt(8)").value_and_grad(3.0) == (6.0, (2.0,))


def test_numbers_of_sympy_are_doubles_or_refused() -> None:
    x = sp.Symbol("x")
    huge = sp.Rational(10**5000 + 1, 10**5000)
    assert gradgen.compile(huge * x).value_and_grad(3.0) == (3.0, (1.0,))
    for tiny in (sp.Float("1e-400"), sp.Rational(1, 10**400), sp.Integer(10) ** 400):
        with pytest.raises(GradgenError, match="range of a float"):
            gradgen.compile(tiny * x)


def test_symbols_with_any_name_compile() -> None:
    for name in ("a௰", "٣x", "__debug__", "__x", "", "1", "x y", "lambda", "ﬁ"):
        compiled = gradgen.compile(sp.Symbol(name) * 2 if name else sp.Symbol("x") * 2)
        assert compiled.value_and_grad(3.0) == (6.0, (2.0,))
    with pytest.raises(GradgenError, match="too long"):
        gradgen.compile(sp.Symbol("x" * 300) * 2)


def test_nothing_unused_is_computed_as_written() -> None:
    assert (
        "sin"
        not in gradgen.compile("sin(x)**0*x", as_written=True).source.split('"""')[2]
    )


def test_sympy_expressions_compile_and_record_a_recipe() -> None:
    x, y = sp.symbols("x y")
    compiled = gradgen.compile(
        sp.exp(-x) * y / (1 + x**2) + sp.Rational(1, 3) * sp.sqrt(x)
    )
    value, gradient = compiled.value_and_grad(1.5, 2.0)
    true, slopes = value_and_gradient(
        sp.exp(-x) * y / (1 + x**2) + sp.sqrt(x) / 3, ("x", "y"), (1.5, 2.0)
    )
    assert relative([value, *gradient], [true, *slopes]) < 1e-14
    found = read_artifact(compiled.source)
    assert found is not None and found.intact
    assert regenerate(found.recipe).source == compiled.source


def test_every_sympy_expression_has_a_recipe_that_makes_the_same_module() -> None:
    x, y, euler, sine = sp.symbols("x y E sin")
    for expr in (
        -1.0 / x + y,
        x - 2 * y,
        -x * y / 3,
        euler * x + sine,
        sp.E * x,
        sp.exp(-x) / 2,
        -(x**-3) * y,
        sp.Symbol("lambda") ** 2,
    ):
        compiled = gradgen.compile(expr)
        found = read_artifact(compiled.source)
        assert found is not None and regenerate(found.recipe).source == compiled.source


@pytest.mark.parametrize("depth", [1200, pytest.param(5000, marks=pytest.mark.slow)])
def test_what_is_too_large_to_write_out_compiles_all_the_same(depth: int) -> None:
    node: sp.Expr = sp.Symbol("x")
    for _ in range(depth):
        node = sp.sin(node, evaluate=False)
    compiled = gradgen.compile(node)
    assert "# source: (not recorded)" in compiled.source
    value = 0.5
    for _ in range(depth):
        value = math.sin(value)
    assert compiled.value_and_grad(0.5)[0] == value
    with pytest.raises(GradgenError, match="could not be written out"):
        regenerate(compiled.recipe)


def test_gradgens_own_functions_work_in_sympy() -> None:
    x = sp.Symbol("x")
    assert gradgen.compile(gradgen.sigmoid(x)).value_and_grad(0.0) == (0.5, (0.25,))
    assert sp.diff(gradgen.softplus(x), x) == gradgen.sigmoid(x)


def test_inputs_may_be_symbols_and_values_may_be_named() -> None:
    x, a = sp.symbols("x a")
    compiled = gradgen.compile(a * sp.exp(x), inputs=[x, a], wrt=a)
    assert compiled.program.inputs == ("x", "a")
    assert compiled.value_and_grad(a=2.0, x=0.0) == (2.0, (1.0,))
    for wrong in ([1], 3, [None]):
        with pytest.raises(GradgenError):
            gradgen.compile("x", inputs=wrong)


def test_the_object_shows_its_signature() -> None:
    assert repr(gradgen.compile("x*y")) == "<gradgen f(x, y) = x*y>"
    assert {"compile", "Compiled", "__version__"} <= set(dir(gradgen))
    assert gradgen.__version__[0].isdigit()


def test_the_signature_and_what_is_asked() -> None:
    assert gradgen.compile("x*y", inputs=["y", "x"]).value_and_grad(2.0, 5.0) == (
        10.0,
        (5.0, 2.0),
    )
    assert gradgen.compile("x*y*z", wrt="z, x").value_and_grad(2.0, 3.0, 5.0) == (
        30.0,
        (6.0, 15.0),
    )
    assert gradgen.compile("x10 + 2*x2").value_and_grad(1.0, 10.0) == (12.0, (2.0, 1.0))


@pytest.mark.parametrize(
    "options",
    [
        {"inputs": "x, x"},
        {"inputs": "1x, y"},
        {"inputs": "x"},
        {"wrt": "z"},
        {"wrt": "x, x"},
        {"name": "f\nimport os"},
        {"name": "1abc"},
        {"name": "a-b"},
        {"name": "class"},
        {"name": "𝐟"},
        {"name": "{{7*7}}"},
        {"name": "x"},
        {"name": None},
        {"inputs": 1},
        {"templates": 3},
        {"templates": "a" * 5000},
        {"templates": ""},
        # Only what is true stands in a header as that.
        *(
            {one.attribute: value}
            for one in GIVEN.values()
            if one.kind is Kind.SWITCH
            for value in (None, 0, "no", 1.0)
        ),
        {"proof": None},
        {"const": [1]},
        {"const": {3: 2}},
        {"const": {"g = 2; q": "3"}},
        {"defaults": [1]},
    ],
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(GradgenError):
        gradgen.compile("x + y", **options)


def test_what_is_no_formula_is_refused() -> None:
    with pytest.raises(GradgenError, match="text or a SymPy expression"):
        gradgen.compile(3)


def test_tracebacks_show_the_generated_line() -> None:
    try:
        gradgen.compile("log(x*y)").forward(-1.0, 1.0)
    except ValueError:
        assert "f = math.log(xy)" in traceback.format_exc()
    else:
        raise AssertionError("log of a negative number has no value")


def test_trace_gives_every_value_and_gradient() -> None:
    values, gradients = gradgen.compile(SEED).trace(3.0, -4.0)
    assert (
        values["den"] == pytest.approx(1.9525741268224333)
        and gradients["dinvden"] == values["num"]
    )


def in_a_process(seed: str, text: str) -> bytes:
    """Compile in a fresh process with the given hash seed."""
    environment = dict(os.environ, PYTHONHASHSEED=seed)
    return subprocess.run(
        [sys.executable, "-m", "gradgen", "compile", text],
        env=environment,
        capture_output=True,
        check=True,
    ).stdout


@pytest.mark.slow
def test_the_same_bytes_under_every_hash_seed() -> None:
    text = "exp(a*b + c)*sin(d + e_)/(g*h - sqrt(a**2 + b**2)) + log(1 + exp(c*d))"
    outputs = {in_a_process(seed, text) for seed in "0123"}
    assert len(outputs) == 1
    assert outputs == {gradgen.compile(text).source.encode()}


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_the_same_bytes_whatever_was_compiled_before_and_in_threads(count: int) -> None:
    texts = [SEED, *FORMULAS]
    alone = [gradgen.compile(text).source for text in texts]
    assert [gradgen.compile(text).source for text in reversed(texts)] == alone[::-1]
    found: dict[int, list[str]] = {}

    def work(i: int) -> None:
        found[i] = [gradgen.compile(text).source for text in texts]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[i] == alone for i in range(count))


def test_write(tmp_path: Path) -> None:
    compiled = gradgen.compile("x*y")
    path = tmp_path / "model.py"
    assert compiled.write(path) and not compiled.write(path)
    assert path.read_text() == compiled.source


x, y = sp.symbols("x y")
#: SymPy's own nodes, with a point.
NODES = [
    (sp.Piecewise((sp.log(x), x > 0), (0, True)), (-1.0, 0.0)),
    (sp.Piecewise((1 / x, sp.Ne(x, 0)), (y, True)), (0.0, 3.0)),
    (sp.Piecewise((x, sp.And(x > 0, y < 1)), (sp.exp(y), sp.Or(x < -2, y > 3)), (x * y, True)), (-3.0, 2.0)),
    (sp.Max(x, y, 1) * sp.Min(x, y), (2.0, 3.0)),
    (sp.Heaviside(x) * y + sp.Heaviside(y - 1, 1), (0.0, 3.0)),
    (sp.sech(x) + sp.csch(x) + sp.coth(x) + sp.acoth(x + y), (0.5, 3.0)),
    (sp.binomial(x, 3) + sp.factorial(y), (2.5, 1.5)),
    (sp.loggamma(x) + sp.gamma(y) + sp.digamma(x) + sp.polygamma(1, y), (2.5, 1.5)),
    (sp.beta(x, y) + sp.harmonic(x), (2.5, 1.5)),
    (sp.Mod(x, y) + sp.floor(x) + sp.ceiling(y), (2.5, 1.7)),
    (sp.LambertW(x) + sp.zeta(y) + sp.sinc(x), (2.5, 1.7)),
    (sp.erfinv(x) + sp.erfinv(y) + sp.erf(x), (0.5, 0.7)),
    (sp.Sum(x**sp.Symbol("k"), (sp.Symbol("k"), 0, 3)) * y, (0.5, 0.7)),
    (sp.EulerGamma * x + sp.GoldenRatio * y + sp.Catalan, (0.5, 0.7)),
    (sp.besselj(0, x) + sp.bessely(1, y) + sp.besseli(2, x) + sp.besselk(0, y), (0.5, 0.7)),
    (sp.lowergamma(2, x) + sp.uppergamma(3, y) + sp.erfi(x) + sp.Ei(y) + sp.Si(x) + sp.Ci(y), (0.5, 0.7)),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "point"), NODES, ids=[str(e) for e, _ in NODES])
def test_what_sympy_writes_compiles(expr: sp.Expr, point: tuple[float, float]) -> None:
    plain = not expr.has(sp.besselj, sp.Ci)
    if not plain:
        pytest.importorskip("scipy")
    compiled = gradgen.compile(
        expr, inputs=(x, y), target="python" if plain else "scipy"
    )
    value, _ = compiled.value_and_grad(*point)
    true = expr.doit().subs({x: point[0], y: point[1]}).evalf(30)
    assert value == pytest.approx(float(true), rel=1e-13)
    # The recipe is text that makes the same module again.
    assert regenerate(compiled.recipe).source == compiled.source


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(GradgenError, match="known are python, scipy"):
        gradgen.compile("x", target="fortran")


def test_helpers_come_with_those_that_they_call() -> None:
    source = gradgen.compile("trigamma(x)").source
    assert "def _trigamma(" in source and "def _polygamma(" in source
    assert "def _digamma(" not in source
    assert "def _" not in gradgen.compile("gamma(x)", wrt="").source
    assert "def _" not in gradgen.compile("besselj(0, x)", target="scipy").source


def random_condition(rnd: random.Random, depth: int) -> sp.Basic:
    """Return conditions on x, y and z, joined in every way that SymPy has."""
    if depth == 0 or rnd.random() < 0.15:
        one, other = rnd.sample(sp.symbols("x y z") + (sp.Integer(0), sp.Rational(1, 2)), 2)  # fmt: skip
        return rnd.choice((sp.Gt, sp.Lt, sp.Ge, sp.Le))(one, other)
    kind = rnd.choice((sp.Xor, sp.ITE, sp.Implies, sp.Equivalent, sp.And, sp.Or, sp.Nand, sp.Nor, sp.Not))  # fmt: skip
    many = rnd.randint(2, 3)
    count = {sp.ITE: 3, sp.Implies: 2, sp.Not: 1}.get(kind, many)
    return kind(*(random_condition(rnd, depth - 1) for _ in range(count)))


@pytest.mark.parametrize("count", [6, pytest.param(many(400), marks=pytest.mark.slow)])
def test_conditions_are_joined_in_every_way_of_sympy(count: int) -> None:
    x, y, z = sp.symbols("x y z")
    taken = set()
    for seed in range(count):
        rnd = random.Random(seed)
        condition = random_condition(rnd, rnd.randint(1, 2))
        expr = sp.Piecewise((x * y, condition), (z - 3 * x, True))
        made = [gradgen.compile(one, inputs="x, y, z") for one in (expr, [expr])]
        assert regenerate(made[1].recipe).source == made[1].source
        for _ in range(8):
            point = [rnd.uniform(-2, 2) for _ in range(3)]
            value = condition.subs(dict(zip((x, y, z), point)))
            assert value in (sp.true, sp.false)
            taken.add(bool(value))
            true = point[0] * point[1] if value else point[2] - 3 * point[0]
            slopes = (point[1], point[0], 0.0) if value else (-3.0, 0.0, 1.0)
            for each in made:
                got, gradient = each.value_and_grad(*point)
                assert got == pytest.approx(true, rel=1e-14), condition
                assert gradient == slopes, condition
    assert taken == {True, False}
