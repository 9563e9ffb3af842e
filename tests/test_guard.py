"""Only the branch taken is evaluated, forward and backward, and nothing comes out of the other."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import pytest
import sympy as sp

from gradgen.core.program import ProgramError, Step
from gradgen.passes.branches.guard import guard
from gradgen.passes.check import verify
from gradgen.pipeline import compile
from gradgen.read.formula import Formula
from gradgen.read.programs import parse
from gradgen.read.sympy.stage import stage
from tests.truth import relative, value_and_gradient

#: A formula, and points on every side of its conditions.
CHOICES = [
    ("log(x) if x > 0 else 0", [(0.0,), (-1.0,), (2.0,)]),
    ("0 if x <= 0 else log(x)", [(0.0,), (-1.0,), (2.0,)]),
    ("log(x) if x > 0 else sqrt(-x)", [(-4.0,), (2.0,)]),
    ("1/x if x != 0 else y", [(0.0, 3.0), (2.0, 3.0)]),
    ("x*log(x) if x > 0 else x**2 + log(x) if x > 1 else 1/y", [(0.5, 0.0), (-1, 2.0)]),
    ("(log(x) if x > 0 else 0)*(sqrt(x) if x > 1 else y)", [(-1, 2), (0.5, 2), (3, 2)]),
    ("log(x) + (log(x) if y > 0 else x)", [(2.0, 1.0), (2.0, -1.0)]),
    ("(log(x) if y > 0 else x) + log(x)", [(2.0, 1.0), (2.0, -1.0)]),
    ("log(x)**2 if y > 0 else sin(log(x))", [(2.0, 1.0), (2.0, -1.0)]),
    ("(log(x) if x > 0 else 1) + (log(x)*y if x*y > 0 else 2)", [(2, 1), (2, -1), (-1, 1)]),
    ("1 if x > 0 and log(x) > 0 else y", [(-1.0, 5.0), (0.5, 5.0), (3.0, 5.0)]),
    ("1 if x <= 0 or log(x) > 0 else y*x", [(-1.0, 5.0), (0.5, 5.0), (3.0, 5.0)]),
    ("x if not (x > 0 and sqrt(x) > 1) else log(x)*y", [(-1, 5), (0.5, 5), (3, 5)]),
    ("y if 0 < x < 1 else x", [(-1.0, 5.0), (0.5, 5.0), (3.0, 5.0)]),
    ("(log(x) if (log(x) if y > 0 else x) > 1 else 0)", [(9, 1), (2, 1), (-5, -1), (5, -1)]),
    ("Piecewise((x**2, x < 0), (sqrt(x), x < y), (log(x), True))", [(-1, 2), (1, 2), (5, 2)]),
    ("where(x > y, exp(x), where(x < -y, exp(-x), cosh(y)))", [(3, 1), (-3, 1), (0.5, 1)]),
    ("1/hypot(x, y) if hypot(x, y) > 0 else 0", [(0.0, 0.0), (3.0, 4.0)]),
    ("1/sqrt(x*x + y) if sqrt(x*x + y) > 0 else 0", [(0.0, 0.0), (3.0, 4.0)]),
    ("1/x if 1/x < 1e300 else 0", [(1e-301,), (2.0,)]),
    ("sqrt(x) if sqrt(x) > 1 else 0", [(0.0,), (4.0,)]),
    ("(sqrt(x) if sqrt(x) > 1 else 0) + (sqrt(x)*y if y > 5 else y)", [(0.0, 1.0), (4.0, 6.0), (4.0, 1.0)]),
    ("asin(x) if asin(x) < 1 else 2*y", [(1.0, 3.0), (0.5, 3.0)]),
    ("x if x/y >= 1 else 0", [(49.0, 49.0), (1.0, 49.0)]),
    ("x*floor(x/y)", [(49.0, 49.0), (100.0, 49.0)]),
    ("y*log(0) if x > 0 else y", [(-1.0, 2.0)]),
    ("y/sin(0) if x > 0 else y", [(-1.0, 2.0)]),
    ("(x if y > 1 else log(-1)) if x > 0 else y", [(-1.0, 0.5)]),
    ("x if y > 5 and y > log(-1) else y", [(-1.0, 2.0)]),
    ("abs(x) if x*y > 1 else max(x, y) % 2", [(3.0, 1.5), (0.3, 1.5)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "points"), CHOICES, ids=[t for t, _ in CHOICES])
def test_the_branch_taken_gives_value_and_gradient(
    text: str, points: list[tuple[float, ...]]
) -> None:
    names = ["x", "y"][: len(points[0])]
    compiled = compile(text, inputs=names)
    for point in points:
        value, gradient = compiled.value_and_grad(*point)
        # The other branch is cut out by hand before SymPy sees the formula.
        read = parse(text, names).expr
        true, slopes = value_and_gradient(taken(read, names, point), names, point)
        assert relative([value, *gradient], [true, *slopes]) < 1e-14, point


def taken(expr: sp.Expr, names: list[str], point: tuple[float, ...]) -> sp.Expr:
    """Return the expression with every choice replaced by the branch taken at a point."""
    if isinstance(expr, sp.Piecewise):
        for value, condition in (piece.args for piece in expr.args):
            if holds(condition, names, point):
                return taken(value, names, point)
    args = [taken(arg, names, point) for arg in expr.args]
    return expr.func(*args) if args else expr


def holds(condition: sp.Basic, names: list[str], point: tuple[float, ...]) -> bool:
    """Evaluate a condition as Python does, from left to right and no further than needed."""
    if isinstance(condition, sp.And):
        return all(holds(arg, names, point) for arg in condition.args)
    if isinstance(condition, sp.Or):
        return any(holds(arg, names, point) for arg in condition.args)
    if isinstance(condition, sp.Not):
        return not holds(condition.args[0], names, point)
    at = {n: sp.Rational(*float(p).as_integer_ratio()) for n, p in zip(names, point)}
    sides = [taken(arg, names, point).subs(at) for arg in condition.args]
    return bool(condition.func(*sides) if sides else condition)


def test_stages_are_conditional_expressions() -> None:
    source = compile("log(x) if x > 0 else y").source
    assert "logx = math.log(x) if xgt0 else 0.0" in source
    assert "f = logx if xgt0 else y" in source
    assert "dx = (dlogx / x) if xgt0 else 0.0" in source
    assert "dlogx = df if xgt0 else 0.0" in source
    assert "dy = 0.0 if xgt0 else df" in source


def test_what_both_branches_need_is_made_once() -> None:
    source = compile("log(x)**2 if y > 0 else sin(log(x))").source
    assert source.count("math.log(x)") == 1 and "logx = math.log(x)\n" in source
    source = compile("(log(x) if y > 0 else x) + log(x)").source
    assert source.count("math.log(x)") == 1 and "logx = math.log(x)\n" in source


def test_what_two_separate_branches_need_is_made_in_each() -> None:
    source = compile("(log(x) if y > 0 else 1) + (log(x) if y > 1 else 2)").source
    assert source.count("math.log(x) if ") == 2


def test_a_gradient_is_guarded_by_the_branches_that_it_reaches() -> None:
    source = compile(
        "(sqrt(x) if sqrt(x) > 1 else 0) + (sqrt(x)*y if y > 5 else y)"
    ).source
    assert "sqrtx = math.sqrt(x)\n" in source
    assert "dx = (0.5 / sqrtx * dsqrtx) if ygt5 or sqrtxgt1 else 0.0" in source


def test_a_gradient_that_a_number_scales_needs_no_guard() -> None:
    """Outside of its branch it is 0 already: only what may raise there, or be infinite, is told by a condition."""
    text = "u = 3*x if c > 0 else y/7 - z\nv = exp(u)*2.5 if c > 0 else y*z\nv*u"
    program = compile(text).program
    for way in program.ways:
        step = program.steps[way.source]
        numbers = [program.steps[arg].op == "const" for arg in step.args]
        if step.op in ("mul", "div") and any(numbers):
            assert way.branch is None, str(program)


def test_a_gradient_is_told_by_the_conditions_of_its_own_branch() -> None:
    source = compile(
        "(log(x) if log(x) > 1 else 2) if a > 0 else ((log(x) + y if log(x) > 2 else 3) if b > 0 else 4)"
    ).source
    for word, bound in (("    if", 1), ("elif", 2)):
        assert re.search(rf"    {word} \w*log\w*gt{bound}:\n", source), source
    assert "!=" not in source


def test_a_gradient_that_many_branches_bring_tells_itself() -> None:
    parts = [f"(sqrt(x) if sqrt(x) > {i} else 0)*c{i}" for i in range(6)]
    source = compile(" + ".join(parts)).source
    assert "dx = (0.5 / sqrtx * dsqrtx) if dsqrtx != 0.0 else 0.0" in source


def test_what_masks_make_a_constant_tells_no_gradient() -> None:
    """As the cosine here, of a number wherever it is read: modules of arrays failed to compile."""
    text = """u = x if x >= 1.25 else 0.01
v = x/(2.5 + cos(u))
w = (4 if x > y else (x*x if x >= 1.25 or v < -0.25 else x)) if not x > z else x
f = x*w"""
    np = pytest.importorskip("numpy")
    plain, module = (compile(text, inputs="x, y, z", target=target) for target in ("python", "numpy"))  # fmt: skip
    points = np.random.default_rng(5).uniform(-3, 3, (60, 3))
    value, slopes = module.value_and_grad(*points.T)
    for point, found in zip(points.tolist(), np.stack([value, *slopes], -1)):
        want, gradient = plain.value_and_grad(*point)
        assert found.tolist() == pytest.approx([want, *gradient], 1e-13, 1e-13)


def test_what_a_branch_has_settled_is_not_asked_again() -> None:
    text = "p = asin(k) if k > 0 and k < 1 else z; q = 1 if k > 0 else p; sqrt(q) if q > 0.5 else 1"
    assert "asin" not in compile(text).source.partition("def forward")[2]
    text = "(log(x) if x > 0 else y) if x > 0 and y > 1 else x"
    assert "log(x) if xgt0andygt1 else" in compile(text).source
    text = "x if x < 0 or y < 1 else (y if x < 0 else log(x))"
    assert "log(x) if not xlt0orylt1" in compile(text).source


def test_a_union_is_told_by_what_it_leaves_out() -> None:
    arms = " else ".join(f"sqrt(x)*{i + 2} if k < {i}" for i in range(7))
    source = compile(f"{arms} else k").source
    assert source.count("math.sqrt(x) if not ") == 1 and " or " not in source


def test_a_guard_of_three_conditions_has_a_name() -> None:
    source = compile("1 if k < 1 else 2 if k < 2 else 3 if k < 3 else 4 if k < 4 else log(k)").source  # fmt: skip
    assert "notklt3 = not klt1 and not klt2 and not klt3\n" in source
    assert "klt4 = notklt3 and k < 4.0\n" in source
    assert (
        "    elif klt4:\n        f = 4.0\n    else:\n        f = math.log(k)\n"
        in source
    )


def test_conditions_that_cannot_raise_are_not_guarded() -> None:
    source = compile("x if x > 0 and y > 1 else y").source
    assert "ygt1 = y > 1.0\n" in source


def test_the_docstring_says_under_which_condition_a_stage_raises() -> None:
    source = compile("log(x) if y > 0 else x").source
    assert "ValueError: where x <= 0, if ygt0 (logx)." in source
    assert "the gradient of the branch taken (f)." in source


@pytest.mark.parametrize("text", [t for t, _ in CHOICES])
def test_every_way_through_the_conditions_runs(text: str) -> None:
    """Whatever the conditions come to, no name is missing and nothing that was not evaluated is read."""
    compiled = compile(text, inputs="x, y")
    for point in itertools.product((-2.0, -0.5, 0.25, 0.5, 1.5, 4.0), repeat=2):
        try:
            value, cache = compiled.forward(*point)
        except (ValueError, ZeroDivisionError):
            continue  # the branch taken is outside its own domain
        assert all(math.isfinite(g) for g in (value, *compiled.backward(cache)))


def test_what_many_separate_branches_need_is_made_once() -> None:
    inputs = [f"c{i}" for i in range(101)]
    text = " + ".join(f"(log(x) if {c} > 0 else 0)" for c in inputs)
    compiled = compile(text, inputs=["x", *inputs])
    assert compiled.source.count("math.log") == 1
    assert compiled.value_and_grad(0.0, *[-1.0] * 101)[0] == 0.0
    value, (slope, *_) = compiled.value_and_grad(2.0, *[-1.0] * 98, 1.0, 1.0, 1.0)
    assert (value, slope) == (3 * math.log(2.0), 1.5)


@pytest.mark.parametrize("depth", [350, pytest.param(2000, marks=pytest.mark.slow)])
def test_deep_choices(depth: int) -> None:
    """Each is three of SymPy's nodes: far deeper than Python's own stack."""
    x = sp.Symbol("x")
    expr: sp.Expr = x
    for i in range(depth):
        expr = sp.Piecewise((sp.sin(expr), x > i), (expr, True), evaluate=False)
    value, (slope,) = compile(expr).value_and_grad(-1.0)
    assert (value, slope) == (-1.0, 1.0)


@pytest.mark.parametrize("count", [100, pytest.param(300, marks=pytest.mark.slow)])
def test_wide_choices(count: int) -> None:
    chain = " else ".join(f"x**{i + 2} if x < {i}" for i in range(count)) + " else x"
    assert compile(chain).value_and_grad(9.5) == (9.5**12, (12 * 9.5**11,))


def test_choices_within_choices_do_not_explode() -> None:
    x, y = sp.symbols("x y")
    expr: sp.Expr = x
    for i in range(40):
        choice = sp.Piecewise((expr + i, y > i), (expr * y, True), evaluate=False)
        expr = sp.sin(choice)
    program = guard(stage(Formula("", expr)))
    assert len(program.lines) < 300


def test_verify_refuses_mixed_kinds() -> None:
    program = stage(parse("x if x > 0 else y"))
    (condition,) = (v for v, s in enumerate(program.steps) if s.op == "gt")
    for step in (
        Step("add", (0, condition)),
        Step("add", (0, 0), None, ((0, True),)),
        Step("where", (0, 0, 1)),
        Step("where", (condition, condition, 1)),
    ):
        lines = (*program.lines, len(program.steps))
        with pytest.raises(ProgramError, match="condition"):
            verify(replace(program, steps=(*program.steps, step), lines=lines))
