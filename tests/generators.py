"""A seed in; a random program or Python function out, with constants of both signs, and what Python itself makes of its text.

`python -m tests.generators programs 0 300` compiles a range of them, last first, and prints a digest of each module.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import pytest

from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from gradgen.sources import compile_function

_DIGITS = 60
_STEP = mpmath.mpf(10) ** -20
#: Functions that are real and smooth everywhere, as texts with a hole.
_SMOOTH = (
    *("sin({0})", "cos({0})", "tanh({0})", "atan({0})", "exp(-({0})**2)"),
    *("sqrt(1.5 + ({0})**2)", "log(2.5 + cos({0}))", "exp(sin({0}))", "asinh({0})"),
)
#: Tests of what is no number; what follows is not evaluated.
_SETTLED = (
    *("way == 'a'", "way != 'a'", "way in ('b', 'c')", "other is None", "not other"),
    *("other is not None and other > x", "on", "not on or x > 0", "on and x > 0.5"),
)
_SIZES = ("0.5", "0.25", "1.5", "0.1", "2", "3", "9.81", "0.75", "1e-2", "4", "1.25")


@dataclass(frozen=True)
class Made:
    """A random program, or a Python file with the function `f`."""

    text: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    is_python: bool = False

    def compile(self, **options: Any) -> Compiled:
        """Return its module."""
        if self.is_python:
            return compile_function(self.text, "f", inputs=self.inputs, **options)
        return compile(
            self.text, inputs=self.inputs, outputs=self.outputs or None, **options
        )

    def plain(self) -> Callable[..., tuple[Any, ...]]:
        """Return the text as Python runs it, on mpmath's numbers: a function of the inputs that returns all results."""
        if self.is_python:
            space: dict[str, Any] = {}
            text = self.text.replace("import math", "import mpmath as math")
            exec(text, space)  # noqa: S102 - our own text
            return lambda *at: _several(space["f"](*at))
        last = self.text.splitlines()[-1]
        names = self.outputs or (last.partition(" = ")[0],)

        def run(*at: Any) -> tuple[Any, ...]:
            space = {**vars(mpmath), **dict(zip(self.inputs, at))}
            exec(self.text, space)  # noqa: S102 - our own text
            return tuple(space[name] for name in names)

        return run


def _several(values: Any) -> tuple[Any, ...]:
    values = (*values.values(),) if isinstance(values, dict) else values
    return values if isinstance(values, tuple) else (values,)


@dataclass
class _Maker:
    rnd: random.Random
    prefix: str = ""
    #: What expressions may read: names of values, and names of constants.
    values: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    indices: list[str] = field(default_factory=list)
    helpers: list[str] = field(default_factory=list)
    #: What each `return` gives back, and how deep `if` may stand in `if`, where functions branch.
    results: int = 0
    settled: tuple[str, ...] = ()
    depth: int = 0

    def number(self) -> str:
        """Return a constant of either sign: a literal or a name."""
        if self.constants and self.rnd.random() < 0.35:
            return self.rnd.choice(("", "", "-")) + self.rnd.choice(self.constants)
        return self.rnd.choice(("", "-", "-")) + self.rnd.choice(_SIZES)

    def name(self) -> str:
        """Return a value's name, late ones more often."""
        place = max(self.rnd.randrange(len(self.values)) for _ in range(2))
        return self.values[place]

    def call(self, argument: str) -> str:
        text = self.rnd.choice(_SMOOTH).format(argument)
        name, bracket, rest = text.partition("(")
        return f"{self.prefix}{name}{bracket}{rest.replace('cos(', self.prefix + 'cos(').replace('sin(', self.prefix + 'sin(')}"

    def term(self) -> str:
        pick = self.rnd.randrange(8)
        u, v, c = self.name(), self.name(), self.number()
        return (
            f"{c}*{u}",
            f"{u}*{c}",
            f"{u}/{self.rnd.choice(('-4', '2', '-1.5', '3'))}",
            f"{c}*{u}*{v}",
            f"-{u}**2",
            f"{u}*{v}",
            f"({u} + {c})",
            f"-({u} - {c})**2",
        )[pick]

    def condition(self) -> str:
        u, v, c = self.name(), self.name(), self.number()
        sign = self.rnd.choice(("<", "<=", ">", ">="))
        pick = self.rnd.randrange(7)
        return (
            f"{u} {sign} {c}",
            f"{u} {sign} {v}",
            f"{u} {sign} {c} and {v} > {self.number()}",
            f"{u} {sign} {c} or {v} < {self.number()}",
            f"not {u} {sign} {c}",
            f"{u} < {v} <= {c}",
            f"{u} + {c} {sign} {v}",
        )[pick]

    def choice(self, depth: int) -> str:
        """Return a choice, with others inside it."""

        def arm(inner: int) -> str:
            if depth and self.rnd.random() < 0.55:
                return f"({self.choice(depth - 1)})"
            return self.rnd.choice((self.name(), self.number(), self.term()))

        return f"{arm(0)} if {self.condition()} else {arm(1)}"

    def expression(self) -> str:
        """Return the right-hand side of a statement."""
        u, v = self.name(), self.name()
        pick = self.rnd.randrange(11)
        if pick == 0:
            return f"{u} + {self.number()}"
        if pick == 1:
            return f"{u} - {self.number()}"
        if pick == 2:
            return " + ".join(f"{self.number()}*{self.name()}" for _ in range(3))
        if pick == 3:  # a polynomial in Horner's form
            text = f"{self.number()}*{u} + {self.number()}"
            for _ in range(self.rnd.randrange(1, 4)):
                text = f"({text})*{u} + {self.number()}"
            return text
        if pick in (4, 5):
            return self.choice(2)
        if pick == 6:
            return f"{u}/(2.5 + {self.prefix}cos({v})) + {self.number()}"
        if pick == 7 and self.helpers:
            return f"{self.number()}*{self.rnd.choice(self.helpers)}({u}, {self.number()} + {v})"
        if pick == 8 and self.indices:
            k = self.rnd.choice(self.indices)
            return self.rnd.choice(
                (
                    f"({k}**2 + {self.number()})*{u}",
                    f"({u} - {k})*{self.number()}",
                    f"({k} - 2)*{u} + {v}",
                    f"{u}*{k}/3 - {k}",
                    f"{u} - {k}*{v} + {self.number()}",
                    f"{self.number()}*{k}*{u} + -{k}",
                    f"(1.5 + {u}*{u})**{k}",
                )
            )
        if pick == 9:
            return f"{self.call(u)} + {self.number()}*{v}"
        return f"{self.term()} + {self.number()} {self.rnd.choice('+-')} {self.term()}"


def program(seed: int) -> Made:
    """Return a random program: each line once, some of them constants."""
    rnd = random.Random(f"program {seed}")
    inputs = ("x", "y", "z")[: rnd.choice((1, 2, 2, 3))]
    maker = _Maker(rnd, values=[*inputs])
    lines: list[str] = []
    for place in range(rnd.randrange(3, 13)):
        if rnd.random() < 0.2:
            name = f"c{place}"
            lines.append(f"{name} = {maker.number()}")
            maker.constants.append(name)
        else:
            name = f"v{place}"
            lines.append(f"{name} = {maker.expression()}")
            maker.values.append(name)
    last = f"f = {' + '.join(maker.name() for _ in range(3))}"
    if rnd.random() < 0.5:
        last = f"f = {maker.name()}*{maker.name()} + {maker.number()}"
    lines.append(last)
    others = [name for name in maker.values if name.startswith("v")]
    outputs = ("f", rnd.choice(others)) if others and rnd.random() < 0.2 else ()
    return Made("\n".join(lines), inputs, outputs)


def function(seed: int) -> Made:
    """Return a Python file with a random function `f`: loops over negative numbers, names assigned again, constants above."""
    rnd = random.Random(f"function {seed}")
    inputs = ("x", "y", "z")[: rnd.choice((1, 2, 2, 3))]
    lines = ["import math", ""]
    maker = _Maker(rnd, "math.", values=[*inputs])
    for place in range(rnd.randrange(0, 4)):
        lines.append(f"C{place} = {maker.number()}")
        maker.constants.append(f"C{place}")
    if rnd.random() < 0.4:
        inner = _Maker(rnd, "math.", ["u", "v"], [*maker.constants])
        lines += ["", "def part(u, v):", f"    w = {inner.expression()}"]
        lines += [f"    return w*{inner.number()} + {inner.call('v')}", ""]
        maker.helpers.append("part")
    lines += ["", f"def f({', '.join(inputs)}):"]
    for _ in range(rnd.randrange(2, 9)):
        lines += _statement(maker, "    ")
    results = [f"{maker.name()} + {maker.name()}"]
    results += [maker.name()] * (rnd.random() < 0.2)
    lines.append(f"    return {', '.join(results)}")
    return Made("\n".join(lines) + "\n", inputs, is_python=True)


def branching(seed: int) -> Made:
    """Return a Python file with a random function `f` of many ways: `if` in `if` and in loops, early returns, edges of the domain."""
    rnd = random.Random(f"branching {seed}")
    inputs = ("x", "y", "z")[: rnd.choice((1, 2, 2, 3))]
    lines = ["import math", ""]
    maker = _Maker(rnd, "math.", values=[*inputs])
    if rnd.random() < 0.4:
        lines += ["C0 = " + maker.number(), ""]
        maker.constants.append("C0")
    if rnd.random() < 0.5:
        inner = _Maker(rnd, "math.", ["u", "v"], [*maker.constants])
        inner.results = inner.depth = 1
        lines += ["def part(u, v):", *_branches(inner, "    ")]
        lines += [f"    return {inner.expression()}", ""]
        maker.helpers.append("part")
    maker.results, maker.depth = rnd.choice((1, 1, 1, 2)), 2
    options = ""
    if rnd.random() < 0.5:
        options = ", way='a', other=None, on=True"
        maker.settled = _SETTLED
    lines += ["", f"def f({', '.join(inputs)}{options}):"]
    for _ in range(rnd.randrange(2, 7)):
        branches = rnd.random() < 0.5
        lines += (_branches if branches else _statement)(maker, "    ")
    lines += [f"    {_returned(maker)}"]
    return Made("\n".join(lines) + "\n", inputs, is_python=True)


def _returned(maker: _Maker) -> str:
    values = [f"{maker.name()} + {maker.term()}" for _ in range(maker.results)]
    return f"return {', '.join(values)}"


def _branches(maker: _Maker, blank: str) -> Iterator[str]:
    """Yield an `if` with its ways; behind it, those names have values that have one in each way that goes on."""
    rnd, before, inner = maker.rnd, [*maker.values], f"{blank}    "
    going: list[list[str]] = []
    maker.depth -= 1
    count = rnd.randrange(1, 4)
    last = rnd.random() < 0.6
    for place in range(count + last):
        maker.values = [*before]
        if place == count:
            yield f"{blank}else:"
        elif rnd.random() < 0.1:
            yield f"{blank}{'elif' if place else 'if'} (q{place} := {maker.term()}) > {maker.number()}:"
            _assigned(maker, f"q{place}")
            before = [*before, f"q{place}"] if not place else before
        else:
            settled = maker.settled and rnd.random() < 0.2
            test = rnd.choice(maker.settled) if settled else maker.condition()
            yield f"{blank}{'elif' if place else 'if'} {test}:"
        for _ in range(rnd.randrange(1, 3)):
            deeper = maker.depth > 0 and rnd.random() < 0.4
            yield from (_branches if deeper else _statement)(maker, inner)
        yield f"{inner}pass"
        end = rnd.random()
        if end < 0.2 and (going or place < count):
            yield f"{inner}{_returned(maker)}"
        elif end < 0.24 and (going or place < count):
            yield f"{inner}raise ValueError('there is no such {maker.name()}')"
        else:
            going.append(maker.values)
    if not last:
        going.append(before)
    maker.depth += 1
    common = [name for name in going[0] if all(name in names for names in going)]
    maker.values = common
    if rnd.random() < 0.1:
        yield f"{blank}assert {maker.name()} > -{rnd.choice(('9', '40'))}, 'too small'"


def _statement(maker: _Maker, blank: str) -> Iterator[str]:
    rnd = maker.rnd
    pick = rnd.randrange(10)
    target = rnd.choice(("s", "t", "u", "w"))
    if pick == 0 and len(blank) == 4:
        name = f"k{len(maker.indices)}"
        low = rnd.randrange(-3, 2)
        step = rnd.choice(("", "", ", 2"))
        yield f"{blank}s = {maker.expression()}"
        _assigned(maker, "s")
        yield f"{blank}for {name} in range({low}, {low + rnd.randrange(1, 4)}{step}):"
        maker.indices.append(name)
        yield f"{blank}    s {rnd.choice('+-')}= ({name}**2 - {maker.number()})*{maker.name()}"
        for _ in range(rnd.randrange(2)):
            yield from _statement(maker, f"{blank}    ")
        if maker.results and rnd.random() < 0.5:
            yield from _branches(maker, f"{blank}    ")
        maker.indices.pop()
    elif pick == 1:
        old = [name for name in ("s", "t", "u", "w") if name in maker.values]
        sign = rnd.choice(("+", "-", "*"))
        value = maker.number() if sign == "*" else maker.expression()
        if old:
            yield f"{blank}{rnd.choice(old)} {sign}= {value}"
    elif pick == 2 and len(maker.values) > 1:
        text = f"{blank}t, u = {maker.expression()}, {maker.name()} + {maker.number()}"
        yield text
        _assigned(maker, "t")
        _assigned(maker, "u")
    elif pick == 3 and len(blank) == 4:
        yield f"{blank}{target} = {maker.number()}"
        _assigned(maker, target)
    else:
        yield f"{blank}{target} = {maker.expression()}"
        _assigned(maker, target)


def _assigned(maker: _Maker, name: str) -> None:
    if name in maker.values:
        maker.values.remove(name)
    maker.values.append(name)


# What is wrong with a module.


def faults(made: Made, compiled: Compiled, points: int = 3) -> list[str]:
    """Return where a module differs from its text as Python runs it, at points from its digits; empty where it does not."""
    rnd = random.Random(made.text)
    plain = made.plain()
    found: list[str] = []
    for _ in range(points):
        at = tuple(round(rnd.uniform(-2, 2), 3) + 1e-4 for _ in made.inputs)
        try:
            plain(*map(mpmath.mpf, at))
        except (ValueError, AssertionError):  # beyond the edge of the domain
            found += [f"a value at {at}"] * (not _raises(compiled, at))
            continue
        found += _faults_at(plain, compiled, at)
    return found


def _raises(compiled: Compiled, at: tuple[float, ...]) -> bool:
    try:
        compiled.forward(*at)
    except ValueError:
        return True
    return False


def _faults_at(
    plain: Callable[..., tuple[Any, ...]], compiled: Compiled, at: tuple[float, ...]
) -> Iterator[str]:
    with mpmath.workdps(_DIGITS):
        exact = tuple(map(mpmath.mpf, at))
        true = plain(*exact)
        slopes = [
            _slopes(plain, exact, true, compiled.program.inputs.index(name))
            for name in (compiled.program.inputs[i] for i in compiled.program.wrt)
        ]
        # What a change in the last place alone does to the truth is nobody's fault.
        beside = tuple(x * (1 + mpmath.mpf(2) ** -45) for x in exact)
        nudged = plain(*beside)
        with mpmath.workprec(53):
            rough = plain(*exact)
        doubt = [abs(a - b) + abs(a - c) for a, b, c in zip(true, nudged, rough)]
    values, cache = compiled.forward(*at)
    values = _several(values)
    for place, (value, exact_value) in enumerate(zip(values, true)):
        if not _close(value, exact_value, doubt[place]):
            yield f"value {place} at {at}: {value} for {float(exact_value)}"
        seeds = [float(i == place) for i in range(len(values))]
        gradient = compiled.backward(cache, *seeds)
        if len(gradient) != len(slopes):
            yield f"{len(gradient)} slopes for {len(slopes)}"
        for got, column in zip(gradient, slopes):
            slope, doubtful = column[place] if column else (None, 0)
            if slope is not None and not _close(got, slope, doubtful):
                yield f"slope of {place} at {at}: {got} for {float(slope)}"


def _close(got: float, true: Any, doubt: Any) -> bool:
    off = abs(mpmath.mpf(got) - true) if math.isfinite(got) else mpmath.inf
    return bool(off <= 1e-9 * (abs(true) + 1e-3) + 20 * doubt)


def _slopes(
    plain: Callable[..., tuple[Any, ...]],
    at: tuple[Any, ...],
    true: Sequence[Any],
    place: int,
) -> list[tuple[Any, Any]]:
    """Return each result's slope by one input, with its change nearby; None at a kink."""
    sides = []
    for h in (_STEP, -_STEP, 2 * _STEP):
        moved = (*at[:place], at[place] + h, *at[place + 1 :])
        sides.append([(a - b) / h for a, b in zip(plain(*moved), true)])
    nudged = tuple(x * (1 + mpmath.mpf(2) ** -45) for x in at)
    there = plain(*nudged)
    moved = (*nudged[:place], nudged[place] + _STEP, *nudged[place + 1 :])
    change = [(a - b) / _STEP for a, b in zip(plain(*moved), there)]
    found: list[tuple[Any, Any]] = []
    for right, left, other in zip(sides[0], sides[1], change):
        slope = (right + left) / 2
        smooth = abs(right - left) <= 1e-10 * (1 + abs(slope))
        found.append((slope if smooth else None, abs(other - slope)))
    return found


# Two processes.


def _sequences(seed: int) -> Made:
    from tests.sequences import sequences

    return sequences(seed)


#: What is refused although Python runs it: a function that raises, and lists whose holders are not certain.
_REFUSED = ("every way raises", "is held elsewhere", "changes while a loop", "out of range")  # fmt: skip
KINDS: dict[str, Callable[[int], Made]] = {
    "programs": program,
    "functions": function,
    "branches": branching,
    "sequences": _sequences,
}


def compiled(made: Made, **options: Any) -> Compiled | None:
    """Return a program's module; None where it is refused for what it does, which is said."""
    try:
        return made.compile(**options)
    except GradgenError as error:
        if not (
            any(words in error.message for words in _REFUSED) or _unbound(made, error)
        ):
            raise
        return None


def _unbound(made: Made, error: GradgenError) -> bool:
    """Whether a name is refused that Python finds without a value, too, as a loop's whose first turn ends it."""
    if "is read before it is assigned" not in error.message:
        return False
    with pytest.raises(UnboundLocalError):
        made.plain()(*[mpmath.mpf(1.25)] * len(made.inputs))
    return True


def digests(kind: str, first: int, last: int) -> dict[str, str]:
    """Compile a range, last first, and return each module's digest by its seed."""
    found = {}
    for seed in reversed(range(first, last)):
        made = compiled(KINDS[kind](seed), proof=False)
        if made is None:
            continue
        text = made.source
        found[str(seed)] = hashlib.sha256(text.encode()).hexdigest()
    return found


def digests_elsewhere(kinds: str, first: int, last: int, hash_seed: int) -> Any:
    """The same of another process, by kind."""
    command = [sys.executable, "-m", "tests.generators", kinds, str(first), str(last)]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    _, what, start, stop = sys.argv
    every = {kind: digests(kind, int(start), int(stop)) for kind in what.split()}
    print(json.dumps(every))
