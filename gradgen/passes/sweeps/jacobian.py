"""A named program in; the lines of its Jacobian out: one row for each output, and what rows have in common made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program, Way
from gradgen.core.tidy import Tidy
from gradgen.passes.cost import Count, Tally
from gradgen.passes.functions import Names
from gradgen.passes.sweeps.regions import shared_regions


@dataclass(frozen=True)
class Block:
    """Lines of one sweep.

    Attributes:
        kind: what they make: the row of an output, the column of an input, or what rows share.
        head: the output, the input, or the value below which rows share these lines.
        lines: the lines.
    """

    kind: Literal["row", "column", "shared"]
    head: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Jacobian:
    """The Jacobian's lines, and its rows as the names of slopes, empty where one is 0."""

    blocks: tuple[Block, ...]
    rows: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]


def jacobian(
    program: Program,
    chain: Chain,
    count: Count,
    taken: Iterable[str],
    apart: bool,
) -> Jacobian:
    """Return the Jacobian by sweeps in which nothing is made twice: one back from each output, or one forward from each input.

    Whichever costs less is taken. Where it pays, what lies below a value that several rows lead through has a sweep of its own:
    d row/d x = d row/d value * d value/d x.

    Args:
        program: a named program.
        chain: the chain rule over its steps.
        count: what counts operations.
        taken: names that the slopes may not have.
        apart: whether slopes may be infinite, so that what a choice keeps out of a row is not made with it and multiplied by 0.
    """
    reserved = {*taken, *program.names.values()}
    apart = apart and _chooses(program, program.lines)
    rows = _Rows(program, chain, count, _Namer(program.names, reserved)).run(apart)
    # Where the gradient that comes down tells whether a line is evaluated, there is none to ask on the way forward.
    asks = any(way.moving or way.steep for way in program.ways)
    if apart or asks or len(program.wrt) > _WIDE * len(program.outputs):
        return rows
    again = copy(chain)
    again.tidy = Tidy(chain.steps, program.names)
    columns = _columns(program, again, _Namer(program.names, reserved))
    cost = [_cost(program, j, count) for j in (rows, columns)]
    return columns if cost[1] < cost[0] else rows


#: With more inputs to each output than these, no sweep goes forward.
_WIDE = 3


def _chooses(program: Program, values: Iterable[int]) -> bool:
    """Whether one of these values is a choice."""
    return any(program.steps[value].op == "where" for value in values)


def _cost(program: Program, jacobian: Jacobian, count: Count) -> int:
    tally = Tally(count)
    names = Names(program.names)
    for block in jacobian.blocks:
        for line in names.along(block.lines):
            tally.line(line, names)
    return tally.cost


class _Namer:
    """Names the slopes of values by others: du_dx."""

    def __init__(self, names: Mapping[int, str], taken: set[str]) -> None:
        self.names = names
        self.taken = set(taken)
        self.given: dict[tuple[int, int, bool], str] = {}

    def __call__(self, above: int, below: int, part: bool = False) -> str:
        """Return the name of the slope of one value by another."""
        key = above, below, part
        if key not in self.given:
            found = f"d{self.names[above]}_d{self.names[below]}{'_part' * part}"
            while found in self.taken:
                found += "_"
            self.taken.add(found)
            self.given[key] = found
        return self.given[key]


def _columns(program: Program, chain: Chain, namer: _Namer) -> Jacobian:
    """Return the Jacobian by one forward sweep from each input: the slope of a value is the sum of those of what it reads."""
    ways: dict[int, list[Way]] = {}
    for way in reversed(program.ways):
        ways.setdefault(way.source, []).insert(0, way)
    outputs = [value for _, value in program.outputs]
    blocks, columns = [], []
    for column in program.wrt:
        slopes = {column: chain.steps.const(1)}
        found: list[Line] = []
        for source in program.lines:
            reached = (way for way in ways.get(source, ()) if way.into in slopes)
            parts = [_tangent(chain, way, slopes[way.into]) for way in reached]
            if not parts:
                continue
            total = slopes[source] = _sum(chain, parts)
            bare, _ = chain.tidy.signless(total)
            known = bare in chain.tidy.named or abs(_one(chain, total)) == 1
            if known and source not in outputs:
                continue
            name = namer(source, column)
            if known:
                # Another name for what has one.
                total = slopes[source] = chain.tidy.copy(total, name)
                parts = [total]
            found += _lines(chain, name, [(source, part) for part in parts])
            total = slopes[source] = _own(chain, total, name)
            chain.tidy.name(total)
        blocks.append(Block("column", column, tuple(found)))
        columns.append([namer(v, column) if v in slopes else "" for v in outputs])
    return Jacobian(tuple(blocks), tuple(zip(*columns)), tuple(namer.given.values()))


def _tangent(chain: Chain, way: Way, slope: int) -> int:
    """Return what the slope of what a step reads brings to its own."""
    positive, negative = chain.tidy.signless(slope)
    part = chain.partial(way, positive)
    return chain.tidy.negated(part) if negative else part


def _lines(chain: Chain, name: str, parts: Sequence[tuple[int, int]]) -> Iterator[Line]:
    """Yield the lines of a sum, each with the value whose forward line it answers."""
    total = -1
    for number, (source, said) in enumerate(parts):
        before, total, sign = total, said, "="
        if number:
            total, said, sign = chain.tidy.add(before, said)
        yield Line(said, name, _own(chain, total, name), source, sign)


def _sum(chain: Chain, parts: Sequence[int]) -> int:
    return reduce(lambda total, part: chain.tidy.add(total, part)[0], parts)


def _own(chain: Chain, total: int, name: str) -> int:
    """Return a slope; one that is a constant as a value of its own, because a 3 elsewhere is no such slope."""
    if not chain.steps.is_constant(total):
        return total
    return chain.tidy.copy(total, name)


@dataclass
class _Sweep:
    """One way back from a value, the head, whose own slope is 1."""

    kind: Literal["row", "shared"]
    head: int
    scope: frozenset[int]
    slopes: dict[int, int] = field(default_factory=dict)
    #: How many parts each slope will have, and those that have come, each with its source.
    wanted: Counter[int] = field(default_factory=Counter)
    parts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    #: What others than this sweep flow into as well.
    partly: set[int] = field(default_factory=set)
    #: The source and the value of each part, in the order of the ways; and the lines of those that have one.
    order: list[tuple[int, int, int]] = field(default_factory=list)
    lines: dict[tuple[int, int], Line] = field(default_factory=dict)


class _Rows:
    def __init__(
        self, program: Program, chain: Chain, count: Count, namer: _Namer
    ) -> None:
        self.program = program
        self.chain = chain
        self.count = count
        self.namer = namer
        self.inputs = set(program.signature)
        self.ways: dict[int, list[Way]] = {}
        for way in program.ways:
            self.ways.setdefault(way.source, []).append(way)
        #: An upstream gradient, for prices alone.
        self.upstream = chain.steps.input("d")
        self.priced = {*program.names, self.upstream}
        #: The name of each slope that has one.
        self.named: dict[int, str] = {}
        self.blocks: list[Block] = []
        #: What rows share: by value, the slopes of what lies below it.
        self.shared: dict[int, dict[int, int]] = {}

    def run(self, apart: bool) -> Jacobian:
        program = self.program
        results = {value for _, value in program.outputs}
        for head, region in shared_regions(program, self.ways, results, self.price):
            if apart and _chooses(program, region):
                continue
            slopes = self.sweep("shared", head, frozenset(region)).slopes
            outside = sorted(value for value in slopes if value not in region)
            self.shared[head] = {value: slopes[value] for value in outside}
        rows = []
        everything = frozenset(self.ways)
        for _, head in program.outputs:
            slopes = self.sweep("row", head, everything).slopes
            rows.append(
                tuple(self.named[slopes[i]] if i in slopes else "" for i in program.wrt)
            )
        return Jacobian(
            tuple(self.blocks), tuple(rows), tuple(self.namer.given.values())
        )

    def price(self, way: Way, alone: bool) -> int:
        """Return the operations of a way whose upstream gradient is a variable or, alone, 1."""
        upstream = self.chain.steps.const(1) if alone else self.upstream
        value = self.chain.partial(way, upstream)
        return self.count.line(value, self.priced, {})[0]

    # One sweep.

    def sweep(
        self, kind: Literal["row", "shared"], head: int, scope: frozenset[int]
    ) -> _Sweep:
        """Go back from the head through the values of `scope`."""
        sweep = _Sweep(kind, head, scope)
        sweep.slopes[head] = self.chain.steps.const(1)
        sources = [value for value in self.ways if value in scope]
        sweep.wanted = self.reached(head, sources, self.shared if kind == "row" else {})
        if kind == "shared" and head in (value for _, value in self.program.outputs):
            # Its own row has the plain names, where more flows into a slope than its share.
            whole = self.reached(head, self.ways, {})
            sweep.partly = {v for v in sweep.wanted if sweep.wanted[v] != whole[v]}
        for source in sources:
            if source == head or source in sweep.wanted:
                for value, part in self.answer(sweep, source):
                    self.receive(sweep, source, value, part)
        lines = [sweep.lines[v, n] for _, v, n in sweep.order if (v, n) in sweep.lines]
        self.blocks.append(Block(kind, head, tuple(lines)))
        return sweep

    def reached(
        self, head: int, sources: Iterable[int], shared: Mapping[int, Iterable[int]]
    ) -> Counter[int]:
        """Return how often something flows into each slope on the way back from the head through `sources`."""
        found: Counter[int] = Counter()
        for source in sources:
            if source == head or source in found:
                into = shared.get(source, (way.into for way in self.ways[source]))
                found.update([*into])
        return found

    def answer(self, sweep: _Sweep, source: int) -> Iterator[tuple[int, int]]:
        """Yield what the slope of a value brings to the values that its forward line reads."""
        chain = self.chain
        upstream, negative = chain.tidy.signless(sweep.slopes[source])
        if sweep.kind == "row" and source in self.shared:
            for value, slope in self.shared[source].items():
                positive, other = chain.tidy.signless(slope)
                product = chain.tidy.make("mul", positive, upstream)
                yield value, (
                    chain.tidy.negated(product) if negative != other else product
                )
            return
        above = -1
        for way in self.ways[source]:
            # The numerator's slope is the quotient's over d, and no more; or it is so far.
            shared = sweep.slopes[above] if sweep.wanted[above] == 1 else None
            if shared is None and len(sweep.parts.get(above, ())) == 1:
                shared = sweep.parts[above][0][1]
            above = above if way.place or way.below else way.into
            if self.chain.steps[source].op == "div" and shared is not None:
                yield way.into, chain.partial(way, sweep.slopes[source], shared)
            else:
                part = chain.partial(way, upstream)
                yield way.into, chain.tidy.negated(part) if negative else part

    def receive(self, sweep: _Sweep, source: int, value: int, part: int) -> None:
        """Take what flows into a slope, and settle that when all has come."""
        parts = sweep.parts.setdefault(value, [])
        sweep.order.append((source, value, len(parts)))
        parts.append((source, part))
        if len(parts) == sweep.wanted[value]:
            self.settle(sweep, value, parts)

    def settle(self, sweep: _Sweep, value: int, parts: list[tuple[int, int]]) -> None:
        """Write the lines of a slope, unless it has been made already. An input's slope has its own name in any case."""
        chain = self.chain
        values = [part for _, part in parts]
        total = _sum(chain, values)
        known = total in chain.tidy.named or abs(_one(chain, total)) == 1
        part = value in sweep.partly
        own = (sweep.head, value, False) in self.namer.given and self.named.get(
            total
        ) == self.namer(sweep.head, value)
        outside = sweep.kind == "shared" and value not in sweep.scope
        if known and (own or outside or value not in self.inputs):
            sweep.slopes[value] = total
            return
        name = self.namer(sweep.head, value, part)
        if known:
            # Another name for what has one.
            total = chain.tidy.copy(total, name)
            parts = [(parts[-1][0], total)]
        first = len(sweep.parts[value]) - len(parts)
        for number, line in enumerate(_lines(chain, name, parts), first):
            sweep.lines[value, number] = line
        total = _own(chain, total, name)
        chain.tidy.name(total)
        self.named[total] = name
        sweep.slopes[value] = total


def _one(chain: Chain, value: int) -> float:
    number = chain.steps.number(value)
    return 0.0 if number is None or isinstance(number, str) else float(number)
