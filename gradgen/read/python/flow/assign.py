"""An assignment in, or a call on a line of its own; what the names in it stand for out, and what lists hold."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.read.python.arrays.taken import bounds
from gradgen.read.python.bound import Helper
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.statements import assignment
from gradgen.read.python.flow.turns import bind
from gradgen.read.python.terms import masked
from gradgen.read.python.terms.arrays import each
from gradgen.read.python.terms.methods import changed
from gradgen.read.python.terms.operators import binary
from gradgen.read.python.terms.rows import RowError, cuts, listed, row_of
from gradgen.read.python.terms.subscripts import in_slice, stored, subscript
from gradgen.read.python.terms.value import Value
from gradgen.read.python.values import Scope

if TYPE_CHECKING:
    from gradgen.read.python.flow.body import Body


def assign(body: Body, node: ast.stmt, scope: Scope, helper: Helper) -> None:
    """Read an assignment of any kind."""
    if masked.stored(scope, node):
        return
    if isinstance(node, ast.AugAssign) and _in_place(node, scope):
        return
    boxed = isinstance(node, ast.AugAssign) and masked.check_in_place(scope, node)
    targets, source = assignment(node, scope)
    said = body.texts.comment(node, helper)
    value = translate(source, scope)
    value = replace(value, boxed=True) if boxed else value
    first = next((each for each in targets if isinstance(each, ast.Name)), None)
    if first is not None and row_of(value) is not None and len(targets) > 1:
        value = body.named(first.id, value, scope, said)
    for target in targets:
        named: list[Value] = []

        def put(name: str, given: Value, named: list[Value] = named) -> None:
            named.append(body.named(name, given, scope, said))

        bind(target, value, scope, put)
        if isinstance(target, ast.Name):
            value = named[0]


def _in_place(node: ast.AugAssign, scope: Scope) -> bool:
    """Change a list, an array or an item in place, as `+=` does; return whether it is one of these."""
    target, cells = node.target, scope.constants.draft.cells
    if isinstance(target, ast.Subscript):
        base = translate(target.value, scope)
        given = [translate(part, scope) for part in bounds(target.slice)]
        part = in_slice(base, target.slice, given, cells)
        old = subscript(base, target.slice, given, cells) if part is None else part
        if part is None and row_of(old) is not None:
            raise RowError("only numbers in a list are changed in place")
        value = translate(node.value, scope)
        op, source = node.op, _together(node)
        made = each(scope, [old, value], lambda pair: binary(pair[0], op, pair[1], source, scope)) if part else binary(old, op, value, source, scope)  # fmt: skip
        root = target.value.id if isinstance(target.value, ast.Name) else "part"
        stored(base, target.slice, given, scope.atom(made, f"{root}_item"), cells)
        return True
    if not isinstance(target, ast.Name):
        return False
    held = scope.held(target.id)
    row = row_of(cells.read(held)) if held is not None else None
    if row is not None and row.kind == "sequence":
        raise RowError("what this changes in place depends on its kind; write x = np.asarray(x) + y, or change list(x)")  # fmt: skip
    if row is None or row.kind not in ("list", "array"):
        return False
    assert held is not None
    value = translate(node.value, scope)
    row = cells.changeable(held, "change in place")
    if row.kind == "list":
        if not isinstance(node.op, ast.Add):
            raise RowError("a list is changed in place by `+=` alone")
        other = row_of(value)
        if other is not None and other.kind in ("array", "sequence"):
            raise RowError("a list and an array make an array of sums; write x.extend(y), or np.asarray(x) + y")  # fmt: skip
        cells.store(row, (*row.items, *(scope.atom(v, f"{target.id}_item") for v in listed(value))))  # fmt: skip
        return True
    if cuts(row):
        raise RowError("an array of whole numbers cuts what is put into it; make it one of floats")  # fmt: skip
    source = _together(node)
    op = node.op
    made = each(scope, [row.value, value], lambda pair: binary(pair[0], op, pair[1], source, scope))  # fmt: skip
    found = row_of(made)
    if found is None or len(found) != len(row):
        raise RowError("an array keeps its size when it changes in place")
    cells.store(row, (*(scope.atom(item, f"{target.id}_item") for item in found.items),))  # fmt: skip
    return True


def _together(node: ast.AugAssign) -> ast.BinOp:
    return ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)


def done(node: ast.Call, scope: Scope) -> None:
    """Read a call on a line of its own: a method that changes a sequence, or a function that may raise."""
    owner = scope.owner(node.func) if isinstance(node.func, ast.Attribute) else None
    if owner is None:
        translate(node, scope)
        return
    assert isinstance(node.func, ast.Attribute)
    base = translate(owner, scope)
    if any(isinstance(arg, ast.Starred) for arg in node.args):
        raise RowError("`*` has no place in this call")
    name = owner.id if isinstance(owner, ast.Name) else "part"
    args = [scope.atom(translate(arg, scope), f"{name}_item") for arg in node.args]
    if not changed(scope, node.func.attr, base, args, [str(k.arg) for k in node.keywords]):  # fmt: skip
        translate(node, scope)
