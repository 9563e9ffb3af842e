"""Lines of a function in; their texts, in blocks where several belong to one branch, out."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Line, Program
from gradgen.passes.blocks.arrange import Arranger
from gradgen.passes.blocks.emit import Declared, Emitter, Head, Said
from gradgen.passes.blocks.join import joined, renamed
from gradgen.passes.blocks.order import Item, Piece
from gradgen.passes.blocks.place import Placer
from gradgen.passes.constants import constants_in, held
from gradgen.passes.functions import Names, backward, forward, leaves, read_by
from gradgen.passes.settle import Settled
from gradgen.passes.sweeps.jacobian import Block, Jacobian, jacobian
from gradgen.write.compact.fuse import Compact, Fused
from gradgen.write.compact.gather import SUM, gathered
from gradgen.write.compact.plan import Plan, in_loops, in_order, kept_names
from gradgen.write.lines import LINE, Text, Writer
from gradgen.write.sql.sums import apart, summed, summed_rows
from gradgen.write.target import Blocks, Target

#: No line that starts several names is longer.
_WIDTH = 88


class Lines(NamedTuple):
    """The lines of a function.

    Attributes:
        lines: the lines, in order.
        names: what values are called before the first.
    """

    lines: Sequence[Line]
    names: Mapping[int, str]


@dataclass(frozen=True)
class Function:
    """The lines of a function, and how they stand in blocks.

    Attributes:
        shown: the lines.
        counted: the same with a name for each value, as they are counted.
        kept: the names that are read behind the last.
        arranger: what has put them into blocks.
        items: the blocks; None where there are none.
        said: of what is returned without a line the values.
    """

    shown: Lines
    counted: Lines
    kept: Collection[str]
    arranger: Arranger
    items: Sequence[Item] | None
    said: Mapping[str, int]

    @property
    def pieces(self) -> Sequence[Piece]:
        """The lines in their branches; none where there are no blocks."""
        return self.arranger.pieces

    def reads(self, steps: Steps) -> set[str]:
        """Return the names that the lines read."""
        if self.items is not None:
            return {name for piece in self.pieces for name in piece.reads}
        lines, names = self.shown
        known = Names(names)
        return {
            known[value]
            for line in known.along(lines)
            for value in read_by(steps, line.value, known)
        }


class Style:
    """What a compact line has room for.

    Attributes:
        author: the names that the author gave, which keep their lines.
    """

    def __init__(self, compact: Compact, author: Collection[str]) -> None:
        self.compact = compact
        self.author = author

    def put(self, value: int, places: Mapping[int, int], names: Mapping[int, str]) -> int:  # fmt: skip
        """Return a value with others in the places of what has names."""
        self.compact.algebra.known = dict(names)
        return self.compact.algebra.put(value, places, frozenset())

    def fits(self, line: Line, value: int, names: Mapping[int, str]) -> bool:
        """Whether a line may say this."""
        self.compact.measure.known = names
        return self.compact.measure.fits(line, value)


def planned(
    writer: Writer,
    shown: Lines,
    counted: Lines,
    kept: Collection[str],
    joins: Mapping[int, int],
    results: Collection[int],
    said: Mapping[str, int] = MappingProxyType({}),
    style: Style | None = None,
) -> Function:
    """Return how lines stand in blocks.

    Args:
        writer: what writes lines.
        shown: the lines of a function.
        counted: the same with a name for each value.
        kept: the names that are read behind the last.
        joins: the values that are called as the choice between them.
        results: the values that are results.
        said: of what is returned without a line the values.
        style: what a compact line has room for.
    """
    arranger = Arranger(writer.chain.tidy, writer.quieted, kept, joins, style)
    items = None if writer.target.flat else arranger.run(*shown, results)
    return Function(shown, counted, kept, arranger, items, said)


def choices_joined(plan: Plan, target: Target) -> Mapping[int, int]:
    """Return the values that are called as the choice between them, by their branches; each with that choice."""
    program = plan.program
    choices = any(step.op == "where" for step in program.steps)
    if target.flat or not choices:
        return {}
    lines = [value for value in held(program) if value not in plan.inside]
    steps = steps_of(program) if plan.ahead is None else plan.kinds.speller.steps
    chain = target.chain(program, steps, lines)
    inputs = {value: program.names[value] for value in program.signature}
    results = {value for _, value in program.outputs}
    ahead = forward(program, chain) if plan.ahead is None else plan.ahead
    made = Lines(ahead, inputs)
    kept = {*program.names.values()}
    found = planned(Writer(chain, target), made, made, kept, {}, results)
    return joined(program, found.pieces)


def written(writer: Writer, plan: Function) -> Iterator[Text]:
    """Yield the texts of lines.

    Raises:
        GradgenError: the language cannot write an operation.
        TooLargeError: the module would be too large.
    """
    names = plan.shown.names
    if plan.items is None:
        yield from writer.lines(*plan.shown)
        return
    writer.count_lines(*plan.counted)
    form = writer.target.blocks
    tidy, paths = writer.chain.tidy, plan.arranger.paths
    starting: list[tuple[str, str, str]] = []
    for one in Emitter(tidy, paths, plan.items, {*names.values()}, plan.kept).run():
        indent = form.indent * one.depth
        if isinstance(one, Declared) and one.new and one.value is not None:
            starting.append((indent, writer.text(one.value, {}), one.name))
            continue
        yield from _started(form, starting)
        starting = []
        if isinstance(one, Head):
            asked = writer.condition(one.condition, one.names)
            text = form.heads[one.word].format(asked)
            if text:
                yield Text(None, indent, text, one.word == "if")
        elif isinstance(one, Declared):
            if text := _declared(writer, one):
                yield Text(None, indent, text)
        else:
            text = _assignment(writer, one)
            yield Text(one.line, indent, text, value=one.value)
    yield from _started(form, starting)


def _started(form: Blocks, starting: Sequence[tuple[str, str, str]]) -> Iterator[Text]:
    """Yield the lines that give names the values that they have where no branch gives them another: as many on each as have room."""
    for (indent, value), group in groupby(starting, lambda one: one[:2]):
        names: list[str] = []
        for _, _, name in group:
            width = len(form.indent + indent + form.starts([*names, name], value))
            if names and width > _WIDTH:
                yield Text(None, indent, form.starts(names, value))
                names = []
            names.append(name)
        yield Text(None, indent, form.starts(names, value))


def _declared(writer: Writer, declared: Declared) -> str:
    form = writer.target.blocks
    if declared.value is None:
        return form.declares.format(declared.name)
    return form.sets.format(declared.name, writer.text(declared.value, {}))


def _assignment(writer: Writer, said: Said) -> str:
    text = writer.text(said.value, said.names)
    name = said.line.name
    if said.new or said.sign != "=":
        return writer.target.define(name, said.sign, text, said.changes)
    return writer.target.blocks.sets.format(name, text)


class Functions:
    """The lines of the functions of a module, in the order in which they are made.

    Attributes:
        plan: which values have lines.
        joins: the values that are called as the choice between them.
        shown: the program in these names.
        laid: which values have lines, in these names, when all has been laid out.
        front: the forward lines.
        inputs: the inputs with their names.
        back: the backward lines.
        upstream: the upstream gradients with their names.
        swept: the lines of the Jacobian, by sweeps, once they are made.
        rows: its rows.
        end: the last of its sweeps, which knows what all slopes are.
    """

    def __init__(
        self,
        plan: Plan,
        joins: Mapping[int, int],
        target: Target,
        rows: bool,
        limit: int | None,
    ) -> None:
        """Take what functions are made of.

        Args:
            plan: which values have lines.
            joins: the values that are called as the choice between them.
            target: the output language.
            rows: whether there is a Jacobian.
            limit: how many operations may be written.
        """
        self.plan = plan
        self.joins = joins
        self.shown = renamed(plan.program, joins)
        self.program = plan.program
        self.target = target
        lines = [v for v in held(plan.program) if v not in plan.inside]
        chain = target.chain(plan.program, plan.kinds.speller.steps, lines)
        self.chain = chain
        self.writer = Writer(chain, target, limit)
        names = plan.program.names
        self.inputs = {value: names[value] for value in plan.program.signature}
        self.fuser = Compact(chain, plan.kinds, in_loops(plan.program, target, chain.steps))  # fmt: skip
        self.author = kept_names(plan.program)
        ahead = forward(plan.program, chain) if plan.ahead is None else plan.ahead
        self.ahead = apart(ahead, chain.steps, plan.program, target)
        self.back, self.upstream = self._back()
        self.swept: list[tuple[Block, Function]] = []
        self.rows: Jacobian | None = None
        self.end = self.back
        if rows:
            self._sweep()
        self.front = self._front()
        inside = {**plan.inside, **self.front.arranger.inside}
        names = {v: self.shown.names[v] for v in plan.names if v not in inside}
        self.laid = replace(plan, program=self.shown, names=names, inside=inside)

    def _front(self) -> Function:
        kept = [self.program.names[value] for _, value in self.program.outputs]
        others = (self.back, *(function for _, function in self.swept))
        chooses = any(self.chain.steps[line.value].op == "where" for line in self.ahead)
        for function in others if chooses else ():
            kept += function.reads(self.chain.steps)
        return self._function(self.ahead, self.inputs, kept)

    def single(self) -> tuple[Function, Settled, Plan]:
        """Return the lines for value and gradient at once, the chain rule of them, and which values have lines."""
        program, steps = in_order(self.program, self.target), self.chain.steps
        chain = self.target.chain(program, steps, held(program))
        _, back = backward(program, chain, steps.const(1))
        returned = [program.adjoints[value] for value in program.wrt]
        fused = Fused(dict(enumerate([*forward(program, chain), *back])))
        if self.target.fuses:  # where arms hold no calls
            fuser = Compact(chain, self.plan.kinds, self.fuser.rowwise)
            fused = fuser.fuse(fused.lines, self.inputs, self.author, {}, returned)
            fused = gathered(fuser, fused, self.inputs, returned, SUM)
        kept = [*returned, *[program.names[value] for _, value in program.outputs]]
        lines = summed(fused.lines, steps, program, self.target)
        function = self._function(lines, self.inputs, kept, fused.said)
        inside = {**fused.inside, **function.arranger.inside}
        made = {line.total for line in lines} - inside.keys() | {*self.inputs}
        names = {v: n for v, n in self.shown.names.items() if v in made}
        plan = replace(self.plan, program=self.shown, names=names, inside=inside)
        return function, chain, plan

    def _back(self) -> tuple[Function, Mapping[int, str]]:
        program = self.program
        upstream, lines = backward(program, self.chain)
        lines = [*apart(lines, self.chain.steps, program, self.target)]
        names = {**self.plan.names, **upstream}
        returned = [program.adjoints[value] for value in program.wrt]
        if not self.target.compact:
            return self._function(lines, names, returned), upstream
        fused = self.fuser.fuse(lines, names, self.author, {}, returned)
        fused = gathered(self.fuser, fused, names)
        return self._function(fused.lines, names, returned, fused.said), upstream

    def _sweep(self) -> None:
        """Make the lines of the Jacobian."""
        program, names = self.program, self.plan.names
        numbers = len(program.outputs) * len(program.wrt)
        self.writer.hold(numbers + LINE * _slopes(program))
        self.writer.held += numbers
        taken = self.target.reserved | self.target.avoided | {*constants_in(program)}
        count, infinite = self.writer.count, self.target.infinite
        found = jacobian(program, self.chain.each(), count, taken, infinite)
        self.rows = found = summed_rows(found, self.chain.steps, program, self.target)
        lines = [line for block in found.blocks for line in block.lines]
        slopes = [*dict.fromkeys(name for row in found.rows for name in row if name)]
        made = dict(enumerate(lines))
        said: Mapping[str, int] = {}
        if self.target.compact:
            fused = self.fuser.fuse(lines, names, (), {}, slopes)
            said, made = fused.said, fused.made
        sweeps: list[tuple[Block, list[Line]]] = []
        first = 0
        for block in found.blocks:
            places = range(first, first + len(block.lines))
            first += len(block.lines)
            kept = [made[place] for place in places if place in made]
            if kept:
                sweeps.append((block, kept))
        later = _later(sweeps, self.chain.steps, names)
        known = Names(names)
        self.end = self._function([], names, slopes, said)
        for (block, kept), read in zip(sweeps, later):
            function = self._function(kept, dict(known), [*slopes, *read], said)
            self.swept.append((block, function))
            self.end = function
            for line in kept:
                # What no later sweep reads may have no value behind its block.
                if function.items is None or line.name in {*read, *slopes}:
                    known.give(line)

    def _function(
        self,
        lines: Sequence[Line],
        names: Mapping[int, str],
        returned: Sequence[str],
        said: Mapping[str, int] | None = None,
    ) -> Function:
        """Return how the lines of a function stand in blocks, in the names that they have there.

        Args:
            lines: the lines, in order.
            names: what values are called before the first.
            returned: the names that are read behind the last.
            said: of what is returned without a line the values.
        """
        said = said or {}
        kept = {*returned} - said.keys()
        ends: set[int] = set()
        if said:
            known = Names(names).behind(lines)
            for value in said.values():
                kept |= {known[v] for v in read_by(self.chain.steps, value, known)}
                ends |= {value, *leaves(self.chain.steps, value, known)}
        results = {value for _, value in self.program.outputs}
        counted = Lines(lines, names)
        shown = counted
        called = self._called(counted, ends)
        if called:
            lines = [x._replace(name=called.get(x.name, x.name)) for x in lines]
            names = {v: called.get(name, name) for v, name in names.items()}
            shown, kept = Lines(lines, names), {called.get(n, n) for n in kept}
        style = None
        if self.target.compact:
            author = {called.get(name, name) for name in self.author}
            style = Style(Compact(self.chain, self.plan.kinds), author)
        joins = self.joins
        return planned(self.writer, shown, counted, kept, joins, results, said, style)

    def _called(self, lines: Lines, returned: Container[int]) -> Mapping[str, str]:
        """Return the names of what is called as a choice, with that name; of gradients those that are read in their branch alone."""
        plain, shown = self.program, self.shown
        found = {plain.names[v]: shown.names[v] for v in self.joins}
        slopes = {plain.adjoints[v]: shown.adjoints[v] for v in self.joins}
        if not slopes:
            return found
        placer = Placer(self.chain.tidy, self.writer.quieted, {})
        placed = placer.run(*lines, ())
        for one in placed:
            for value, name in one.names.items():
                zero = placer.paths.zero.get(value, ())
                if name in slopes and zero is not None and not {*zero} <= {*one.path}:
                    del slopes[name]
        for one in placed:
            name = one.line.name
            if name in slopes:
                inner = placer.paths.inside(one.value, one.path, one.names)
                whole = one.names.get(inner, "")
                if slopes.get(whole, whole) != slopes[name]:
                    del slopes[name]
        apart = {line.name for line in lines.lines if line.total in returned}
        return found | {n: choice for n, choice in slopes.items() if n not in apart}


def _later(
    sweeps: Sequence[tuple[Block, Sequence[Line]]],
    steps: Steps,
    names: Mapping[int, str],
) -> list[set[str]]:
    """Return for each sweep the names that those behind it read."""
    called = dict(names)
    for _, lines in sweeps:
        for line in lines:
            called.setdefault(line.total, line.name)
    found: list[set[str]] = []
    read: set[str] = set()
    for _, lines in reversed(sweeps):
        found.append(read)
        read = {*read}
        for line in lines:
            values = (line.value, *leaves(steps, line.value, called))
            read |= {called[value] for value in values if value in called}
    return found[::-1]


def _slopes(program: Program) -> int:
    """Return how many numbers in the Jacobian's rows are not 0 by the program's form."""
    reached = {value: 1 << place for place, value in enumerate(program.wrt)}
    for way in sorted(program.ways, key=lambda way: way.source):
        reached[way.source] = reached.get(way.source, 0) | reached.get(way.into, 0)
    return sum(reached.get(value, 0).bit_count() for _, value in program.outputs)
