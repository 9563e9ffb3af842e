"""Python functions with `try`, `with`, keyword-only parameters, tests of what numbers are like and their kind; against Python itself."""

from __future__ import annotations

import itertools
import math
import random
import re
import types
from typing import Any

import numpy as np
import pytest

from gradgen.errors import GradgenError
from gradgen.read.python.function import read_function
from gradgen.read.python.terms.rows import Row
from gradgen.sources import compile_function
from tests.conftest import one_in
from tests.test_pynames import evaluate

HEAD = "import math\nimport warnings\nimport numpy as np\n"
#: What stands above f(x, y), and its body.
READ = [
    ("", "try:\n  return math.exp(x)\nexcept OverflowError:\n  return 1e300*y"),
    ("", "try:\n  t = math.log(x/y)/y\nexcept (ValueError, ZeroDivisionError):\n  return 0.25\nreturn t*x"),
    ("", "try:\n  t = math.sqrt(x)\n  t -= 1.0/(y - 1.5)\nexcept:\n  t = y\nreturn t*2"),
    ("", "try:\n  t = math.log(x)\nexcept ZeroDivisionError:\n  t = 0.0\nreturn t"),
    ("", "try:\n  t = math.log(x)/y\nexcept ZeroDivisionError:\n  t = 6.5\nreturn t"),
    ("", "try:\n  t = math.sqrt(x - y)/x + math.exp(y)/(x - 1)\nexcept ZeroDivisionError:\n  t = 6.5\nreturn t"),
    ("", "try:\n  return 1.0/x\nexcept ArithmeticError:\n  raise ValueError('x is 0')"),
    ("", "t = 1.0\ntry:\n  t = y/x\nexcept Exception:\n  pass\nreturn t"),
    ("", "t = x*y\ntry:\n  t.name = 'product'\nexcept AttributeError:\n  t = t + 1\nreturn t"),
    ("", "if abs(x.imag) > 0.0:\n  return y\nreturn x*y"),
    ("", "with np.errstate(invalid='ignore', divide='ignore'):\n  t = x*y\nreturn t + 1"),
    ("", "with warnings.catch_warnings():\n  warnings.simplefilter('ignore')\n  return x - y"),
    ("", "if x > 1:\n  z = y\nif x > 2:\n  return z*x\nreturn x"),
    ("", "if x > 1:\n  z = y\nreturn z*x"),
    ("", "return np.where((x > 0) & (y > 0), x*y, np.nan)"),
    ("", "if math.isnan(x) or math.isinf(y):\n  return 0.0\nreturn x if math.isfinite(x*y) else y"),
    ("", "return x if math.isclose(x, y, rel_tol=0.1) else y if np.isclose(x, y, atol=0.5) else x*y"),
    ("", "if np.isscalar(x) and not hasattr(x, 'index'):\n  warnings.warn(f'scalar {x}')\nreturn x.real*y + x.imag"),
    ("", "return x*(x > y) + y*(x <= y) + sum([x > 1, y > 1, True])"),
    ("", "return (x > 1) / y - (x > 0 and y > 0)"),
    ("def g(x, a=None, b=None):\n  if x and a and b:\n    return a\n  if b or x or a:\n    return x + 1.0\n  return 2.0", "return g(x) + g(y, x) - g(y, b=x)"),
    ("", "return getattr(x, 'shape', (2.0,))[0]*x + getattr(x, 'real', y) - getattr(np.array([x, y]), 'size', 5.0)*getattr([x], 'size', y)"),
    ("", "d = {'a': x, 'b': y}\nt = sum(d[c] for c in 'ab')\nfor c in list('ba'):\n  t = t*2 - d[c]\np, q = 'ab'\nreturn t + d[q]*('c' in tuple('abc'))"),
    ("def g(x, a=None, b=None, c=None):\n  n = (a is not None) + (b is not None) + (c is None)\n  return x*n if n == 2 else x - n", "return g(x) + g(y, x) + g(x, b=y, c=1.0) + g(y, x, x, x)"),
    ("def g(x, *, k=2.0, m=1.0):\n  return x*k - m", "return g(x, k=y) + g(y, m=3.0)"),
    ("def g(x, k=2.0, /):\n  return x*k", "return g(x) + g(y, 3.0)"),
    ("", "return math.inf if x > 1e3 else x*y"),
    ("", "return float('nan') if y > 1e3 else x - y"),
    ("def change():\n  globals()['K'] = 2.0\nK = 0.5", "return K*x + y"),
    ("", "t = 0.0\nfor k in range(3):\n  if x > 0:\n    if y > k:\n      t += x\n      if t > 2:\n        break\n      t += 1\n    t += 0.5\n  for j in range(2):\n    if y*j > x:\n      break\n    t += y\nreturn t"),
]  # fmt: skip
READ += [
    ("def g(x, *args, scale=2.0, **named):\n  return x*scale + sum(args) + named.get('b', 3.0)", "return g(x, y, 2.0) + g(y, scale=x, b=x*y)"),
    ("def g(x, *rest):\n  return x*len(rest)\ndef h(*args, **named):\n  return g(*args, **named)", "return h(x, y, y) - h(y)"),
    ("", "return [x, y, x*y][5 >> 1] + math.factorial(4)*x - math.comb(5, 2) + (1 << 3)*y"),
    ("NAMES = frozenset(['a', 'b'])\ndef g(x, way='a'):\n  return x if way in NAMES else -x", "return g(x) + g(y, 'c')"),
]  # fmt: skip
#: What is printed and logged has no value, by whatever name, and whatever stands in it.
LOGGERS = [
    ("import logging\nLOG = logging.getLogger(__name__)", "LOG.{}"),
    (
        "from logging import getLogger as get\nlog: object = get('a').getChild('b')\nLOG = get()",
        "LOG.{}",
    ),
    ("import logging", "logging.{}"),
]
READ += [
    (
        above,
        f"{name.format(level)}('x is %s', x)\nif x > y:\n  {name.format(level)}(f'{{x}} > {{y:.2f}}')\n  return x*y\n{name.format(level)}('{{}}'.format(x) + str(y*2.0))\nreturn x - y",
    )
    for above, name in LOGGERS
    for level in ("debug", "info", "warning", "error", "exception", "critical")
]
READ += [
    (
        "",
        "print('x', x, y/2.0, '%s' % x, sep=', ')\nif y > x:\n  print(f'{y}')\nreturn x*y",
    )
]
READ += [
    ("WHEN = {'end': 0, 'begin': 1, 0: 0, 1: 1}\ndef when(w):\n  try:\n    return WHEN[w]\n  except (KeyError, TypeError):\n    return [WHEN[k] for k in w]", "return when('begin')*x + when(0) + when('end')*y + sum(when((1, 1, 0)))*y"),
    ("", "mask = (x == 0)\nreturn np.where(mask != 0, y, 2.0) + np.where(mask == 0, x, 1.0) + (3.0 if mask == True else y)"),
    *(("", f"a = {held}\nreturn x*y if hasattr(a, {name!r}) else x - y") for held in ("[x, 1.0]", "(x,)", "{'a': x}", "range(3)", "np.array([x, 2.0])") for name in ("size", "keys", "append", "items", "kind", "__len__")),
    ("@np.errstate(divide='ignore')\ndef g(x):\n  return x*x", "return g(x) - y"),
    ("", "a, b, c = np.broadcast_arrays(x, y, 2.0)\nreturn a*b + c"),
    ("", "a, b = np.broadcast_arrays([x, y], [[2.0], [3.0]])\nreturn np.sum(a*b) + b[0, 1]*a[1, 0]"),
    ("", "try:\n  a = np.asarray(x)\n  b, c = np.where(a > 1, a/(y + 4), a), -a\nexcept (NameError, IndexError):\n  pass\nelse:\n  b = b + 1\nreturn a*b + c"),
]  # fmt: skip
POINTS = [(0.0, 0.0), (-1.0, 0.0), (0.7, 1.3), (-0.4, 2.5), (1.6, 1.65), (0.0, 1.0), (2.5, 0.0), (720.0, 1.5), (3.0, 3.1), (2e3, 2e3)]  # fmt: skip


def file_of(above: str, body: str, first: str = "def f(x, y):") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"{HEAD}{above}\n{first}\n{lines}\n"


def of_python(text: str, *point: Any) -> Any:
    """Return what Python computes; nan where it raises."""
    module = types.ModuleType("model")
    exec(text, vars(module))  # noqa: S102
    try:
        return module.f(*point)
    except (ArithmeticError, ValueError, NameError):
        return math.nan


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("above", "body"), READ)
def test_constructs_mean_what_python_says(above: str, body: str) -> None:
    text = file_of(above, body)
    made = compile_function(text, "f")
    for point in POINTS:
        true = float(of_python(text, *point))
        given = [x for x, n in zip(point, "xy") if n in made.program.inputs]
        if math.isfinite(true):
            assert made.forward(*given)[0] == pytest.approx(true, rel=1e-14), point
        else:
            with pytest.raises((ValueError, ArithmeticError)):
                made.forward(*given)


@pytest.mark.parametrize(
    ("above", "body", "message"),
    [
        ("", "try:\n  t = g(x)\nexcept ValueError:\n  t = y\nreturn t", "a `try` is read where"),
        ("", "try:\n  t = 2**x\nexcept OverflowError:\n  t = y\nreturn t", "a `try` is read where"),
        ("", "try:\n  t = x**2\nexcept OverflowError:\n  t = y\nreturn t", "a `try` is read where"),
        ("", "z = np.exp(x)\ntry:\n  t = y/z\nexcept ZeroDivisionError:\n  t = y\nreturn t", "of Python's own floats"),
        ("from scipy.special import expit", "z = expit(x)\ntry:\n  t = y/z\nexcept ZeroDivisionError:\n  t = y\nreturn t", "of Python's own floats"),
        ("", "try:\n  t = y/x\nexcept ZeroDivisionError:\n  t = y\nfinally:\n  x = y\nreturn t", "a `try` is read where"),
        ("", "t = [x, y]\ntry:\n  t[0] = t[1] = 1.0/x\nexcept:\n  t[0] = 0.0\nreturn t[0]*y", "a `try` is read where"),
        ("", "t = [x, y]\ntry:\n  import cmath\n  t[0] = y*y\nexcept ImportError:\n  pass\nreturn t[0]*y", "a `try` is read where"),
        ("", "if x > 1:\n  z = y\ntry:\n  a = np.sqrt(z)\nexcept NameError:\n  a = x\nreturn a", "a `try` is read where"),
        ("", "try:\n  a = np.sqrt(x)\nexcept AttributeError:\n  a = x\nreturn a", "a `try` is read where"),
        ("", "try:\n  a = [x, y][2]\nexcept IndexError:\n  a = x\nreturn a", "a `try` is read where"),
        ("", "with open('data') as file:\n  return x*y", "of `with`, numpy.errstate(...)"),
        ("", "return x*math.inf", "`inf`"),
        ("", "return x if x < math.inf else y", "`inf`"),
        ("", "best = math.inf\nreturn min(best, x)", "`inf`"),
        ("", "best = -np.inf\nfor v in (x, y):\n  if v > best:\n    best = v\nreturn best", "`inf`"),
        ("", "warnings.simplefilter('error')\nreturn x*y", "not known here"),
        ("warnings.simplefilter('error')", "try:\n  warnings.warn('far')\nexcept Exception:\n  return y\nreturn x", "a `try` is read where"),
        ("", "try:\n  warnings.warn('far')\nexcept UserWarning:\n  return y\nreturn x", "a `try` is read where"),
        ("", "try:\n  print(unknown)\nexcept NameError:\n  return y\nreturn x", "give it a name on a line above"),
        ("", "try:\n  print('a' + x)\nexcept TypeError:\n  return y\nreturn x", "a `try` is read where"),
        ("", "try:\n  print([x][1])\nexcept IndexError:\n  return y\nreturn x", "a `try` is read where"),
        ("", "try:\n  print(f'{x:d}')\nexcept ValueError:\n  return y\nreturn x", "a `try` is read where"),
        ("", "if x > 1:\n  z = y\nprint(z)\nreturn x*y", "give it a name on a line above"),
        ("", "print(z)\nz = x\nreturn z*y", "give it a name on a line above"),
        ("T = {'a': 1.0}\nclass KeyError(Exception): pass", "try:\n  t = T['b']\nexcept KeyError:\n  t = y\nreturn t*x", "a name of its own"),
        ("ZeroDivisionError = ValueError", "try:\n  t = y/x\nexcept ZeroDivisionError:\n  t = y\nreturn t*x", "a name of its own"),
        ("E = ZeroDivisionError", "try:\n  t = y/x\nexcept E:\n  t = y\nreturn t*x", "a name of its own"),
        ("", "return round(number=x, ndigits=2)*y", "`round` takes a number"),
        ("", "return np.round(a=x)*y", "`round` takes a number"),
        ("", "return np.arange()*x + y", "`arange` takes whole numbers"),
        ("", "return math.copysign(x, np.round(y))", "its sign is asked for"),
        ("", "z = -int(y)\nreturn math.copysign(x, z + 0*x)", "its sign is asked for"),
        ("", "return math.atan2(round(x, 0), y)", "its sign is asked for"),
        ("", "return np.arctan2([np.ceil(x), y], x)[0]*y", "its sign is asked for"),
        ("", "return math.copysign(x, -0.0)*y", "a constant that is 0"),
        ("", "return math.copysign(x, False*y)", "a constant that is 0"),
        ("", "print(1.0/x)\nreturn x*y", "give it a name on a line above"),
        ("", "z = print(x)\nreturn x*y", "not known here"),
        ("def print(x):\n  raise ValueError\nA = [1.0]", "print(A.append(x))\nreturn A[0]*y", "may change"),
        ("", "a = [x, y]\nprint(a.pop())\nreturn sum(a)", "give it a name on a line above"),
        ("class Log:\n  def info(self, text):\n    globals()['K'] = 2.0\nLOG = Log()\nK = 0.5", "LOG.info('x')\nreturn K*x + y", "is no constant"),
        ("def g(x, *, k):\n  return x*k", "return g(x, y)", "takes 2 arguments"),
        ("", "return (x > 1) + (y > 1)", "a comparison is not a number"),
        ("", "return x if np.isclose(x, y, atol=x) else y", "tolerances are numbers"),
        ("", "return x if hasattr(np.exp(x), 'shape') else y", "depends on who calls"),
        ("K = 0.5\ndef change():\n  globals()['K'] = 2.0\nchange()", "return K*x + y", "may change"),
        ("K = 0.5\ndef change():\n  globals()['K'] = 2.0\nNAME = 'change'", "return K*x + y", "may change"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(above: str, body: str, message: str) -> None:
    with pytest.raises(GradgenError, match=re.escape(message)):  # fmt: skip
        compile_function(file_of(above, body), "f")


#: What makes values of every kind, and names that some have, or that the readers have for them.
OF_KINDS = ["x", "2*x", "x > y", "3", "[x, y]", "(x, y)", "{'a': x}", "{1, 2}", "range(3)", "np.array([x, y])", "np.asarray(x)", "'text'", "None", "math.exp(x)", "max(x, 1)"]  # fmt: skip
NAMES = sorted({n for kind in (list, dict, tuple, set, str, float, bool, range, np.ndarray, np.float64) for n in dir(kind)} | {*vars(Row("list", ()))} | {*dir(Row)} | {"name", "value", "path"})  # fmt: skip


@pytest.mark.parametrize(("made", "first"), one_in(8, itertools.product(OF_KINDS, range(8))))  # fmt: skip
def test_what_a_value_has_by_a_name_is_what_python_says(made: str, first: int) -> None:
    read = 0
    for name in NAMES[first::8]:
        text = file_of("", f"v = {made}\nreturn x if hasattr(v, {name!r}) else 2*x")
        try:
            found = read_function(text, "f")
        except GradgenError as error:
            assert re.search("depends on who calls|numpy makes an array", error.message)
            continue
        read += 1
        point = (0.5, 1.5)[: len(found.inputs)]
        assert evaluate(found, point) == of_python(text, 0.5, 1.5), name
    assert read > 10 or "asarray" in made


def test_parameters_that_are_given_by_name_alone_are_inputs() -> None:
    text = file_of("", "return a*x - k", "def f(x, a=2.0, *, k=3.0):")
    made = compile_function(text, "f")
    assert made.program.inputs == ("x", "a", "k")
    assert made.forward(5.0)[0] == 7.0


def test_it_is_said_which_function_is_not_called() -> None:
    text = file_of("def change():\n  globals()['K'] = 2.0\nK = 0.5", "return K*x + y")
    doc = compile_function(text, "f").source
    assert "As long as change() is not called, which changes K." in doc


#: Functions of sequences of unknown lengths, what the refusal asks for, and what they are called with then.
LENGTHS: list[tuple[str, str, tuple[Any, ...]]] = [
    ("def f(zs, Ks, N=None):\n    if N is None:\n        N = len(zs)\n    return sum(zs[i]*math.sqrt(Ks[i]) for i in range(N))", "zs=3, Ks=3", ([0.2, 0.3, 0.5], [1.5, 2.0, 0.4])),
    ("def f(zs, m):\n    t = 0.0\n    for i in range(len(zs)):\n        for j in range(len(zs)):\n            t += zs[i]*zs[j]*m[i][j]\n    return t", "zs=3, m=3x3", ([0.2, 0.3, 0.5], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.5]])),
    ("def f(values, x):\n    held = values\n    return [[v*x, v + x] for v in held]", "values=3", ([1.0, 2.0, 4.0], 0.5)),
    ("def f(c, x):\n    return sum(c)*x + c[4]", "c=5", ([1.0, 2.0, 4.0, -3.0, 0.5], 0.5)),
    ("def g(xs):\n    return [x*x for x in xs]\ndef f(xs, ys):\n    return sum(a*b for a, b in zip(g(xs), ys))", "xs=3, ys=3", ([1.0, 2.0, 4.0], [0.5, 0.25, 3.0])),
]  # fmt: skip


def flat(value: Any) -> list[float]:
    if isinstance(value, (tuple, list)):
        return [each for row in value for each in flat(row)]
    return [float(value)]


@pytest.mark.parametrize(("above", "shape", "given"), LENGTHS)
def test_a_refusal_asks_for_the_lengths_that_are_lacking(
    above: str, shape: str, given: tuple[Any, ...]
) -> None:
    text = f"{HEAD}{above}\n"
    with pytest.raises(GradgenError) as found:
        compile_function(text, "f")
    assert found.value.message.endswith(f'as in --shape "{shape}"')
    made = compile_function(text, "f", shape=shape)
    assert not made.unproven
    assert flat(made.forward(*flat(given))[0]) == pytest.approx(
        flat(of_python(text, *given)), rel=1e-14
    )


def test_a_refusal_asks_for_what_counts() -> None:
    text = f"{HEAD}def g(ys, M):\n    t = [0.0]*M\n    for i in range(M):\n        t[i] = 2.0*ys[i]\n    return t\ndef f(zs, N):\n    return g(zs, N)\n"
    for options, asked in (
        ({}, '`zs` is a sequence and `N` counts here; say how many numbers it holds, as in --shape "zs=3" --const "N=3"'),
        ({"const": {"N": 2}}, '`zs` is a sequence here; say how many numbers it holds, as in --shape "zs=2"'),
        ({"shape": "zs=2"}, '`N` counts here; say how often, as in --const "N=2"'),
    ):  # fmt: skip
        with pytest.raises(GradgenError) as found:
            compile_function(text, "f", **options)
        assert found.value.message.endswith(asked)
    made = compile_function(text, "f", shape="zs=2", const={"N": "2"})
    assert made.program.inputs == ("zs0", "zs1")
    assert [*made.forward(1.0, 3.0)[0]] == of_python(text, [1.0, 3.0], 2)


def test_examples_of_a_docstring_tell_lengths() -> None:
    lines = (
        "def f(x, cs, N, rows):",
        '    """It is a sum.',
        "    {}",
        '    """',
        "    t = 0.0",
        "    for i in range(N): t = t*x + cs[i]",
        "    return t + sum(sum(row) for row in rows) + sum(cs)",
    )
    text = "\n".join(lines) + "\n"
    plain = ">>> f(2.0, [1, -2.0, 3.5], 3, rows=[[1, 2], [3, 4]])\n    14.0"
    named = ">>> cs = np.array([1.0,\n    ... 2.0, 3.0])\n    >>> abs(f(x, cs, N=3, rows=((1, 2), (3, 4))))"
    for said in (plain, named, f"{plain}\n    {named}"):
        made = compile_function(text.format(said), "f")
        assert made.program.inputs == ("x", "cs0", "cs1", "cs2", "rows0_0", "rows0_1", "rows1_0", "rows1_1")  # fmt: skip
        assert not made.unproven and '--shape "cs=3, rows=2x2" --const "N=3", as in the docstring' in made.notes[-1]  # fmt: skip
        at = (2.0, [1.0, -2.0, 3.5], 3, [[1.0, 2.0], [3.0, 4.0]])
        assert made.forward(2.0, *at[1], 1.0, 2.0, 3.0, 4.0)[0] == of_python(text.format(""), *at)  # fmt: skip
    # Where examples differ, or show what is no plain sequence of numbers, nothing is guessed.
    for said in ("", f"{plain}\n    >>> f(2.0, [1.0], 1, [[1, 2], [3, 4]])", plain.replace("-2.0", "None"), plain.replace("[1, -2.0, 3.5]", "[1.0]*3"), plain.replace(", 3,", ", n,"), plain.replace("[3, 4]", "[3]"), plain.replace(">>> f(", ">>> f(*")):  # fmt: skip
        with pytest.raises(GradgenError, match="say how many numbers they hold"):
            compile_function(text.format(said), "f")
    made = compile_function(text.format(plain), "f", shape="cs=2, rows=1x2", const={"N": 2})  # fmt: skip
    assert made.program.inputs == ("x", "cs0", "cs1", "rows0_0", "rows0_1")


def test_what_is_read_once_is_said() -> None:
    for body, told in (
        ("return x*y", 0),
        (
            "import numpy as np\n    with np.errstate(divide='ignore'):\n        if x > 1: return np.log(x)*y\n        x = x*y\n    return x",
            0,
        ),
        (
            "import numpy as np\n    with np.errstate(all='ignore'): x = np.exp(x)\n    return x*y",
            0,
        ),
        ("if x > 1: a = y\n    elif x > 0.5: a = y*y\n    return a*x", 0),
        ("for v in (0.5, 1.5):\n        if x > v: a = v*y\n    return a*x", 0),
        (
            "m = 'a'\n    x = 2*x if m in frozenset(('a', 'b')) else x\n    return x*y if m not in {'b'} else y",
            0,
        ),
        ("return y*x if x in frozenset([2.0, 3.0]) else x", 0),
        (
            "try: r = x/(y - 1.0)\n    except ZeroDivisionError: r = 3.0\n    return r*x",
            0,
        ),
        (
            "import math\n    try: return math.log(x - 2.0)/math.sqrt(y)\n    except ValueError: x = 5.0*x\n    return x*y",
            0,
        ),
        (
            "from math import exp as e\n    for k in (1.0, 90.0):\n        try: x = e(k*x)\n        except: x = x + 2.0*k\n    return 1e-3*x + y",
            0,
        ),
        (
            "if x > 1.0:\n        try: return (50.0*x)**(50.0*y)*1e-200\n        except: return y\n    return x",
            0,
        ),
        (
            "try:\n        x = x/y\n        x = x/(x - 1.0)\n    except ZeroDivisionError: x = y\n    return x",
            1,
        ),
        ("import math\n    return math.trunc(x)*y", 1),
    ):
        text = f"def f(x, y):\n    {body}\n"
        made = compile_function(text, "f")
        assert sum("read once" in note for note in made.notes) == told
        assert not made.unproven
        assert not compile_function(text, "f", proof=False).notes


def test_what_is_refused_with_any_length_is_told_at_once() -> None:
    text = f"{HEAD}def f(c, x):\n    return sum(c)*unknown(x)\n"
    with pytest.raises(GradgenError, match=r"unknown.*that is with --shape \"c=3\""):
        compile_function(text, "f")


def test_rows_are_told_one_after_the_other() -> None:
    made = compile_function(f"{HEAD}{LENGTHS[2][0]}\n", "f", shape="values=2")
    assert "It returns a list of 2, in it others; their 4 numbers stand here one after the other." in made.source.replace("\n", " ")  # fmt: skip


DECORATED = """
def nothing(*args, **named):
    return lambda f: f
def other(*args):
    return lambda f: abs
if {test}:
    try:
        from numba import jit
    except ImportError:
        jcompile = {way}
    else:
        jcompile = jit
else:
    jcompile = nothing
@jcompile('float64(float64)', nopython=True)
def g(x): return x*x
"""


def test_a_decorator_may_be_one_of_several_that_change_nothing() -> None:
    text = file_of(DECORATED.format(test="math.pi < 3", way="nothing"), "return g(x)*y")
    assert compile_function(text, "f").forward(3.0, 2.0)[0] == 18.0
    for change in (
        ("nothing\n@", "other\n@"),
        ("'float64(float64)'", "'int64(int64)'"),
    ):
        with pytest.raises(GradgenError, match="the decorator `jcompile` may change"):
            compile_function(text.replace(*change), "f")


def test_an_import_counts_that_stands_below_another() -> None:
    head = "from math import sin as exp\ntry:\n  from math import exp\nexcept ImportError:\n  def exp(x): return x"
    text = file_of(head, "return exp(x)*y")
    assert compile_function(text, "f").forward(0.0, 2.0)[0] == 2.0
    for change in (("math import exp\n", "numpy import exp\n"), ("import exp\n", "import gone\n")):  # fmt: skip
        with pytest.raises(GradgenError, match="exp` is bound more than once"):
            compile_function(text.replace(*change), "f")


def test_what_is_left_out_of_the_inputs_is_what_the_first_line_says() -> None:
    text = file_of("", "if z is None:\n  raise ValueError('z')\nreturn x*y - z*k", "def f(x, y=2.0, z=None, k=3.0):")  # fmt: skip
    made = compile_function(text, "f", inputs="x, z")
    assert made.program.inputs == ("x", "z")
    assert made.forward(5.0, 1.0)[0] == 7.0


def test_a_dict_of_a_caller_is_as_many_inputs_as_it_is_asked_for() -> None:
    text = f"{HEAD}def g(m, t):\n    return m['a']*t + m['two words']\ndef f(t, m):\n    return g(m, t) - m['b']\n"
    made = compile_function(text, "f")
    assert made.program.inputs == ("t", "m_a", "m_1", "m_b")
    assert not made.unproven
    true = of_python(text, 2.0, {"a": 3.0, "b": 4.0, "two words": 5.0})
    assert made.forward(2.0, 3.0, 5.0, 4.0)[0] == true
    for body in ("len(m)", "sum(m)", "('b' in m)*1.0", "dict(m)['a']", "(1.0 if m else 2.0)"):  # fmt: skip
        with pytest.raises(GradgenError):
            compile_function(f"{HEAD}def f(t, m):\n    return m['a']*t*{body}\n", "f")
    made = compile_function(
        f"{HEAD}def f(t, m):\n    return m['a']*t*m.get('b', 1.0)\n", "f"
    )
    assert made.program.inputs == ("t", "m_a", "m_b")
    assert "For m = {'a': m_a, 'b': m_b}." in made.source


#: What numpy does with arrays, of which it makes none of what is no sequence.
OF_ARRAYS = [
    "sum({v})", "mean({v})", "max({v})", "any({v})", "cumsum({v})[1]", "diff({v})[0]", "inner({v}, {v})", "vdot({v}, {v})", "dot({v}, {v})", "outer({v}, {v})[0][0]",
    "cross({v}, {v})[0]", "polyval({v}, y)", "sqrt({v})[0]", "linalg.norm({v})", "vstack({v})[0][0]", "clip({v}, 0, 1)[0]", "where(x > 1, {v}, {v})[0]", "interp(x, {v}, {v})", "maximum({v}, 2.0)[0]",
]  # fmt: skip


@pytest.mark.parametrize("done", OF_ARRAYS)
def test_numpy_makes_no_array_of_what_is_no_sequence(done: str) -> None:
    for made in ("{1: x, 2: y, 3: x}", "dict(a=x, b=y, c=x)", "{1, 2, 3}", "zip([x, y, x], [y, x, y])", "(v*2 for v in (x, y, x))"):  # fmt: skip
        text = file_of("", f"v = {made}\nreturn x*y + np.{done.format(v='v')}")
        inline = file_of("", f"return x*y + np.{done.format(v=made)}")
        for each in (text, inline):
            with pytest.raises(GradgenError):
                compile_function(each, "f", proof=False)


#: What an object is asked for, of which numbers have some as well.
ASKED = ("a", "b1", "T", "size", "real", "rho", "_m", "ndim")


@pytest.mark.parametrize("seed", one_in(4, range(24)))
def test_an_object_of_a_caller_is_as_many_inputs_as_it_has_attributes(
    seed: int,
) -> None:
    rnd = random.Random(seed)
    names = [rnd.choice(("a", "rho", "_m")), *rnd.choices(ASKED, k=4)]
    rnd.shuffle(names)
    one, two, three, four, five = (f"{rnd.choice('sr')}.{name}" for name in names)
    body = (
        f"r = s\nif {one} > y:\n  return {two}*y + g(r)\nreturn {three} - {four}*{five}"
    )
    above = f"def g(o, k=2.0):\n  return k*o.a + {rnd.choice(('o.rho', '1.0'))}"
    text = file_of(above, body, "def f(s, y):")
    made = compile_function(text, "f", proof=False)
    assert "y" in made.program.inputs and "For s." in made.source
    assert not compile_function(text, "f").unproven
    for _ in range(5):
        held = {name: rnd.uniform(0.1, 3.0) for name in ASKED}
        y = rnd.uniform(0.1, 3.0)
        given = [y if name == "y" else held[name.removeprefix("s_")] for name in made.program.inputs]  # fmt: skip
        assert made.forward(*given)[0] == of_python(text, types.SimpleNamespace(**held), y)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        "return s['a']*s.a + y", "return s.a*(s == y)", "return len(s)*s.a",
        "return s.a if isinstance(s, (np.ndarray, float)) else y", "return s.a + s.b()", "s.a = y\nreturn s.a", "return s.a*s", "return s.a if s else y",
        "return s.a if y in s else y", "return sum(s.a for z in s)", "return s, s.a", "return s.a.b*y", "return {s: s.a}[s]", "return s.a + np.sum(s)",
    ],
)  # fmt: skip
def test_what_else_an_object_does_is_refused(body: str) -> None:
    with pytest.raises(GradgenError):
        compile_function(file_of("", body, "def f(s, y):"), "f", proof=False)


#: What is done to a caller's sequences, of which lists and tuples have none; x and y hold three numbers, a is one.
GIVEN = [
    "x - y", "x/y", "y**2 + x*a", "x[1:] - x[:-1]", "-x*(a + 1.5)", "a - x", "np.where(x < a, y, -x)", "x.cumsum()", "[x.sum(), y.mean(), x.max() - y.min()]", "(x - y) @ (y - a)",
    "x.ravel()[1:]*a", "[x.size, x.shape[0], x.dot(y - 1)]", "x.T - 1", "np.concatenate([x - 1, y/2])", "2.5*x", "(x*a)[y > a]*0 + np.sum(x*a)", "x @ y", "x + a", "x.astype(float)*a", "[*x, *y] - x.max()*np.ones(6)",
]  # fmt: skip


@pytest.mark.parametrize("body", GIVEN)
def test_what_lists_have_not_is_of_arrays(body: str) -> None:
    text = f"{HEAD}def f(x, y, a):\n    return {body}\n"
    rnd = random.Random(body)
    at = [rnd.uniform(0.2, 3.0) for _ in range(7)]
    numpy = pytest.importorskip("numpy")
    true = of_python(text, numpy.array(at[:3]), numpy.array(at[3:6]), at[6])
    for kind in (list, tuple):
        with pytest.raises((TypeError, AttributeError)):
            of_python(text, kind(at[:3]), kind(at[3:6]), at[6])
    try:
        made = compile_function(text, "f", shape="x=3, y=3")
    except GradgenError as error:
        assert "[y > a]" in body, error  # of a length that numbers decide
        return
    got = made.forward(*at)[0]
    assert got == pytest.approx(numpy.ravel(true).tolist() if numpy.ndim(true) else float(true), rel=1e-14)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    ["x + y", "x*2", "2*x", "x*int(a)", "x*(1 if a > 0 else 2)", "[1.0] + x", "x == a", "x < y", "x*(a > 1)", "x + 'text'"],
)  # fmt: skip
def test_what_lists_have_as_well_is_refused(body: str) -> None:
    for done in (f"return {body}", f"z = y\n    x -= a\n    return {body}"):
        with pytest.raises(GradgenError):
            compile_function(f"{HEAD}def f(x, y, a):\n    {done}\n", "f", shape="x=3, y=3")  # fmt: skip


@pytest.mark.parametrize("body", ["y = x\n  x -= 1.0\n  return y[0] + x[1]", "x *= 2.0\n  return x[0] + x[1]*x[2]", "return g(x) + x[0] + x[1]*x[2]"])  # fmt: skip
def test_what_changes_in_place_where_a_sequence_is_an_array_is_refused(
    body: str,
) -> None:
    text = f"def g(v):\n  v /= 2.0\n  return v[0]\ndef f(x):\n  {body}\n"
    with pytest.raises(GradgenError, match="what this changes in place depends on its kind"):  # fmt: skip
        compile_function(text, "f", shape="x=3")


def test_a_refusal_names_the_one_parameter_that_an_array_is_made_of() -> None:
    for text in (
        "def g(v): return np.sqrt((v*v).sum(axis=0))\ndef f(x, a): return g(x)*a\n",
        "def f(x, a):\n    y = x/2.0\n    z = y + 1.0\n    return (z*y).max()*a\n",
    ):
        with pytest.raises(GradgenError, match='`x` is a sequence here; say how many numbers it holds, as in --shape "x=3"'):  # fmt: skip
            compile_function(f"{HEAD}{text}", "f")


#: What numpy puts in another order or shape.
ARRANGED = [
    "np.concatenate([v, w])", "np.concatenate((m, m*2))", "np.concatenate([m, -m], axis=1)", "np.ravel(m)", "m.ravel()", "np.ravel(x)", "np.squeeze(m[:1])", "m[:1].squeeze()", "np.atleast_2d(v)",
    "np.atleast_2d(x)", "np.flip(v)", "np.append(v, x)", "np.append(m, w)", "np.repeat(v, 2)", "np.repeat(x, 3)", "np.tile(v, 2)", "np.eye(2)*x", "np.identity(3)*y", "np.array([np.size(m), np.ndim(m), *np.shape(m)])",
    "np.polyval([2.0, x, 1.0], v)", "np.polyval(v, m)[1]", "np.array([np.nanmax(v), np.nanmin(m), np.nansum(v), np.nanmean(w)])", "np.copy(v)*2", "np.copy(x) + np.shape(m)[1] + np.size(x) + np.ndim(y)", "np.broadcast_arrays(v, np.array([[x], [y]]))[1]",
]  # fmt: skip


@pytest.mark.parametrize("body", ARRANGED)
def test_what_numpy_arranges_is_as_numpy_has_it(body: str) -> None:
    text = file_of("", f"v = np.array([x, y, x*y])\nw = np.array([y, 2.0])\nm = np.array([[x, y, 1.0], [x - y, 2.0, x]])\nr = {body}\nreturn r")  # fmt: skip
    numpy = pytest.importorskip("numpy")
    made = compile_function(text, "f")
    for point in POINTS[2:5]:
        true = numpy.ravel(of_python(text, *point)).tolist()
        got = made.forward(*point)[0]
        assert [*got] == true if isinstance(got, tuple) else [got] == true


#: Parts of an array m of two axes, t of three.
PARTS = [
    "m[:, 0]", "m[1, :]", "m[:, 1:]", "m[::-1, ::2]", "m[:1, -1]", "m[..., 1]", "m[0, ...]", "m[:, np.newaxis, 1]", "m[None, :, 0]", "v[:, None]*v[None, :]", "v[:2, np.newaxis] - m[:, :1]*v[np.newaxis, :]", "m[:, [0, -1]]", "m[[1, 0], :]", "v[[2, 0, 1]]", "v[np.array([1, 1])]",
    "t[:, 0, 1]", "t[..., 0]", "t[1, :, ::-1]", "t[0, 1:, :]", "t[:, :, -1].sum(axis=0)", "m[:, 0] @ v[:2]",
]  # fmt: skip
#: What is put into them.
PUT = [
    "m[:, 0] = v[:2]", "m[1, :] = x", "m[:, 1:] = np.copy(m)[:, :2]*2.0", "m[0, ...] = [y, x, 2]", "m[:, 2] += y", "m[:, :2] *= v[:2]", "m[::-1, 0] = v[:2]", "t[:, 0, 1] = y", "t[..., 0] = m[:, :2]", "t[1, :, :] -= m[0, 0]", "m[:, 0:1] = 3", "m[:, :] = v",
]  # fmt: skip
ARRAYS = "v = np.array([x, y, x*y])\nm = np.array([[x, y, 1.0], [x - y, 2.0, x]])\nt = np.array([[[x, 1.0], [y, 2.0]], [[3.0, x*y], [x - y, 4.0]]])\n"


@pytest.mark.parametrize("part", [*PARTS, *PUT])
def test_parts_of_several_axes_are_those_of_numpy(part: str) -> None:
    numpy = pytest.importorskip("numpy")
    body = f"{ARRAYS}{part}\nreturn np.concatenate([np.ravel(m), np.ravel(t)])" if part in PUT else f"{ARRAYS}return {part}"  # fmt: skip
    text = file_of("", body)
    made = compile_function(text, "f")
    for point in POINTS[2:5]:
        true = numpy.ravel(of_python(text, *point)).tolist()
        got = made.forward(*point)[0]
        got = [*got] if isinstance(got, tuple) else [got]
        assert got == pytest.approx(true, rel=1e-15)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("m[:, 0, 1]", "the array has 2 axes"), ("m[:, 5]", "out of range"), ("m[:, int(x)]", "known when compiling"), ("[x, y][:, 0]", "a list has no axes"), ("t[0, :, [0, 1]]", "one axis alone"), ("(x, y)[..., 0]", "a tuple has no axes"),
        ("m.sum()\nm[:, 0] = [x, y, x]\nreturn x", "3 values are put"), ("m.sum()\nw = m[:, 0]\nm[0, 0] = 3.0\nreturn w[0]", "held elsewhere"), ("m.sum()\nw = m[:, 0]\nw[0] = 3.0\nreturn m[0, 0]", "not changed here"),
        ("m.sum()\nk = np.array([[1, 2], [3, 4]])\nk[:, 0] = x\nreturn k[0, 0]", "arrays of floats"),
    ],
)  # fmt: skip
def test_what_has_no_parts_is_refused(body: str, said: str) -> None:
    with pytest.raises(GradgenError, match=said):
        compile_function(file_of("", f"{ARRAYS}r = {body}\nreturn r"), "f")


def test_a_table_of_which_a_column_is_changed_is_no_constant() -> None:
    for above in ("w = T[:, 0]\nw[0] = 9.0", "T[:, 0] = 9.0", "def g():\n    w = T[0, :]\n    w[0] = 9.0"):  # fmt: skip
        with pytest.raises(GradgenError, match="may change"):
            compile_function(f"{HEAD}T = np.array([[1.0, 2.0], [3.0, 4.0]])\n{above}\ndef f(x):\n    return x*T[0, 0] + T[0, 1]\n", "f")  # fmt: skip
    text = f"{HEAD}T = np.array([[1.0, 2.0], [3.0, 4.0]])\ndef g(): return T[:, 0].sum()\ndef f(x):\n    return x*T[0, 0] + T[0, 1] + g() + T[:, 1] @ T[1, :]\n"
    assert compile_function(text, "f").forward(2.0)[0] == of_python(text, 2.0)


#: What is done where conditions hold for w = v*1.0, whose places i, j and k are.
WHERE = [
    "if len(i) > 0:\n  w[i] -= 2.0", "w[i] = w[i]*y\nw[j] = 3.0", "w[np.where(w > y)] = y", "w[np.nonzero(v < 0)[0]] += x", "if k.size == 1:\n  w[k] = w[k]/2 + v[k]", "w[0] += len(i)*x - k.size", "if len(k) == 0 and i is not None:\n  w[j] = -w[j]",
    "n = len(i) + len(k)\nw[k] = np.sqrt(np.abs(v[k]))*n",
]  # fmt: skip


@pytest.mark.parametrize("done", WHERE)
def test_places_where_conditions_hold_are_those_of_numpy(done: str) -> None:
    numpy = pytest.importorskip("numpy")
    body = f"v = np.array([x, y, x - y, 0.5])\nw = v*1.0\ni = np.where(v > 1.0)[0]\nj = np.where((v < 0) | (v > y))\nk = np.flatnonzero(w > 0.5)\n{done}\nreturn w"
    text = file_of("", body)
    made = compile_function(text, "f", inputs="x, y")
    rnd = random.Random(done)
    for _ in range(10):
        point = rnd.uniform(-2, 3), rnd.uniform(-2, 3)
        true = numpy.ravel(of_python(text, *point)).tolist()
        assert [*made.forward(*point)[0]] == pytest.approx(true, rel=1e-15)


@pytest.mark.parametrize("body", [
    "i[0]", "np.sum(i)", "i + 1", "x*(i == 1)", "x if i else y", "i", "v[i]", "np.size(i)", "x if isinstance(i, list) else y", "x if hasattr(i, 'size') else y", "sum(i)", "[k for k in i][0]",
    "x if 1 in i else y", "np.array(i)", "max(i)", "[i, x]", "len(i)*[x]", "np.concatenate([i, v])", "np.any(i)*x", "i.sum()", "{'a': i}['a']", "np.ones(len(i))[0]", "np.shape(i)[0]", "np.nonzero(v)", "x if i or x > 1 else y",
    "i if x > 0 else x", "-i", "x if i != 3 else y", "x if np.where(v > 1) == np.where(v > 2) else y", "np.where(x > 0)",
])  # fmt: skip
def test_what_else_is_asked_of_places_is_refused(body: str) -> None:
    text = file_of("", f"v = np.array([x, y, 1.0])\ni = np.where(v > 0.5)[0]\nreturn {body}")  # fmt: skip
    with pytest.raises(GradgenError):
        compile_function(text, "f", proof=False)


def test_what_was_never_put_into_an_empty_array_raises() -> None:
    text = file_of("", "v = np.empty((2, 2), dtype=float)\nfor i in range(2):\n  for j in range(2):\n    v[i, j] = x*i + y*j\nw = np.empty_like(v[0])\nu = v[1]*1.0\nlow = u < y\nw[low] = u[low]*2\nw[~low] = 3.0\nreturn v[1, 1] + w[0]*w[1]")  # fmt: skip
    made = compile_function(text, "f")
    for point in POINTS[2:5]:
        assert made.forward(*point)[0] == of_python(text, *point)
    made = compile_function(file_of("", "v = np.empty(3)\nv[0] = y\nreturn v[0] if x > 1 else v[1]"), "f")  # fmt: skip
    assert made.forward(2.0, 3.0)[0] == 3.0
    with pytest.raises(ValueError):
        made.forward(0.0, 3.0)
    with pytest.raises(GradgenError, match="whole numbers|type"):
        compile_function(file_of("", "v = np.empty(2, dtype=int)\nv[0] = x\nv[1] = y\nreturn v[0]"), "f")  # fmt: skip
    for seen in ("np.ravel(v)", "np.flip(v)", "np.broadcast_arrays(v)[0]", "v.squeeze()"):  # fmt: skip
        for changed in ("v", "w"):
            with pytest.raises(GradgenError, match="another array of the same numbers|broadcast_arrays"):  # fmt: skip
                compile_function(file_of("", f"v = np.array([x, y])\nw = {seen}\n{changed}[0] = 5.0\nreturn v[0] + w[1]"), "f")  # fmt: skip


def test_functions_of_autograd_are_those_of_numpy() -> None:
    text = "import {} as np\ndef f(x, y):\n    return np.where(x > y, np.log(x), np.sum([x, y])) + np.fmod(x, y)\n"
    one, other = (compile_function(text.format(m), "f") for m in ("autograd.numpy", "numpy"))  # fmt: skip
    assert one.source == other.source


def test_whole_numbers_that_count_are_settled() -> None:
    text = f"{HEAD}def f(x, n=4):\n    return sum(x**k/math.factorial(k) for k in range(n)) + n\n"
    for options, count in (
        ({}, 4),
        ({"const": {"n": 3}}, 3),
        ({"const": {"n": "2"}}, 2),
    ):
        made = compile_function(text, "f", **options)
        assert made.program.inputs == ("x",) and not made.unproven
        assert made.forward(0.5)[0] == pytest.approx(of_python(text, 0.5, count))
        assert f"For n = {count}." in made.source
    with pytest.raises(
        GradgenError, match=r"`n` counts here; say how often, as in --const \"n=3\""
    ):
        compile_function(text, "f", inputs="x, n")


def test_numbers_in_a_sequence_have_names_that_no_parameter_has() -> None:
    text = f"{HEAD}def f(x, x0, x_1):\n    return x[0]*x0 - x[1]*x_1\n"
    made = compile_function(text, "f")
    assert made.program.inputs == ("x_at0", "x_at1", "x0", "x_1")
    assert made.forward(1.0, 2.0, 3.0, 4.0)[0] == of_python(text, [1.0, 2.0], 3.0, 4.0)


def test_a_table_may_be_given_to_a_function_of_another_file(tmp_path: Any) -> None:
    (tmp_path / "other.py").write_text(
        "def horner(cs, x):\n    t = 0.0\n    for c in cs:\n        t = t*x + c\n    return t\n"
        "def keep(cs, x):\n    return horner(cs, x)\n"
        "def change(cs, x):\n    cs[0] = x\n    return cs[0]\n"
        "def hand(cs, x):\n    return change(cs, x)\n"
    )
    file = tmp_path / "model.py"
    for name in ("horner", "keep", "change", "hand"):
        text = f"from other import {name}\nT = [1.5, -2.0, 0.25]\ndef f(x):\n    return {name}(T, x)\n"
        file.write_text(text)
        if name in ("horner", "keep"):
            made = compile_function(text, "f", file=file)
            assert made.forward(2.0)[0] == 1.5 * 4 - 2.0 * 2 + 0.25
        else:
            with pytest.raises(GradgenError, match="`T` may change: line 4 hands the list on"):  # fmt: skip
                compile_function(text, "f", file=file)
