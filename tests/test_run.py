"""Lines run without their text come to what the generated module comes to, to the last bit: values, gradients and what is raised."""

from __future__ import annotations

import ast
import itertools
import math
import random
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile, constant
from tests.choices import Maker
from tests.generators import program
from tests.rows import ALL, called, constants

#: Formulas of all lists, with and without points.
FORMULAS = [
    line.partition(" | ")[0]
    for file in sorted((Path(__file__).parent / "cases").glob("*.txt"))
    if file.stem not in ("elsewhere", "module_names", "typed")
    for line in file.read_text("utf-8").splitlines()
    if " | " in line and line[0] != "#"
]
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.75, 3.0, 1e-200, -1e200, 709.9, math.inf, math.nan)  # fmt: skip
OPTIONS: Sequence[dict[str, Any]] = ({}, {"ieee": True}, {"strict": True, "precise": True}, {"as_written": True})  # fmt: skip
OWN = (
    "def g(x, y): return log(x)*y + sigmoid(x)\nu = g(a*b, c)\nv = g(u, a) + digamma(a)",
    "def softabs(x): return sqrt(x**2 + 1e-6)\nu = softabs(a - b)*polygamma(2, a)",
)


def locals_after(
    function: Callable[..., Any], *args: Any
) -> tuple[Any, dict[str, Any]]:
    """Call a function and return its result and its local variables at the end."""
    found: dict[str, Any] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is function.__code__:
            found.update(frame.f_locals)

    sys.setprofile(watch)
    try:
        result = function(*args)
    finally:
        sys.setprofile(None)
    return result, found


def bits(found: dict[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Return values as text, of which -0.0 and nan are told apart, too."""
    return {name: repr(found[name]) for name in names}


def by_module(made: Compiled, point: Sequence[float], output: int) -> object:
    """Return what the module comes to at a point, or what it raises and where."""
    names, seeds = made.program.names, [0.0] * len(made.program.outputs)
    seeds[output] = 1.0
    where, found = "forward", dict[str, Any]()
    try:
        (_, cache), found = locals_after(made.forward, *point)
        # A name has a value in its branch alone, and what both branches make has the name of the choice.
        values = bits(found, [name for name in names.values() if name in found])
        where = "backward"
        _, found = locals_after(made.backward, cache, *seeds)
    except (ArithmeticError, ValueError) as error:
        return where, type(error), str(error)
    slopes = [name for name in made.program.adjoints.values() if name in found]
    return values, bits(found, slopes)


def zeroed(code: str) -> set[str]:
    """Return the names that are 0 in a module's forward function where the branch that makes them is not taken."""
    (forward,) = (
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.name == "forward"
    )
    return {
        target.id
        for node in ast.walk(forward)
        if isinstance(node, ast.Assign) and any(map(is_zero, arms(node.value)))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def arms(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression may be, by its conditions."""
    if isinstance(node, ast.IfExp):
        yield from arms(node.body)
        yield from arms(node.orelse)
    else:
        yield node


def is_zero(node: ast.expr) -> bool:
    """Whether an expression is the number 0.0."""
    return isinstance(node, ast.Constant) and repr(node.value) == "0.0"


def agree(
    wanted: object, got: object, chooses: bool = False, zeros: Collection[str] = ()
) -> bool:
    """Whether two are equal, or are values by name, where the first have fewer names, and add no 0 to gradients.

    A line that one branch alone reads stands in it, and is 0 elsewhere if others may ask. Of several lines of a
    function that raise, another may so come first.
    """
    if chooses and isinstance(wanted, tuple) and isinstance(got, tuple):
        errors = wanted[0] in ("forward", "backward")
        if errors and got[0] == wanted[0]:
            return True
    if not isinstance(wanted, tuple) or not isinstance(wanted[0], dict):
        return wanted == got
    assert isinstance(got, tuple)
    values = [[v, got[0][n], n in zeros] for n, v in wanted[0].items()]
    slopes = [[v, got[1][n]] for n, v in wanted[1].items()]
    return all(a == b or (a == "0.0" and may) for a, b, may in values) and all(
        a.lstrip("-") == b.lstrip("-") == "0.0" or a == b for a, b in slopes
    )


def by_steps(made: Compiled, point: Sequence[float], output: int) -> object:
    """Return the same of its lines, run one by one."""
    names = made.program.names
    try:
        found, slopes = made.trace(*point, output=output)
    except (ArithmeticError, ValueError) as error:
        backward = made.tracer.line.answers is not None
        return "backward" if backward else "forward", type(error), str(error)
    return bits({**found}, [*names.values()]), bits({**slopes}, [*slopes])


def hold(text: str, count: int, rnd: random.Random, **options: Any) -> tuple[int, int]:
    """Hold a formula's lines to its module at points; return how many had values, and how many raised."""
    try:
        made = compile(text, proof=False, **options)
    except GradgenError:
        return 0, 0
    inputs, good, bad = made.program.inputs, 0, 0
    zeros = zeroed(made.source)
    drawn_from: tuple[Callable[[], float], ...] = (
        lambda: rnd.uniform(0.1, 2.5),
        lambda: rnd.uniform(-4, 4),
        lambda: rnd.choice(NUMBERS),
    )
    for number in range(count if inputs else 1):
        point = [drawn_from[number % 3]() for _ in inputs]
        for output in range(len(made.program.outputs)):
            wanted = by_module(made, point, output)
            told = text, point, options
            chooses = any(step.op == "where" for step in made.program.steps)
            got = by_steps(made, point, output)
            assert agree(wanted, got, chooses, zeros), told
            assert isinstance(wanted, tuple)
            good, bad = good + (len(wanted) == 2), bad + (len(wanted) == 3)
    return good, bad


def rows() -> Iterator[str]:
    """Yield every row of the table as a formula, with each choice of its constants."""
    for row in ALL:
        for fixed in constants(row):
            plain = {
                i: f"{float(x):g}" for i, x in fixed.items() if type(x) is not bool
            }
            args = ["x > 0" if i in row.truths else plain.get(i, "xyz"[i]) for i in range(row.arity)]  # fmt: skip
            text = called(row, [f"({arg})" for arg in args])
            yield f"x if {text} else y" if row.boolean else text


def every() -> Iterator[str]:
    """Yield formulas and programs of all kinds."""
    yield from dict.fromkeys(FORMULAS)
    yield from OWN
    yield from rows()
    yield from (program(seed).text for seed in range(1000, 1200))
    yield from (Maker(seed).program(4, 3).text for seed in range(200))
    yield from (Maker(seed).loop(3, 2).text for seed in range(50))


def test_steps_come_to_what_the_module_comes_to() -> None:
    rnd = random.Random(3)
    texts = rnd.sample([*dict.fromkeys(FORMULAS)], 4) + rnd.sample([*rows()], 4)
    texts += [*OWN, program(7).text, Maker(5).program(4, 3).text]
    texts += [
        f"x*y if {c} else x - y"
        for c in ("x > 0 and y > 0", "x > 1 or y < 1", "not x < y")
    ]
    found = [hold(text, 12, rnd, **options) for text, options in zip(texts, itertools.cycle(OPTIONS))]  # fmt: skip
    assert sum(good for good, _ in found) > 60 and sum(bad for _, bad in found) > 5


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_all_steps_come_to_what_the_modules_come_to(options: dict[str, Any]) -> None:
    rnd = random.Random(4)
    found = [hold(text, 24, rnd, **options) for text in every()]
    assert sum(good for good, _ in found) > 10_000
    assert options.get("ieee") or sum(bad for _, bad in found) > 2_000


@pytest.mark.slow
def test_steps_of_scipy_come_to_what_the_module_comes_to() -> None:
    pytest.importorskip("scipy")
    rnd = random.Random(5)
    found = [hold(text, 24, rnd, target="scipy", **options) for text in rows() for options in OPTIONS[:2]]  # fmt: skip
    assert sum(good for good, _ in found) > 3_000


def test_a_constant_is_what_its_module_comes_to() -> None:
    texts = (
        "2",
        "-pi/2",
        "log(1 + exp(2))",
        "digamma(0.3)",
        "hypot(3, 4)**-3",
        "1e-400",
    )
    for text in texts:
        try:
            wanted = repr(float(compile(text, inputs=(), proof=False).forward()[0]))
        except GradgenError as error:
            with pytest.raises(GradgenError) as caught:
                constant(text)
            assert str(caught.value) == str(error)
        else:
            assert repr(constant(text)) == wanted
    for text in ("x", "besselj(0, 1)"):
        with pytest.raises(GradgenError):
            constant(text)
    with pytest.raises(ValueError, match="domain"):
        constant("log(0)")


@pytest.mark.parametrize("signs", [*itertools.product("<>", repeat=2)], ids="".join)
def test_conditions_of_constants_are_pythons(signs: tuple[str, str]) -> None:
    first, second = (sign == "<" for sign in signs)
    for connective, held in {"and": first and second, "or": first or second}.items():
        text = f"x if 1 {signs[0]} 2 {connective} 3 {signs[1]} 4 else 2*x"
        assert compile(text, proof=False)(3.0) == (3.0 if held else 6.0)
    assert compile(f"x if not 1 {signs[0]} 2 else 2*x", proof=False)(3.0) == (
        6.0 if first else 3.0
    )


@pytest.mark.parametrize("at", range(-2, 5))
def test_whole_numbers_have_their_gamma_or_none(at: int) -> None:
    made = compile(f"x*gamma({at})", proof=False)
    if at > 0:
        assert made(3.0) == 3.0 * math.gamma(at)
    else:
        with pytest.raises(ValueError):
            made.forward(3.0)


def test_a_trace_has_a_value_for_each_input() -> None:
    made = compile("x*y", defaults={"y": 3.0})
    assert made.trace(2.0)[0]["f"] == 6.0 and made.trace(2.0, 4.0)[0]["f"] == 8.0
    for point in ((), (1.0, 2.0, 3.0)):
        with pytest.raises(GradgenError, match="values for the inputs x, y"):
            made.trace(*point)
