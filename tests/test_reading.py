"""Python functions with `try`, `with`, keyword-only parameters, tests of what numbers are like and their kind; against Python itself."""

from __future__ import annotations

import math
import re
import types
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function

HEAD = "import math\nimport warnings\nimport numpy as np\n"
#: What stands above f(x, y), and its body.
READ = [
    ("", "try:\n  return math.exp(x)\nexcept OverflowError:\n  return 1e300*y"),
    ("", "try:\n  t = math.log(x/y)/y\nexcept (ValueError, ZeroDivisionError):\n  return 0.25\nreturn t*x"),
    ("", "try:\n  t = math.sqrt(x)\n  t -= 1.0/(y - 1.5)\nexcept:\n  t = y\nreturn t*2"),
    ("", "try:\n  t = math.log(x)\nexcept ZeroDivisionError:\n  t = 0.0\nreturn t"),
    ("", "try:\n  return 1.0/x\nexcept ArithmeticError:\n  raise ValueError('x is 0')"),
    ("", "t = 1.0\ntry:\n  t = y/x\nexcept Exception:\n  pass\nreturn t"),
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
    ("def g(x, *, k=2.0, m=1.0):\n  return x*k - m", "return g(x, k=y) + g(y, m=3.0)"),
    ("def g(x, k=2.0, /):\n  return x*k", "return g(x) + g(y, 3.0)"),
    ("", "return math.inf if x > 1e3 else x*y"),
    ("", "return float('nan') if y > 1e3 else x - y"),
    ("def change():\n  globals()['K'] = 2.0\nK = 0.5", "return K*x + y"),
]  # fmt: skip
POINTS = [(0.7, 1.3), (-0.4, 2.5), (1.6, 1.65), (0.0, 1.0), (2.5, 0.0), (720.0, 1.5), (3.0, 3.1), (2e3, 2e3)]  # fmt: skip


def file_of(above: str, body: str, first: str = "def f(x, y):") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"{HEAD}{above}\n{first}\n{lines}\n"


def of_python(text: str, *point: float) -> Any:
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
        ("", "try:\n  t = x**2\nexcept OverflowError:\n  t = y\nreturn t", "a `try` is read where"),
        ("", "z = np.exp(x)\ntry:\n  t = y/z\nexcept ZeroDivisionError:\n  t = y\nreturn t", "of Python's own floats"),
        ("", "try:\n  t = y/x\nexcept ZeroDivisionError:\n  t = y\nfinally:\n  x = y\nreturn t", "a `try` is read where"),
        ("", "with open('data') as file:\n  return x*y", "of `with`, numpy.errstate(...)"),
        ("", "return x*math.inf", "`inf`"),
        ("", "return x if x < math.inf else y", "`inf`"),
        ("", "best = math.inf\nreturn min(best, x)", "`inf`"),
        ("", "warnings.simplefilter('error')\nreturn x*y", "not known here"),
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


def test_parameters_that_are_given_by_name_alone_are_inputs() -> None:
    text = file_of("", "return a*x - k", "def f(x, a=2.0, *, k=3.0):")
    made = compile_function(text, "f")
    assert made.program.inputs == ("x", "a", "k")
    assert made.forward(5.0)[0] == 7.0


def test_it_is_said_which_function_is_not_called() -> None:
    text = file_of("def change():\n  globals()['K'] = 2.0\nK = 0.5", "return K*x + y")
    doc = compile_function(text, "f").source
    assert "As long as change() is not called, which changes K." in doc
