"""A program's own functions: one stage each, with a derivative of their own, or expanded; and those of other modules."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.command.main import main
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.files.recipe import read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.read.compositions import COMPOSITIONS
from gradgen.targets import black_python
from gradgen.verify import verify
from tests.conftest import one_in
from tests.rows import ALL, called, has_text

SOFTABS = "def softabs(x): return sqrt(x**2 + 1e-6)"


def names(compiled: Compiled) -> list[str]:
    """Return what the inputs and the stages are called, in order."""
    program = compiled.program
    return [program.names[value] for value in (*program.signature, *program.lines)]


def test_a_function_is_one_named_stage() -> None:
    compiled = compile(f"{SOFTABS}  # smooth\nu = softabs(a - b)")
    source = compiled.source
    assert "    u = math.sqrt(amb * amb + 1e-06)  # softabs\n" in source
    assert "    # u = softabs(amb)\n    damb = amb / u * du\n" in source
    assert f"#     {SOFTABS}  # smooth\n" in source
    assert names(compiled) == ["a", "b", "amb", "u"]
    assert compiled.forward(3.0, 1.0)[0] == math.sqrt(4.000001)
    # What is under the root is never negative.
    assert "Raises" not in source


def test_it_is_expanded_on_request() -> None:
    compiled = compile(f"{SOFTABS}\nu = softabs(a - b)", expand=True)
    assert "# expand: yes\n" in compiled.source
    assert names(compiled) == ["a", "b", "amb", "ambsqr", "ambsqrp1em6", "u"]
    found = read_artifact(compiled.source)
    assert found is not None and regenerate(found.recipe).source == compiled.source


#: These are real for arguments above 1.
OUTSIDE = ("asec", "acsc", "acoth")
CALLS = [
    *(
        (row, row.sample)
        for row in ALL
        if has_text(row) and not row.boolean and not row.truths and row.name != "copy"
    ),
    *(
        (made, ((1.2, 1.8) if name in OUTSIDE else (0.2, 0.8),) * made.arity)
        for name, made in COMPOSITIONS.items()
        if "bessel" not in str(made.body) and "gammainc" not in str(made.body)
    ),
]


@pytest.mark.parametrize(
    ("row", "sample"), one_in(9, CALLS), ids=lambda it: getattr(it, "name", "")
)
def test_every_function_inside_one(
    row: Row, sample: tuple[tuple[float, float], ...]
) -> None:
    params = [f"p{i}" for i in range(len(sample))]
    args = [
        "3" if i in row.whole or (row.exponent and i == len(params) - 1) else param
        for i, param in enumerate(params)
    ]
    call = called(row, args)
    used = [arg for arg in args if arg != "3"]
    known = [row.adjoint(i) is not None for i in range(row.arity)]
    wrt = [arg for arg, has in zip(args, known) if has and arg != "3"]
    if not wrt:
        pytest.skip("it has no derivative")
    text = f"def g({', '.join(used)}): return 2 - ({call})*{wrt[-1]}\nv = g({', '.join(used)})"
    one = compile(text, inputs=used, wrt=wrt)
    if one.notes:
        pytest.skip("it is too long for one stage")
    expanded = compile(text, inputs=used, wrt=wrt, expand=True)
    assert names(one)[len(used) :] == ["v"]
    assert black_python(one.source) == one.source
    rnd = random.Random(row.name)
    ranges = [bounds for arg, bounds in zip(args, sample) if arg != "3"]
    for _ in range(5):
        point = [rnd.uniform(*bounds) for bounds in ranges]
        value, gradient = one.value_and_grad(*point)
        true, slopes = expanded.value_and_grad(*point)
        assert value == pytest.approx(true, rel=1e-13)
        scale = max(map(abs, slopes))
        if scale <= 1e-14 * abs(true):  # that of p*(1/p) is 0 but for rounding
            scale = abs(true)
        assert gradient == pytest.approx(slopes, rel=1e-12, abs=1e-12 * scale)


PARTS = ("{} + {}", "{} - {}", "{} * {}", "{} / (1.5 + sigmoid({}))", "sin({}) - {}", "exp(-({})**2) + {}",
         "tanh({}) - 2*({})", "(({0}) if {0} > {1} else -({1})**2)", "log(2 + ({})**2) * ({})", "relu({}) + hypot({}, 3)",
         "(sqrt({0}) + {1} if {0} > 0 else {1})")  # fmt: skip


def random_body(seed: int) -> str:
    rnd = random.Random(seed)
    text = rnd.choice("xy")
    for _ in range(rnd.randint(1, 4)):
        parts = [f"({text})", rnd.choice("xy"), "x"]
        rnd.shuffle(parts)
        text = rnd.choice(PARTS).format(*parts)
    return text


@pytest.mark.parametrize("count", [16, pytest.param(150, marks=pytest.mark.slow)])
def test_random_functions_are_what_they_are_expanded(count: int) -> None:
    made = 0
    for seed in range(count):
        text = f"def g(x, y): return {random_body(seed)}\nv = g(a, b*2) + a"
        expanded = compile(text, inputs="a, b", expand=True)
        one = compile(text, inputs="a, b")
        made += not one.notes
        rnd = random.Random(seed)
        for _ in range(4):
            point = [rnd.uniform(-2, 2) for _ in "ab"]
            true, slopes = expanded.value_and_grad(*point)
            value, gradient = one.value_and_grad(*point)
            assert value == pytest.approx(true, rel=1e-12, abs=1e-13)
            scale = max(map(abs, slopes))
            assert gradient == pytest.approx(slopes, rel=1e-11, abs=1e-11 * scale), text
    assert made > 0.6 * count


def test_functions_call_earlier_ones_and_read_constants() -> None:
    compiled = compile(
        "eps = 0.25\ndef half(x): return x*eps*2\n"
        "def both(x, y): return half(x) + half(y)**2\nv = both(a, b)"
    )
    assert compiled.value_and_grad(3.0, 4.0) == (5.5, (0.5, 2.0))
    assert not compiled.notes
    typed = compile("def half(x: float) -> float:\n    return x/2\nv = half(a)")
    assert typed.value_and_grad(3.0) == (1.5, (0.5,))
    assert "#     def half(x): return x/2\n" in typed.source


def test_two_programs_may_define_one_name_differently() -> None:
    one = compile("def g(x): return x**2\nv = g(a)")
    other = compile("def g(x): return x**3\nv = g(a)")
    assert one.jacobian(2.0) == ((4.0,),) and other.jacobian(2.0) == ((12.0,),)
    naive = "def g(x): return log(1 + exp(x))\nv = g(a)"
    assert "math.log(" in compile(naive, as_written=True).source
    assert "math.log1p(" in compile(naive).source
    assert "g" not in ROWS and "g" not in [*ROWS]


def test_programs_with_functions_are_verified() -> None:
    compiled = compile(f"{SOFTABS}\nu = softabs(a)*b; v = softabs(u)", outputs="u, v")
    assert verify(compiled, samples=10).passed()
    scipy = compile("def j(x): return besselj(2, x)*x\nv = j(a)", target="scipy")
    assert "special.jv(2, a)" in scipy.source
    with pytest.raises(GradgenError, match="j needs SciPy's special functions"):
        compile("def j(x): return besselj(2, x)*x\nv = j(a)")


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("def g(x) return x\nv = g(a)", "line 1: a function is written on one line", 0),
        ("def g(x, x): return x\nv = g(a)", "line 1: the parameter `x` is given twice", 9),
        ("def g(x, 2): return x\nv = g(a)", "line 1: the parameters of a function are names", 9),
        ("def g(x): return x*y\nv = g(a)", "line 1: `y` is no parameter of g", 19),
        ("def g(x): return \nv = g(a)", "line 1: the expression is empty", 16),
        ("def g(x): return x*\nv = g(a)", "line 1: the expression ends", 19),
        ("def exp(x): return x\nv = exp(a)", "line 1: `exp` is a function already", 4),
        ("def g(x): return x\ng = 2\nv = a", "line 2: `g` is assigned twice", 0),
        ("v = g(a)\ndef g(x): return x\nw = v", "line 1: `g` is called before line 2 declares it", 4),
        ("def g(x): return x\nv = g(a, b)", "line 2: g takes 1 argument, not 2", 4),
        ("def g(x): return x\nv = g + a", "line 2: `g` is a function; write `g(...)`", 4),
        ("v = a\ndef g(x): return x", "line 2: a program ends with a value", 0),
        ("g = function(aero.drag)\nv = g(a)", "line 1: a function of your own package is declared as in", 3),
        ("g = function(a.b, derivative=(" + "a.c, " * 11 + "))\nv = g(a)", "line 1: a function has at most 10 arguments", 3),
        ("g = function(drag, derivative=aero.slope)\nv = g(a)", "line 1: `drag` has no module before it", 13),
        ("g = function(aero.if, derivative=aero.slope)\nv = g(a)", "line 1: the name `if` is a Python keyword", 18),
        ("g = function(a.f, derivative=(a.g, a.h))\nv = g(a)", "line 2: g takes 2 arguments, not 1", 4),
    ],
)  # fmt: skip
def test_mistakes_have_a_line_and_a_caret(text: str, message: str, column: int) -> None:
    with pytest.raises(GradgenError) as raised:
        compile(text)
    assert raised.value.message.startswith(message), raised.value.message
    assert raised.value.column == column


def test_a_long_import_is_broken_as_black_does() -> None:
    name = "p" * 90
    text = f"g = function({name}.value, derivative=aero.slope)\nv = g(a)"
    source = compile(text).source
    assert f"from {name} import (\n    value,\n)\n" in source
    assert black_python(source) == source
    many = ", ".join(f"x{i}" for i in range(11))
    assert "written" in compile(f"def g({many}): return x0*x10\nv = g({many})").notes[0]


def test_what_is_too_long_for_one_stage_is_written_out() -> None:
    text = "def g(x): return x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))\nv = g(a)*softabs(a)"
    compiled = compile(f"{SOFTABS}\n{text}")
    assert compiled.notes == (
        "g would be long or dear as one stage, so the stages inside are written",
    )
    assert "softabsa = math.sqrt(a * a + 1e-06)  # softabs" in compiled.source
    assert "math.tanh(" in compiled.source and "# expand" not in compiled.source
    found = read_artifact(compiled.source)
    assert found is not None and regenerate(found.recipe).source == compiled.source


@pytest.mark.parametrize("count", [250, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_function_of_many_terms_is_written_out(count: int) -> None:
    long = " + ".join(f"sin({i}*x)" for i in range(1, count))
    compiled = compile(f"def g(x): return {long}\nv = g(a)")
    assert compiled.jacobian(0.0) == ((count * (count - 1) / 2,),)


SAME = [
    ("x", "x"), ("2", "a*0 + 2"), ("-2", "a*0 - 2"), ("-x", "-x"), ("pi", "pi + a*0"), ("sqrt(2*pi)", "sqrt(2*pi) + a*0"),
    ("1/x", "1/x"), ("x - 2*x", "-x"), ("x if x > 0 else 1", "x if x > 0 else 1"), ("-(3 - x)*2", "2*x - 6"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "same"), SAME)
@pytest.mark.parametrize("ieee", [False, True])
def test_functions_that_say_little(body: str, same: str, ieee: bool) -> None:
    text = f"def g(x): return {body}\ndef h(x): return g(x)\nv = g(a)*b + h(2*a)*g(3)"
    same = same.replace("x", "({0})")
    plain = f"({same.format('a')})*b + ({same.format('(2*a)')})*({same.format('3')})"
    one = compile(text, inputs="a, b", ieee=ieee)
    assert not one.notes and black_python(one.source) == one.source
    value, slopes = one.value_and_grad(0.75, -3.0)
    true, gradient = compile(plain, inputs="a, b").value_and_grad(0.75, -3.0)
    assert value == pytest.approx(true) and slopes == pytest.approx(gradient)


def test_a_quotient_is_one_division() -> None:
    """Rounded once, as where it stands by itself."""
    one = compile("def g(x, y): return exp(x)/(1 + y*y)\nv = g(a, b)")
    assert "1.0 /" not in one.source
    assert "    v = math.exp(a) / (1.0 + b * b)  # g\n" in one.source
    assert "    db = -v * (2.0 * b / (1.0 + b * b)) * dv\n" in one.source


def test_a_choice_reads_the_result_in_its_slopes() -> None:
    one = compile("def g(x, y): return x if x > y else exp(x*y)\nv = g(a, b)")
    assert "    da = dv if a > b else (b * v * dv)\n" in one.source
    assert one.cost.backward == 2


def test_a_function_that_nothing_calls_is_said() -> None:
    notes = compile("def g(x): return x\nv = a*2").notes
    assert notes == ("`g`, which line 1 declares, is not used",)


# Functions of other modules.

AERO = '''
"""Drag and lift."""
def drag(v: float) -> float:
    return 0.5 * v * abs(v)

def drag_slope(v: float) -> float:
    return abs(v)

def lift(v: float, angle: float) -> float:
    return v * v * angle

def lift_by_v(v: float, angle: float) -> float:
    return 2.0 * v * angle

def lift_by_angle(v: float, angle: float) -> float:
    return v * v
'''
FLIGHT = """\
drag = function(aerodemo.drag, derivative=aerodemo.drag_slope)
lift = function(aerodemo.lift, derivative=(aerodemo.lift_by_v, aerodemo.lift_by_angle))
fx = -drag(vx) + drag  (vx*vy)
fy = lift(vx, 2*angle) - m*9.81
"""


def test_a_foreign_function_is_imported_by_the_module_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compile(FLIGHT, outputs="fx, fy", with_="jacobian")
    source = compiled.source
    assert (
        "from aerodemo import drag, drag_slope, lift, lift_by_angle, lift_by_v\n"
        in source
    )
    assert "Calls: aerodemo.drag, aerodemo.drag_slope, aerodemo.lift," in source
    assert "aerodemo" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        compiled.forward(1.0, 2.0, 3.0, 4.0)

    (tmp_path / "aerodemo.py").write_text(AERO)
    monkeypatch.syspath_prepend(str(tmp_path))
    fresh = compile(FLIGHT, outputs="fx, fy", inputs="vx, vy, angle, m")
    (fx, fy), cache = fresh.forward(3.0, 2.0, 0.1, 1.0)
    assert (fx, fy) == (13.5, 9 * 0.2 - 9.81)
    assert fresh.backward(cache, 1.0, 0.0) == (-3.0 + 6.0 * 2.0, 6.0 * 3.0, 0.0, 0.0)
    assert fresh.backward(cache, 0.0, 1.0) == pytest.approx((1.2, 0.0, 18.0, -9.81))
    assert fresh.jacobian(3.0, 2.0, 0.1, 1.0) == (
        fresh.backward(cache, 1.0, 0.0),
        fresh.backward(cache, 0.0, 1.0),
    )
    fresh.write(tmp_path / "flight.py")
    command = [sys.executable, "-m", "mypy", "--strict", "flight.py"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    del sys.modules["aerodemo"]


def test_foreign_functions_of_constants_and_of_short_names() -> None:
    compiled = compile(
        "d = function(aero.drag, derivative=aero.drag_slope)\nu = d(2)*x"
    )
    assert "from aero import drag\n" in compiled.source  # the slope is not called
    assert r"\operatorname{d}\left(2\right) \cdot x" in compiled.latex()


def test_a_choice_costs_its_dearer_branch() -> None:
    text = "def f(x, y): return x if x > y else x + y + x*y*x\nu = f(a, b)"
    assert compile(text).cost.forward == 4


def test_quotients_and_dear_functions() -> None:
    compiled = compile("def f(x, y): return (x - y)/(x + y)\nu = f(a, b)")
    assert "da = (-u / (a + b) + 1.0 / (a + b)) * du" in compiled.source
    dear = "def f(x, y): return x*y*x*y*x*y*x*y*x*y*x*y*x*y\nu = f(a, b)"
    assert "dear as one stage" in compile(dear).notes[0]


def test_names_of_foreign_functions_are_kept_free() -> None:
    compiled = compile(
        "f = function(net.forward, derivative=net._slope)\nv = f(net)*drag*net_forward"
    )
    assert "from net import _slope as net__slope, forward as net_forward\n" in (
        compiled.source
    )
    assert names(compiled)[:3] == ["drag", "net", "net_forward_"]
    clash = "g = function(a.f, derivative=a.df)\nh = function(b.f, derivative=b.df)\nv = g(x) + h(x)"
    source = compile(clash).source
    assert "from a import df, f\nfrom b import df as b_df, f as b_f\n" in source
    assert "    hx = b_f(x)" in source


@pytest.mark.parametrize("command", [["eval", "--at", "x=1"], ["verify"]])
def test_the_commands_never_import(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "f = function(antigravity.fly, derivative=antigravity.slope)\nv = f(x)"
    assert main([*command, text]) == 2
    assert "antigravity" in capsys.readouterr().err
    assert "antigravity" not in sys.modules


def test_a_project_and_a_file_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.txt").write_text(f"{SOFTABS}\nv = softabs(a)*b\n")
    assert main(["compile", "-f", "m.txt", "--expand", "-o", "m.py"]) == 0
    assert main(["compile", "-f", "m.txt", "-o", "n.py", "--test", "--verify"]) == 0
    assert main(["check", "m.py", "n.py"]) == 0
    assert main(["eval", "-f", "m.txt", "--at", "a=2, b=3"]) == 0
    assert "softabs(a)" in capsys.readouterr().out
    assert main(["compile", "-f", "m.txt", "--test", "-o", "m.py"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_n.py"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
