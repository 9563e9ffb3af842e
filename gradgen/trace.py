"""A program in; what its lines come to at points out, forward and backward, step by step and without its text."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from gradgen.core.build import steps_of
from gradgen.core.doubles import DOUBLES
from gradgen.core.program import Line, Program
from gradgen.core.run import Run
from gradgen.loading import load
from gradgen.passes.constants import held
from gradgen.passes.functions import Names, backward, forward
from gradgen.passes.ieee import Quiet
from gradgen.targets import PYTHON, SCIPY
from gradgen.write.languages.python import SPECIAL
from gradgen.write.spell import Speller
from gradgen.write.target import Target
from gradgen.write.templates import helpers


@cache
def carried() -> dict[str, Any]:
    """Return the functions that modules in Python carry, by name."""
    texts = helpers(PYTHON).values()
    return vars(load("\n\n\n".join(["import math", *texts])))


def meanings(
    program: Program, target: Target, functions: Mapping[str, Any]
) -> Mapping[str, Callable[..., Any]]:
    """Return what the operations come to that a target of Python's has words for, or that the program imports.

    Args:
        program: the program.
        target: the target.
        functions: the functions that its modules carry or import, by name.
    """
    found: dict[str, Callable[..., Any]] = {**DOUBLES, "inv": lambda x: 1.0 / x}
    words = target.language.words
    for op, word in words.items():
        if (name := target.helper.format(word.helper)) in functions:
            found[op] = _whole(functions[name], word.integer)
    for row in program.rows.values():
        if row.foreign and row.name in functions:
            found[row.name] = functions[row.name]
    if "special" in dict(target.imports):
        from scipy import special

        for op, (name, place) in SPECIAL.items():
            function = _double(getattr(special, name), place)
            found[op] = _whole(function, words[op].integer)
    return found


def _whole(function: Callable[..., Any], place: int | None) -> Callable[..., Any]:
    """Return a function that takes an integer in this place."""
    if place is None:
        return function
    return lambda *args: function(*args[:place], int(args[place]), *args[place + 1 :])


def _double(function: Callable[..., Any], place: int | None) -> Callable[..., float]:
    """Return a function of SciPy's, or what it has in this place of its results, as a plain double."""
    if place is None:
        return lambda *args: float(function(*args))
    return lambda *args: float(function(*args)[place])


class Trace:
    """Runs the functions of a named program as its module in Python does, line by line.

    Attributes:
        line: the line that was reached last.
    """

    line: Line

    def __init__(
        self, program: Program, target: Target, functions: dict[str, Any] | None = None
    ) -> None:
        """Take a program, a target of Python's, and what its module carries and imports, if that is not what all modules do."""
        self.program = program
        if target.is_python and not target.runs:  # whose words are of no numbers
            target = replace(SCIPY, precise=target.precise, ieee=True)
        self.target = target
        self.functions = carried() if functions is None else functions
        steps = steps_of(program)
        self.chain = target.chain(program, steps, held(program))
        self.quiet = Quiet(self.chain, target.language.words) if target.ieee else None
        self.run = Run(steps, meanings(program, target, self.functions))
        self.inputs = {value: program.names[value] for value in program.signature}
        self.ahead = self._said(forward(program, self.chain), self.inputs)
        self.upstream, back = backward(program, self.chain)
        self.back = self._said(back, {**program.names, **self.upstream})
        self.known = Names({})

    def _said(self, lines: Sequence[Line], names: Mapping[int, str]) -> list[Line]:
        """Return lines as they are written under the options."""
        if self.quiet is None:
            return [*lines]
        found, known = [], Names(names)
        for line in known.along(lines):
            value = line.value
            value = value if value in known else self.quiet.line(line, known)
            found.append(line._replace(value=value))
        return found

    def forward(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every stage, by name.

        Args:
            point: the inputs, by their names in the formula.

        Raises:
            ArithmeticError, ValueError: as the module does, in `line`.
        """
        texts = self.program.signature
        scope = {name: point[texts[value]] for value, name in self.inputs.items()}
        return self._follow(self.ahead, self.inputs, scope)

    def backward(self, values: Mapping[str, Any], output: int = 0) -> dict[str, Any]:
        """Return the gradient of one output by every value that has one, by name.

        Args:
            values: what `forward` returned.
            output: which output.

        Raises:
            ArithmeticError, ValueError: as the module does, in `line`.
        """
        program, scope = self.program, {**values, **self.start(output)}
        names = {**program.names, **self.upstream}
        found = self._follow(self.back, names, scope)
        return {name: number for name, number in found.items() if name not in values}

    def start(self, output: int = 0) -> dict[str, Any]:
        """Return what there is before the first backward line: upstream gradients, that of one output 1, and gradients that nothing reaches, by name."""
        program = self.program
        reached = {way.into for way in program.ways}
        unmoved = [value for value in program.wrt if value not in reached]
        found = {program.adjoints[v]: self.spread(v, 0.0) for v in unmoved}
        upstream = zip(self.upstream.values(), program.outputs)
        for place, (name, (_, value)) in enumerate(upstream):
            found[name] = self.spread(value, float(place == output))
        return found

    def spread(self, value: int, number: float) -> Any:
        """Return a number as a value has it."""
        return number

    def _follow(
        self, lines: Sequence[Line], names: Mapping[int, str], scope: dict[str, Any]
    ) -> dict[str, Any]:
        self.known = Names(names)
        for line in self.run.lines(self.known.along(lines), self.known, scope):
            self.line = line
        return scope

    def text(self, error: Exception) -> str:
        """Return the text of the line that raised an error; of a function that the module carries, the line in that."""
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        if last is not None and last.tb_frame.f_globals is self.functions:
            code, globals_ = last.tb_frame.f_code, last.tb_frame.f_globals
            lines = linecache.getlines(code.co_filename, globals_)
            return lines[last.tb_lineno - 1].partition("  #")[0].strip()
        line, known = self.line, self.known
        speller = Speller(self.run.steps, self.target.language)
        said = known.get(line.value) or speller.text(line.value, known)
        return self.target.define(line.name, line.sign, said, False)
