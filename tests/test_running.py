"""A module that is run assignment by assignment does what it does as a whole."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.loading import load
from gradgen.pipeline import compile
from gradgen.prove.plain_formula import plain_formula
from gradgen.prove.proof import prove
from gradgen.read.programs import parse
from gradgen.running import load_by_kind

FORMULAS = (
    "x",
    "x**2 + 0.5*x*y - y/3",
    "x if x > y and y < 1 else -y**3",
    "sqrt(max(x, 0)) + abs(y) + floor(x)",
    "digamma(x) + logcosh(y) + 1e-3*x**(2/3)",
    "u = x*y  # their product\nv = sin(u)\nu/v + 1e+20*u",
    "def f(a, b): return a*exp(-b)\nf(x, y) - f(y, x)",
    # Lines with such names stay in their functions, between the others or with all of them.
    "sin(θ*x)*y + θ/x + x*y**2",
    "θ*x + x*y + sin(x)*cos(y)*θ",
    "sh = function(math.sinh, derivative=math.cosh)\nsh(x*y)*x",
    " + ".join(f"log(x*{k} + y*{k * k})" for k in range(1, 9)),
)


def outcome(module: Any, at: tuple[float, ...], rows: bool) -> str:
    """Return what the functions of a module make of a point, or what they raise."""
    try:
        value, cache = module.forward(*at)
        found = [value, cache, module.backward(cache, 0.7)]
        if rows:
            found.append(module.jacobian(*at))
        return repr(found)
    except (ArithmeticError, ValueError) as error:
        return repr(error)


@pytest.mark.parametrize("options", [{}, {"with_": "jacobian"}, {"ieee": True}], ids=str)  # fmt: skip
@pytest.mark.parametrize("formula", FORMULAS)
def test_it_is_the_same_module(formula: str, options: dict[str, Any]) -> None:
    compiled = compile(formula, **options)
    whole, apart = load(compiled.source), load_by_kind(compiled.source)
    draw = random.Random(formula).uniform
    for _ in range(8):
        at = tuple(draw(-2, 3) for _ in compiled.program.inputs)
        rows = "with_" in options
        assert outcome(apart, at, rows) == outcome(whole, at, rows)


SOURCE = compile("sin(x*y)*x").source


@pytest.mark.parametrize(
    "line",
    ["    xy = x * y\n", "    x, y, xy, sinxy = cache\n", "    dsinxy = x * df\n"],
)
def test_a_name_without_a_value_is_noticed(line: str) -> None:
    assert line in SOURCE
    module = load_by_kind(SOURCE.replace(line, "", 1))
    for _ in range(2):
        with pytest.raises((KeyError, NameError)):
            module.backward(module.forward(1.0, 2.0)[1])


def test_what_an_earlier_call_assigned_is_gone() -> None:
    text = SOURCE.replace("    xy = x * y\n", "    ab = x * xy\n    xy = x * y\n")
    module = load_by_kind(text)
    for _ in range(2):
        with pytest.raises(KeyError):
            module.forward(1.0, 2.0)


def test_a_large_module_is_proven_from_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradgen.compiled._LARGE", 10)
    formula = "x*y + sin(x)/y"
    compiled = compile(formula)
    assert "module" not in vars(compiled) and not compiled.unproven
    plain = plain_formula([("result f", parse(formula).expr)], ["result f"], ())
    assert plain is not None
    for old, new in (("math.sin", "math.cos"), (" += ", " -= "), (" / ", " * ")):
        wrong = compile(formula, proof=False)
        object.__setattr__(wrong, "source", wrong.source.replace(old, new))
        assert wrong.source != compiled.source
        with pytest.raises(GradgenError, match="the module is wrong"):
            prove(wrong, plain)
