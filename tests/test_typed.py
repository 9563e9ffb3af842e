"""What users type is read as they mean it: names, order, marks and line ends of formulas and programs, and SymPy's own text."""

from __future__ import annotations

import builtins
import io
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy.physics.vector import dynamicsymbols

from gradgen import pipeline
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import compile, regenerate
from gradgen.read import reader, statements
from gradgen.read.programs import parse
from gradgen.read.sympy import expand
from gradgen.read.sympy.pieces import leave_nothing
from gradgen.targets import black_python

LINES = (Path(__file__).with_name("cases") / "typed.txt").read_text("utf-8")
BAR = "\0"
TYPED = [
    [part.strip().replace(BAR, "|") for part in line.split("|")]
    for line in LINES.replace("\\|", BAR).splitlines()
    if not line.startswith("#")
]
DECODED = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


def typed(text: str) -> str:
    for shown, char in DECODED.items():
        text = text.replace(shown, char)
    return text


#: How many random ones: a few by default, many in the slow suite.
MANY = [8, pytest.param(60, marks=pytest.mark.slow)]


def numbers(count: int, place: int) -> list[float]:
    source = random.Random(place)
    return [source.uniform(-2.5, 2.5) for _ in range(count)]


@pytest.mark.parametrize(("text", "meant", "name"), TYPED, ids=[t[0] for t in TYPED])
def test_it_is_read_as_it_is_meant(text: str, meant: str, name: str) -> None:
    compiled = compile(typed(text))
    plain = compile(meant, inputs=compiled.program.inputs, proof=False)
    assert [output for output, _ in compiled.program.outputs] == [name or "f"]
    tried = 0
    for place in range(40):
        point = numbers(len(compiled.program.inputs), place)
        try:
            value, slopes = plain.value_and_grad(*point)
        except (ArithmeticError, ValueError):
            continue
        got = compiled.value_and_grad(*point)
        assert got[0] == pytest.approx(value, rel=1e-12, abs=1e-12)
        assert got[1] == pytest.approx(slopes, rel=1e-11, abs=1e-11)
        tried += 1
    assert tried > 3
    again = read_artifact(compiled.source)
    assert again is not None and regenerate(again.recipe).source == compiled.source


@pytest.mark.parametrize("count", [6, pytest.param(500, marks=pytest.mark.slow)])
def test_a_result_may_stand_first_with_or_without_a_name(count: int) -> None:
    """In whichever order its definitions follow, it is what it is with them before it."""
    for seed in range(count):
        rnd = random.Random(seed)
        names = ["a", "b", "c", "u2", "w"][: rnd.randint(1, 5)]
        definitions: list[str] = []
        unused: list[str] = []
        for place, name in enumerate(names):
            read = [*names[:place], "x", "y", "2.5"]
            one, other = rnd.choice(read), rnd.choice(read)
            definitions.append(f"{name} = {one}*x + sin({other})")
            unused = [*(n for n in unused if n not in (one, other)), name]
        result = " - ".join(f"{name}*y" for name in unused)
        before = compile("\n".join([*definitions, f"energy = {result}"]))
        rnd.shuffle(definitions)
        end = rnd.choice(("; ", "\n"))
        for first in (result, f"energy = {result}"):
            behind = compile(end.join([first, *definitions]), name="energy")
            assert behind.program.outputs[0][0] == "energy"
            assert behind.program.inputs == before.program.inputs
            for at in ({"x": 0.5, "y": 1.25}, {"x": -2.0, "y": 0.75}):
                point = [at[name] for name in before.program.inputs]
                got, true = behind.value_and_grad(*point), before.value_and_grad(*point)
                assert got[0] == pytest.approx(true[0], rel=1e-13, abs=1e-13)
                assert got[1] == pytest.approx(true[1], rel=1e-13, abs=1e-13)
        # What is not needed for it leaves the order in doubt.
        with pytest.raises(GradgenError, match="before line|a statement is written"):
            compile(end.join([f"energy = {result}", *definitions, "z = x"]))
    assert "energy = a*g" in compile("energy = a*g; a = x*y", const={"g": 9.81}).source


@pytest.mark.parametrize("text", ["y = x**2 + 3*a", "x*a;", "x*a  # an area", "y = x*a # c"])  # fmt: skip
def test_text_file_and_standard_input_are_read_alike(
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = []
    for data in (text, text + "\n", "\ufeff" + text, text + "\r"):
        path = tmp_path / "formula.txt"
        path.write_bytes(data.encode())
        assert main(["compile", "-f", str(path)]) == 0
        found.append(capsys.readouterr().out)
        stream = io.TextIOWrapper(io.BytesIO(data.encode()))
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["compile", "-"]) == 0
        found.append(capsys.readouterr().out)
    assert main(["compile", text]) == 0
    found.append(capsys.readouterr().out)
    assert {*found} == {compile(text).source}
    assert main(["eval", text, "--at", "x=2, a=3"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a + b; a = b*x; b = a + 1", "line 1: `a` is needed for its own value"),
        ("a + x; a = a + 1", "line 1: `a` is needed for its own value"),
        ("f(x); def f(x): return g(x); def g(x): return f(x)", "for its own value"),
        ("x*y; b = x", "a statement is written"),
        ("a; b; a = x; b = y", "a statement is written"),
        ("b = a + 1\na = x*y\nb*a", "`a` is used before line 2 assigns it"),
        ("a = x; b = a*2; c = (b", "this `(` is never closed"),
        ("a = x\n\nb = (a + 1\nc = b", "line 3:"),
        ("a = \u0441*2\nb = c*a", "look the same"),  # the first is Cyrillic
        ("\u0430 = x\nb = a*2\n\u0430*b", "look the same"),
        ("def f(x): return x*\u0441\nc = f(x)", "no parameter of f"),
        ("cos = 2*x; cos(y)*cos", "`math.cos(...)`"),
        ("f = 2*x; f(3)", "not a function here"),
        ("def gamma(x): return x; gamma = 3; gamma", "assigned twice"),
        ("y = gamma(x); def gamma(x): return x; y*gamma(2)", "before line 1 declares"),
        ("x; y", "`;` ends a statement"),
        ("y = x = 3", "right-hand side"),
        ("y == x", "choose by it"),
        ("2*y = x", "right-hand side"),
        ("y = x**2\n+ z", "put brackets around"),
        ("w = x\ny = 2*w\n\t- z", "leaves `y` unused"),
        ("# nothing", "is empty"),
        ("y = ", "is empty"),
        ("class = x", "keyword"),
        ("f = function(a.b, derivative=a.c)", "ends with a value"),
        ("def f(x): return x", "ends with a value"),
        ("(x + 1) & (y > 0)", "in brackets"),
        ("Piecewise((1, x < 0), (2, x > 0))", "leave cases open"),
        ("Piecewise((1, x < 0), (2, x >= 1))", "leave cases open"),
        ("Piecewise((1, x < 0), (2, y >= 0))", "leave cases open"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused(text: str, message: str) -> None:
    with pytest.raises(GradgenError) as found:
        compile(text)
    assert message in found.value.message


def test_a_last_line_may_start_with_a_sign() -> None:
    assert compile("y = x**2\n-y/2").value_and_grad(2.0) == (-2.0, (-2.0,))
    assert compile("y = x**2; -x").notes


@pytest.mark.parametrize(
    "options",
    [{"params": "\u0430"}, {"inputs": "a, x, \u0430"}, {"name": "\u0445"}, {"params": "\u0443"}],
)  # fmt: skip
def test_names_of_options_and_of_the_text_differ_to_the_eye(
    options: dict[str, str],
) -> None:
    with pytest.raises(GradgenError, match="look the same"):
        compile("y = 2*x\n1.5*y*a", **options)  # type: ignore[arg-type]


def test_a_program_declares_so_many_functions() -> None:
    with pytest.raises(GradgenError, match="at most 2000 functions"):
        parse("".join(f"def g{i}(x): return x\n" for i in range(2001)) + "g1(x)")


def test_a_message_lists_no_thousands_of_inputs() -> None:
    names = [f"x{i}" for i in range(5000)]
    for options in ({"inputs": names}, {"inputs": names, "wrt": "y"}):
        with pytest.raises(GradgenError, match=r"x29, \.\.\.") as found:
            compile("z*x1" if len(options) == 1 else "x1", **options)
        assert len(found.value.message) < 300


def test_a_name_is_given_to_no_constant() -> None:
    assert main(["eval", "x", "--at", "x=y=3"]) == 2
    with pytest.raises(GradgenError, match="right-hand side"):
        compile("x*g", const={"g": "h = 3"})
    assert compile("y = x*g", const={"g": 2}).recipe.name == "y"
    assert compile("y = x", name="z").recipe.name == "z"


def conditions(source: random.Random, depth: int, bits: bool) -> str:
    """Return a condition as Python writes it, with `and` and the like or with & and the like, brackets only by chance."""
    if depth == 0 or source.random() < 0.2:
        text = f"{source.choice('xyz')} {source.choice(['<', '<=', '>', '>=', '==', '!='])} {source.choice(['1', '2', 'x', 'y'])}"
        return f"({text})" if bits else text
    joints = ["&", "|", "~"] if bits else ["and", "or", "not"]
    joint = source.choice(joints)
    first = conditions(source, depth - 1, bits)
    if source.random() < 0.3:
        first = f"({first})"
    if joint == joints[2]:
        return f"{joint} {first}" if source.random() < 0.5 or bits else f"not ({first})"
    return f"{first} {joint} {conditions(source, depth - 1, bits)}"


@pytest.mark.parametrize("bits", [True, False])
@pytest.mark.parametrize("many", MANY)
def test_conditions_bind_as_in_python(bits: bool, many: int) -> None:
    """Python's own reading of the same text, with NumPy's truths, is the truth."""
    numpy = pytest.importorskip("numpy")
    source = random.Random(5)
    for _ in range(many):
        text = conditions(source, 4, bits)
        given: dict[str, Any] = {"inputs": "x, y, z", "wrt": [], "proof": False}
        compiled = compile(f"1 if {text} else 0", **given)
        code = builtins.compile(text, "", "eval")
        for _ in range(6):
            point = [source.choice([0.0, 1.0, 2.0, 3.0]) for _ in "xyz"]
            space = dict(zip("xyz", map(numpy.float64, point)))
            true = eval(code, {}, space)  # the test's own text
            assert compiled(*point) == float(true), text


def test_conditions_without_brackets_are_refused_where_python_joins_numbers() -> None:
    for text in ("x > 0 & y < 1", "x > 0 & (y < 1)", "(x > 0) & y < 1", "x | y > 1", "~x > 0", "x > 1 | y", "not x & y > 0"):  # fmt: skip
        with pytest.raises(GradgenError, match=r"in brackets|needs a condition"):
            compile(f"1 if {text} else 0")


def tree(source: random.Random, depth: int, symbols: list[Any]) -> Any:
    if depth == 0:
        return source.choice([*symbols, sp.Integer(source.randint(-3, 5)), sp.Rational(1, 3)])  # fmt: skip
    a, b, c = (tree(source, depth - 1, symbols) for _ in range(3))
    x, y, z = symbols
    truth = [sp.Gt(x, y * source.randint(1, 3)), sp.Le(y, z), sp.Gt(z + x, 1)]
    made: list[Any] = [
        lambda: a + b * c,
        lambda: sp.sin(a) * b,
        lambda: sp.Abs(a) + sp.Max(b, c),
        lambda: a**2 - sp.exp(-(b**2)),
        lambda: sp.Piecewise((a, sp.And(*truth)), (b, True)),
        lambda: sp.Piecewise((a, sp.Or(truth[0], sp.And(*truth[1:]))), (c, True)),
        lambda: sp.Piecewise((a, sp.Not(sp.And(*truth[:2]))), (b, True)),
        lambda: sp.Mod(a, 3) + sp.sign(b) + sp.floor(c),
        lambda: sp.Heaviside(a) * sp.sqrt(b**2 + 1) / 3,
    ]
    return source.choice(made)()


@pytest.mark.parametrize("many", MANY)
def test_sympys_own_text_is_read_again(many: int) -> None:
    """Text of SymPy's has the values of SymPy's expression."""
    source = random.Random(11)
    symbols = list(sp.symbols("x y z", real=True))
    for _ in range(many):
        expr = tree(source, 2, symbols)
        compiled = compile(str(expr), inputs="x, y, z", wrt=[], proof=False)
        for _ in range(3):
            point = [sp.Rational(source.randint(-300, 300), 128) for _ in symbols]
            true = expr.subs(dict(zip(symbols, point)))
            assert compiled(*map(float, point)) == pytest.approx(float(true), rel=1e-9, abs=1e-9), expr  # fmt: skip


@pytest.mark.parametrize("many", [80, pytest.param(400, marks=pytest.mark.slow)])
def test_pieces_that_leave_nothing(many: int) -> None:
    """The points between all bounds, tried one by one, are the truth."""
    source = random.Random(3)
    x = sp.Symbol("x")
    kinds = [sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.Eq, sp.Ne]
    found = set()
    for _ in range(many):
        made = []
        for _ in range(source.randint(1, 4)):
            one, two = (source.choice(kinds)(*source.choice([(x, n), (n, x)]), evaluate=False) for n in (sp.Integer(source.randint(0, 2)) for _ in "ab"))  # fmt: skip
            made.append(source.choice([one, sp.And(one, two, evaluate=False), sp.Or(one, two, evaluate=False), sp.Not(one, evaluate=False)]))  # fmt: skip
        halves = [sp.Rational(i, 2) for i in range(-2, 8)]
        true = all(any(c.subs(x, h) == sp.true for c in made) for h in halves)
        assert leave_nothing(made) == true, made
        found.add(true)
    assert found == {True, False}


def test_sympys_complementary_pieces_and_functions_of_the_time() -> None:
    x, t = sp.symbols("x t")
    pieces = sp.Piecewise((-x, x < 1), (x**2, x >= 1), evaluate=False)
    assert compile(pieces).value_and_grad(3.0) == (9.0, (6.0,))
    assert compile([pieces, x]).jacobian(3.0) == ((6.0,), (1.0,))
    q = dynamicsymbols("q1")
    compiled = compile(sp.sin(q) * q * 3, inputs=[q])
    assert compiled.program.inputs == ("q1",)
    assert regenerate(compiled.recipe).source == compiled.source
    g = sp.Function("g")(t)
    assert compile(g**2).value_and_grad(3.0) == (9.0, (6.0,))
    assert compile(dynamicsymbols("psi") ** 2).program.inputs == ("psi",)
    assert compile({"u": g * x}).program.inputs == ("g", "x")
    for expr, words in (
        (g * t, "depends on `t`"),
        (g.diff(t), "derivative"),
        (sp.Function("g")(t + 1), "of an expression"),
        (sp.I * x, "complex numbers are not supported"),
        (sp.exp(sp.I * x) + 1, "complex numbers are not supported"),
        (sp.Symbol("g") + g, "both called"),
        (sp.Function("g")(x) + g, "of two symbols"),
        (sp.Function("sigmoid")(x), "give the formula as text"),
        (sp.Function("exp")(t) * x, "give the formula as text"),
        (sp.Function("gamma")(x), "give the formula as text"),
        (sp.Piecewise((x, sp.Symbol("b")), (1, True)), "`b > 0`"),
        (sp.Piecewise((x, ~sp.Symbol("b")), (1, True)), "condition"),
        (sp.Piecewise((x, (t > 0) & sp.Symbol("b")), (1, True)), "condition"),
    ):
        with pytest.raises(GradgenError, match=words):
            compile(expr)


def calls(function: Any, *args: Any) -> int:
    """Return how many Python functions and lines of gradgen's own a call runs through: a measure that no load disturbs."""
    folder = str(Path(reader.__file__).parents[1])
    count = 0

    def watch(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += 1
        return watch if frame.f_code.co_filename.startswith(folder) else None

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        function(*args)
    except GradgenError:
        pass
    finally:
        sys.settrace(before)
    return count


def programs(n: int) -> dict[str, str]:
    # fmt: off
    return {
        "chain": "".join(f"a{i + 1} = a{i}*x + 1\n" for i in range(n)).replace("a0*", "") + f"a{n}",
        "backwards": f"a0 + 1; a{n} = x; " + "; ".join(f"a{i} = a{i + 1}*y" for i in range(n)),
        "constants": "".join(f"c{i} = {i}.5\n" for i in range(n)) + "x*" + "*".join(f"c{i}" for i in range(0, n, 9)),
        "named": "".join(f"c{i + 1} = c{i}*1.01\n" for i in range(n)).replace("c0*", "") + f"x*c{n}",
        "functions": "".join(f"def g{i}(x): return x*{i} + 1\n" for i in range(n)) + "g1(x)",
        "foreign": "".join(f"g{i} = function(m.f{i}, derivative=m.d{i})\n" for i in range(n)) + "g1(x)",
        "brackets": "y = " + "(" * n + "x" + ")" * n + "; y*2",
        "comments": "".join(f"# {i}\n" for i in range(n)) + "a = x; a*2",
        "pieces": "a = Piecewise(" + "".join(f"(x*{i}, x < {i}), " for i in range(n)) + "(0, True)); a*2",
    }
    # fmt: on


@pytest.mark.parametrize("shape", programs(1))
def test_reading_is_linear(shape: str) -> None:
    few, many = (calls(parse, programs(n)[shape]) for n in (30, 120))
    assert many < 4.6 * few + 400


@pytest.mark.slow
def test_a_program_of_the_published_size_is_read() -> None:
    long = "".join(f"value_{i} = value_{i - 1}*x + {i}.25\n" for i in range(1, 5000))
    text = f"value_0 = y\n{long}result = value_4999"
    assert len(text) > reader.MAX_LENGTH
    assert len(parse(text).assignments) == 5001


def squares(count: int) -> str:
    """Return a program of functions, each the square of the one before it."""
    lines = "".join(f"def f{i}(x): return f{i - 1}(x)*f{i - 1}(x)\n" for i in range(1, count + 1))  # fmt: skip
    return f"def f0(x): return 1 + x/1e9\n{lines}f{count}(x)"


def test_sharing_costs_no_more_than_its_size() -> None:
    """Written out, the last of these lines would have two to the power of thirty parts."""
    assert expand.spread(parse(squares(30)).expr) > 2**30
    assert calls(parse, squares(30)) < 4 * calls(parse, squares(15))
    value, (slope,) = compile(squares(10)).value_and_grad(0.5)
    assert value == pytest.approx((1 + 5e-10) ** 1024, rel=1e-12)
    assert slope == pytest.approx(1024e-9 * value, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "x" + "=" * 99_999,
        "x" + " =" * 49_000,
        "x =\n" * 24_000,
        "f = function(a.b, derivative=(a.c" + " " * 90_000 + "x",
        "f = function(" + " a." * 30_000 + "b, derivative=a.c); f(x)",
        "def f(x):" + " :" * 45_000 + "\nf(x)",
        "def f(x" + " " * 90_000 + "y): return x\nf(x)",
        "a" * 99_999 + "?",
        "a" * 99_000 + "+b c",
        "(" + "1" * 90_000 + ",2)",
        "x.y" * 33_000,
        "math." * 19_000 + "x",
        '"""' * 33_000,
        '"""' + ' """ x' * 16_000,
        "# \n" * 33_000 + "?",
        "\n \t" * 33_000 + "?",
        "#" + " \n#" * 33_000,
        "(" * 99_000,
        "f(" * 49_000,
        "1.d1" * 24_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_text_takes_more_than_its_length(text: str) -> None:
    """Twice the text takes twice the steps, in our own code and in the regular expressions, which are given a quarter second."""
    import time

    start = time.process_time()
    with pytest.raises(GradgenError):
        compile(text)
    assert time.process_time() - start < 20  # quadratic is minutes


@pytest.mark.parametrize(
    "body",
    ["(p*q)**4", "exp(p)**3 + (p + q)**5", "-(p*2)**3*q", "relu(p)**3 if p > 0 else -(p + 1)**3*q", "((p + 1)**3)**4*q", "p**3*q - (-p)**3", "(1/p)**3*sin(q)**5 % 2"],
)  # fmt: skip
def test_a_function_on_one_line_is_in_blacks_form(body: str) -> None:
    for call, precise in (("g(x*y, -2) + 1", True), ("g(-x, 0.5)*g(2, y)", False)):
        text = compile(f"def g(p, q): return {body}\n{call}", precise=precise, proof=False).source  # fmt: skip
        assert text == black_python(text)


def test_only_called_functions_are_imported() -> None:
    text = "d = function(aero.drag, derivative=(aero.by_v, aero.by_w))\nd(v, w)"
    for wrt, imports in (("v", "by_v, drag"), ("w", "by_w, drag"), ("v, w", "by_v, by_w, drag")):  # fmt: skip
        assert f"from aero import {imports}\n" in compile(text, wrt=wrt).source
    assert "import drag\n" in compile(text, wrt=[]).source
    same = "f = function(a.drag, derivative=b.drag)\ng = function(c.drag, derivative=d.e)\nf(x) + g(x)"
    source = compile(same).source
    assert "from a import drag as a_drag\nfrom b import drag as b_drag\nfrom c import drag\nfrom d import e\n" in source  # fmt: skip


def test_marks_of_a_statements_end_are_found_in_any_text() -> None:
    """Lines and semicolons part statements; nothing between them is lost."""
    source = random.Random(9)
    for _ in range(300):
        text = "".join(source.choice("ab=()#;\n\r[]: ") for _ in range(40))
        found = [s.text for s in statements.statements(text)]
        kept = "".join(found).replace(" ", "")
        plain = "".join(line.partition("#")[0] for line in text.replace("\r", "\n").split("\n"))  # fmt: skip
        assert sorted(kept) == sorted(plain.replace(" ", "").replace(";", "")) or ";" in kept  # fmt: skip


def test_the_programs_name_is_kept_in_the_pipeline() -> None:
    assert pipeline.compile("lambda = 2*x").recipe.name == "lambda_"
