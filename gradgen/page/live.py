"""A program for JavaScript in; its lines in JavaScript, each followed by what hands over its value, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradgen.core.build import steps_of
from gradgen.core.program import Line, Program
from gradgen.page.flow import locals_of
from gradgen.passes.constants import held, reached
from gradgen.passes.functions import Names, backward, forward
from gradgen.passes.settle import Settled
from gradgen.write.constants import Declarations
from gradgen.write.languages.javascript import JAVASCRIPT
from gradgen.write.lines import Writer
from gradgen.write.target import Target
from gradgen.write.templates import Templates

#: The target of modules, each of whose lines stands alone: no branch around it, and in each the choice that it needs.
LIVE: Target = replace(JAVASCRIPT, flat=True)


class Back(NamedTuple):
    """A backward line.

    Attributes:
        text: it.
        rule: the local derivative.
        adds: what it adds to its gradient; empty where it is the first that brings something.
        name: that gradient.
    """

    text: str
    rule: str
    adds: str
    name: str


@dataclass(frozen=True)
class Live:
    """The functions of a module that hands over the value of each of its lines.

    Attributes:
        top: constants and helpers.
        inputs: the parameters of `forward`.
        ahead: the forward lines.
        values: the names of the inputs and the stages, in order.
        seeds: the parameters of `backward`.
        unmoved: the gradients that nothing reaches.
        back: the backward lines.
        slopes: the gradients of the inputs and the stages, in the order of `values`.
    """

    top: tuple[str, ...]
    inputs: tuple[str, ...]
    ahead: tuple[str, ...]
    values: tuple[str, ...]
    seeds: tuple[str, ...]
    unmoved: tuple[str, ...]
    back: tuple[Back, ...]
    slopes: tuple[str, ...]


def chain_of(program: Program, target: Target) -> Settled:
    """Return the chain rule over a program, for the lines of a target."""
    return target.chain(program, steps_of(program), held(program))


def live(program: Program) -> Live:
    """Return the lines of a program that was made for JavaScript.

    Raises:
        GradgenError: JavaScript has no word for an operation.
    """
    chain = chain_of(program, LIVE)
    writer = Writer(chain, LIVE)
    names = program.names
    inputs = {value: names[value] for value in program.signature}
    ahead = [x.text for x in writer.lines(forward(program, chain), inputs)]
    upstream, lines = backward(program, chain)
    writer.start(upstream)
    rules = [writer.text(v, names) for v in locals_of(chain, program.ways)]
    back = _back(writer, lines, rules, {**names, **upstream})
    named = {line.name for line in lines} | {*upstream.values()}
    every = dict.fromkeys(program.adjoints[value] for value in names)
    return Live(
        (*_top(writer),),
        (*inputs.values(),),
        (*ahead,),
        (*names.values(),),
        (*upstream.values(),),
        tuple(name for name in every if name not in named),
        (*back,),
        tuple(program.adjoints[value] for value in names),
    )


def _back(
    writer: Writer, lines: Sequence[Line], rules: Iterable[str], names: dict[int, str]
) -> Iterator[Back]:
    """Yield the backward lines; what is added to a gradient is worked out before, as that may read the gradient."""
    known = Names(names)
    added = []
    for line in known.along(lines):
        text = "" if line.sign == "=" else writer.text(line.value, known)
        added.append(f"-({text})" if line.sign == "-=" else text)
    written = (one.text for one in writer.lines(lines, names))
    for line, text, rule, adds in zip(lines, written, rules, added, strict=True):
        yield Back(text, rule, adds, line.name)


def _top(writer: Writer) -> Iterator[str]:
    """Yield the constants and the helpers that lines need."""
    speller = writer.speller
    declarations = Declarations(writer.chain.steps, LIVE)
    constants = reached(speller.constants.values())
    for stage in declarations.lines(constants, speller.constants):
        if not stage.text.startswith(LIVE.comment):
            yield stage.text
    yield from Templates(LIVE).helpers([*speller.said, *declarations.said])
