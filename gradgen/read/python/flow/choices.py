"""An `if` with its ways in; the ends that they come to out, and what names stand for behind them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Helper
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.conditions import Pairs, chain, merged
from gradgen.read.python.flow.loops import Rest, decides, jumps
from gradgen.read.python.flow.ways import Jump, Returned, Ways, joined
from gradgen.read.python.terms.rows import Row, row_of
from gradgen.read.python.terms.value import Among, Value, tested, truth, where
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body


@dataclass
class _Way:
    """A way of an `if`: its condition, what it comes to, what names stand for behind it, and what lists hold."""

    test: Value
    ways: Ways
    values: dict[str, Value] = field(default_factory=dict)
    held: Mapping[int, Row | None] = field(default_factory=dict)


def read_choice(body: Body, node: ast.If, scope: Scope, helper: Helper) -> Ways:
    """Read `if`, `elif` and `else`, each way with the values that it finds; what they assign is a choice behind them."""
    ways: list[_Way] = []
    above = scope.values
    around = body.rest
    apart = any(jumps([node])) or (around is not None and decides(body, around.node, node, scope))  # fmt: skip
    rest = around if apart else None
    last: list[ast.stmt] = [node]
    line = node
    while len(last) == 1 and isinstance(last[0], ast.If):
        line = last[0]
        body.draft.go_to(scope.names, line)
        test = _test(line.test, scope)
        ways += [_Way(when, Ways(last=end)) for when, end in body.raised()]
        last = line.orelse
        if test.truth is not None:
            last = line.body if test.truth else line.orelse
            if test.truth:
                break
            continue
        before, held = scope.values, body.draft.cells.contents
        scope.values = {n: where(v, test, True) for n, v in before.items()}
        found = _way(body, test, line.body, scope, helper, rest)
        said = body.texts.comment(line, helper, line.test.end_lineno)
        end = found.ways.last
        if isinstance(end, Returned) and not found.ways.pairs:
            found.ways.last = replace(end, comment=end.comment or said)
        ways.append(found)
        scope.values = {n: where(v, test, False) for n, v in before.items()}
        body.draft.cells.contents = held
    if not ways:
        return body.block(last, scope, helper)
    found = _way(body, Value(""), last, scope, helper, rest)
    body.draft.go_to(scope.names, node)
    ways.append(found)
    names = body.texts.names_of(node, [node])
    if rest is not None:
        names = (*names, *body.texts.names_of(rest.node, [rest.node]))
    going = [each for each in ways if each.ways.last is None]
    _merge(body, node, names, going, scope, helper)
    if len(going) > 1:  # what a test tells, it tells no more behind its ways
        scope.values |= {n: above[n] for n, v in scope.values.items() if n in above and n not in names and (above[n].among or above[n].absent)}  # fmt: skip
    for each in ways if rest is None else ():
        if isinstance(each.ways.last, Jump):
            raise scope.fail("`break` and `continue` stand in a loop", each.ways.last.node)  # fmt: skip
    made = joined([(each.test, each.ways) for each in ways[:-1]], found.ways)
    if rest is not None and made.last is None:
        made.last = Jump(rest.breaks, node)
    return made


def _test(node: ast.expr, scope: Scope) -> Value:
    """Return the test of an `if`; of several names, without those that are None or settled, as in `x and None`, whatever numbers the others are."""
    if isinstance(node, ast.BoolOp):
        ends = isinstance(node.op, ast.Or)
        held = [scope.held(each.id) if isinstance(each, ast.Name) else None for each in node.values]  # fmt: skip
        plain = [v for v in held if v is not None and not v.unclear and v.absent is None and (v.known is None or v.is_none)]  # fmt: skip
        told = [v.told for v in plain]
        if len(plain) == len(node.values) and any(value is not None for value in told):
            left = [n for n, value in zip(node.values, told) if value is None]
            if ends in told or not left:
                return truth(ends if ends in told else not ends)
            node = ast.copy_location(ast.BoolOp(node.op, left), node) if len(left) > 1 else left[0]  # fmt: skip
    return tested(translate(node, scope))


def _follow(body: Body, ways: Ways, rest: Rest) -> None:
    """Let a way of an `if` in a loop go on to the end of the loop, or of its turn where the loop takes all of them."""
    here = body.rest
    if ways.last is None:
        ways.go_on(rest.turn())
    ends = isinstance(ways.last, Jump) and ways.last.ends
    if ways.last is None or isinstance(ways.last, Jump):
        ways.last = None
        if rest.breaks and not ends:
            ways.go_on(rest.turns())
    body.rest = here


def _way(body: Body, test: Value, nodes: Sequence[ast.stmt], scope: Scope, helper: Helper, rest: Rest | None) -> _Way:  # fmt: skip
    cells = body.draft.cells
    body.ways += 1
    scope.values, cells.contents = {**scope.values}, {**cells.contents}
    found = body.block(nodes, scope, helper)
    if rest is not None:
        _follow(body, found, rest)
    body.ways -= 1
    values = scope.values if found.last else {n: cells.deep(v) for n, v in scope.values.items()}  # fmt: skip
    return _Way(test, found, values, cells.contents)


def _merge(
    body: Body, node: ast.If, names: Sequence[str], going: Sequence[_Way], scope: Scope, helper: Helper
) -> None:  # fmt: skip
    """Let names stand for what the ways that go on have assigned to them, and lists hold what these have put into them."""
    if not going:
        return
    said = body.texts.comment(node, helper, -1)  # what stands above
    merge = _Merge(body, f"the `if` in line {node.lineno}", scope, said)
    merge.lists(going)
    scope.values = {**going[-1].values}
    for name in dict.fromkeys(names):
        lacking = Value("", unclear=f"has no value in one way of {merge.where}; assign it in every way, or above", lacking=True)  # fmt: skip
        if not any(name in each.values for each in going):
            continue
        pairs = [(each.test, each.values.get(name, lacking)) for each in going]
        _, last = pairs.pop()
        scope.values[name] = merge.value(name, pairs, last)


def _again(values: Sequence[Value]) -> Value | None:
    """Return the one value that several are, of each of which a test has told something; None where they are not."""
    told = [value.among for value in values if value.among is not None]
    alike = len(told) == len(values) and len({(v.text, a.name) for v, a in zip(values, told)}) == 1  # fmt: skip
    if not alike or not told[0].name:
        return None
    pairs = {pair for each in told for pair in each.pairs}
    whole = next(iter(pairs))[1] if len(pairs) == 1 else None
    return replace(values[0], whole=whole, among=Among(told[0].name, (*sorted(pairs),)))  # fmt: skip


@dataclass
class _Merge:
    """What values become that differ in the ways of an `if`."""

    body: Body
    where: str
    scope: Scope
    said: str

    def lists(self, going: Sequence[_Way]) -> None:
        """Let lists hold, item by item, what the ways have put into them; one that is not as long in each is not read any more."""
        contents: dict[int, Row | None] = {}
        for way in going:
            contents.update(way.held)
        self.body.draft.cells.contents = contents
        for cell in contents:
            found = [(way.test, way.held[cell]) for way in going if cell in way.held]
            first = found[0][1]
            if all(row is first for _, row in found):
                continue
            rows = [
                self.as_held(cell, way)
                for way in going
                if way.held.get(cell) is not None
            ]
            same = {(len(row), row.kind, row.keys) for row in rows}
            contents[cell] = None
            if len(same) == 1 and len(rows) == len(going):
                tests = [way.test for way in going]
                items = self.items(rows, tests)
                if not any(item.unclear for item in items):
                    contents[cell] = replace(rows[-1], items=items)

    def as_held(self, cell: int, way: _Way) -> Row:
        """Return what a list holds at the end of a way."""
        cells = self.body.draft.cells
        contents, cells.contents = cells.contents, {**way.held}
        found = row_of(cells.deep(Row("list", (), cell=cell).value))
        cells.contents = contents
        assert found is not None
        return found

    def items(self, rows: Sequence[Row], tests: Sequence[Value]) -> tuple[Value, ...]:
        """Return the items of sequences that are as long as each other, chosen one by one."""
        found = []
        for place in range(len(rows[-1])):
            pairs = [(t, row.items[place]) for t, row in zip(tests, rows)]
            _, last = pairs.pop()
            found.append(self.value(f"item{place}", pairs, last))
        return (*found,)

    def value(self, name: str, pairs: list[tuple[Value, Value]], last: Value) -> Value:
        """Return what a name stands for behind an `if`."""
        value = (
            _again([*(one for _, one in pairs), last])
            or self.sequence(pairs, last)
            or merged(pairs, last, self.where)
        )
        if value is None:
            pairs = [(test, self.met(name, each)) for test, each in pairs]
            last = self.met(name, last)
            while pairs and pairs[-1][1] == last:
                pairs.pop()
            made = chain(pairs, last)
            value = self.body.add(f"{self.scope.prefix}{name}", made, self.said, of_way=False)  # fmt: skip
            self.body.draft.choices[value.text] = (pairs, last)
            self.said = ""
        else:
            self.body.draft.count(value)
        return value

    def met(self, name: str, value: Value) -> Value:
        """Return the edge of the domain where a name has no value, which is one for what reads it."""
        if value.is_none:
            return self.body.constants.nothing()
        if not value.lacking:
            return value
        return self.body.constants.edge(f"{name} has no value", idle=True)

    def sequence(self, pairs: Pairs, last: Value) -> Value | None:
        """Return the sequence that a name stands for where it stands for one in every way, of the same kind and length."""
        values = [*(value for _, value in pairs), last]
        rows = [row for row in map(row_of, values) if row is not None]
        if len(rows) < len(values):
            return None
        if rows[0].cell is not None and len({row.cell for row in rows}) == 1:
            return last
        if all(value == last for value in values):
            return last if rows[0].cell is None else None
        cells = self.body.draft.cells
        same = {(len(row), row.kind, row.keys) for row in rows}
        if len(same) > 1 or rows[0].kind == "iterator":
            return None
        for value in values:
            cells.freeze(value, f"in one way of {self.where}")
        tests = [*(test for test, _ in pairs), Value("")]
        items = self.items(rows, tests)
        unclear = [item for item in items if item.unclear]
        if unclear:
            return unclear[0]
        return replace(rows[-1], items=items, cell=None).value
