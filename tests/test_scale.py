"""Work grows in proportion to the formula: no stage before layout is quadratic, and no depth overflows."""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sympy as sp

from gradgen import pipeline
from gradgen.core.build import Steps
from gradgen.core.program import Program
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError, TooLargeError
from gradgen.passes.branches.guard import guard
from gradgen.passes.flat.flatten import flatten
from gradgen.passes.forms import exponentials, limits, products, squares
from gradgen.passes.forms import recognise as recognising
from gradgen.passes.forms.recognise import recognise
from gradgen.passes.functions import read_by
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.names import name
from gradgen.pipeline import compile
from gradgen.read.formula import Formula
from gradgen.read.programs import parse
from gradgen.read.sympy.make import unevaluated
from gradgen.read.sympy.stage import stage
from gradgen.sources import compile_function
from gradgen.targets import PYTHON
from gradgen.verify import verify
from gradgen.write import blocks
from gradgen.write.module import render
from gradgen.write.python import layout
from gradgen.write.python.layout import black_python
from gradgen.write.spell import Speller
from tests.conftest import one_in

SYMBOLS = [sp.Symbol(f"x{i}") for i in range(10)]


def chain(operations: int) -> sp.Expr:
    """Return sines in sines, `operations` deep."""
    node: sp.Expr = SYMBOLS[0]
    for _ in range(operations):
        node = unevaluated(sp.sin, node)
    return node


def wide(operations: int) -> sp.Expr:
    """Return one flat sum, a constant of its own in each term."""
    terms = []
    for i in range(operations // 2):
        angle = unevaluated(sp.Mul, SYMBOLS[i % 10], SYMBOLS[i * 7 % 10])
        terms.append(unevaluated(sp.Mul, sp.Integer(i + 2), angle))
    return unevaluated(sp.Add, *terms)


def mixed(operations: int) -> sp.Expr:
    """Return a tangle of sums, products and sines that share parts."""
    nodes: list[sp.Expr] = list(SYMBOLS)
    for i in range(operations):
        a, b = nodes[-1 - i * 7 % 10], nodes[-1 - i * 3 % 10]
        nodes.append(
            unevaluated(sp.sin, a)
            if i % 3 == 0
            else unevaluated((sp.Add, sp.Mul)[i % 2], a, b)
        )
    return unevaluated(sp.Add, *nodes[-20:])


def stages_before_layout(expr: sp.Expr) -> tuple[Program, float]:
    """Run every stage before layout; return the program and the seconds it took."""
    gc.collect()
    gc.disable()  # whose work depends on all that the process holds
    try:
        start = time.process_time()
        program = guard(recognise(stage(Formula("", expr))))
        program = branch(flatten(differentiate(program)))
        program = name(program, PYTHON.reserved, PYTHON.avoided)
        render(program, PYTHON, "")
        return program, time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("shape", one_in(3, [chain, mixed, wide]))
def test_ten_thousand_operations_pass(shape: object) -> None:
    program, _ = stages_before_layout(shape(10_000))  # type: ignore[operator]
    assert len(program.lines) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize("shape", [chain, wide, mixed])
def test_growth_is_linear(shape: object) -> None:
    """A measurement, not a proof: the exponent over two orders of magnitude, with room for a noisy machine."""
    stages_before_layout(shape(1_000))  # type: ignore[operator]
    points = []
    for operations in (1_000, 10_000, 100_000):
        program, seconds = min((stages_before_layout(shape(operations)) for _ in range(2)), key=lambda found: found[1])  # type: ignore[operator]
        points.append((len(program.lines), seconds))
        print(f"{shape.__name__}: {points[-1][0]} steps in {points[-1][1]:.2f} s")  # type: ignore[attr-defined]
    exponent = math.log(points[-1][1] / points[0][1]) / math.log(
        points[-1][0] / points[0][0]
    )
    print(f"{shape.__name__}: exponent {exponent:.2f}")  # type: ignore[attr-defined]
    assert exponent <= 1.1


def calls(
    monkeypatch: pytest.MonkeyPatch,
    holder: object,
    called: str,
    work: Callable[[], object],
    most: int = 10**6,
) -> int:
    """Return how often a function of a module or class is called in the course of some work."""
    count = 0
    function = getattr(holder, called)

    def counted(*args: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        assert count <= most, f"{called} is called over and over"
        return function(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(holder, called, counted)
        work()
    return count


@pytest.mark.parametrize(
    "factor",
    ["(x + {})", "(x - {})", "exp({}*x)", "(1 + exp(-{}*x))", "(y + exp(x - {}))"],
)
@pytest.mark.parametrize("sign", "*/")
def test_factors_are_matched_with_a_rule_once(
    monkeypatch: pytest.MonkeyPatch, factor: str, sign: str
) -> None:
    """Not once for every part of the product in which they are, as far as a product is looked into."""
    found = []
    for count in (60, 120):
        text = sign.join(factor.format(i + 2) for i in range(count))
        program = stage(parse(text), folded=False)
        number = calls(monkeypatch, products, "match", partial(recognise, program))
        found.append(number)
    assert found[1] - found[0] <= 60 * 80
    assert found[1] <= 2.2 * found[0]


def test_what_reads_exponentials_is_looked_at_once_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not once for each of them that comes to it."""
    text = " + ".join(f"{i}*exp({i}*x)" for i in range(2, 200))
    program = stage(parse(text), folded=False)
    work = partial(recognise, program)
    assert calls(monkeypatch, limits, "_passed_on", work) <= len(program.steps)


def test_a_product_with_which_no_rule_begins_is_not_taken_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long it is: each of its parts is a product, too."""
    program = stage(parse("*".join(f"sin(x{i})**2" for i in range(60))), folded=False)
    work = partial(recognise, program)
    assert calls(monkeypatch, recognising, "factors", work) == 0


def softmax(count: int) -> str:
    """Return a program of so many shares of one sum of exponentials."""
    total = " + ".join(f"exp(x{i})" for i in range(count))
    lines = [f"y{i} = exp(x{i})/d" for i in range(count)]
    return "\n".join(
        [f"d = {total}", *lines, " + ".join(f"y{i}" for i in range(count))]
    )


def running_totals(count: int) -> str:
    """Return a program in which each sum of exponentials has all those before it, and a share of it is taken."""
    lines = ["s0 = exp(x0)"]
    for i in range(1, count):
        lines += [f"s{i} = s{i - 1} + exp(x{i})", f"y{i} = s{i - 1}/s{i}"]
    return "\n".join([*lines, " + ".join(f"y{i}" for i in range(1, count))])


def running_norms(count: int) -> str:
    """Return a program that takes the root of each running total of squares."""
    lines = ["s0 = x0**2", "y0 = sqrt(s0)"]
    for i in range(1, count):
        lines += [f"s{i} = s{i - 1} + x{i}**2", f"y{i} = y{i - 1} + sqrt(s{i})"]
    return "\n".join(lines)


def running_differences(count: int) -> str:
    """Return a program that takes the square of a long sum away over and over."""
    total = " + ".join(f"x{i}" for i in range(count))
    lines = [f"d{i + 1} = d{i} - {i + 2}*s**2" for i in range(count)]
    return "\n".join([f"s = {total}", "d0 = x0**2", *lines])


@pytest.mark.parametrize(
    "program", [softmax, running_totals, running_norms, running_differences]
)
def test_sums_are_written_anew_once(
    monkeypatch: pytest.MonkeyPatch, program: Callable[[int], str]
) -> None:
    monkeypatch.setattr(recognising, "_SPARE", 100)
    found = []
    for count in (40, 80):
        staged = stage(parse(program(count)), folded=False)
        work = partial(recognise, staged)
        looked = calls(monkeypatch, squares, "factors", work)
        found.append(looked + calls(monkeypatch, Steps, "append", work))
    assert found[1] <= 2.5 * found[0]


def test_sums_are_looked_at_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exponentials, "_ALL_TERMS", 800)
    staged = stage(parse(running_totals(100)), folded=False)
    work = calls(monkeypatch, exponentials, "Term", lambda: recognise(staged))
    assert work <= 800 + 4 * 100


def test_a_long_sum_under_a_root_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for terms in ("x{0}**2", "y*x{0}"):
        text = f"sqrt({' + '.join(terms.format(i) for i in range(1_010))})"
        program = stage(parse(text), folded=False)
        work = partial(recognise, program)
        assert calls(monkeypatch, squares, "terms", work, most=10) <= 10


def test_each_line_is_spelled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "*".join(f"(x + {i})" for i in range(2, 90))
    work = partial(compile, text, proof=False)
    compiled = compile(text, proof=False)
    lines = len(compiled.program.lines) + len(compiled.program.ways)
    # And each forward line stands in a comment of the backward pass.
    assert calls(monkeypatch, Speller, "text", work) <= lines + len(
        compiled.program.lines
    )


def outputs(count: int) -> str:
    return "\n".join(f"y{i} = x{i} + {i + 2}*z" for i in range(count))


def test_many_results_are_told_apart_in_one_look() -> None:
    """And not each from all others: a result knows whether it is taken already."""
    steps = Steps(ROWS)
    value = steps.emit("sin", steps.input("x"))
    taken: set[int] = set()
    found = [steps.result(value, taken) for _ in range(3)]
    assert found == [value, value + 1, value + 2] and taken == {*found}


def test_the_head_of_a_function_of_many_results_is_not_left_to_black(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which takes seconds for thousands of parameters; the template writes the same."""
    heads = []
    black_break = layout._black_break

    def noted(statement: str) -> str:
        heads.append(statement)
        return black_break(statement)

    monkeypatch.setattr(layout, "_black_break", noted)
    for count in (1, 2, 5, 18, 19, 20, 21, 30):
        heads.clear()
        names = [f"y{i}" for i in range(count)]
        text = compile(outputs(count), outputs=names, proof=False).source
        assert black_python(text) == text
        assert count < 20 or not any(head.startswith("def ") for head in heads)


LARGE = ["*".join(f"(x + {i})" for i in range(30)), outputs(30)]


@pytest.mark.parametrize("text", LARGE)
@pytest.mark.parametrize("with_", [(), ("jacobian",)])
def test_a_module_that_would_be_too_large_is_refused_before_it_is_laid_out(
    monkeypatch: pytest.MonkeyPatch, text: str, with_: tuple[str, ...]
) -> None:
    names = [f"y{i}" for i in range(30)] if "y0" in text else None
    whole = compile(text, outputs=names, with_=with_, proof=False)
    cost = whole.cost
    size = cost.forward + cost.backward + (cost.jacobian or 0)
    make = partial(compile, text, outputs=names, with_=with_, proof=False)
    cells = 30 * 31 if names and with_ else 30
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", 6 * (size + cells))
    assert make().source == whole.source  # what it allows is at least the whole
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", (size + cells) // 4)
    with pytest.raises(TooLargeError, match="the module would be too large"):
        make()


def test_modules_are_limited_by_operations_and_not_by_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", 60)
    short = compile("x*y + sin(x)*z", proof=False).source
    long = {name: name * 150 for name in "xyz"}
    text = f"{long['x']}*{long['y']} + sin({long['x']})*{long['z']}"
    assert len(compile(text, proof=False).source) > 2 * len(short)


def test_a_jacobian_of_very_many_slopes_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before any of them is worked out."""
    monkeypatch.setattr(blocks, "jacobian", None)
    total = " + ".join(f"x{i}*x{i}" for i in range(400))
    lines = "\n".join(f"y{i} = sin(s*x{i})" for i in range(400))
    names = [f"y{i}" for i in range(400)]
    with pytest.raises(TooLargeError):
        compile(f"s = {total}\n{lines}", outputs=names, with_="jacobian")


def test_zeros_of_a_jacobian_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"y{i}" for i in range(60)]
    make = partial(compile, outputs(60), outputs=names, with_="jacobian", proof=False)
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", 60 * 61)
    with pytest.raises(TooLargeError):
        make()
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", 2 * 60 * 61)
    assert make().cost.jacobian is not None


def test_expressions_of_sympy_may_be_as_large_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "MAX_WRITTEN", 3)
    made = compile(SYMBOLS[0] * sp.sin(SYMBOLS[1]) + SYMBOLS[2])
    assert not made.recipe.source
    assert made(2.0, 0.0, 5.0) == 5.0


@pytest.mark.parametrize("text", ["x*y", "gammainc(x, y)"])
@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_waits_and_is_then_as_it_was(
    monkeypatch: pytest.MonkeyPatch, text: str, collecting: bool
) -> None:
    seen: list[bool] = []

    def noted(*_: object) -> None:
        seen.append(gc.isenabled())

    monkeypatch.setattr(pipeline, "look_apart", noted)
    (gc.enable if collecting else gc.disable)()
    try:
        with contextlib.suppress(GradgenError):
            compile(text)
        assert gc.isenabled() is collecting
        assert seen and not any(seen)
    finally:
        gc.enable()


def test_a_line_that_says_a_name_reads_no_more_than_that() -> None:
    """Else each line would go back through the whole sum that has handed its gradient on."""
    steps = Steps(ROWS)
    x = steps.input("x")
    sine = steps.emit("sin", x)
    assert [*read_by(steps, sine, {x: "x", sine: "s"})] == [sine]
    assert [*read_by(steps, sine, {x: "x"})] == [x]


def test_constants_made_of_each_other_are_worked_out_no_further_than_a_double() -> None:
    """Thirty squares have a thousand million digits."""
    lines = [f"c{i} = c{i - 1}*c{i - 1}" for i in range(1, 31)]
    with pytest.raises(GradgenError, match="outside the range of a float"):
        compile("\n".join(["c0 = 3", *lines, "f = c30*x"]))
    lines = [f"c{i} = c{i - 1}*c{i - 1} - c{i - 1}" for i in range(1, 41)]
    assert compile("\n".join(["c0 = 2", *lines, "f = c40*x"]))(3.0) == 6.0


def early_returns(count: int) -> str:
    """Return a function that gives back another value at each of many tests."""
    ways = [f"    if x < {i}: return x**2*{i} + y" for i in range(count)]
    return "\n".join(["def f(x, y):", *ways, "    return 0.0"])


def rounds(count: int) -> str:
    """Return a function with a loop that returns early."""
    return f"""
def f(x, y):
    for i in range({count}):
        if x > i:
            x = x/2
        elif x < -i:
            x = x*3 + y
        else:
            return x
    return x
"""


def choices(count: int) -> str:
    """Return a function with choices, each of the one before."""
    lines = [f"    x = x*y + {i} if x > {i} else x/2" for i in range(count)]
    return "\n".join(["def f(x, y):", *lines, "    return x"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "refused"),
    [
        (early_returns(400), ""),
        (early_returns(2_000), "branches"),
        (rounds(250), ""),
        (rounds(1_000), "branches"),
        (choices(1_200), ""),
    ],
)
def test_what_is_accepted_takes_ten_seconds_at_most(source: str, refused: str) -> None:
    start = time.process_time()
    if refused:
        with pytest.raises(GradgenError, match=refused):
            compile_function(source, "f")
    else:
        compile_function(source, "f")
    assert time.process_time() - start < 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "formula",
    [
        "lambertw(x)*erfinv(y)*zeta(2 + x)*logbeta(x, y)*polygamma(3, x)",
        " + ".join(f"lgamma(a{i % 3} + {i + 1})*digamma(a{i % 3} + {i + 1})" for i in range(100)),
        "erfcinv(x)*trigamma(y)*beta(x, y)",
    ],
)  # fmt: skip
def test_a_verification_takes_ten_seconds_at_most(formula: str) -> None:
    f = compile(formula)
    start = time.process_time()
    assert verify(f).passed()
    assert time.process_time() - start < 10
