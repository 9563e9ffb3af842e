"""A named program in; the lines of its Jacobian out: one row for each output, and what rows have in common made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

from gradgen.core.derive import Chain
from gradgen.core.program import Line, Program, Way
from gradgen.passes.cost import Count
from gradgen.passes.regions import shared_regions


@dataclass(frozen=True)
class Block:
    """Lines of one sweep.

    Attributes:
        row: the place of the output whose row they belong to; None for what rows share.
        head: the output, or the value below which rows share these lines.
        lines: the lines.
    """

    row: int | None
    head: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Jacobian:
    """The Jacobian's lines, and its rows as the names of slopes, empty where one is 0."""

    blocks: tuple[Block, ...]
    rows: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]


def jacobian(program: Program, chain: Chain, count: Count, taken: Iterable[str]) -> Jacobian:  # fmt: skip
    """Return the Jacobian by reverse sweeps, one for each output, in which nothing is made twice.

    Where it pays, what lies below a value that several rows lead through has a sweep of its own:
    d row/d x = d row/d value * d value/d x.

    Args:
        program: a named program.
        chain: the chain rule over its steps.
        count: what counts operations.
        taken: names that the slopes may not have.
    """
    return _Rows(program, chain, count, set(taken)).run()


@dataclass
class _Sweep:
    """One way back from a value, the head, whose own slope is 1."""

    row: int | None
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
    def __init__(self, program: Program, chain: Chain, count: Count, taken: set[str]) -> None:  # fmt: skip
        self.program = program
        self.names = program.names
        self.chain = chain
        self.count = count
        self.inputs = set(program.signature)
        self.taken = taken | {*self.names.values()}
        self.ways: dict[int, list[Way]] = {}
        for way in program.ways:
            self.ways.setdefault(way.source, []).append(way)
        #: An upstream gradient, for prices alone.
        self.upstream = chain.steps.input("d")
        self.priced = {*self.names, self.upstream}
        self.given: dict[tuple[int, int, bool], str] = {}
        #: The name of each slope that has one.
        self.named: dict[int, str] = {}
        self.blocks: list[Block] = []
        #: What rows share: by value, the slopes of what lies below it.
        self.shared: dict[int, dict[int, int]] = {}

    def run(self) -> Jacobian:
        program = self.program
        results = {value for _, value in program.outputs}
        for head, region in shared_regions(program, self.ways, results, self.price):
            slopes = self.sweep(None, head, frozenset(region)).slopes
            outside = sorted(value for value in slopes if value not in region)
            self.shared[head] = {value: slopes[value] for value in outside}
        rows = []
        everything = frozenset(self.ways)
        for row, (_, head) in enumerate(program.outputs):
            slopes = self.sweep(row, head, everything).slopes
            rows.append(
                tuple(self.named[slopes[i]] if i in slopes else "" for i in program.wrt)
            )
        return Jacobian(tuple(self.blocks), tuple(rows), tuple(self.given.values()))

    def price(self, way: Way, alone: bool) -> int:
        """Return the operations of a way whose upstream gradient is a variable or, alone, 1."""
        upstream = self.chain.steps.const(1) if alone else self.upstream
        value = self.chain.partial(way, upstream)
        return self.count.line(value, self.priced, {})[0]

    # One sweep.

    def sweep(self, row: int | None, head: int, scope: frozenset[int]) -> _Sweep:
        """Go back from the head through the values of `scope`."""
        sweep = _Sweep(row, head, scope)
        sweep.slopes[head] = self.chain.steps.const(1)
        sources = [value for value in self.ways if value in scope]
        sweep.wanted = self.reached(head, sources, self.shared if row is not None else {})  # fmt: skip
        if row is None and head in (value for _, value in self.program.outputs):
            # Its own row has the plain names, where more flows into a slope than its share.
            whole = self.reached(head, self.ways, {})
            sweep.partly = {v for v in sweep.wanted if sweep.wanted[v] != whole[v]}
        for source in sources:
            if source == head or source in sweep.wanted:
                for value, part in self.answer(sweep, source):
                    self.receive(sweep, source, value, part)
        lines = [sweep.lines[v, n] for _, v, n in sweep.order if (v, n) in sweep.lines]
        self.blocks.append(Block(row, head, tuple(lines)))
        return sweep

    def reached(self, head: int, sources: Iterable[int], shared: Mapping[int, Iterable[int]]) -> Counter[int]:  # fmt: skip
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
        upstream, negative = chain.signless(sweep.slopes[source])
        if sweep.row is not None and source in self.shared:
            for value, slope in self.shared[source].items():
                positive, other = chain.signless(slope)
                product = chain.make("mul", positive, upstream)
                yield value, self.negated(product) if negative != other else product
            return
        above = -1
        for way in self.ways[source]:
            # The numerator's slope is the quotient's over d, and no more; or it is so far.
            shared = sweep.slopes[above] if sweep.wanted[above] == 1 else None
            if shared is None and len(sweep.parts.get(above, ())) == 1:
                shared = sweep.parts[above][0][1]
            above = way.into
            if self.chain.steps[source].op == "div" and shared is not None:
                yield way.into, chain.partial(way, sweep.slopes[source], shared)
            else:
                part = chain.partial(way, upstream)
                yield way.into, self.negated(part) if negative else part

    def negated(self, value: int) -> int:
        """Return minus a value, with the sign in front of its text."""
        chain = self.chain
        positive, negative = chain.signless(value)
        if negative:
            return positive
        step = chain.steps[value]
        if value not in chain.named and step.op in ("mul", "div"):
            return chain.make(step.op, self.negated(step.args[0]), step.args[1])
        return chain.make("neg", value)

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
        total = reduce(chain.add, values)
        known = total in chain.named or abs(_one(chain, total)) == 1
        own = self.named.get(total) == self.given.get((sweep.head, value, False), "")
        inner = value not in self.inputs or (sweep.row is None and value not in sweep.scope)  # fmt: skip
        if known and (inner or own):
            sweep.slopes[value] = total
            return
        name = self.name(sweep, value)
        if known:
            # Another name for what has one.
            total = chain.steps.append(chain.copied(total, name))
            values = [total]
            parts = parts[-1:]
        so_far = values[0]
        for number, (source, _) in enumerate(parts):
            said, sign = values[number], "="
            if number:
                so_far = chain.add(so_far, said)
                said, negative = chain.signless(said)
                sign = "-=" if negative else "+="
            at = len(sweep.parts[value]) - len(parts) + number
            sweep.lines[value, at] = Line(said, name, so_far, source, sign)
        chain.named.add(total)
        self.named[total] = name
        sweep.slopes[value] = total

    def name(self, sweep: _Sweep, value: int) -> str:
        """Return the name of the slope of one value by another: du_dx."""
        key = sweep.head, value, value in sweep.partly
        if key not in self.given:
            found = f"d{self.names[sweep.head]}_d{self.names[value]}"
            found += "_part" if value in sweep.partly else ""
            while found in self.taken:
                found += "_"
            self.taken.add(found)
            self.given[key] = found
        return self.given[key]


def _one(chain: Chain, value: int) -> float:
    number = chain.steps.number(value)
    return 0.0 if number is None or isinstance(number, str) else float(number)
