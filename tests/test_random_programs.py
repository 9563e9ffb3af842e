"""Random programs and Python functions, with constants of both signs, against their own text as Python runs it, and against another process."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many
from tests.generators import KINDS, compiled, digests_elsewhere, faults
from tests.mutants import mutant

#: So many of each kind are held to what they say by default.
FEW = 4


@functools.cache
def few_elsewhere() -> Any:
    """Return what one other process makes of these, of all kinds."""
    return digests_elsewhere(" ".join(KINDS), 0, FEW, hash_seed=7)


def hold(kind: str, first: int, last: int) -> None:
    """Hold a range of random programs to their text, and to the bytes that another process makes of it, last first."""
    wrong, here, unproven = {}, {}, 0
    for seed in range(first, last):
        made = KINDS[kind](seed)
        module = compiled(made)
        if module is None:
            continue
        here[str(seed)] = hashlib.sha256(module.source.encode()).hexdigest()
        found = faults(made, module)
        unproven += "raises ValueError" not in (module.unproven or "raises ValueError")  # fmt: skip
        if found:
            wrong[seed] = found
    assert not wrong
    # Where large terms cancel, differences tell nothing.
    assert unproven <= (last - first) // 300
    few = (first, last) == (0, FEW)
    there = few_elsewhere() if few else digests_elsewhere(kind, first, last, 7)
    assert here == there[kind]


def test_programs_are_what_they_say_and_the_same_in_every_process() -> None:
    hold("programs", 0, FEW)


def test_python_functions_are_what_python_runs_and_the_same_in_every_process() -> None:
    hold("functions", 0, FEW)


def test_functions_of_many_ways_are_what_python_runs() -> None:
    hold("branches", 0, FEW)


def test_functions_that_hold_sequences_are_what_python_runs() -> None:
    hold("sequences", 0, FEW)


@pytest.mark.slow
def test_many_functions_that_hold_sequences() -> None:
    hold("sequences", 0, 350)


@pytest.mark.slow
def test_more_functions_of_many_ways() -> None:
    hold("branches", 0, many(150))


def hold_mutants(first: int, last: int) -> None:
    """Hold functions that are out of joint to what Python makes of them: refused at a line, or the same where both have a value."""
    read = 0
    for seed in range(first, last):
        text = mutant(seed)
        if text is None:
            continue
        try:
            compiled = compile_function(text, "f")
        except GradgenError as error:
            assert error.message.startswith("line "), (seed, error.message)
            continue
        read += 1
        space: dict[str, Any] = {}
        with contextlib.suppress(NameError):  # of a constant that nothing reads
            exec(text, space)  # noqa: S102
        rnd = random.Random(seed)
        for _ in range(4 if "f" in space else 0):
            at = {name: rnd.uniform(-3, 3) for name in compiled.program.inputs}
            value = _outcome(space["f"], at)
            if value is None:
                continue  # which a line that nothing reads may do
            got = _outcome(lambda c=compiled, **at: c.forward(*at.values())[0], at)
            assert got == pytest.approx(value, rel=1e-7, abs=1e-9), (seed, at)
    assert read >= (last - first) // 3


def _outcome(
    function: Callable[..., Any], at: dict[str, float]
) -> tuple[float, ...] | None:
    """Return the values of a function; none where it raises or returns None, and None where it reads a name without a value."""
    try:
        value = function(**at)
    except NameError:
        return None
    except Exception:  # noqa: BLE001
        return ()
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_functions_out_of_joint_are_refused_or_right() -> None:
    hold_mutants(0, 16)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_many_functions_out_of_joint() -> None:
    hold_mutants(0, 350)


@pytest.mark.slow
def test_many_programs() -> None:
    hold("programs", 0, many(500))


@pytest.mark.slow
def test_many_python_functions() -> None:
    hold("functions", 0, many(350))


def _constant(rnd: random.Random, depth: int) -> str:
    """Return an expression of constants, of which many round."""
    if not depth:
        whole = rnd.choice(("1", "3", "7", "10", "49", "10**20"))
        return rnd.choice((whole, whole, "0.1", "0.5", "2.675"))
    left, right = _constant(rnd, depth - 1), _constant(rnd, rnd.randrange(depth))
    return f"({left} {rnd.choice('+-*//')} {right})"


@pytest.mark.parametrize("first", [0, pytest.param(50, marks=pytest.mark.slow)])
def test_what_constants_come_to_is_what_python_says_or_refused(first: int) -> None:
    """A condition or a step of constants that rounding decides is never decided in another way."""
    refused = 0
    count = 950 if first else 50
    for seed in range(first, first + count):
        rnd = random.Random(f"rounding {seed}")
        made, step = _constant(rnd, 2), _constant(rnd, 1)
        try:
            near = repr(round(eval(made), 1))
            eval(step)
        except ZeroDivisionError:
            continue
        compared = f"{rnd.choice(('==', '>=', '<', '!='))} {rnd.choice((near, made))}"
        text = f"""
import math
def f(x):
    a = x if {made} {compared} else 2*x
    return a + x*math.floor({made}) + x*math.trunc(({step}) % 7)
"""
        try:
            compiled = compile_function(text, "f")
        except GradgenError as error:
            assert "rounded" in str(error), (text, error)
            refused += 1
            continue
        scope: dict[str, Any] = {}
        exec(text, scope)  # noqa: S102
        assert compiled(0.7) == pytest.approx(scope["f"](0.7), rel=1e-12), text
    assert refused < 0.85 * count


def test_the_same_constant_in_several_lines() -> None:
    """The shortest form of what was wrong: negative literals, and names for them, in statements that follow each other."""
    from gradgen.pipeline import compile

    for number in ("-0.5", "-9.81", "-3", "-1e-3"):
        text = f"g = {number}; u = x + {number}; v = y + -0.25; w = u*v + g; f = w*(z + g) + -0.125*u + (y + g)"
        made = compile(text, inputs="x, y, z")
        x, y, z, g = 1.5, 0.75, -2.25, float(number)
        u, v = x + g, y + -0.25
        w = u * v + g
        dx, dy, dz = (z + g) * v - 0.125, (z + g) * u + 1, w
        value, slopes = made.value_and_grad(x, y, z)
        assert value == pytest.approx(w * (z + g) - 0.125 * u + (y + g), rel=1e-14)
        assert slopes == pytest.approx((dx, dy, dz), rel=1e-14)
