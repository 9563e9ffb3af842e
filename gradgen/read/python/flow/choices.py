"""An `if` with its ways in; the ends that they come to out, and what names stand for behind them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Helper
from gradgen.read.python.expression import single
from gradgen.read.python.flow.conditions import chain, merged
from gradgen.read.python.flow.ways import Returned, Ways, joined
from gradgen.read.python.terms.value import Value, tested
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body


def read_choice(body: Body, node: ast.If, scope: Scope, helper: Helper) -> Ways:
    """Read `if`, `elif` and `else`, each way with the values that it finds; what they assign is a choice behind them."""
    ways: list[tuple[Value, Ways, dict[str, Value]]] = []
    last: list[ast.stmt] = [node]
    line = node
    while len(last) == 1 and isinstance(last[0], ast.If):
        line = last[0]
        body.draft.go_to(scope.names, line)
        test = tested(single(line.test, scope))
        ways += [(when, Ways(last=end), {}) for when, end in body.raised()]
        last = line.orelse
        if test.truth is not None:
            last = line.body if test.truth else line.orelse
            if test.truth:
                break
            continue
        before = scope.values
        scope.values = {**before}
        found = _way(body, line.body, scope, helper)
        said = body.texts.comment(line, helper, line.test.end_lineno)
        if isinstance(found.last, Returned) and not found.pairs:
            found.last = replace(found.last, comment=found.last.comment or said)
        ways.append((test, found, scope.values))
        scope.values = before
    if not ways:
        return body.block(last, scope, helper)
    found = _way(body, last, scope, helper)
    body.draft.go_to(scope.names, node)
    _merge(body, node, [*ways, (Value(""), found, scope.values)], scope, helper)
    return joined([(test, each) for test, each, _ in ways], found)


def _way(body: Body, nodes: Sequence[ast.stmt], scope: Scope, helper: Helper) -> Ways:
    body.ways += 1
    found = body.block(nodes, scope, helper)
    body.ways -= 1
    return found


def _merge(
    body: Body,
    node: ast.If,
    ways: Sequence[tuple[Value, Ways, dict[str, Value]]],
    scope: Scope,
    helper: Helper,
) -> None:
    """Let names stand for what the ways that go on have assigned to them."""
    going = [(test, values) for test, each, values in ways if each.last is None]
    if not going:
        return
    said = body.texts.comment(node, helper, -1)  # what stands above
    scope.values = {**going[-1][1]}
    where = f"the `if` in line {node.lineno}"
    for name in body.texts.names_of(node, [node]):
        lacking = Value("", unclear=f"has no value in one way of {where}; assign it in every way, or above")  # fmt: skip
        if not any(name in values for _, values in going):
            continue
        pairs = [(test, values.get(name, lacking)) for test, values in going]
        _, last = pairs.pop()
        value = merged(pairs, last, where)
        if value is None:
            while pairs and pairs[-1][1] == last:
                pairs.pop()
            made = chain(pairs, last)
            value = body.add(f"{scope.prefix}{name}", made, said, of_way=False)
            body.draft.choices[value.text] = (pairs, last)
            said = ""
        else:
            body.draft.count(value)
        scope.values[name] = value
