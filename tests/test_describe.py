"""The docstring says what a caller must know, and says it only where it holds."""

from __future__ import annotations

import ast
import math
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from gradgen.core.table import ROWS
from gradgen.files.recipe import read_artifact
from gradgen.passes.facts import Facts, comparisons
from gradgen.pipeline import compile, regenerate
from gradgen.targets import TARGETS
from gradgen.write.languages.python import PYTHON
from gradgen.write.words.conditions import kinks, raises, undefined
from gradgen.write.words.docstring import Docstrings
from gradgen.write.words.values import Words
from gradgen.write.words.wrapping import wrap
from tests.conftest import DATA, ROOT, compiled, formulas, many, one_in


def words(text: str, **options: object) -> Words:
    """Return the words about a formula."""
    return Words(compile(text, **options).program)  # type: ignore[arg-type]


def without_stage(entry: str) -> str:
    """Return an entry without the name of its stage."""
    assert re.search(r" \(\w+\)\.$", entry), entry
    return re.sub(r" \(\w+\)\.$", ".", entry)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y*2", []),
        ("1/x", ["ZeroDivisionError: where x = 0."]),
        (
            "sqrt(x)",
            [
                "ValueError: where x < 0.",
                "ZeroDivisionError: backward, where x = 0.",
            ],
        ),
        ("sin(x)", []),
        # Inputs of at most 1e100 in size do not make these operands infinite, or too large.
        ("p = x*y; sin(p)", []),
        ("p = x*x; lgamma(p)", ["ValueError: where p is 0 or a negative whole number."]),
        ("p = (x - y)/z; sin(p)", ["ZeroDivisionError: where z = 0."]),
        ("p = x - y; sin(1/p/z)", ["ZeroDivisionError: where p = 0.", "ZeroDivisionError: where z = 0."]),
        ("exp(sin(x)*cos(y))", []),
        ("exp(-x**2)", []),
        ("t = tanh(x); asin(t)", ["ZeroDivisionError: backward, where abs(t) = 1."]),
        ("p = 1 - 0.3*sin(x)**2; y/sqrt(p)", []),
        ("p = -2 + cos(x); y/p", []),
        ("p = x*x; log1p(p)", []),
        ("p = 0.5*sin(x); log1p(p)", []),
        # These they do.
        ("p = 1 - sin(x)**2; 1/p", ["ZeroDivisionError: where p = 0."]),
        ("p = 1 - x**2; sqrt(p)", ["ValueError: where p < 0.", "ZeroDivisionError: backward, where p = 0."]),
        ("p = x/y; log1p(p)", ["ZeroDivisionError: where y = 0.", "ValueError: where p <= -1."]),
        ("p = -abs(x); log1mexp(p)", ["ValueError: where p >= 0."]),
        ("p = x**2*y**2; sin(p)", ["ValueError: where p is infinite."]),
        ("p = x*x*y*y; lgamma(p)", ["ValueError: where p is 0 or a negative whole number.", "OverflowError: where p > 2.5e305."]),
        ("p = x*exp(y); cos(p)", ["OverflowError: where y > 709.78.", "ValueError: where p is infinite."]),
        ("p = x/y/z/w; cos(p)", [*(f"ZeroDivisionError: where {n} = 0." for n in "yzw"), "ValueError: where p is infinite."]),
        ("p = 800*sin(x); exp(p)", ["OverflowError: where p > 709.78."]),
        (
            "x**2.5",
            [
                "ValueError: where x < 0.",
                "OverflowError: where x**2.5 is too large.",
            ],
        ),
        (
            "x**(2/3)",
            [
                "ValueError: where x < 0.",
                "ValueError or ZeroDivisionError: backward, where x = 0.",
            ],
        ),
        (
            "x**-2.5",
            [
                "ValueError: where x < 0.",
                "ValueError: where x = 0.",
                "OverflowError: where x**(-2.5) is too large.",
                "ValueError or ZeroDivisionError: backward, where x = 0.",
                "OverflowError: backward, where x**((-2.5) - 1) is too large.",
            ],
        ),
        ("0.5**x", ["OverflowError: where 0.5**x is too large."]),
        (
            "0**x",
            [
                "OverflowError: where 0**x is too large.",
                "ValueError: where 0**x is not real.",
            ],
        ),
        (
            "log(0) + x",
            ["ValueError: always, as log(0) has no value."],
        ),
    ],
)  # fmt: skip
def test_raises(text: str, expected: list[str]) -> None:
    assert [without_stage(entry) for entry in raises(words(text))] == expected


#: Functions whose largest size is known, with that, and what becomes of that in what is made of them.
BOUNDED = {"sin": 1, "cos": 1, "tanh": 1, "erf": 1, "sigmoid": 1, "norm_cdf": 1, "sign": 1, "atan": math.pi / 2, "erfc": 2}  # fmt: skip
GROWS: dict[str, Callable[[float, float], float]] = {
    "({0} + {1})": lambda a, b: a + b,
    "({0} - {1})": lambda a, b: a + b,
    "({0}*{1})": lambda a, b: a * b,
    "max({0}, {1})": max,
    "min({0}, -({1}))": max,
    "hypot({0}, {1})": math.hypot,
    "relu({0})": lambda a, b: a,
    "abs({0})": lambda a, b: a,
    "({0})**2": lambda a, b: a * a,
    "({0})**5": lambda a, b: a**5,
    "sqrt(abs({0}))": lambda a, b: math.sqrt(a),
    "cbrt({0})": lambda a, b: math.cbrt(a) if hasattr(math, "cbrt") else a ** (1 / 3),
    "({0} if c > 0 else {1})": max,
    "3*({0})": lambda a, b: 3 * a,
}


@pytest.mark.parametrize("seed", one_in(3, range(60)))
def test_only_what_can_be_large_overflows(seed: int) -> None:
    """An exponential of a bounded operand is listed just where the operand can be larger than 709.78."""
    rnd = random.Random(seed)
    inputs = iter("rstuvwxyzabdefghijklmnopq")
    exact = True

    def leaf() -> tuple[str, float]:
        nonlocal exact
        name = rnd.choice([*BOUNDED])
        exact = exact and BOUNDED[name] == 1
        return f"{name}({next(inputs)})", BOUNDED[name]

    text, size = leaf()
    for _ in range(rnd.randrange(4)):
        other, beside = leaf()
        form, grown = rnd.choice([*GROWS.items()])
        text, size = form.format(text, other), grown(size, beside)
    # Of other bounds than 1 so much is known.
    slack = 1.0 if exact else 3.2**6
    for factor, listed in ((700 / size / slack, False), (720 / size, True)):
        entries = raises(words(f"exp({factor!r}*{text})"))
        assert any("OverflowError" in entry for entry in entries) == listed, text


#: Functions of one operand, and what they are mixed with, for formulas by chance.
CALLED = "sin cos tan exp log sqrt tanh asin acos atanh acosh lgamma gamma log1p expm1 sinh cosh cbrt atan sigmoid log2 exp2 floor"
MIXED = (
    "({0} + {1})",
    "({0} - {1})",
    "{0}*{1}",
    "{0}/({1})",
    "({0})**2",
    "({0})**-1",
    "({0})**1.5",
    "0.01*{0}",
    "(2 - {0})",
)
USUAL = (
    0.0,
    1.0,
    -1.0,
    0.5,
    1e-100,
    1e100,
    -1e100,
    -1e-100,
    2.0,
    30.0,
    1e50,
    700.0,
    -800.0,
)


@pytest.mark.parametrize(
    "count", [60, pytest.param(many(5000), marks=pytest.mark.slow)]
)
def test_what_raises_at_inputs_of_usual_size_is_listed(count: int) -> None:
    rnd = random.Random(count)

    def drawn(depth: int) -> str:
        if depth == 0:
            return rnd.choice("xyz")
        if rnd.random() < 0.5:
            return f"{rnd.choice(CALLED.split())}({drawn(depth - 1)})"
        return rnd.choice(MIXED).format(drawn(depth - 1), drawn(depth - 1))

    raised = 0
    for _ in range(count):
        text = drawn(rnd.randint(2, 5))
        made = compile(text, inputs="x, y, z", as_written=True, proof=False)
        listed = " ".join(raises(Words(made.program)))
        for _ in range(20):
            point = [rnd.choice((*USUAL, rnd.uniform(-3, 3))) for _ in range(3)]
            try:
                made.module.backward(made.module.forward(*point)[1])
            except (ArithmeticError, ValueError) as error:
                raised += 1
                assert type(error).__name__ in listed, (text, point)
    assert raised > count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log(x) if x > 0 else y", []),
        ("sqrt(x) if x >= 0 else y", ["ZeroDivisionError: backward, where x = 0, if xge0."]),
        ("y/x if x != 0 else y", []),
        ("y if x == 0 else y/x", []),
        ("y if x <= 0 else log(x)", []),
        ("y if x < 0 else log(x)", ["ValueError: where x <= 0, if not xlt0."]),
        ("asin(x) if x < 1 else y", ["ValueError: where abs(x) > 1, if xlt1.", "ZeroDivisionError: backward, where abs(x) = 1, if xlt1."]),
        ("log(x) if x > 0 or y > 0 else 1", ["ValueError: where x <= 0, if xgt0orygt0."]),
        ("sqrt(x) if sqrt(x) > y else 0", ["ValueError: where x < 0.", "ZeroDivisionError: backward, where x = 0, if sqrtxgty."]),
        ("y*log(0) if x > 0 else y", ["ValueError: where xgt0, as log(0) has no value."]),
    ],
)  # fmt: skip
def test_a_condition_that_its_branch_rules_out_is_not_listed(
    text: str, expected: list[str]
) -> None:
    assert [without_stage(entry) for entry in raises(words(text))] == expected


BRANCHES = "def f(a, b): return log(b) if a > 0 else a/b\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x, y)", ["ValueError: where y <= 0, if x > 0.", "ZeroDivisionError: where y = 0, if not x > 0."]),
        ("f(x, y) if y > 0 else x", []),
        ("f(x, y) if y != 0 else x", ["ValueError: where y <= 0, if x > 0, if yne0."]),
        ("f(x, y**2 + 1)", []),
        ("f(x, 2)", []),
        ("f(x, -1)", ["ValueError: where (-1) <= 0, if x > 0."]),
    ],
)  # fmt: skip
def test_what_a_function_of_the_program_raises_is_asked_of_its_operands(
    text: str, expected: list[str]
) -> None:
    assert [without_stage(e) for e in raises(words(BRANCHES + text))] == expected


def test_a_condition_asks_of_operands_by_their_names_in_the_row() -> None:
    asked: dict[str, list[float]] = {}
    for row in ROWS.values():
        for rule in row.raises:
            for when in (rule.when, rule.missing):
                if isinstance(when, str) and when:
                    found = [*comparisons(when, row.params, "and", "or")]
                    # Where there is none, a sign or a name is misspelt.
                    assert found or when == "b**x != 0", (row.name, when)
                    asked[row.name] = [one.number for one in found]
    assert asked["erfcinv"] == [0.0, 2.0]
    assert asked["lambertw"] == [-math.exp(-1)]


@pytest.mark.parametrize(
    ("call", "point"),
    [("acosh(x)", 1.0), ("asin(x)", -1.0), ("lambertw(x)", -0.36787944117144233)],
)
def test_slopes_are_infinite_where_the_table_says(call: str, point: float) -> None:
    program = compile(call, target="scipy").program
    (way,) = program.ways
    assert point in Facts(program).points(way)


def test_a_backward_condition_needs_a_backward_line() -> None:
    assert len(raises(words("sqrt(x) + y", wrt="y"))) == 1


def test_kinks() -> None:
    assert kinks(words("abs(x - 1)")) == ["abs(xm1) at xm1 = 0: gradient 0 (f)."]
    assert kinks(words("abs(x) + y", wrt="y")) == []
    assert kinks(words("x**y")) == ["x**y at x = 0: the gradient by y is 0 (f)."]
    assert kinks(words("x**y", wrt="x")) == []


def test_long_lists_are_cut() -> None:
    compiled = compile("+".join(f"1/x{i}" for i in range(50)))
    lines = Docstrings(Words(compiled.program), PYTHON, {}).module("", compiled.cost)
    start = lines.index("Raises:") + 1
    assert len(lines) == start + 8 and max(map(len, lines)) <= 88
    assert lines[-1] == "    and 43 more, each a division by 0."
    mixed = compile("+".join(f"log(x{i})/y{i} + exp(z{i})" for i in range(5)))
    assert (
        "\n    and 8 more, each a division by 0, an overflow or a value outside a domain."
        in mixed.source
    )
    text = compile("+".join(f"abs(x{i})" for i in range(10))).source
    listed = text.split("Kinks:\n")[1].split('\n"""')[0].split("\n")
    assert len(listed) == 8 and listed[-1] == "    and 3 more."
    assert "more" not in compile("+".join(f"1/x{i}" for i in range(8))).source


@pytest.mark.parametrize("target", one_in(3, ["c", "python", "javascript"]))
def test_no_comment_is_wider_than_88_columns(target: str) -> None:
    sources = [path.read_text() for path in sorted((ROOT / "generated").glob("*.py"))]
    headers = [found for text in sources if (found := read_artifact(text))]
    made = [found.recipe for found in headers if found.recipe.target == "python"]
    texts = [regenerate(replace(recipe, target=target)).source for recipe in made]
    if target == "python" and DATA.exists():
        for name in ("feynman", "fpbench", "optim", "symreg"):
            for row in formulas(name):
                one = compiled(row["expression"], row["variables"])
                texts.append("" if one is None else one.source)
    long = "a_name_of_some_length"
    note = "what a reader has to know of this line, in more words than fit beside it"
    program = f"{long}_1 = {long}*x + {long}*y # {note}, and {note}\n"
    program += f"tanh({long}_1)*logaddexp({long}_1, {long})*besselj(1, x)"
    if target == "python":
        texts.append(compile(program, target="scipy").source)
    program = program.replace("*besselj(1, x)", f"+ floor(x) # {note}")
    texts.append(compile(program, target=target, with_="jacobian").source)
    for text in texts:
        _, _, body = text.partition(f"{COMMENT[target]} digest: ")
        wide = [line for line in body.split("\n") if len(line) > 88]
        # A long formula of another language's line is no comment.
        marks = "#", "//", "*"
        assert not [
            line for line in wide if line.lstrip().startswith(marks) or "  //" in line
        ], wide
        assert target != "python" or not wide


COMMENT = {"python": "#", "c": "//", "javascript": "//"}


def test_a_formula_without_blanks_is_broken_behind_its_signs() -> None:
    text = "*".join(f"factor{i}**2" for i in range(20))
    docstring = ast.get_docstring(ast.parse(compile(text).source)) or ""
    lines = docstring.partition("\n\n")[0].split("\n")
    assert len(lines) > 2 and max(map(len, lines)) <= 84
    assert "".join(line.strip() for line in lines).endswith(f"{text}.")
    assert not any(line.endswith("**") or line.strip()[:1] == "*" for line in lines)


ARM = "q12 = q1 + q2  # the second link's angle\nx = L1*cos(q1) + L2*cos(q12)\ny = L1*sin(q1) + L2*sin(q12)"


def told(text: str, **options: object) -> list[str]:
    """Return the paragraphs of a module's docstring as far as its inputs."""
    found = ast.get_docstring(ast.parse(compile(text, **options).source)) or ""  # type: ignore[arg-type]
    assert "program above" not in found
    return found.partition("\n\nInputs: ")[0].split("\n\n")


def test_the_docstring_shows_what_the_author_wrote() -> None:
    assert told("x*y", name="g") == ["g(x, y) = x*y."]
    block = "\n".join(f"    {line}" for line in ARM.split("\n"))
    of = "x, y of L1, L2, q1, q2:"
    assert told(ARM, outputs="x, y") == [of, block]
    assert told(ARM) == ["y of L1, L2, q1, q2:", block]
    said = '"""Where the hand is."""\n'
    assert told(said + ARM, outputs="x, y") == ["Where the hand is.", of, block]
    # A statement alone is a formula, whatever the author said of it.
    assert told('"""A square."""\nu = x*x  # square') == ["A square.", "u(x) = x*x."]
    assert told('"""A square."""\nx*x') == ["A square.", "f(x) = x*x."]
    both = told("def g(a): return a*a\nu = g(x)")
    assert both == ["u of x:", "    def g(a): return a*a\n    u = g(x)"]


def test_what_is_long_stands_in_the_header_alone() -> None:
    lines = ["a0 = x + y", *(f"a{i} = a{i - 1}*sin(a{i - 1})" for i in range(1, 20))]
    assert told("\n".join(lines)) == ["a19 of x, y: a program of 20 lines."]
    many = "\n".join(f"length_of_link_{i} = 2*measured_length_{i}" for i in range(11))
    outputs = [f"length_of_link_{i}" for i in range(11)]
    wanted = ["11 values of 11 inputs: a program of 11 lines."]
    assert told(many, outputs=outputs) == wanted
    assert told(many) == ["length_of_link_10 of 11 inputs: a program of 11 lines."]
    formula = " + ".join(f"sin(variable{i % 3})**{i + 2}" for i in range(90))
    (line,) = told(formula)
    assert line.startswith("f of variable0, variable1, variable2: an expression of ")


def test_long_lines_of_a_program_are_broken() -> None:
    note = "what a reader has to know of this line, in more words than fit beside it"
    sum_ = " + ".join(f"measured_length_{i}" for i in range(6))
    _, block = told(f"u = {sum_}\nv = u*u*measured_length_1  # {note}")
    assert block.split("\n") == [
        *wrap(f"u = {sum_}", 84, 4, 8),
        f"    # {note}",
        "    v = u*u*measured_length_1",
    ]


@pytest.mark.parametrize("target", ["c", "javascript"])
def test_other_languages_show_the_program_too(target: str) -> None:
    text = compile(f"{ARM}  # a */ b", target=target, outputs="x, y").source
    mark = {"c": "//", "javascript": " *"}[target]
    end = {"c": "a */ b", "javascript": "a *\\/ b"}[target]
    assert f"{mark}     y = L1*sin(q1) + L2*sin(q12)  # {end}\n{mark}\n" in text


def returned(about: Words) -> list[str]:
    return Docstrings(about, PYTHON, {}).backward()


def test_what_backward_returns() -> None:
    assert returned(words("x*y", name="g")) == [
        "Return (dg/dx, dg/dy), each times the upstream gradient dg."
    ]
    assert returned(words("3"))[0].startswith("Return ()")
    many = words("+".join(f"long_name_{i}" for i in range(4)), name="long_result")
    assert returned(many) == [
        "Return the gradient of long_result, times the upstream gradient dlong_result.",
        "",
        "In this order: by long_name_0, long_name_1, long_name_2, long_name_3.",
    ]


#: A point where each forward condition of the table holds, by operation and error.
OUTSIDE = {
    ("inv", "ZeroDivisionError"): "1/x at 0",
    ("powi", "OverflowError"): "x**3 at 1e200",
    ("powi", "ZeroDivisionError"): "x**-3 at 0",
    ("powr", "ValueError"): "x**2.5 at -1",
    ("powr", "OverflowError"): "x**2.5 at 1e200",
    ("expb", "OverflowError"): "2**x at 1e4",
    ("expb", "ValueError"): "(-2)**x at 0.5",
    ("pow", "ValueError"): "x**(x/4) at -1",
    ("pow", "OverflowError"): "x**x at 1e4",
    ("sqrt", "ValueError"): "sqrt(x) at -1",
    ("exp", "OverflowError"): "exp(x) at 710",
    ("exp2", "OverflowError"): "exp2(x) at 1024",
    ("expm1", "OverflowError"): "expm1(x) at 710",
    ("log", "ValueError"): "log(x) at 0",
    ("log2", "ValueError"): "log2(x) at 0",
    ("log10", "ValueError"): "log10(x) at 0",
    ("log1p", "ValueError"): "log1p(x) at -1",
    ("sin", "ValueError"): "sin(x*x) at 1e200",
    ("cos", "ValueError"): "cos(x*x) at 1e200",
    ("tan", "ValueError"): "tan(x*x) at 1e200",
    ("sec", "ValueError"): "sec(x*x) at 1e200",
    ("div", "ZeroDivisionError"): "1 if 2/x > 1 else 0 at 0",
    ("mod", "ZeroDivisionError"): "2 % x at 0",
    ("sinc", "ValueError"): "sinc(x*x) at 1e200",
    ("versin", "ValueError"): "versin(x*x) at 1e200",
    ("gamma", "ValueError"): "gamma(x) at -2",
    ("gamma", "OverflowError"): "gamma(x) at 172",
    ("lgamma", "ValueError"): "lgamma(x) at 0",
    ("lgamma", "OverflowError"): "lgamma(x) at 1e306",
    ("digamma", "ValueError"): "digamma(x) at -3",
    ("trigamma", "ValueError"): "trigamma(x) at 0",
    ("trigamma", "OverflowError"): "trigamma(x) at -1e-200",
    ("polygamma", "ValueError"): "polygamma(3, x) at -0.5",
    ("polygamma", "OverflowError"): "polygamma(3, x) at 1e-80",
    ("beta", "ValueError"): "beta(x, 2) at 0",
    ("logbeta", "ValueError"): "logbeta(2, x) at -1",
    ("erfinv", "ValueError"): "erfinv(x) at 1",
    ("erfcinv", "ValueError"): "erfcinv(x) at 2",
    ("lambertw", "ValueError"): "lambertw(x) at -0.5",
    ("zeta", "ValueError"): "zeta(x) at 1",
    ("csc", "ValueError"): "csc(x*x) at 1e200",
    ("csc", "ZeroDivisionError"): "csc(x) at 0",
    ("acot", "ZeroDivisionError"): "acot(x) at 0",
    ("cot", "ValueError"): "cot(x*x) at 1e200",
    ("cot", "ZeroDivisionError"): "cot(x) at 0",
    ("floor", "OverflowError"): "floor(x*x) at 1e200",
    ("ceil", "OverflowError"): "ceil(x*x) at 1e200",
    ("trunc", "OverflowError"): "trunc(x*x) at 1e200",
    ("round", "OverflowError"): "round(x*x) at 1e200",
    ("asin", "ValueError"): "asin(x) at 1.5",
    ("acos", "ValueError"): "acos(x) at 1.5",
    ("sinh", "OverflowError"): "sinh(x) at 711",
    ("cosh", "OverflowError"): "cosh(x) at 711",
    ("acosh", "ValueError"): "acosh(x) at 0.5",
    ("atanh", "ValueError"): "atanh(x) at 1",
    (
        "norm",
        "ValueError",
    ): "sqrt(sin(x)**2 + tan(x)**2 - 2*sin(x)*tan(x)) at 0.00010945553636680507",
    ("normif", "ValueError"): "sqrt(x*sin(x)**2 + x*cos(x)**2 + sin(x)*cos(x)) at -1",
    ("radicand", "ValueError"): "sqrt(x)**2 at -1",
    ("wsigmoid", "ZeroDivisionError"): "1/(1 + x*exp(x + 1)) at -1",
    ("xcot", "ValueError"): "xcot(x*x) at 1e200",
    ("xcsc", "ValueError"): "xcsc(x*x) at 1e200",
    ("bose", "ZeroDivisionError"): "bose(x) at 0",
    ("csch", "ZeroDivisionError"): "csch(x) at 0",
    ("exprel", "OverflowError"): "exprel(x) at 710",
    ("sinhc", "OverflowError"): "sinhc(x) at 711",
    ("log1prel", "ValueError"): "log1prel(x) at -1",
    ("logrel", "ValueError"): "logrel(x) at 0",
    ("log1mexp", "ValueError"): "log1mexp(x) at 0",
    ("compound", "ValueError"): "compound(x, 0.5) at -2",
    ("compound", "OverflowError"): "compound(x, 200) at 1e3",
    ("experfc", "OverflowError"): "experfc(x, 0) at 710",
    ("erfcx", "OverflowError"): "erfcx(x) at -27",
    ("xlogy", "ValueError"): "xlogy(1, x) at 0",
    ("xlog1py", "ValueError"): "xlog1py(1, x) at -1",
}


def test_every_condition_of_the_table_has_a_point() -> None:
    stated = {
        (row.name, rule.error)
        for row in ROWS.values()
        for rule in row.raises
        if rule.partial is None
    }
    assert stated == set(OUTSIDE)


@pytest.mark.parametrize(("op", "error"), OUTSIDE)
def test_what_is_stated_does_raise(op: str, error: str) -> None:
    text, _, at = OUTSIDE[op, error].partition(" at ")
    with pytest.raises((ArithmeticError, ValueError)) as caught:
        compile(text).forward(float(at))
    assert type(caught.value).__name__ == error


#: The same for the backward pass, where the forward pass has a value.
OUTSIDE_BACKWARD = {
    ("sqrt", "ZeroDivisionError"): "sqrt(x) at 0",
    (
        "normif",
        "ZeroDivisionError",
    ): "sqrt(x*cos(x)**2 + x*(x - 1)**2 + x*(x - 1)*cos(x)) at 0",
    ("compound", "ValueError"): "compound(x, x + 4) at -2",
    ("wsigmoid", "OverflowError"): "1/(1 + x*exp(x + 720)) at 0",
    ("cbrt", "ZeroDivisionError"): "cbrt(x) at 0",
    ("powr", "ValueError or ZeroDivisionError"): "x**0.75 at 0",
    ("powr", "OverflowError"): "x**-1.5 at 1e-200",
    ("expb", "ValueError"): "0**x at 2",
    ("pow", "ValueError"): "x**(x + 2) at -1",
    ("asin", "ZeroDivisionError"): "asin(x) at 1",
    ("acos", "ZeroDivisionError"): "acos(x) at -1",
    ("atan2", "ZeroDivisionError"): "atan2(x, x) at 0",
    ("acosh", "ZeroDivisionError"): "acosh(x) at 1",
    ("lambertw", "ZeroDivisionError"): "lambertw(x) at -0.36787944117144233",
    ("digamma", "OverflowError"): "digamma(x) at 1e-200",
    ("trigamma", "OverflowError"): "trigamma(x) at -1e-120",
    ("gammainc", "ValueError"): "gammainc(2, x) at 0",
    ("gammaincc", "ValueError"): "gammaincc(2, x) at 0",
    ("erfi", "OverflowError"): "erfi(x) at 26.65",
    ("Ei", "OverflowError"): "Ei(x) at 710",
    ("Ei", "ZeroDivisionError"): "Ei(x) at 0",
    ("Ci", "ZeroDivisionError"): "Ci(x) at 0",
}


def test_every_backward_condition_of_the_table_has_a_point() -> None:
    stated = {
        (row.name, rule.error)
        for row in ROWS.values()
        for rule in row.raises
        if rule.partial is not None
    }
    assert stated == set(OUTSIDE_BACKWARD)


@pytest.mark.parametrize(("op", "error"), OUTSIDE_BACKWARD)
def test_what_is_stated_of_backward_does_raise(op: str, error: str) -> None:
    text, _, at = OUTSIDE_BACKWARD[op, error].partition(" at ")
    alone = bool(ROWS[op].body) or op in PYTHON.language.words
    if not alone:
        pytest.importorskip("scipy")
    target = "python" if alone else "scipy"
    compiled = compile(text, target=target, strict=True)
    _, cache = compiled.forward(float(at))
    with pytest.raises((ArithmeticError, ValueError)) as caught:
        compiled.backward(cache)
    assert type(caught.value).__name__ in error.split(" or ")


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize(
    "text",
    ["sigmoid(x)", "softplus(x)", "logsigmoid(x)", "tanh(x)", "atan(x)", "erf(x)", "logaddexp(x, 1)", "1 - erfc(x)"],
)  # fmt: skip
def test_saturating_functions_never_raise(text: str, precise: bool) -> None:
    made = compile(text, precise=precise)
    for x in (-1.7e308, -1e3, -40.0, 0.0, 40.0, 1e3, 1.7e308):
        value, (slope,) = made.value_and_grad(x)
        assert math.isfinite(value) and 0.0 <= slope <= 1.2, x


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("x", [-1.7e308, -1e3, 1e3, 1.7e308])
def test_logaddexp_takes_any_difference(x: float, precise: bool) -> None:
    _, gradient = compile("logaddexp(x, y)", precise=precise).value_and_grad(x, -x)
    assert sorted(gradient) == [0.0, 1.0]


@pytest.mark.parametrize("text", ["hypot(x, x)", "asinh(x)", "abs(x)", "cbrt(x)"])
@pytest.mark.parametrize("x", [-1e308, -1e-308, 1e-308, 1e308])
def test_no_overflow_within_the_range(text: str, x: float) -> None:
    value, (slope,) = compile(text).value_and_grad(x)
    assert math.isfinite(value) or text.startswith("hypot")
    assert math.isfinite(slope)


KINKS = {
    "abs": ("abs(x)", (0.0,), (0.0,)),
    "hypot": ("hypot(x, y)", (0.0, 0.0), (0.0, 0.0)),
    "hypot3": ("hypot(x, y, z)", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    "pow": ("x**y", (0.0, 2.0), (0.0, 0.0)),
    "floor": ("floor(x)", (1.0,), (0.0,)),
    "ceil": ("ceil(x)", (1.0,), (0.0,)),
    "trunc": ("trunc(x)", (1.0,), (0.0,)),
    "round": ("round(x)", (2.5,), (0.0,)),
    "sign": ("sign(x)", (0.0,), (0.0,)),
    "max": ("max(x, y)", (2.0, 2.0), (0.5, 0.5)),
    "min": ("min(x, y)", (2.0, 2.0), (0.5, 0.5)),
    "relu": ("relu(x)", (0.0,), (0.0,)),
    "heaviside": ("heaviside(x)", (0.0,), (0.0,)),
    "mod": ("x % y", (6.0, 2.0), (1.0, -3.0)),
    "where": ("x if x > 0 else 3*x", (0.0,), (3.0,)),
    "norm": ("sqrt(x**2 + x*y + y**2)", (0.0, 0.0), (0.0, 0.0)),
    "normif": ("sqrt(x**2 + x*y*z + y**2)", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
    "xlogy": ("xlogy(x, y)", (0.0, 0.0), (-math.inf, 0.0)),
    "xlog1py": ("xlog1py(x, y)", (0.0, -1.0), (-math.inf, 0.0)),
}

#: The table of conventions, row by row: the formula, the point, the gradient.
CONVENTIONS = [
    ("abs(x)", (0.0,), (0.0,)),
    ("abs(x)", (-0.0,), (0.0,)),
    ("sign(x)", (0.0,), (0.0,)),
    ("sign(x)", (3.0,), (0.0,)),
    ("max(x, y)", (2.0, 2.0), (0.5, 0.5)),
    ("min(x, y)", (2.0, 2.0), (0.5, 0.5)),
    ("max(x, 3)", (3.0,), (0.5,)),
    ("clip(x, 0, 1)", (1.0,), (0.5,)),
    ("relu(x)", (0.0,), (0.0,)),
    ("leaky_relu(x, 0.1)", (0.0,), (0.0,)),
    ("heaviside(x)", (0.0,), (0.0,)),
    ("Heaviside(x)", (2.0,), (0.0,)),
    ("floor(x)", (2.0,), (0.0,)),
    ("ceil(x)", (2.5,), (0.0,)),
    ("ceiling(x)", (-2.0,), (0.0,)),
    ("log(x) if x > 0 else 0", (0.0,), (0.0,)),
    ("log(x) if x > 0 else 0", (-1.0,), (0.0,)),
    ("1/x if x != 0 else 5", (0.0,), (0.0,)),
    ("where(x >= 0, sqrt(x), x)", (-2.0,), (1.0,)),
    ("hypot(x, y)", (0.0, 0.0), (0.0, 0.0)),
    ("sqrt(x**2 + y**2)", (0.0, 0.0), (0.0, 0.0)),
    ("sqrt(x**2)", (0.0,), (0.0,)),
    ("sqrt(x*x)", (0.0,), (0.0,)),
    ("x**y", (0.0, 2.0), (0.0, 0.0)),
    ("x**y", (0.0, 1.5), (0.0, 0.0)),
    ("x**y", (0.0, 1.0), (1.0, 0.0)),
    ("pow(x, y)", (0.0, 3.0), (0.0, 0.0)),
    ("x**2", (0.0,), (0.0,)),
    ("x**3", (0.0,), (0.0,)),
    ("x**7", (0.0,), (0.0,)),
    ("x**1.5", (0.0,), (0.0,)),
    ("x**2.5", (0.0,), (0.0,)),
    ("x**(3/2)", (0.0,), (0.0,)),
    ("x**(4/3)", (0.0,), (0.0,)),
    ("x**1.1", (0.0,), (0.0,)),
    ("x**pi", (0.0,), (0.0,)),
    ("x**sqrt(2)", (0.0,), (0.0,)),
    ("x**1.0", (0.0,), (1.0,)),
    ("2**x", (0.0,), (math.log(2.0),)),
    ("x % y", (6.0, 2.0), (1.0, -3.0)),
    ("Mod(x, 2)", (-0.5,), (1.0,)),
    ("sinc(x)", (0.0,), (0.0,)),
]  # fmt: skip

#: And what raises, as in the module's docstring: "forward" or "backward".
RAISING = [
    ("sqrt(x)", 0.0, "backward"),
    ("cbrt(x)", 0.0, "backward"),
    ("log(x)", 0.0, "forward"),
    ("x**0.5", 0.0, "backward"),
    ("x**0.25", 0.0, "backward"),
    ("x**-1", 0.0, "forward"),
    ("x**-1.5", 0.0, "forward"),
    ("x**(x - 1)", 0.0, "forward"),
]


@pytest.mark.parametrize("target", [t for t in TARGETS if TARGETS[t].runs])
@pytest.mark.parametrize(("text", "point", "gradient"), CONVENTIONS)
def test_the_conventions_at_kinks(
    text: str, point: tuple[float, ...], gradient: tuple[float, ...], target: str
) -> None:
    for precise in (False, True):
        compiled = compile(text, target=target, precise=precise)
        assert compiled.value_and_grad(*point)[1] == gradient


@pytest.mark.parametrize(("text", "x", "where"), RAISING)
def test_singular_points_raise(text: str, x: float, where: str) -> None:
    compiled = compile(text)
    try:
        _, cache = compiled.forward(x)
    except (ArithmeticError, ValueError):
        assert where == "forward"
        return
    with pytest.raises((ArithmeticError, ValueError)):
        compiled.backward(cache)
    assert where == "backward"


def test_every_kink_of_the_table_holds() -> None:
    assert {row.name for row in ROWS.values() if row.kink} == set(KINKS)
    for text, point, gradient in KINKS.values():
        assert compile(text).value_and_grad(*point)[1] == gradient


def test_a_constant_that_is_not_zero_excludes_a_pole_at_zero() -> None:
    assert undefined(words("atan2(x, 1)")) == undefined(words("atan2(1, x)")) == []
    assert len(undefined(words("atan2(x, y)"))) == 1
