"""A named program in; the lines of its Jacobian out: one row for each output, and what rows have in common made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gradgen.cost import CONSTANT, VARIABLE, operations
from gradgen.ir import Flow, Program, is_over
from gradgen.lines import Lines, Term
from gradgen.ops import OPS
from gradgen.spell import negated


@dataclass(frozen=True)
class Block:
    """The lines that answer one forward line.

    Attributes:
        row: the place of the output whose row they belong to; None for what rows share.
        head: the output, or the value below which rows share these lines.
        source: the value whose forward line is answered.
        lines: the assignments.
    """

    row: int | None
    head: int
    source: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Jacobian:
    """The Jacobian's lines, its rows as names and numbers, the names of its slopes, and its operations."""

    blocks: tuple[Block, ...]
    rows: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    operations: int


def jacobian(program: Program, lines: Lines, taken: Iterable[str]) -> Jacobian:
    """Return the Jacobian by reverse sweeps, one for each output, in which nothing is made twice.

    Where it pays, what lies below a value that several rows lead through has a sweep of its own:
    d row/d x = d row/d value * d value/d x.

    Args:
        program: a program with flows and names.
        lines: what spells its lines; notes what they read.
        taken: names that the slopes may not have.
    """
    return _Rows(program, lines, set(taken)).run()


@dataclass(frozen=True)
class _Slope:
    """The derivative of a sweep's head by a value: a name, or 1 or -1 without one; what has a name is never negative.

    `key` is the value that the name stands for, if it is no more than another name for that.
    """

    name: str = ""
    negative: bool = False
    key: str = ""

    @property
    def text(self) -> str:
        return ("-" if self.negative else "") + (self.name or "1.0")


@dataclass(frozen=True)
class _Part:
    """What flows into a slope.

    Attributes:
        term: its texts.
        upstream: the slope that it comes from.
        slope: what it is, if that has been made already.
        key: its text without sign, by which it is known again.
        own: whether it comes from a function of the program's own.
    """

    term: Term
    upstream: str
    slope: _Slope | None
    key: str
    own: bool = False


@dataclass
class _Sweep:
    """One way back from a value, the head, whose own slope is 1."""

    row: int | None
    head: int
    scope: Mapping[int, object] | set[int]
    slopes: dict[int, _Slope] = field(default_factory=dict)
    #: How many parts each slope will have, and those that have come.
    wanted: Counter[int] = field(default_factory=Counter)
    #: What others than this sweep flow into as well.
    partly: set[int] = field(default_factory=set)
    parts: dict[int, list[_Part]] = field(default_factory=dict)
    #: The slopes whose first line is read before the others have come.
    promised: set[int] = field(default_factory=set)
    #: The source, the value and the number of each part, in the order of the flows; and the lines of those that have one.
    order: list[tuple[int, int, int]] = field(default_factory=list)
    lines: dict[tuple[int, int], str] = field(default_factory=dict)


class _Rows:
    def __init__(self, program: Program, lines: Lines, taken: set[str]) -> None:
        self.program = program
        self.lines = lines
        self.first = len(program.inputs)
        self.taken = taken | set(program.names)
        self.flows: dict[int, list[Flow]] = {}
        for flow in program.flows:
            self.flows.setdefault(flow.source, []).append(flow)
        self.named: dict[tuple[int, int, bool], str] = {}
        #: The slopes that have been made, by what they are the slopes by, and by their text without sign or their parts.
        self.known: dict[object, _Slope] = {}
        self.worth: dict[str, int] = {}
        self.cost = 0
        self.blocks: list[Block] = []
        #: What rows share: by value, the slopes of what lies below it.
        self.shared: dict[int, dict[int, _Slope]] = {}

    def run(self) -> Jacobian:
        program = self.program
        for head, region in shared_regions(program, self.flows, self.price):
            slopes = self.sweep(None, head, region).slopes
            outside = sorted(value for value in slopes if value not in region)
            self.shared[head] = {value: slopes[value] for value in outside}
        rows = []
        for row, (_, ref) in enumerate(program.outputs):
            slopes = self.sweep(row, ref.index, self.flows).slopes
            rows.append(
                tuple(slopes[i].text if i in slopes else "0.0" for i in program.wrt)
            )
        names = tuple(self.named.values())
        return Jacobian(tuple(self.blocks), tuple(rows), names, self.cost)

    def price(self, flow: Flow, alone: bool) -> int:
        """Return the operations of a flow whose upstream gradient is a variable or, alone, 1."""
        upstream = "" if alone else "d"
        text = self.spelled(flow, upstream).assigned
        return operations(text, upstream, dearest=self.is_own(flow.source))[0]

    def is_own(self, source: int) -> bool:
        """Whether a value is that of a function of the program's own."""
        step = self.program.step(source)
        return step is not None and step.op in OPS.own

    def spelled(self, flow: Flow, upstream: str, shared: bool = False) -> Term:
        step = self.program.step(flow.source)
        assert step is not None
        return self.lines.term(flow, step, upstream, shared)

    # One sweep.

    def sweep(
        self, row: int | None, head: int, scope: Mapping[int, object] | set[int]
    ) -> _Sweep:
        """Go back from the head through the values of `scope`."""
        sweep = _Sweep(row, head, scope)
        sweep.slopes[head] = _Slope()
        sources = [value for value in self.flows if value in scope]
        sweep.wanted = self.ways(head, sources, self.shared if row is not None else {})
        if row is None and head in (ref.index for _, ref in self.program.outputs):
            # Its own row has the plain names, where more flows into a slope than its share.
            whole = self.ways(head, self.flows, {})
            sweep.partly = {v for v in sweep.wanted if sweep.wanted[v] != whole[v]}
        found: dict[int, list[str]] = {}
        for source in sources:
            if source == head or source in sweep.wanted:
                self.answer(sweep, source)
        for source, value, number in sweep.order:
            if (value, number) in sweep.lines:
                found.setdefault(source, []).append(sweep.lines[value, number])
        self.blocks += [Block(row, head, s, tuple(t)) for s, t in found.items()]
        return sweep

    def ways(
        self, head: int, sources: Iterable[int], shared: Mapping[int, Iterable[int]]
    ) -> Counter[int]:
        """Return how often something flows into each slope on the way back from the head through `sources`."""
        found: Counter[int] = Counter()
        for source in sources:
            if source == head or source in found:
                into = shared.get(source, (flow.into for flow in self.flows[source]))
                found.update([*into])
        return found

    def answer(self, sweep: _Sweep, source: int) -> None:
        """Pass the slope of a value on to what its forward line reads."""
        upstream = sweep.slopes[source]
        if sweep.row is not None and source in self.shared:
            for value, slope in self.shared[source].items():
                self.receive(sweep, source, value, _product(slope, upstream))
            return
        above = -1
        for flow in self.flows[source]:
            given, shared = upstream, False
            if is_over(self.program, flow) and sweep.wanted[above] == 1:
                # The numerator's slope is this one over d, and no more.
                given, shared = sweep.slopes[above], True
            elif is_over(self.program, flow) and len(sweep.parts.get(above, ())) == 1:
                # So far it is no more.
                sweep.promised.add(above)
                given, shared = _Slope(self.name(sweep, above)), True
            above = flow.into
            term = self.spelled(flow, given.name, shared)
            key = self.spelled(flow, given.key, shared).added if given.key else ""
            if given.negative:
                term = _signed(term.added, not term.negative)
            passed = term.added == (given.name or "1.0")
            made = replace(given, negative=term.negative) if passed else None
            own = self.is_own(source)
            part = _Part(term, given.name, made, key or term.added, own)
            self.receive(sweep, source, flow.into, part)

    def receive(self, sweep: _Sweep, source: int, value: int, part: _Part) -> None:
        """Take what flows into a slope, and settle that when all has come."""
        known = self.known.get((value, part.key))
        if part.slope is None and known is not None:
            same = replace(known, negative=known.negative != part.term.negative)
            term = _signed(same.name, same.negative)
            part = _Part(term, same.name, same, part.key)
        parts = sweep.parts.setdefault(value, [])
        sweep.order.append((source, value, len(parts)))
        parts.append(part)
        if len(parts) == sweep.wanted[value]:
            self.settle(sweep, value, parts)

    def settle(self, sweep: _Sweep, value: int, parts: list[_Part]) -> None:
        """Write the lines of a slope, unless it has been made already. An input's slope has its own name in any case."""
        several = value, tuple((part.term.negative, part.key) for part in parts)
        known = parts[0].slope if len(parts) == 1 else self.known.get(several)
        known = None if value in sweep.promised else known
        if known is not None:
            own = self.named.get((sweep.head, value, False)) == known.name
            if not (known.negative and known.name) and (value >= self.first or own):
                sweep.slopes[value] = known
                return
            term = _signed(known.name or "1.0", known.negative)
            parts = [_Part(term, known.name, None, term.added)]
        bare = len(parts) == 1 and parts[0].term.assigned.isidentifier()
        if bare and sweep.row is None and value not in sweep.scope:
            sweep.slopes[value] = _Slope(parts[0].key)  # a forward value
            return
        name = self.name(sweep, value)
        slope = _Slope(name)
        for number, part in enumerate(parts):
            negative = part.term.negative
            operator = ("-=" if negative else "+=") if number else "="
            text = part.term.added if number else part.term.assigned
            self.count(name, text, part, number > 0)
            sweep.lines[value, number] = f"{name} {operator} {text}"
        if len(parts) > 1:
            self.known[several] = slope
        elif known is None and parts[0].key.isidentifier():
            slope = replace(slope, key="" if negative else parts[0].key)
        elif known is None:
            self.known[value, parts[0].key] = _Slope(name, negative)
        sweep.slopes[value] = slope

    def count(self, name: str, text: str, part: _Part, added: bool) -> None:
        """Count a line's operations; what it is worth tells whether a product with it is one."""
        worth = self.worth.get(part.upstream, VARIABLE)
        count, worth = operations(text, part.upstream, worth, part.own)
        if added:
            count += VARIABLE in (worth, self.worth[name])
            worth = max(worth, self.worth[name], CONSTANT)
        self.worth[name] = worth
        self.cost += count

    def name(self, sweep: _Sweep, value: int) -> str:
        """Return the name of the slope of one value by another: du_dx."""
        key = sweep.head, value, value in sweep.partly
        if key not in self.named:
            names = self.program.names
            found = f"d{names[sweep.head]}_d{names[value]}"
            found += "_part" if value in sweep.partly else ""
            while found in self.taken:
                found += "_"
            self.taken.add(found)
            self.named[key] = found
        return self.named[key]


def _signed(text: str, negative: bool) -> Term:
    return Term(negated(text) if negative else text, text, negative)


def _product(slope: _Slope, upstream: _Slope) -> _Part:
    """Return d row/d value * d value/d x."""
    negative = slope.negative != upstream.negative
    if slope.name and upstream.name:
        term = _signed(f"{slope.name} * {upstream.name}", negative)
        return _Part(term, upstream.name, None, term.added)
    made = _Slope(slope.name or upstream.name, negative)
    term = _signed(made.name or "1.0", negative)
    return _Part(term, upstream.name, made, term.added)


def shared_regions(
    program: Program,
    flows: dict[int, list[Flow]],
    price: Callable[[Flow, bool], int],
) -> list[tuple[int, set[int]]]:
    """Return the values below which rows share their work, each with the values whose flows are made once for it.

    The region of a value is what it dominates: all that rows reach through it alone. Sharing pays where the region's
    flows, once for each row, cost more than once alone and a product for each row and way out.

    Args:
        program: a program with flows.
        flows: the flows by source, in order.
        price: the operations of a flow whose upstream gradient is a variable or, alone, 1.
    """
    first = len(program.inputs)
    results = {ref.index for _, ref in program.outputs}
    rows = {index: 1 << place for place, index in enumerate(sorted(results))}
    root = first + len(program.steps)
    above = dict.fromkeys(results, root)  # the immediate dominators
    depth = {root: 0}
    below: dict[int, list[int]] = {}
    for source, ways in flows.items():
        depth[source] = depth[above[source]] + 1
        below.setdefault(above[source], []).append(source)
        for value in dict.fromkeys(flow.into for flow in ways):
            rows[value] = rows.get(value, 0) | rows[source]
            at, other = above.get(value, source), source
            while value >= first and at != other:
                if depth[at] < depth[other]:
                    at, other = other, at
                at = above[at]
            above[value] = at

    saved: dict[int, int] = {}
    chosen = set()
    exits: dict[int, set[int]] = {}
    costs: dict[int, tuple[int, int, int]] = {}  # of each flow; flows; values
    barred: set[int] = set()
    for head in reversed(flows):
        inner = below.get(head, ())
        out = max((exits[value] for value in inner), key=len, default=set())
        for value in inner:
            out |= exits.pop(value)
        out |= {flow.into for flow in flows[head]}
        out -= set(inner)
        exits[head] = out
        each = sum(price(flow, False) for flow in flows[head])
        alone = sum(price(flow, True) for flow in flows[head])
        lower, count, size = (
            sum(costs[value][place] for value in inner) for place in range(3)
        )
        costs[head] = each + lower, count + len(flows[head]), size + 1
        step = program.step(head)
        # 1/d**2 may have no double where the whole slope has one; and the head's own slope tells no branches.
        if (step and (step.op == "inv" or step.tested)) or barred.intersection(inner):
            barred.add(head)
        sums = costs[head][1] - (costs[head][2] - 1) - len(out)
        often = rows[head].bit_count() - (head in results)
        saving = often * (each + lower + sums - len(out))
        saving -= 0 if head in results else alone + lower + sums
        rest = sum(saved[value] for value in inner)
        saved[head] = rest
        if saving > 0 and saving >= rest and head not in barred:
            saved[head] = saving
            chosen.add(head)

    found = []
    covered = set()
    for head in flows:
        if head in chosen and head not in covered:
            region = {head}
            todo = [head]
            while todo:
                inner = below.get(todo.pop(), ())
                region.update(inner)
                todo += inner
            covered |= region
            found.append((head, region))
    return found
