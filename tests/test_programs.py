"""Programs: assignments keep their names and comments, several outputs have their Jacobian, and SymPy and Python come in."""

from __future__ import annotations

import ast
import math
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import gradgen
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.prove.exact import ExactFormula
from gradgen.read.programs import parse
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from gradgen.verify import verify

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
SEED_LINES = """\
# forward pass
sigy = 1.0 / (1 + math.exp(-y)) # sigmoid in numerator   #(1)
num = x + sigy # numerator                               #(2)
sigx = 1.0 / (1 + math.exp(-x)) # sigmoid in denominator #(3)
xpy = x + y                                              #(4)
xpysqr = xpy**2                                          #(5)
den = sigx + xpysqr # denominator                        #(6)
invden = 1.0 / den                                       #(7)
f = num * invden # done!                                 #(8)
"""


def body(compiled: Compiled) -> str:
    """Return the code of the two functions, without comments."""
    text = compiled.source[compiled.source.index("def forward") :]
    return "\n".join(line.split("  #")[0] for line in text.splitlines())


def stages(compiled: Compiled) -> list[str]:
    return [compiled.program.names[value] for value in compiled.program.lines]


def test_the_seeds_own_lines_come_out_as_the_same_eight_stages() -> None:
    compiled = compile(SEED_LINES)
    assert stages(compiled) == [
        "sigy",
        "num",
        "sigx",
        "xpy",
        "xpysqr",
        "den",
        "invden",
        "f",
    ]
    assert compiled.value_and_grad(3.0, -4.0) == compile(SEED).value_and_grad(3.0, -4.0)
    assert "xpy = x + y  # (4)" in compiled.source and "# done! #(8)" in compiled.source
    assert "# forward pass; sigmoid in numerator #(1)" in compiled.source
    plain = compile("\n".join(line.split("#")[0] for line in SEED_LINES.splitlines()))
    # Black breaks a line for a long comment; the code is that of the formula with the same naive forms.
    naive = re.sub(r"sigmoid\((\w)\)", r"(1/(1 + exp(-\1)))", SEED)
    assert body(plain) == body(compile(naive))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = x*y; b = a + 1; b*a", "a b f"),
        ("a = x*y\nb = a**2\n", "a b"),
        ("a = (x +\n y)\nb = a*a", "a b"),
        ("# c\n\na = x*y  # one\n# two\nb = a + z", "a b"),
        ("gamma = x*y; g = gamma/(gamma - 1)", "gamma den g"),
        ("n = x*y; d = x + y; r = n/d; s = 1/(1+exp(-r)); s**2 if r > 0 else s", "n d r s rgt0 ssqr f"),
        ("a = x*y; b = x*y; a + b*x", "a ax f"),
        ("k = 2; a = k*x; a*k", "a f"),
    ],
)  # fmt: skip
def test_names_are_kept(text: str, names: str) -> None:
    compiled = compile(text)
    assert stages(compiled) == names.split()
    again = read_artifact(compiled.source)
    assert again is not None and again.intact
    assert regenerate(again.recipe).source == compiled.source


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a = x; a = y; a", "line 1: `a` is assigned twice", 0),
        ("b = a + 1\na = x*y\nb*a", "line 1: `a` is used before line 2 assigns it", 4),
        ("a = a + 1\nb = a", "line 1: `a` is used before line 1", 4),
        ("a = x*y\nb = a +\n", "line 2: the expression ends", 7),
        ("x*y\nb = x", "line 1: a statement is written `name = expression`", 0),
        ("a = x\nclass = 3\na", "line 2: the name `class` is a Python keyword", 0),
        ("a = x*y\n\n\nb = a ^ 2", "line 4: `^` is not a power", 6),
        ("a =\nb = 2", "line 1: the expression is empty", 3),
        ("a = x\nb = os.system(a)", "line 2: `.` has no meaning", 6),
        ("a = x\nb = a.real", "line 2", 5),
        ("a = x  # \u202e\nb = a", "line 1: a comment holds an invisible character", None),
    ],
)  # fmt: skip
def test_mistakes_have_a_line_and_a_caret(
    text: str, message: str, column: int | None
) -> None:
    with pytest.raises(GradgenError) as found:
        compile(text)
    assert message in found.value.message and found.value.column == column


def test_one_assignment_alone_is_a_formula_with_a_name() -> None:
    compiled = compile("a = x*y")
    assert compiled.recipe.name == "a" and compiled.recipe.source == "x*y"
    assert compile("a = x*y", name="b").recipe.name == "b"


def test_what_is_not_used_is_said() -> None:
    assert compile("a = x*y; b = 3; a + 1").notes == (
        "`b`, which line 1 assigns, is not used",
    )
    assert compile("a = x*y; b = a*x", outputs="a, b").notes == ()
    assert compile("a = x*y; b = a*z", outputs="a").program.inputs == ("x", "y", "z")


def test_several_outputs() -> None:
    compiled = compile("a = x*y; u = a + sin(x); v = u*a", outputs="u, v")
    (u, v), cache = compiled.forward(2.0, 3.0)
    assert (u, v) == (6 + math.sin(2), (6 + math.sin(2)) * 6)
    rows = compiled.jacobian(2.0, 3.0)
    assert rows[0] == (3 + math.cos(2), 2.0)
    product = compiled.backward(cache, du=2.0, dv=-1.0)
    assert product == pytest.approx([2 * a - b for a, b in zip(*rows)], rel=1e-15)
    with pytest.raises(TypeError):
        compiled.backward(cache)  # no seed is forgotten
    with pytest.raises(GradgenError, match="several outputs"):
        compiled.value_and_grad(2.0, 3.0)
    assert verify(compiled).passed(1e-12)
    assert r"\begin{aligned}" in compiled.latex()
    with pytest.raises(GradgenError, match="assigns no `w`; its names are a, u, v"):
        compile("a = x*y; u = a; v = u*a", outputs="w")


def test_outputs_of_every_kind() -> None:
    compiled = compile("a = x*y; b = x; c = 3; d = x*y + 0*y", outputs="b, c, a")
    assert compiled.forward(2.0, 5.0)[0] == (2.0, 3.0, 10.0)
    assert compiled.jacobian(2.0, 5.0) == ((1.0, 0.0), (0.0, 0.0), (5.0, 2.0))
    assert (
        compile("a = x*y; b = x*y; c = a", outputs="b").value_and_grad(2.0, 5.0)[0]
        == 10.0
    )


def test_outputs_share_one_domain() -> None:
    compiled = compile("v = sqrt(x); w = log(y)", outputs="v, w")
    assert verify(compiled).passed(1e-12)
    (points,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(compiled.test("m").source).body
        if isinstance(node, ast.AnnAssign) and node.value is not None
    )
    assert {place for place, *_ in points} == {0, 1}
    for place, point, value, _ in points:
        assert compiled.forward(*point)[0][place] == pytest.approx(value, rel=1e-12)
    assert main(["verify", "v = 2*x; w = sqrt(x)", "--outputs", "v, w"]) == 0


def test_equal_outputs_stay_apart() -> None:
    t = sp.Symbol("t")
    rotation = compile(sp.rot_axis3(t))
    values = rotation.forward(0.5)[0]
    assert values[:3] == (math.cos(0.5), math.sin(0.5), 0.0) and values[8] == 1.0
    assert rotation.jacobian(0.5)[0] == (-math.sin(0.5),)
    twice = compile("u = x; v = x; w = 0; z = 0", outputs="u, v, w, z")
    assert twice.forward(2.0)[0] == (2.0, 2.0, 0.0, 0.0)
    assert twice.backward(twice.forward(2.0)[1], 1.0, 10.0, 3.0, 4.0) == (11.0,)
    assert compile(sp.ImmutableMatrix([t, t])).jacobian(1.0) == ((1.0,), (1.0,))


def test_a_name_for_what_has_one_is_refused() -> None:
    with pytest.raises(GradgenError, match="calls its result `g`"):
        compile("f = x*2; g = f*y", name="loss")


def test_constants_and_parameters() -> None:
    compiled = compile("m*g*h", const={"g": 9.81}, params="m")
    assert compiled.program.inputs == ("h", "m") and compiled.value_and_grad(2.0, 3.0)[
        1
    ] == (9.81 * 3,)
    assert regenerate(compiled.recipe).source == compiled.source
    compiled = compile("a*x + b*y", inputs="x, y", params="a, b")
    assert compiled.program.inputs == ("x", "y", "a", "b") and compiled.program.wrt == (
        0,
        1,
    )


def test_sympy_lists_dicts_matrices_and_cse() -> None:
    x, y = sp.symbols("x y")
    assert compile([x * y, sp.sin(x)]).jacobian(2.0, 3.0) == (
        (3.0, 2.0),
        (math.cos(2), 0.0),
    )
    assert compile({"u": x * y, "v": x / y}).recipe.outputs == ("u", "v")
    matrix = compile(sp.Matrix([[x, y], [x * y, 2]]))
    assert matrix.forward(2.0, 3.0)[0] == (2.0, 3.0, 6.0, 2.0)
    shared = compile(sp.cse([sp.sqrt(x + y) + 1, sp.sqrt(x + y) * x]))
    assert "x0" in stages(shared) and shared.recipe.outputs == ("f1", "f2")
    assert compile((x * y,)).value_and_grad(2.0, 3.0) == (6.0, (3.0, 2.0))
    assert compile([x * y, x], outputs="u, v").recipe.outputs == ("u", "v")
    assert regenerate(shared.recipe).source == shared.source
    p = sp.Symbol("p", positive=True)
    assert compile(sp.sqrt(p**2)).value_and_grad(3.0) == (3.0, (1.0,))
    for wrong in ([], [x, "y"], {1: x}, 3, [x > 1], None):
        with pytest.raises(GradgenError):
            compile(wrong)


FUNCTIONS = '''
import math
import math as m
import numpy as np
from math import pi, sin as sine

ROWS = 3
TURN = 2 * pi
G = 9.81
RATE = -2.0


def cdf(z):
    """The normal distribution."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def call(S, K, T, r, v):
    """A price."""
    spread = v * np.sqrt(T)  # over the term
    # moneyness
    d1 = (math.log(S / K) + (r + v**2 / 2) * T) / spread
    d2 = d1 - spread
    return S * cdf(d1) - K * math.exp(-r * T) * cdf(d2)


def seed(x, y):
    sigy = 1 / (1 + math.exp(-y))
    num = x + sigy
    sigx = 1 / (1 + math.exp(-x))
    xpy = x + y
    den = sigx + xpy**2
    return num / den


def loop(x, y):
    total = 0.0
    for i in range(1, 4):
        total += x**i * y
    return total


def choice(x, y):
    r = x if x > 0 and not y > 1 else -x * RATE
    return r * G


def pair(x, y):
    a, b = x * y, x + y
    return a, b * a


def nested(x):
    return helper(helper(x) + 1)


def helper(x):
    square = x**2
    return square + math.pi


def bounds(x, y):
    return max(x, y, 0.5) + min(x, y) + abs(x)


def annotated(x: float, y: float) -> float:
    z: float = x * y
    z -= 1
    return z


def rotated(x, y, angle=0.5):
    """Rotate a point.

    In the plane, "by" an angle.
    """
    co, si = m.cos(angle), sine(angle)
    return co * x - si * y, si * x + co * y


def keywords(x, y):
    u, v = rotated(x, y)
    p, q = rotated(v, y=u, angle=x * TURN)
    return np.array([p, q])


def triangle(x, y):
    total = 0.0
    for i in range(ROWS):
        for j in range(i, 2 * 1):
            total += i * x**j + (j - 1) * y
    return total


def returned(x, y):
    z = x * y
    return z


def bad_while(x):
    while x > 0:
        x = x - 1
    return x


def bad_name(x):
    return x + unknown


def bad_call(x):
    return helper(x, x)


def bad_list(x):
    y = [x]
    return y - x


def bad_floor(x):
    y = x + 1  # below
    return y ^ 2 + y


def bad_sinc(x):
    return np.float_power(x, 2)


def bad_sigmoid(x):
    return m.sigmoid(x)


def bad_several(x):
    return rotated(x, x) + 1


def bad_unpacked(x):
    a, b = helper(x)
    return a


def bad_keyword(x):
    return helper(x, y=2)


def bad_return(x):
    y = x


def bad_string(x):
    return x + len("abc")


def endless(x):
    return endless(x)
'''  # fmt: skip


@pytest.mark.parametrize(
    ("name", "program", "outputs"),
    [
        ("call", "spread = v*sqrt(T); d1 = (log(S/K) + (r + v**2/2)*T)/spread; d2 = d1 - spread; call = S*norm_cdf(d1) - K*exp(-r*T)*norm_cdf(d2)", None),
        ("seed", "sigy = 1/(1 + exp(-y)); num = x + sigy; sigx = 1/(1 + exp(-x)); xpy = x + y; den = sigx + xpy**2; seed = num/den", None),
        ("loop", "total = 0.0; total2 = total + x**1*y; total3 = total2 + x**2*y; loop = total3 + x**3*y", None),
        ("choice", "RATE = -2.0; G = 9.81; r = x if x > 0 and not y > 1 else -x*RATE; choice = r*G", None),
        ("pair", "a = x*y; b = x + y; f2 = b*a", "a, f2"),
        ("nested", "helper_square = x**2; helper_x = helper_square + pi + 1; helper_square2 = helper_x**2; nested = helper_square2 + pi", None),
        ("keywords", "TURN = 2*pi; rotated_co = cos(0.5); rotated_si = sin(0.5); u = rotated_co*x - rotated_si*y; v = rotated_si*x + rotated_co*y; rotated_angle = x*TURN; rotated_co2 = cos(rotated_angle); rotated_si2 = sin(rotated_angle); p = rotated_co2*v - rotated_si2*u; q = rotated_si2*v + rotated_co2*u", "p, q"),
        ("bounds", "max(x, y, 0.5) + min(x, y) + abs(x)", None),
        ("annotated", "z = x*y; annotated = z - 1", None),
        ("helper", "square = x**2; helper = square + pi", None),
    ],
)  # fmt: skip
def test_python_functions_are_programs(
    name: str, program: str, outputs: str | None
) -> None:
    found = read_function(FUNCTIONS, name)
    compiled = compile(
        found.program, name=found.name, inputs=found.inputs, outputs=found.outputs
    )
    assert body(compiled) == body(
        compile(program, name=found.name, inputs=found.inputs, outputs=outputs)
    )
    scope: dict[str, Any] = {}
    text = FUNCTIONS.replace("import numpy as np", "import math as np")
    text = text.replace("np.array(", "tuple(")
    exec(text, scope)  # noqa: S102
    point = [1.3 + i / 7 for i in range(len(found.inputs))]
    value = compiled.forward(*point)[0]
    assert value == pytest.approx(scope[name](*point), rel=1e-14)
    assert verify(compiled, points=[point]).passed(1e-12)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "bad_while",
            "how often this loop turns depends on numbers here; write `for _ in range(n)`",
        ),
        ("bad_name", "`unknown` is neither a parameter nor assigned above"),
        ("bad_call", "helper takes 1 arguments, x, not these 2"),
        ("bad_list", "a list has no place in a formula; go through its values"),
        ("bad_sinc", "`numpy.float_power` is not read"),
        ("bad_sigmoid", "`math.sigmoid` is not read"),
        ("bad_floor", "line 121: `^` works on the bits"),
        ("bad_several", "a tuple has no place in a formula; go through its values"),
        ("bad_unpacked", "the two sides are of different lengths"),
        ("bad_keyword", "helper takes 1 arguments, x, not these 2"),
        ("bad_return", "ends with no `return`"),
        ("endless", "more than 20 deep"),
        ("missing", "there is no function `missing`"),
    ],
)
def test_what_is_no_straight_line_is_refused_with_its_line(
    name: str, message: str
) -> None:
    with pytest.raises(GradgenError) as found:
        compile_function(FUNCTIONS, name)
    assert message in found.value.message
    if name != "missing":
        assert (
            found.value.message.startswith("line ") and found.value.column is not None
        )


def test_a_function_of_one_line_is_a_formula() -> None:
    found = read_function(FUNCTIONS, "returned")
    assert (found.program, found.name, found.outputs) == ("x * y", "returned", None)


def test_loops_that_are_written_out_leave_no_zeros_and_ones() -> None:
    found = read_function(FUNCTIONS, "triangle")
    assert found.program.splitlines() == [
        "total = 0.0",
        "total2 = total + -1 * y",
        "total3 = total2",
        "triangle = total3 + x",
    ]
    assert compile_function(FUNCTIONS, "triangle").forward(2.0, 5.0)[0] == -3.0


def test_the_docstring_travels_along() -> None:
    compiled = compile_function(FUNCTIONS, "rotated")
    assert '#     """Rotate a point.\n#\n#     In the plane, "by" an angle."""\n' in (
        compiled.source
    )
    assert (
        '\n"""Rotate a point.\n\nIn the plane, "by" an angle.\n\nf, f2 of x, y, angle:\n\n    co = cos(angle)\n'
        in compiled.source
    )
    found = read_artifact(compiled.source)
    assert found is not None and regenerate(found.recipe).source == compiled.source
    quotes = compile('u = x*y  # a """ and a \\\nv = u*x*u')
    assert '# a """ and a \\\n' in (ast.get_docstring(ast.parse(quotes.source)) or "")
    program = compile('"""A \\slash, and more."""\nu = x*g', const={"g": 2})
    assert ast.get_docstring(ast.parse(program.source)).split("\n\n")[0] == "A \\slash, and more."  # type: ignore[union-attr]
    assert program.value_and_grad(3.0) == (6.0, (2.0,))
    with pytest.raises(GradgenError, match="line 3: the expression ends"):
        compile('"""Two\nlines."""\nu = x*')
    with pytest.raises(GradgenError, match="line 1: the expression ends"):
        compile("u = x*\nv = u", const={"g": 2, "h": 3})
    with pytest.raises(GradgenError, match="the docstring holds an invisible"):
        compile('"""\x1b[2J"""\nu = x')
    with pytest.raises(GradgenError, match="the docstring is empty"):
        compile('""" """\nu = x*2')
    with pytest.raises(GradgenError, match="the program has no statement"):
        compile('"""Words."""')


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("for i in range(5000):\n        for j in range(5000):\n            for k in range(0):\n                x = x + 1\n    return x", "loops have at most 5000 turns, all together"),
        ("for i in range(1, 2, 3, 4):\n        x = x\n    return x", "`range` takes whole numbers that are known when compiling"),
        ("for i in range(2**-3):\n        x = x\n    return x", "`range` takes whole numbers that are known when compiling"),
        ("for i in range(" + "9" * 40 + "):\n        x = x\n    return x", "loops have at most"),
        ("return ()", "the function returns nothing"),
        ("return x*0x" + "f" * 5000, "this number is too large"),
        ("return twice(18, x)", "twice takes 1 arguments"),
        ("return double18(x)", "functions are called more than 5000 times"),
        ("while x > 0:\n        x = x - 1\n    return x", "how often this loop turns depends on numbers here"),
    ],
)  # fmt: skip
def test_hostile_functions_are_refused(body: str, message: str) -> None:
    doubles = "".join(
        f"def double{i}(x):\n    return double{i - 1}(x)*double{i - 1}(x)\n"
        for i in range(1, 19)
    )
    text = f"def twice(x):\n    return 2*x\ndef double0(x):\n    return x\n{doubles}"
    with pytest.raises(GradgenError) as found:
        compile_function(f"{text}def f(x):\n    {body}\n", "f")
    assert message in found.value.message


def test_a_comment_at_the_top_is_a_docstring() -> None:
    compiled = compile("# A model\n# of mine.\n\n# above\nu = x*y  # beside\n")
    assert '#     """A model of mine."""\n#     u = x*y  # above; beside\n' in (
        compiled.source
    )
    formula = compile("# A formula.\n\nx*y\n")
    assert "A formula." in formula.source
    assert regenerate(formula.recipe).source == formula.source


def test_constants_are_constants() -> None:
    with pytest.raises(GradgenError, match="`abc`, given for `k`, is no constant"):
        compile("x*k", const={"k": "abc"})
    assert compile("x*k", const={"k": "pi/2"}).jacobian(1.0) == ((math.pi / 2,),)


def test_the_comment_of_one_line_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.txt").write_text("level = a*exp(-k*t)  # what is left\n")
    assert main(["compile", "-f", "one.txt", "-o", "one.py"]) == 0
    assert "    level = a * expnegkt  # what is left\n" in Path("one.py").read_text()
    assert main(["check", "one.py"]) == 0


def test_names_of_constants_leave_nothing_behind() -> None:
    text = "zero = 0.0; one = 1; v = zero + one*x + 1*y"
    assert stages(compile(text, as_written=True)) == ["oney", "v"]
    compiled = compile(text)
    assert stages(compiled) == ["v"]
    assert compiled.value_and_grad(2.0, 3.0) == (5.0, (1.0, 1.0))
    assert compile("zero = 0; v = zero*x + y").forward(2.0, 3.0)[0] == 3.0  # x stays


def test_eval_shows_the_gradients_of_every_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["eval", "a = x*y; b = a + y", "--outputs", "a, b", "--at", "x=2, y=3"]
    assert main(argv) == 0
    assert capsys.readouterr().out.splitlines() == [
        "stage  expression  value  gradient of a  gradient of b",
        "x      input       2.0    3.0            3.0",
        "y      input       3.0    2.0            3.0",
        "a      x * y       6.0    1.0            1.0",
        "b      a + y       9.0    0.0            1.0",
    ]


def test_comments_of_a_function_travel_along() -> None:
    program = read_function(FUNCTIONS, "call").program
    assert (
        "spread = v * sqrt(T)  # over the term" in program and "# moneyness" in program
    )


@gradgen.differentiate
def decorated(t: float, a: float, k: float) -> float:
    decay = math.exp(-k * t)  # of the level
    return a * decay


@gradgen.differentiate(wrt="a", name="level")
def with_options(t: float, a: float) -> float:
    return t * a**2


def test_the_decorator() -> None:
    assert with_options(2.0, 3.0) == 18.0 == decorated(0.0, 18.0, 1.0)
    assert with_options.value_and_grad(2.0, 3.0) == (18.0, (12.0,))
    assert stages(with_options)[-1] == "level"
    assert isinstance(decorated, Compiled)
    assert decorated.program.inputs == ("t", "a", "k") and "decay" in stages(decorated)
    assert decorated.value_and_grad(0.0, 2.0, 3.0) == (2.0, (-6.0, 1.0, -0.0))
    with pytest.raises(GradgenError, match="source cannot be found"):
        gradgen.differentiate(len)


def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("seed.txt").write_text(SEED_LINES)
    Path("one.txt").write_text("level = a*exp(-k*t)\n")
    Path("model.py").write_text(FUNCTIONS)
    assert main(["compile", "-f", "seed.txt", "-o", "seed.py", "--test"]) == 0
    assert main(["check", "."]) == 0  # model.py is not ours
    assert main(["check", "seed.py", "test_seed.py"]) == 0
    assert main(["verify", "seed.py"]) == 0
    assert main(["compile", "-f", "one.txt"]) == 0
    assert "return level, " in capsys.readouterr().out
    assert main(["compile", "model.py:call", "-o", "call.py"]) == 0
    assert "def forward(\n    S: float," in Path("call.py").read_text()
    assert (
        main(
            [
                "compile",
                "a = x*y; b = a*g",
                "--outputs",
                "a, b",
                "--const",
                "g=9.81",
                "-o",
                "two.py",
            ]
        )
        == 0
    )
    assert main(["check", "two.py"]) == 0
    assert main(["eval", "-f", "seed.txt", "--at", "x=3, y=-4"]) == 0
    assert main(["diff", "seed.py", "call.py"]) == 0
    capsys.readouterr()
    for argv in (["compile", "-f", "seed.txt", "x"], ["compile", "-f", "none.txt"], ["compile", "model.py:none"],
                 ["compile", "none.py:f"], ["compile", "model.py"], ["compile", "none.py"], ["compile", "a/none.py"], ["compile", "x*y", "--wrt", "x", "--params", "x"]):  # fmt: skip
        assert main(argv) == 2, argv
        err = capsys.readouterr().err
        assert "bug in gradgen" not in err
        assert ("does not exist" in err) == ("none." in argv[-1])
    argv = [
        "compile",
        "a = x*y; b = a*x",
        "--outputs",
        "a, b",
        "-o",
        "two.py",
        "--test",
    ]
    assert main(argv) == 0
    module, test = Path("two.py").read_text(), Path("test_two.py").read_text()
    spoils = ("b = a * x", "da += x * db", "dx = a * db")
    for number, spoiled in enumerate(spoils):
        assert module.count(f"    {spoiled}\n") == 1
        Path(f"spoiled{number}.py").write_text(
            module.replace(f"    {spoiled}", f"    {spoiled}*2")
        )
        Path(f"test_spoiled{number}.py").write_text(
            test.replace("from two import", f"from spoiled{number} import")
        )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    failed = re.findall(r"(?m)^FAILED test_(\w+)\.py", done.stdout)
    assert {*failed} == {f"spoiled{number}" for number in range(len(spoils))}
    assert " passed" in done.stdout and "ERROR" not in done.stdout, done.stdout


@pytest.mark.slow
def test_a_module_of_two_outputs_and_its_test_are_typed(tmp_path: Path) -> None:
    compiled = compile("a = x*y; b = a*x", outputs="a, b")
    compiled.write(tmp_path / "two.py")
    compiled.test("two").write(tmp_path / "test_two.py")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "two.py", "test_two.py"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "ranges"),
    [
        ("reprojection", {"w1": (0.1, 0.4), "t3": (4, 6), "Z": (-3, -1), "f": (400, 600), "k1": (-0.2, 0), "k2": (0, 0.1)}),
        ("arm_kinematics", {}),
        ("rigid_body", {"J1": (1, 2), "J2": (1, 2), "J3": (2, 3), "pitch": (-1, 1)}),
        ("gaussian_mixture", {"s1": (0.5, 2), "s2": (0.5, 2), "s3": (0.5, 2)}),
        ("hodgkin_huxley", {"V": (-70, 20), "m": (0, 1), "h": (0, 1), "n": (0, 1), "C": (1, 2)}),
    ],
)  # fmt: skip
def test_jacobians_of_the_examples_match_mpmath(
    root: Path, name: str, ranges: dict[str, tuple[float, float]]
) -> None:
    found = read_artifact((root / "generated" / f"{name}.py").read_text())
    assert found is not None
    report = verify(regenerate(found.recipe), samples=8, ranges=ranges)
    assert report.compared == 8 and report.passed(1e-12), list(report.lines())


OPERATIONS = ("{} + {}", "{} - {}", "{} * {}", "{} / (1.5 + sigmoid({}) + 0*{})", "sin({}) * {}", "exp(-({})**2) + {}",
              "tanh({}) - 2*{}", "({0} if {0} > {1} else {1})", "log(2 + {}**2) * {}", "atan2({}, 2 + {}**2)")  # fmt: skip


def random_program(seed: int) -> tuple[str, tuple[str, ...]]:
    """Return a random program and the names of its outputs."""
    rnd = random.Random(seed)
    names = ["x", "y", "z"]
    lines = []
    for i in range(rnd.randint(2, 8)):
        operation = rnd.choice(OPERATIONS)
        parts = [rnd.choice(names) for _ in range(3)]
        lines.append(f"v{i} = {operation.format(*parts)}")
        names.append(f"v{i}")
    outputs = rnd.sample(names[3:], rnd.randint(1, min(3, len(lines))))
    return "\n".join(lines), tuple(outputs)


def compare(seed: int) -> None:
    text, outputs = random_program(seed)
    rnd = random.Random(-seed)
    names = ("x", "y", "z")
    point = [round(rnd.uniform(-2, 2), 3) for _ in names]
    compiled = compile(text, inputs=names, outputs=outputs)
    read = parse(text, names)
    rows = (
        [compiled.backward(compiled.forward(*point)[1])]
        if len(outputs) == 1
        else compiled.jacobian(*point)
    )
    values = compiled.forward(*point)[0]
    values = (values,) if len(outputs) == 1 else values
    for output, value, row in zip(outputs, values, rows):
        true = ExactFormula(read.result(output), names, 60).at(point, range(3))
        assert float(true.value) == pytest.approx(value, rel=1e-11, abs=1e-12), (
            text,
            output,
        )
        for got, slope in zip(row, true.slopes):
            if slope is not None:
                scale = max(
                    1.0, float(mpmath.norm([s for s in true.slopes if s is not None]))
                )
                assert abs(got - float(slope)) <= 1e-11 * scale, (text, output, point)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_random_programs(seed: int) -> None:
    compare(seed)


@pytest.mark.slow
def test_five_hundred_random_programs() -> None:
    for seed in range(500):
        compare(seed)


def test_what_doubles_at_every_line_is_shown_in_stages() -> None:
    lines = [f"a{i} = a{i - 1}*a{i - 1} - sin(a{i - 1})" for i in range(1, 200)]
    compiled = compile("\n".join(["a0 = x*y", *lines]))
    with pytest.raises(GradgenError, match="longer than"):
        compiled.latex()
    assert r"\begin{aligned}" in compiled._repr_latex_()


@pytest.mark.parametrize("seed", range(20))
def test_names_that_look_like_the_ends_of_numbers_are_names_alone(seed: int) -> None:
    """`e3` is no part of `1e3`: a program means the same under any other names."""
    rnd = random.Random(seed)
    names = rnd.sample(["e3", "e5", "e1", "E4", "e0", "e2"], 5)
    numbers = ["1e3", "2.5e5", "1.e1", "1E4", "3e0", ".5e1", "2.e2"]
    lines, known = [], ["x"]
    for name in names:
        used, number = rnd.choice(known), rnd.choice(numbers)
        lines.append(f"{name} = {rnd.choice(known)} + {number}*{used}")
        known.append(name)
    text = "\n".join([*lines, f"f = {' + '.join(known)}"])
    other = text
    for place, name in enumerate(names):
        other = re.sub(rf"(?<![\w.]){name}\b", f"v{place}", other)
    inputs = ["x"]
    got = compile(text, inputs=inputs).value_and_grad(0.7)
    assert got == compile(other, inputs=inputs).value_and_grad(0.7)
