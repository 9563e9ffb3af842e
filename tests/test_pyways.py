"""Python functions of several ways: `if` statements, early returns, edges of the domain; against Python itself, and refused at their line."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path
from typing import Any

import mpmath
import pytest

import gradgen
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.pipeline import regenerate
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.flow.known import FOREIGN
from gradgen.read.python.function import read_function
from gradgen.sources import compile_function
from tests.conftest import one_in
from tests.test_pynames import close, run

#: Bodies of f(x, y), with what becomes of them where that is told.
READ: list[tuple[str, str]] = [
    ("if x > y:\n  a = x\nelse:\n  a = y*2\nreturn a", "x if x > y else y * 2"),
    ("if x > 0:\n  a = math.log(x)\n  b = a*2\nelif y > 0:\n  a, b = y, x\nelse:\n  a = b = x*y\nreturn a + b",
     "a = log(x)\na2 = x * y\na3 = a if x > 0 else y if y > 0 else a2\nb = a * 2 if x > 0 else x if y > 0 else a2\n"),
    ("a = 1.0\nif x > 0:\n  a += x\nreturn a", "a = 1.0\nf = a + x if x > 0 else a"),
    ("if x > 0:\n  t = x*2\n  a = t*t\nelse:\n  t = y\n  a = t + 1\nreturn a", "t = x * 2\nt2 = y\nf = t * t if x > 0 else t2 + 1"),
    ("if x < 0:\n  return -x\nif y < 0:\n  return x*y\nreturn x", "-x if x < 0 else x * y if y < 0 else x"),
    ("if x < 0:\n  if y < 0:\n    return 1.0\n  z = y\nelse:\n  z = x\nreturn z*z", "z = y if x < 0 else x\nf = 1.0 if x < 0 and y < 0 else z * z"),
    ("if x < 0:\n  return y\nelse:\n  if y < 0:\n    return x\n  else:\n    return x*y", "y if x < 0 else x if y < 0 else x * y"),
    ("if x < 0:\n  z = 1.0\nelif y < 0:\n  return x\nelse:\n  z = y\nreturn z", "x if not x < 0 and y < 0 else z"),
    ("a = b = x\nb *= y\nreturn a - b", ""),
    ("z: float\nz = x\n'what z is'\npass\nreturn z*y", ""),
    ("if (d := x*x - y) > 0:\n  return math.sqrt(d)\nreturn -d", "d = x * x - y\nf = sqrt(d) if d > 0 else -d"),
    ("if x > 5:\n  return y\nelif (q := x - 1) > 0:\n  return q\nreturn q*y", ""),
    ("high = x > 0 and y > 0\nif high:\n  return x\nreturn y if not high else x*y", ""),
    ("big = False\nif x > 1:\n  big = True\nif not big:\n  return y\nreturn x", "y if not x > 1 else x"),
    ("if x:\n  return y\nreturn x", "y if x != 0 else x"),
    ("t = 0.0\nfor i in range(3):\n  if i == 1:\n    t += x*i\n  else:\n    t -= y\nreturn t", "t = 0.0\nt2 = t - y\nt3 = t2 + x\nf = t3 - y"),
    ("t = x\nfor i in range(3):\n  t = t*y\n  if t > 2:\n    return t\nreturn -t", ""),
    ("for i in range(3):\n  if x > i:\n    z = x - i\n  else:\n    return y*i\nreturn z", ""),
    ("if True:\n  a = x\nelse:\n  a = unknown(x)\nreturn a", "x"),
    ("if x > 0:\n  return x, y\nreturn y, -x", ""),
    ("if x > y:\n  x, y = y, x\nreturn x - 2*y", ""),
    ("return a + a if (a := x*y) > 0 else x - a", ""),
    ("if x > 0:\n  k = 1\nelse:\n  k = -1\nreturn x*k", "f"),
    ("for i in range(3):\n  if x > i:\n    break\nreturn x*i", ""),
    ("t = 0.0\nfor k, c in enumerate((1.0, 2.0, 3.0)):\n  if x < c:\n    t += y*k\n    break\n  t += c\nelse:\n  t = -y\nreturn t + k", ""),
    ("t = 0.0\nfor k in range(4):\n  if x < k:\n    continue\n  z = y - k\n  if z > 0.5:\n    t += z\n  t += 1\nreturn t", ""),
    ("t = x\nfor k in range(3):\n  if t < y:\n    t += 1\n    continue\n  if t > 3:\n    break\n  if t > 2.9:\n    return t*y\n  t = t*1.5\nreturn t", ""),
    ("n = 0\nz = x\nwhile n < 6:\n  n += 1\n  z = z/2\n  if z < y:\n    break\nreturn z*n", ""),
    ("z = 2 + x*x\nfor i in range(30):\n  d = (z*z - 3)/(2*z)\n  z = z - d\n  if abs(d) < 1e-12:\n    break\nelse:\n  raise ValueError('it does not end')\nreturn z*y", ""),
    ("return y + (y > 1)*x - (x > 0 and y > 0)", "y + (1 if y > 1 else 0) * x - (1 if x > 0 and y > 0 else 0)"),
    ("if (x > 0) & (y > 0) | (x < -1):\n  return x*y\nreturn x - y", "x * y if x > 0 and y > 0 or x < -1 else x - y"),
    ("return math.fmod(x, y) + 2*math.fmod(y, x) - math.fmod(5.0*x, 3)", ""),
    ("if not x:\n  print('')\nprint('x', x, f'{y:.2f}', '%s' % x, '{}'.format(y), sep=' ')\nreturn x/y", "x / y"),
]  # fmt: skip
POINTS = [(0.7, 1.3), (-0.4, 2.5), (1.6, -0.9), (-2.0, -1.0), (2.5, 0.3), (3.5, 3.0)]


def text_of(body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"import math\n\n\ndef f(x, y):\n{lines}\n"


@pytest.mark.parametrize(("body", "program"), one_in(2, READ))
def test_ways_are_those_of_python(body: str, program: str) -> None:
    text = text_of(body)
    found = read_function(text, "f")
    assert program in found.program
    compiled = compile_function(text, "f", inputs="x, y")
    assert not compiled.unproven
    assert regenerate(compiled.recipe).source == compiled.source
    for point in POINTS:
        assert close(compiled.forward(*point)[0], run(text, "f", point)), point
    # What the proof compares with is read apart from all this.
    assert found.origin is not None
    plain = plain_function(found.origin, ["x", "y"], {})
    assert plain is not None
    for point in POINTS:
        values = plain.values(plain.at([*map(_exact, point)]))
        got = tuple(map(float, values))
        assert close(got if len(got) > 1 else got[0], run(text, "f", point)), point


_exact = mpmath.mpf


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("if x > 0:\n  a = [x]\nreturn a[0]", 7, "`a` has no value in one way of the `if` in line 5; assign it in every way"),
        ("if x > 0:\n  return x, y\nreturn x", 7, "this returns one value, and line 6 a tuple of 2"),
        ("raise ValueError('no')", 4, "no way ends with a `return`"),
        ("if x > 0:\n  a = x > y\nelse:\n  a = y\nreturn a", 9, "`a` is a condition in one way of the `if` in line 5, and a number in another"),
        ("if x > 0:\n  while y > 0:\n    y -= 1\nreturn y", 6, "how often this loop turns depends on numbers here; write `for _ in range(n)`"),
        ("for i in range(70):\n  x -= 0.1\n  if x > y:\n    break\nreturn x", 7, "`if` and `for` stand more than 60 deep in each other"),
        ("return x if x > 0 else (y := x)", 5, "`:=` stands where it is not always reached"),
        ("return y > 0 and (y := x) > 0", 5, "`:=` stands where it is not always reached"),
        ("return 0 < x < (y := x)", 5, "`:=` stands where it is not always reached"),
        ("if x > 0:\n  a = x\nelse:\n  a = y ^ 2\nreturn a", 8, "`^` works on the bits"),
        ("if x > 0:\n  break\nreturn x", 6, "`break` and `continue` stand in a loop"),
        ("if x > 0:\n  a = x\nelse:\n  a = math.sinc(y)\nreturn a", 8, "`math.sinc` is not read"),
        ("if x > 0:\n  a = x\nelse:\n  a = (x > 1) + (y > 1)\nreturn a", 8, "a comparison is not a number"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused_at_its_line(
    body: str, line: int, message: str
) -> None:
    with pytest.raises(GradgenError) as found:
        compile_function(text_of(body), "f")
    assert message in found.value.message
    assert found.value.message.startswith(f"line {line}: ")
    assert found.value.column is not None


EDGES = '''
def root(x):
    if x < 0:
        raise ValueError("x must not be negative")
    return x**0.5


def f(x, y):
    """A model.

    Args:
        x: a length
    """
    if y > 10:
        raise RuntimeError(f"y is {y}")
    assert x < 5, "too long"
    z = root(x)  # dead, but for where it raises
    if y > 3:
        return x*y
    return x + y
'''


def test_the_module_raises_where_the_function_does() -> None:
    compiled = compile_function(EDGES, "f")
    for x, y in [(1.0, 2.0), (1.0, 4.0)]:
        assert compiled.forward(x, y)[0] == run(EDGES, "f", (x, y))
    for x, y in [(-1.0, 2.0), (1.0, 11.0), (6.0, 2.0), (-1.0, 4.0), (6.0, 4.0)]:
        assert run(EDGES, "f", (x, y)) in (
            *("ValueError", "RuntimeError", "AssertionError"),
        )
        with pytest.raises(ValueError, match="math domain error|nonnegative"):
            compiled.forward(x, y)
    words = ast.get_docstring(ast.parse(compiled.source)) or ""
    listed = words.split("Raises:\n")[1].split("Kinks:")[0]
    # Which stage it is, and in which branch, depends on what stages are called.
    said = re.sub(r", if [^:]*| \(\w+\)|where not", "", " ".join(listed.split()))
    assert said == (
        "ValueError: where y > 10: RuntimeError: y is {y}. "
        "ValueError:  xlt5: AssertionError: too long. "
        "ValueError: where x < 0: x must not be negative."
    )


def test_what_authors_say_of_edges_stands_beside_them_whatever_it_is() -> None:
    for said in ("too small", 'a """ and \\n a \\ and # a /* or */ b', "é" * 300, "{x} %s ; y = 2", ""):  # fmt: skip
        text = f"def f(x, y):\n    if x < 0:\n        raise ValueError({said!r})\n    z = x**0.5\n    return z*y + z"
        for target in ("python", "c", "javascript"):
            for style in ("textbook", "compact"):
                compiled = compile_function(text, "f", target=target, style=style)
                assert regenerate(compiled.recipe).source == compiled.source
                beside = ("= math.sqrt(-1.0)  # too small", "= sqrt(-1.0);  // too small", "= Math.sqrt(-1); // too small")  # fmt: skip
                shown = any(each in compiled.source for each in beside)
                assert shown == (style == "textbook" and said == "too small")
    compiled = compile_function(text.replace("''", '\'no """ \\\\ here\''), "f")
    words = ast.get_docstring(ast.parse(compiled.source)) or ""
    assert "where x < 0: no " in words and "\\ here (f)." in words


SEVERAL = """
def f(x, y):
    if x < 0:
        raise ValueError("x is negative")
    if x > 10:
        if y > 3:
            raise ValueError("y is large")
        z = x*y
    elif x > 5:
        raise ValueError("x is middling")
    else:
        z = x + y**3
    return z*x**2
"""


@pytest.mark.parametrize("target", ["python", "c", "javascript"])
@pytest.mark.parametrize("style", ["textbook", "compact"])
def test_each_edge_of_several_has_its_own_words_beside_it(
    target: str, style: str
) -> None:
    source = compile_function(SEVERAL, "f", target=target, style=style, proof=False).source  # fmt: skip
    said = re.findall(r"^ +f = \S+ *(?:#|//) (.*)$", source, re.MULTILINE)
    assert sorted(said) == ["x is middling", "x is negative", "y is large"]


def test_in_c_and_javascript_the_value_is_nan_beyond_the_edge() -> None:
    for target in ("c", "javascript"):
        compiled = compile_function(EDGES, "f", target=target)
        assert "sqrt(-1" in compiled.source
    assert math.isnan(compile_function(EDGES, "f", ieee=True).forward(-1.0, 2.0)[0])


def test_comments_of_ways_travel_along() -> None:
    text = text_of(
        "if x < 1:  # laminar\n  return 64/x\n"
        "# which of them\nif y > 0:\n  a = x  # one\nelse:\n  a = y\nreturn a*a  # turbulent"
    )
    program = read_function(text, "f").program
    assert program.splitlines() == [
        "a = x  # one",
        "a2 = a if y > 0 else y  # which of them",
        "f = 64 / x if x < 1 else a2 * a2  # laminar; turbulent",
    ]


def test_what_is_asked_for_stays() -> None:
    text = text_of("if x > 0:\n  a = x*y\n  b = a*a\nelse:\n  b = y\nreturn b + x")
    found = read_function(text, "f", outputs=("b",))
    assert "b = a * a if x > 0 else y" in found.program
    compiled = compile_function(text, "f", outputs="b")
    assert compiled.forward(2.0, 3.0)[0] == 36.0


@pytest.mark.parametrize("count", [100, pytest.param(400, marks=pytest.mark.slow)])
def test_many_ways_take_time_that_grows_with_their_number(count: int) -> None:
    chain = "\n".join(
        f"{'elif' if i else 'if'} x > {i}:\n  a = x*{i}" for i in range(count)
    )
    compiled = compile_function(text_of(f"{chain}\nelse:\n  a = y\nreturn a"), "f")
    assert compiled.forward(2.5, 9.0)[0] == 0.0
    returns = "\n".join(f"if x > {i}:\n  return y*{i}" for i in range(count, 0, -1))
    compiled = compile_function(text_of(f"{returns}\nreturn y"), "f")
    assert compiled.forward(7.5, 2.0)[0] == 14.0
    loop = "for i in range(300):\n  if x > y:\n    y = y + x\n    z = i\n  else:\n    y = y - i\nreturn y"
    assert read_function(text_of(loop), "f").program.count("if x >") == 300
    flags = "\n".join(
        ["c = x > 0", *(f"c = c and (c or y > {i})" for i in range(40)), "return x"]
    )
    with pytest.raises(GradgenError, match="characters when it is written out"):
        read_function(text_of(flags), "f")
    deep = "".join(f"{'  ' * i}if x > {i}:\n" for i in range(61))
    with pytest.raises(GradgenError, match="more than 60 deep in each other"):
        read_function(text_of(f"{deep}{'  ' * 61}y = x\nreturn y"), "f")


def test_names_that_are_functions_too_keep_their_values() -> None:
    """`exp2` is the second value called `exp`, and a function; what nothing reads goes, and with it the need to count."""
    body = "exp = x\nif y > 0:\n  exp = y\nexp = x + 1\nexp *= 2\nreturn exp + math.exp2(x)"
    text = text_of(body)
    compiled = compile_function(text, "f")
    assert compiled.forward(1.5, 2.0)[0] == pytest.approx(5.0 + 2**1.5)


# What is settled when compiling.

OPTIONS = '''
import math
import numpy as np

MODE = "fast"
DEBUG = False


def friction(Re, eD=1e-4, method=None):
    """Friction."""
    if method is None:
        method = "Haaland" if eD is not None else "Smooth"
    if method == "Haaland":
        return (-1.8*math.log10((eD/3.7)**1.11 + 6.9/Re))**-2
    elif method in ("Blasius", "Smooth"):
        return 0.316/Re**0.25
    elif "Churchill" in method:
        return tables[method](Re, eD)
    raise ValueError("no such method")


def volume(x, y=None, full=False, *, z=0):
    return x


def scaled(x, y=None, full=False, size=2.0):
    from math import sqrt
    y = y or 2.0
    if MODE == "fast" and not DEBUG and not full:
        return x*y
    z = scaled(x, full=False) if full is True else undefined
    return sqrt(z) + x*size if y is not None and y > 1 else x


def typed(x, y):
    if isinstance(x, (list, tuple, np.ndarray)) or isinstance(y, str):
        return [typed(i, y) for i in x]
    if not isinstance(x, (int, float)):
        raise TypeError("no number")
    if x in (1, 2) or y not in (0.5, 3):
        return y
    return x*y


def inner(x, way):
    return x*2 if way == "double" else x + 1


def handed(x, way="double"):
    return inner(x, way) + inner(x, "other") + inner(x, way=None)


def required(x, kind):
    if kind == "square":
        return x*x
    return x + kind
'''


@pytest.mark.parametrize(
    ("name", "options", "call", "kinds"),
    [
        ("friction", {}, {}, "For method = None."),
        ("friction", {"const": {"method": "Blasius"}}, {"method": "Blasius"}, "For method = 'Blasius'."),
        ("friction", {"const": {"method": "'Smooth'"}}, {"method": "Smooth"}, "For method = 'Smooth'."),
        ("friction", {"const": {"eD": None}}, {"eD": None}, "For eD = None, method = None."),
        ("friction", {"const": {"eD": 0.01}}, {"eD": 0.01}, "For method = None."),
        ("scaled", {}, {}, "For y = None, full = False."),
        ("scaled", {"const": {"full": True}}, {"full": True}, "For y = None, full = True."),
        ("scaled", {"const": {"full": "True", "y": "None"}}, {"full": True}, "For y = None, full = True."),
        ("typed", {}, {}, ""),
        ("handed", {}, {}, "For way = 'double'."),
        ("handed", {"const": {"way": "other"}}, {"way": "other"}, "For way = 'other'."),
        ("required", {"const": {"kind": "square"}}, {"kind": "square"}, "For kind = 'square'."),
        ("required", {"const": {"kind": "2.5", "x": 1.5}}, None, ""),
    ],
)  # fmt: skip
def test_what_is_no_number_is_settled(
    name: str,
    options: dict[str, Any],
    call: dict[str, Any] | None,
    kinds: str,
) -> None:
    if call is None:  # a number where the function tests for a text
        with pytest.raises(GradgenError, match="is compared with text"):
            compile_function(OPTIONS, name, **options)
        return
    compiled = compile_function(OPTIONS, name, **options)
    assert not compiled.unproven
    assert (kinds or "y if x == 1") in compiled.recipe.source
    assert regenerate(compiled.recipe).source == compiled.source
    inputs = compiled.program.inputs
    assert not {*inputs} & {*call}
    scope: dict[str, Any] = {}
    exec(OPTIONS, scope)  # noqa: S102
    found = read_function(OPTIONS, name, const=options.get("const"))
    assert found.origin is not None
    numbers = {n: v for n, v in options.get("const", {}).items() if isinstance(v, float)}  # fmt: skip
    plain = plain_function(found.origin, inputs, numbers, found.settled)
    assert plain is not None
    for point in [(3.5, 0.3), (1.0, 0.5), (7.0, 3.0)]:
        at = point[: len(inputs)]
        value = scope[name](**dict(zip(inputs, at)), **call)
        assert close(compiled.forward(*at)[0], value)
        (got,) = plain.values(plain.at([*map(_exact, at)]))
        assert close(float(got), value)


def test_a_parameter_that_is_listed_is_a_number() -> None:
    compiled = compile_function(OPTIONS, "scaled", inputs="x, size", const={"y": 3.0, "full": True})  # fmt: skip
    assert compiled.program.inputs == ("x", "size")
    text = "def f(x, y=None):\n    if y is None:\n        return x\n    return x*y\n"
    assert compile_function(text, "f").program.inputs == ("x",)
    assert compile_function(text, "f", inputs="x, y").forward(2.0, 3.0)[0] == 6.0
    assert compile_function(text, "f", const={"y": 3}).forward(2.0)[0] == 6.0
    # One that nothing tests is a number as ever.
    text = "def f(x, y=None):\n    return x*y\n"
    assert compile_function(text, "f").program.inputs == ("x", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(x, y=None):\n    if y is None and x > 0:\n        return y*x\n    return x", "line 3: `y` is None here, and None has no place in a formula; give another value by --const"),
        ("def f(x, kind):\n    return x if kind == 'a' else -x", "line 2: a number is compared with text here; say which text `kind` is by --const kind=a"),
        ("def f(x, y=None):\n    return x if y is None else -x\ndef g(x): return f(x, None)*None", None),
        ("def f(x):\n    if x > 0:\n        a = 'up'\n    else:\n        a = 'down'\n    return x if a == 'up' else -x", "line 6: `a` is no number in one way of the `if` in line 2, and something else in another"),
        ("def f(x):\n    return x if isinstance(x, int) else -x", "line 2: of which type this is depends on who calls"),
        ("def f(x):\n    a = x*2\n    return x if isinstance(a, float) else -x", "line 3: of which type this is depends on who calls"),
        ("def f(x, y=None):\n    if y is None or x is not None:\n        raise ValueError('y is missing')\n    return x*y", "line 1: every way raises, for y = None; give other values by --const, or list variables in --inputs"),
        ("def f(x):\n    return x if x is 1 else -x", "line 2: `is` has no place"),
        ("def f(x):\n    return x if x in y else -x\ny = 3", "line 2: `in` has no place"),
        ("def f(x, way='a'):\n    return way", "line 2: `way` is 'a' here, and text has no place"),
        ("def f(x):\n    return x if len(x) == 2 else -x", "line 2: `x` is a sequence here; say how many numbers it holds"),
        ("def f(x):\n    return max(x, None)", "line 2: None has no place in a formula"),
        ("isinstance = 3\ndef f(x):\n    return x if isinstance(x, float) else -x", "line 3: "),
        ("def f(x):\n    return x if x > 0 else 'a'", "line 2: text has no place in a formula"),
        ("def f(x):\n    return x if None < x else -x", "line 2: None has no place in a formula"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_among_numbers(
    text: str, message: str | None
) -> None:
    if message is None:
        assert compile_function(text, "f").forward(2.0)[0] == 2.0
        message, name = "line 3: None has no place in a formula", "g"
    else:
        name = "f"
    with pytest.raises(GradgenError) as found:
        compile_function(text, name)
    assert found.value.message.startswith(message)


def test_what_raises_in_every_way_is_read_with_more_variables() -> None:
    lines = (
        "def f(x, k=None, noct=None, t=None):",
        "    if k is None and noct is None: raise ValueError('neither')",
        "    if k is not None and noct is not None: raise ValueError('both')",
        "    if k is None: k = (noct - 20.0)/800.0",
        "    return k*x + (0.0 if t is None else t)",
    )
    text = "\n".join(lines) + "\n"
    for doc, inputs, at in (
        ("", ("x", "k"), (2.0, 3.0)),
        (">>> f(1.0, noct=45.0)", ("x", "noct"), (2.0, 45.0)),
        (">>> f(1.0, k=None)\n    >>> y = f(1, noct=4.0,\n    ...     t=2)", ("x", "noct", "t"), (2.0, 45.0, 1.0)),
    ):  # fmt: skip
        given = text.replace("):", f'):\n    """{doc}"""', 1) if doc else text
        made = compile_function(given, "f")
        scope: dict[str, Any] = {}
        exec(given, scope)  # noqa: S102
        assert made.program.inputs == inputs and not made.unproven
        assert made.forward(*at)[0] == scope["f"](**dict(zip(inputs, at)))
        assert "as else every way raises" in made.notes[-1]
    # One of them may be a sequence, of which the refusal asks how long it is.
    rows = "def f(x, a=None, b=None):\n    if a is None and b is None:\n        raise ValueError\n    if a is None: a = (b, b)\n    return x*sum(a)\n"
    with pytest.raises(GradgenError, match='say how many numbers it holds, as in --shape "a=3"'):  # fmt: skip
        compile_function(rows.replace("a = (b, b)", "a = dict(b)"), "f")
    assert compile_function(rows, "f", shape="a=2").forward(2.0, 3.0, 4.0)[0] == 14.0
    assert compile_function(rows, "f").forward(2.0, 3.0)[0] == 12.0
    # Who says which are variables is taken at their word.
    with pytest.raises(GradgenError, match="every way raises"):
        compile_function(text, "f", inputs="x")


def test_the_command_line_settles(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:  # fmt: skip
    file = tmp_path / "model.py"
    file.write_text(OPTIONS)
    command = ["compile", f"{file}:friction", "--const", "method=Blasius"]
    assert main(command) == 0
    assert "friction = 0.316 / Re ** 0.25" in capsys.readouterr().out


def test_a_project_settles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(OPTIONS)
    (tmp_path / "pyproject.toml").write_text("""
[[tool.gradgen.modules]]
source-file = "model.py:friction"
output = "friction.py"
const = { method = "Blasius" }

[[tool.gradgen.modules]]
source-file = "model.py:scaled"
output = "scaled.py"
const = { full = true, y = 2.5 }
""")
    assert main(["build"]) == 0
    assert "For method = 'Blasius'." in (tmp_path / "friction.py").read_text()
    assert "For full = True." in (tmp_path / "scaled.py").read_text()
    assert main(["build", "--check"]) == main(["check", "friction.py"]) == 0


def test_a_switch_is_no_constant_of_a_formula() -> None:
    with pytest.raises(GradgenError, match="is no constant|not a number"):
        gradgen.compile("x*k", const={"k": True})


def test_a_decorated_function_keeps_its_options() -> None:
    @gradgen.differentiate(const={"method": "plain"})
    def level(t: float, a: float = 2.0, method: str = "decay", on: bool = True) -> float:  # fmt: skip
        if method == "decay":
            return a * math.exp(-t)
        return a * t if on else t

    assert level.program.inputs == ("t", "a")
    assert level.value_and_grad(3.0, 2.0) == (6.0, (2.0, 3.0))


def test_a_parameter_that_nothing_reads_may_be_left_out() -> None:
    text = "def f(x, y, z):\n    if x > 0:\n        return x*y\n    return y\n"
    compiled = compile_function(text, "f", inputs="y, x")
    assert compiled.forward(2.0, 3.0)[0] == 6.0 and not compiled.unproven


@pytest.mark.parametrize("path", sorted(FOREIGN))
def test_no_number_is_of_a_type_of_a_package(path: str) -> None:
    module, _, name = path.rpartition(".")
    body = "    if isinstance(x, {}):\n        x = x.value\n    return x*x\n"
    plain = compile_function("def f(x):\n    return x*x\n", "f").source
    for head, said in (
        (f"from {module} import {name}", name),
        (f"from {module} import {name} as T", "(str, T)"),
        (f"import {module} as m", f"m.{name}"),
    ):
        text = f"{head}\ndef f(x):\n{body.format(said)}"
        assert compile_function(text, "f").source == plain
    text = (
        f"from {module} import {name}\n{name} = float\ndef f(x):\n{body.format(name)}"
    )
    with pytest.raises(GradgenError, match="bound more than once"):
        compile_function(text, "f")


def test_what_doubles_are_like_is_a_constant() -> None:
    text = """
import sys
import numpy as np
EPS, TINY = np.finfo(float).eps, sys.float_info.min

def f(x):
    y = x*EPS/sys.float_info.epsilon + np.finfo(np.float64).tiny/TINY
    return y*(np.finfo(float).max/sys.float_info.max)
"""
    found = read_function(text, "f")
    assert found.origin is not None
    assert plain_function(found.origin, ("x",), {}) is not None
    space: dict[str, object] = {}
    exec(text, space)  # noqa: S102 - our own text
    assert compile_function(text, "f").forward(3.0)[0] == space["f"](3.0) == 4.0  # type: ignore[operator]
    for other in ("np.finfo(np.float32)", "np.finfo(x)", "np.iinfo(int)"):
        with pytest.raises(GradgenError, match="line 7"):
            compile_function(text.replace("np.finfo(np.float64)", other), "f")


_ITEM = "p = np.minimum(x, 3.0)\n    low = x < y\n    try:\n        p[low] = -1.0\n    except TypeError:\n        if low: p = -1.0\n    return p*y"
_WARNS = 'try:\n        if np.any((x > 3000) | (y < -x)): warnings.warn("far")\n    except ValueError:\n        if x > 3: warnings.warn("far")\n    except TypeError: return 0\n    return x*y'


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (_ITEM, True),
        (_ITEM.replace("TypeError", "Exception"), True),
        (_ITEM.replace("np.minimum(x, 3.0)", "x + 1"), True),
        (_ITEM.replace("np.minimum(x, 3.0)", "np.where(x > 1, x, 0.0)"), False),
        (_ITEM.replace("np.minimum(x, 3.0)", "np.asarray(x)"), False),
        (_ITEM.replace("np.minimum(x, 3.0)", "[x, y]"), False),
        (_ITEM.replace("TypeError", "ValueError"), False),
        (_ITEM.replace("= -1.0\n    except", "= 1/x\n    except"), False),
        (_ITEM.replace("low = x < y", "low = None"), False),
        (_WARNS, True),
        (_WARNS.replace("y < -x", "1/y < 3"), False),
        (_WARNS.replace('warnings.warn("far")', "x = 2*x"), False),
        (_WARNS.replace("np.any", "np.log"), False),
        (_WARNS.replace("try:", "x = np.array([x, y])\n    try:"), False),
    ],
)  # fmt: skip
def test_a_try_that_asks_for_arrays_is_one_of_numbers(lines: str, read: bool) -> None:
    text = f"import warnings\nimport numpy as np\ndef f(x, y):\n    {lines}\n"
    if not read:
        with pytest.raises(GradgenError) as found:
            compile_function(text, "f")
        assert found.value.line
        return
    made = compile_function(text, "f")
    for at in ((0.5, 1.25), (2.5, 1.0), (4.0, 5.0), (7.0, 0.25)):
        assert made.forward(*at)[0] == run(text, "f", at)
