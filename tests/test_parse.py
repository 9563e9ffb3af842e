"""Text becomes the tree that was written; everything else is refused with a column and a hint."""

from __future__ import annotations

import math
from functools import partial

import pytest
import sympy as sp

from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import Formula
from gradgen.read.programs import parse
from gradgen.read.reader import MAX_LENGTH, MAX_NESTING
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.stage import stage
from gradgen.write.languages.formula import FORMULA
from gradgen.write.spell import written_out
from tests.truth import relative, value_and_gradient

x, y = sp.symbols("x y")


def written(text: str, *inputs: str) -> str:
    """Read a formula and write it again from its steps."""
    program = stage(parse(text, inputs), inputs or None)
    return written_out(program, FORMULA, MAX_LENGTH)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("-x**2", "-x**2"),
        ("(-x)**2", "(-x)**2"),
        ("x**y**z", "x**(y**z)"),
        ("(x**y)**z", "(x**y)**z"),
        ("x/y/z", "x / y / z"),
        ("x/(y/z)", "x / (y / z)"),
        ("x - y - z", "x - y - z"),
        ("x - (y - z)", "x - (y - z)"),
        ("x**-y", "x**(-y)"),
        ("-x*y", "-x * y"),
        ("-(x*y)", "-(x * y)"),
        ("2 * -x", "2 * -x"),
        ("+x + +y", "x + y"),
        ("--x", "-(-x)"),
        (".5*x + 1.*y", "0.5 * x + 1.0 * y"),
        ("1/3*x", "1 / 3 * x"),
        ("x/3", "x / 3"),
        ("2*pi*x", "2 * pi * x"),
        ("x/sqrt(2*pi)", "x / sqrt(2 * pi)"),
        ("log(x, 10) + log(x, 2) + log(x, y)", "log10(x) + log2(x) + log(x) / log(y)"),
        ("pow(x, y) + sqrt(x)", "x**y + sqrt(x)"),
        ("(((x)))", "x"),
        ("x % y * z % 2", "x % y * z % 2"),
        ("-x % y", "-x % y"),
        ("a if x > 0 else b", "a if x > 0 else b"),
        ("(a if x > 0 else b) + 1", "(a if x > 0 else b) + 1"),
        ("a + 1 if x > 0 else b*2", "a + 1 if x > 0 else b * 2"),
        ("a if x > 0 else b if x < 0 else c", "a if x > 0 else b if x < 0 else c"),
        ("(a if x > 0 else b) if x < 1 else c", "(a if x > 0 else b) if x < 1 else c"),
        ("a if (b if x > 0 else c) > 1 else d", "a if (b if x > 0 else c) > 1 else d"),
        ("a if not x > 0 else b", "a if not x > 0 else b"),
        ("a if not (x > 0 and y > 0) else b", "a if not (x > 0 and y > 0) else b"),
        ("a if x>0 or y>0 and z>0 else b", "a if x > 0 or y > 0 and z > 0 else b"),
        ("a if (x>0 or y>0) and z>0 else b", "a if (x > 0 or y > 0) and z > 0 else b"),
        ("a if 0 < x <= 1 else b", "a if 0 < x and x <= 1 else b"),
        ("a if x == 1 or x != y else b", "a if x == 1 or x != y else b"),
        ("where(x > 0, a, b)", "a if x > 0 else b"),
        (
            "Piecewise((a, x > 0), (b, x < -1), (c, True))",
            "a if x > 0 else b if x < -1 else c",
        ),
        (
            "Piecewise(((a + 1)*2, And(x > 0, Not(Lt(x, 2)))), (c, True))",
            "(a + 1) * 2 if x > 0 and not x < 2 else c",
        ),
        ("a if True else b", "a"),
        (
            "a if And(x > 0, y > 0, z > 0) else b",
            "a if x > 0 and y > 0 and z > 0 else b",
        ),
        ("Piecewise((a, x > 0), (b, True), (c, x < 0))", "a if x > 0 else b"),
        ("a if 3 > 4 or x > 0 else b", "a if x > 0 else b"),
        ("Sum(k*x**k, (k, 0, 3))", "x + 2 * x**2 + 3 * x**3"),
        ("Sum(x**k/factorial(k), (k, 0, 3))", "1 + x + x**2 / 2 + x**3 / 6"),
        ("Sum((-1)**k*x**(2*k + 1), (k, 0, 2))", "x - x**3 + x**5"),
        ("Product(x + k, (k, 1, 3))", "(x + 1) * (x + 2) * (x + 3)"),
        ("Sum(x*i*j, (i, 1, 2), (j, 1, 2))", "x + x * 2 + (x * 2 + x * 2 * 2)"),
        ("Sum(x, (k, 3, 2)) + Product(x, (k, 3, 2))", "1"),
        (
            "binomial(n, 2) + binomial(5, 2) + binomial(n, 1)",
            "n * (n - 1) / 2 + 10 + n",
        ),
        ("polygamma(0, x) + polygamma(1, x)", "digamma(x) + trigamma(x)"),
        ("x\n + y\t", "x + y"),
    ],
)
def test_structure_and_order_are_kept(text: str, again: str) -> None:
    assert written(text) == again
    assert written(again) == again


def test_the_tree_is_not_evaluated() -> None:
    assert parse("x - x").expr.args == (x, parse("-x").expr)
    assert parse("2*(x + y)").expr.func is sp.Mul
    assert len(stage(parse("0*x")).lines) == 1


def test_a_literal_means_the_double_that_python_reads() -> None:
    assert float(parse("1e300").expr) == 1e300
    assert float(parse("3.14159265358979323846").expr) == 3.14159265358979323846
    assert float(parse("0.1").expr) == 0.1


def test_other_spellings_of_pi_get_a_note() -> None:
    for name in ("Pi", "PI", "π"):
        assert "written `pi`" in parse(f"2*{name}*r").notes[0]
        assert parse(f"2*{name}*r", inputs=(name,)).notes == ()


def test_ordinary_names_are_variables_unless_called() -> None:
    for name in [
        "S",
        "N",
        "I",
        "Q",
        "O",
        "beta",
        "gamma",
        "zeta",
        "Si",
        "ff",
        "re",
        "im",
        "C",
        "e",
        "d",
        "t1",
        "self",
        "match",
        "case",
        "_",
        "l",
    ]:
        assert str(parse(f"{name} + 1").expr.args[0]) == name


def test_constants_and_the_note_on_e() -> None:
    assert parse("pi").expr is sp.pi
    read = parse("E + 1")
    assert read.expr.args[0] is sp.E and "Euler" in read.notes[0]
    assert parse("E + pi", inputs=("E", "pi")).notes == ()
    assert parse("E + pi", inputs=("E", "pi")).expr.args == (
        sp.Symbol("E"),
        sp.Symbol("pi"),
    )
    assert parse("sin + 1", inputs=("sin",)).expr.args[0] == sp.Symbol("sin")


REFUSED = [
    # text, what the message must say, the column it must point to
    ("x^2", "**", 1),
    ("2x", "2*x", 1),
    ("2(x + 1)", "2*(...)", 1),
    ("2 x", "2*x", 2),
    ("x²", "**2", 1),
    ("x₁", "`1`", 1),
    ("|x|", "abs(x)", 0),
    ("x = y", "right-hand side", 2),
    ("x == y", "choose by it", 2),
    ("x < y", "choose by it", 2),
    ("0 < x < 1", "choose by it", 6),
    ("(x > 0)*y", "choose by it", 3),
    ("sin(x > 0)", "choose by it", 6),
    ("x > (y > 0)", "choose by it", 7),
    ("x if y else z", "needs a condition", 2),
    ("x if x > 0", "no `else`", 2),
    ("(x if x > 0) + 1", "no `else`", 3),
    ("x else y", "no `if`", 2),
    ("x if x > 0 if y > 0 else 1 else 2", "stands in brackets", 11),
    ("x and y", "needs a condition", 2),
    ("x > 0 or y", "needs a condition", 6),
    ("1 if not x else 2", "needs a condition", 5),
    ("x <> y", "`!=`", 2),
    ("x => y", "`>=`", 2),
    ("x =< y", "`<=`", 2),
    ("x && y", "`and`", 2),
    ("x || y", "`or`", 2),
    ("1,5*x", "`1.5`", 1),
    ("math.exp(x)", "write `exp`", 4),
    ("np.pi*x", "write `pi`", 2),
    ("scipy.special.gammaln(x)", "write `gammaln`", 5),
    ("SIN(x)", "did you mean `sin`", 0),
    ("Sigmod(x)", "did you mean `sigmoid`", 0),
    ("x ‐ y", "write the ASCII `-`", 2),
    ("“x”", "quotation marks", 0),
    ("х + x", "look the same", 4),  # the first is Cyrillic
    ("pаy + 1", "mixes Latin and Cyrillic", 0),
    ("**".join(["x"] * 200), "nested more than", 301),
    ("+".join(["Sum(x**k + k, (k, 0, 999))"] * 40), "more than 100000 parts", 675),
    ("x << 2", "`<`", 3),
    ("x ≤ y", "`<=`", 2),
    ("x & y", "`and`", 2),
    ("x!", "factorial(x)", 1),
    ("where(x, 1, 2)", "needs a condition", 0),
    ("where(x > 0, 1)", "3 arguments, not 2", 0),
    ("Piecewise(x, y)", "pieces such as", 10),
    ("Piecewise((x, y), (z, True))", "needs a condition", 10),
    ("Piecewise((x, y > 0))", "leave cases open", 0),
    ("Piecewise((x, y > 0) + 1, (z, True))", "no number", 10),
    ("Sum(x)", "range of its index", 0),
    ("Sum(x, (k, 0, n))", "whole numbers", 7),
    ("Sum(x, (2, 0, 3))", "index of a series", 7),
    ("Sum(x**k, (k, 0, 10**9))", "whole numbers", 10),
    ("Sum(x**k, (k, 0, 100000))", "at most 1000", 10),
    ("Sum(Sum(Sum(x*i*j*k, (i, 1, 99)), (j, 1, 99)), (k, 1, 99))", "parts", 47),
    ("besselj(y, x)", "whole number", 8),
    ("besselj(-1, x)", "whole number", 8),
    ("factorial(10**9)", "range of a float", 0),
    ("factorial(171)", "range of a float", 0),
    ("Sum(x, (k, 3, 0))", "run upwards", 7),
    ("x if y > else z", "`else` stands where", 9),
    ("1 if x > 0 AND y > 0 else 2", "small letters", 11),
    ("x // y", "`/`", 2),
    ("sin x", "sin(x)", 0),
    ("sin + x", "sin(...)", 0),
    ("sin()", "1 argument", 0),
    ("sin(x, y)", "1 argument, not 2", 0),
    ("hypot(x)", "2 arguments or more, not 1", 0),
    ("sigmod(x)", "sigmoid", 0),
    ("frobnicate(x)", "`gradgen functions`", 0),
    ("x(y)", "x*(", 0),
    ("math.exp(x)", "bare name", 4),
    ("x.real", "bare name", 1),
    ("x + ", "ends where", 3),
    ("", "empty", None),
    ("   ", "empty", None),
    ("()", "nothing", 0),
    ("(x", "never closed", 0),
    ("x)", "no `(`", 1),
    ("x * / y", "`/`", 4),
    ("x, y", "comma", 1),
    ("[x]", "brackets are round", 0),
    # An element is no product, as `x(0)` would be taken for.
    ("2*x[0]", "as `x0`", 3),
    ("(x)[i]", "as `x0`", 3),
    ("Sin[x]", "brackets are round", 3),
    ("y*[x]", "brackets are round", 2),
    ("'x'", "quotes", 0),
    ("x in y", "not supported", 2),
    ("None + x", "None_", 0),
    ("__x + y", "two underscores", 0),
    ("inf", "finite", 0),
    ("zoo*x", "finite", 0),
    ("10**400*x", "range of a float", None),
    ("1e400", "too large", 0),
    ("1e-400*x", "too small", 0),
    ("1" * 500, "characters", 0),
    ("1_000*x", "separators", 1),
    ("0x1f", "decimal", 1),
    ("1.2.3*x", "two decimal points", 3),
    ("sin**2(x)", "sin(x)**2", 0),
    ("(x)(y)", "(...)*(...)", 3),
    ("3(x + 1)", "3*(...)", 1),
    ("log(x, 2, 3)", "1 or 2 arguments", 0),
    ("hyper(x, y)", "`gradgen functions`", 0),
    ("max()", "2 arguments", 0),
    ("2j", "complex numbers are not supported", 1),
    ("(" * 200 + "x" + " + 1)" * 200, "nested", 100),
    ("x−y", "ASCII", 1),
    ("x·y", "`*`", 1),
    ("∞", "infinity", 0),
    ("x\u200by", "invisible", 1),
    ("\ufeffx", "invisible", 0),
    ("x\x00y", "invisible", 1),
    ("x\x1b[31m", "invisible", 1),
    ("µ + μ", "same name", 4),
    ("ﬁ + fi", "same name", 4),
    ("x\ny", "operator is missing", 2),
    ("x?", "`a if x > 0 else b`", 1),
    ("__import__(os)", "two underscores", 0),
    ("eval(x)", "no function", 0),
    ("x.__class__", "bare name", 1),
    ("(y := x)", "right-hand side", 3),
    ("sin(**x)", "`**`", 4),
    ("-" * 200 + "x", "nested", 100),
    ("a" * 300, "too long", 0),
]


@pytest.mark.parametrize(
    ("text", "hint", "column"),
    [
        # Sums of so many parts are added up before they are too many.
        pytest.param(
            *case,
            id=case[0][:20],
            marks=[pytest.mark.slow] if case[1].endswith("parts") else [],
        )
        for case in REFUSED
    ],
)
def test_what_is_refused_says_why_and_where(
    text: str, hint: str, column: int | None
) -> None:
    with pytest.raises(GradgenError) as caught:
        stage(parse(text))
    assert hint in caught.value.message
    assert "\n" not in caught.value.message
    if column is not None:
        assert caught.value.column == column


@pytest.mark.parametrize(
    "text",
    ["x/0", "x*0**-1", "x/(1 - 1)", "x + 9**9**9", "x*10**10**10", "x + 1e308*10"],
)
def test_constants_must_be_finite(text: str) -> None:
    with pytest.raises(GradgenError, match=r"zero|range of a float") as caught:
        stage(parse(text))
    assert caught.value.column is not None


def test_nothing_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def trap(*args: object, **kwargs: object) -> None:
        raise AssertionError("text was executed")

    monkeypatch.setattr("builtins.eval", trap)
    monkeypatch.setattr("builtins.exec", trap)
    monkeypatch.setattr(sp, "sympify", trap)
    monkeypatch.setattr(sp.parsing.sympy_parser, "parse_expr", trap)
    assert parse("x + y*2**sin(x)").expr.has(sp.sin)
    for text in (
        "__import__('os').system('true')",
        "exec(x)",
        "f(x).y",
        "(lambda: x)()",
    ):
        with pytest.raises(GradgenError):
            parse(text)


def test_limits_are_far_and_cheap() -> None:
    assert len(stage(parse("+".join(["x"] * 5000))).lines) == 4999
    assert parse("(" * 50 + "x" + ")" * 50).expr == x
    with pytest.raises(GradgenError, match=str(MAX_LENGTH)):
        parse("x+" * MAX_LENGTH + "x")
    with pytest.raises(GradgenError, match=str(MAX_NESTING)):
        parse("-" * 90_000 + "x")


#: SymPy's or the textbook's own meaning of each composition, for an independent comparison.
MEANINGS = {
    "silu": lambda x: x / (1 + sp.exp(-x)),
    "swish": lambda x: x / (1 + sp.exp(-x)),
    "mish": lambda x: x * sp.tanh(sp.log(1 + sp.exp(x))),
    "gelu": lambda x: x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
    "gelu_tanh": lambda x: x
    / 2
    * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (x + sp.Float(0.044715) * x**3))),
    "leaky_relu": lambda x, slope: (x + sp.Abs(x)) / 2 + slope * (x - sp.Abs(x)) / 2,
    "clip": lambda x, low, high: sp.Min(sp.Max(x, low), high),
    "logit": lambda x: sp.log(x / (1 - x)),
    "norm_pdf": lambda x: sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    "degrees": lambda x: x * 180 / sp.pi,
    "radians": lambda x: x * sp.pi / 180,
    "coth": sp.coth,
    "asec": sp.asec,
    "acsc": sp.acsc,
    "acot": sp.acot,
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "inv": lambda x: 1 / x,
    "neg": lambda x: -x,
    "rsqrt": lambda x: x ** sp.Rational(-1, 2),
    "exp10": lambda x: 10**x,
    "log1m": lambda x: sp.log(1 - x),
    "fma": lambda x, y, z: x * y + z,
    "asech": lambda x: sp.log(1 / x + sp.sqrt(1 / x**2 - 1)),
    "acsch": lambda x: sp.log(1 / x + sp.sqrt(1 / x**2 + 1)),
    "acoth": lambda x: sp.log((x + 1) / (x - 1)) / 2,
    "hardtanh": lambda x: sp.Max(-1, sp.Min(x, 1)),
    "haversin": lambda x: (1 - sp.cos(x)) / 2,
    "frac": lambda x: x - sp.floor(x),
    "entr": lambda x: -x * sp.log(x),
    "elu": lambda x, slope: x,
    "huber": lambda r, delta: delta * (r - delta / 2),
    "norm_ppf": lambda p: sp.sqrt(2) * sp.erfinv(2 * p - 1),
    "factorial": lambda x: sp.gamma(x + 1),
    "binomial": lambda n, k: (
        sp.gamma(n + 1) / (sp.gamma(k + 1) * sp.gamma(n - k + 1))
    ),
    "harmonic": lambda x: sp.digamma(x + 1) + sp.EulerGamma,
    "lowergamma": sp.lowergamma,
    "uppergamma": sp.uppergamma,
    **{
        f"{kind}{order}": partial(getattr(sp, f"bessel{kind}"), order)
        for kind in "jyik"
        for order in (0, 1)
    },
}
#: Points for functions that are not defined at the others, or have no gradient by their first argument.
POINTS = {
    "asec": [(1.3,), (2.5,)],
    "acsc": [(1.3,), (2.5,)],
    "acoth": [(1.3,), (2.5,)],
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_compositions_mean_what_they_say(name: str) -> None:
    composition = COMPOSITIONS[name]
    fixed = name in ("lowergamma", "uppergamma")
    scipy = fixed or "bessel" in str(composition.body)
    if scipy:
        pytest.importorskip("scipy")
    params = composition.params
    compiled = compile(
        f"{name}({', '.join(params)})",
        inputs=params,
        wrt=params[1:] if fixed else params,
        target="scipy" if scipy else "python",
    )
    symbols = [sp.Symbol(param) for param in params]
    points = POINTS.get(name, [(0.3, 0.2, 0.7), (0.9, 0.2, 0.7)])
    for point in (point[: composition.arity] for point in points):
        value, gradient = compiled.value_and_grad(*point)
        true, slopes = value_and_gradient(MEANINGS[name](*symbols), params, point)
        assert relative([value, *gradient], [true, *slopes[fixed:]]) < 1e-14


def test_the_other_branches_of_compositions() -> None:
    value, (slope,) = compile("elu(x, 2)").value_and_grad(-1.0)
    assert (value, slope) == (2 * math.expm1(-1), 2 * math.exp(-1))
    assert compile("huber(r, 2)").value_and_grad(-1.0) == (0.5, (-1.0,))
    assert compile("huber(r, 2)").value_and_grad(-5.0) == (8.0, (-2.0,))


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_sympys_function_of_that_name_means_the_same(name: str) -> None:
    function = getattr(sp, name, None)
    if not isinstance(function, type):
        pytest.skip(f"SymPy has no function {name}")
    composition = COMPOSITIONS[name]
    symbols = sp.symbols(composition.params)
    node = unevaluated(function, *symbols)
    assert stage(Formula("", node)) == stage(
        parse(f"{name}({', '.join(composition.params)})")
    )


def test_a_compositions_name_is_a_variable_unless_called() -> None:
    assert stage(parse("square*clip + degrees")).inputs == ("clip", "degrees", "square")
    assert written("silu(a + b)") == "(a + b) * sigmoid(a + b)"
    with pytest.raises(GradgenError, match="3 arguments, not 1"):
        parse("clip(x)")
