"""What numpy writes into arrays in place, where a condition holds, in; the numbers that stand there afterwards, out.

A number stands for an array of one here, as numpy makes it of a number: what is written into is certain to be held by nobody else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradgen.errors import GradgenError
from gradgen.read.python.arrays.places import tests_in
from gradgen.read.python.expression import translate
from gradgen.read.python.terms.arrays import each
from gradgen.read.python.terms.operators import binary
from gradgen.read.python.terms.rows import RowError, cuts, row_of
from gradgen.read.python.terms.ufuncs import chosen, is_elementwise
from gradgen.read.python.terms.value import Value, truth
from gradgen.read.python.tree import children, dotted

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

#: What makes an array that nobody else holds.
_MAKING = frozenset(f"numpy.{name}" for name in ("array", "zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "where", "select", "piecewise", "empty", "empty_like", "copy"))  # fmt: skip
#: What makes an array without axes of a number, and what gives one back as it is.
BOXING = frozenset(f"numpy.{name}" for name in ("empty_like", "copy", "array", "asarray", "asanyarray", "transpose", "zeros_like", "ones_like", "full_like", "where", "select", "piecewise"))  # fmt: skip
ALIKE = ("numpy.asarray", "numpy.asanyarray")
_HELD = "who else holds what this writes into is not certain; write into what np.zeros_like(x) made above, which nothing but this reads"
#: What makes other numbers of an array's, and hands on nothing of it.
_TAKING = frozenset(("builtins.abs", "builtins.float", *(f"numpy.{name}" for name in ("array", "zeros_like", "ones_like", "full_like", "where", "select", "piecewise", "any", "all", "sum", "clip", "isnan", "isfinite", "isinf"))))  # fmt: skip
_COPYING = (ast.BinOp, ast.UnaryOp, ast.Compare)
_ONE_BY_ONE = "what is put where a condition holds is read of operators and numpy's functions of numbers and of `b[condition]`; write np.where(condition, x, a)"
_TESTS = frozenset(f"numpy.{name}" for name in ("isnan", "isinf", "isfinite", "logical_and", "logical_or", "logical_not", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"))  # fmt: skip
_INSIDE = (ast.AsyncFor, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip


def _is_made(scope: Scope, node: ast.expr) -> bool:
    """Whether an expression makes an array; what an operator makes is one, or a number, which nothing writes into."""
    if isinstance(node, ast.BinOp):
        return True
    if not isinstance(node, ast.Call) or dotted(node.func)[0] is None:
        return False
    if any(keyword.arg not in ("dtype", "fill_value") for keyword in node.keywords):
        return False
    try:
        return scope.path(node.func).path in _MAKING
    except GradgenError:
        return False


def _around(module: ast.AST, sought: ast.AST) -> list[ast.AST]:
    """Return a node with all that is around it, the outmost first; nothing where it is not in a file."""
    todo: list[tuple[ast.AST, ...]] = [(module,)]
    while todo:
        path = todo.pop()
        if path[-1] is sought:
            return [*path]
        line = getattr(path[-1], "lineno", 0)
        end = getattr(path[-1], "end_lineno", None)
        if not line or line <= sought.lineno <= (end or line):  # type: ignore[attr-defined]
            todo += [(*path, child) for child in children(path[-1])]
    return []


def _uses(root: ast.AST, name: str) -> Iterator[tuple[ast.Name, list[ast.AST]]]:
    """Yield where a name stands, each with what is around it, the inmost first."""
    todo: list[tuple[ast.AST, list[ast.AST]]] = [(root, [])]
    while todo:
        node, around = todo.pop()
        if isinstance(node, ast.Name) and node.id == name:
            yield node, around
        todo += [(child, [node, *around]) for child in children(node)]


def check_own(scope: Scope, name: str, node: ast.AST, own: bool) -> None:
    """Refuse to write into what a name stands for, unless it is certain that nobody else holds it.

    Args:
        scope: where that is done.
        name: the name.
        node: what does it, a statement or a call.
        own: whether the array was made for this name, as is known of numbers; else each line that assigns to the name makes one.
    """
    path = _around(scope.names.module, node)
    functions = [p for p, each in enumerate(path) if isinstance(each, ast.FunctionDef)]
    if not functions or any(isinstance(each, _INSIDE) for each in path[functions[-1] :]):  # fmt: skip
        raise RowError(_HELD)
    function, *inner = path[functions[-1] :]
    assert isinstance(function, ast.FunctionDef)
    loops = [each for each in inner if isinstance(each, (ast.For, ast.While))]
    statement = next(each for each in reversed(path) if isinstance(each, ast.stmt))
    writes = _Writes(scope, node, statement, loops[0] if loops else statement, own)
    uses = [*_uses(function, name)]
    for use, around in uses:
        holder = next(each for each in around if isinstance(each, (ast.Lambda, ast.FunctionDef)))  # fmt: skip
        if holder is not function or not writes.is_harmless(use, around):
            raise RowError(_HELD)
    stores = [use for use, _ in uses if isinstance(use.ctx, ast.Store) and use.lineno < statement.lineno]  # fmt: skip
    params = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    known = own or (stores and name not in params)
    if not known or any(isinstance(each, (ast.Global, ast.Nonlocal)) for each in ast.walk(function)):  # fmt: skip
        raise RowError(_HELD)


@dataclass(frozen=True)
class _Writes:
    """What writes into an array, the statement that it is in, the outmost loop around that, and whether the array is the name's own."""

    scope: Scope
    node: ast.AST
    statement: ast.stmt
    loop: ast.AST
    own: bool

    def is_harmless(self, use: ast.Name, around: Sequence[ast.AST]) -> bool:
        """Whether nobody holds what a name stands for by one of its uses, at the moment when this is written."""
        parent = around[0]
        where = next(each for each in around if isinstance(each, ast.stmt))
        here = where is self.statement
        if not here and use.lineno > (self.loop.end_lineno or 0):  # type: ignore[attr-defined]
            return True
        if isinstance(use.ctx, ast.Store):
            made = isinstance(where, ast.Assign) and where.targets == [use] and _is_made(self.scope, where.value)  # fmt: skip
            return self.own or here or made or isinstance(where, ast.AugAssign)
        if isinstance(parent, ast.keyword) and parent.arg == "out":
            # What the call returns is the same array: nobody may get it by that.
            return here or isinstance(around[2], (ast.Expr, *_COPYING))
        if isinstance(parent, ast.Subscript) and parent.value is use:
            return True
        if here and self.node not in around:
            return False
        taken = isinstance(parent, ast.AugAssign) and parent.value is use
        called = isinstance(parent, ast.Call) and _path(self.scope, parent) in _TAKING
        asked = isinstance(parent, ast.Call) and is_elementwise(_path(self.scope, parent))  # fmt: skip
        given = here and parent is self.node
        return taken or called or asked or given or isinstance(parent, _COPYING) or isinstance(where, ast.Return)  # fmt: skip


def check_in_place(scope: Scope, node: ast.AugAssign) -> bool:
    """Return whether `+=` and its like change an array without axes; refuse where somebody else may hold it."""
    held = scope.held(node.target.id) if isinstance(node.target, ast.Name) else None
    boxes = scope.constants.draft.boxes
    if held is None or row_of(held) is not None or not (held.boxed or held.text in boxes):  # fmt: skip
        return False
    assert isinstance(node.target, ast.Name)
    check_own(scope, node.target.id, node, scope.constants.draft.owns(held.text))
    return True


def written(
    scope: Scope,
    node: ast.Call,
    named: Mapping[str, Value],
    sure: bool,
    call: Callable[[Mapping[str, Value]], Value],
) -> Value:
    """Return what a function of numpy's makes that is given `where`, `out`, or both.

    Args:
        scope: where the call stands.
        node: the call.
        named: its arguments by name.
        sure: whether Python comes to it in any case.
        call: what makes of the other arguments what the function makes of them.
    """
    others = {n: v for n, v in named.items() if n not in ("where", "out")}
    made, test = call(others), named.get("where", truth(True))
    if "out" not in named:
        if test.truth is True:
            return made
        raise RowError("where `where` does not hold, numpy leaves anything; give `out`, as in out=np.zeros_like(x)")  # fmt: skip
    target = next(each.value for each in node.keywords if each.arg == "out")
    if row_of(named["out"]) is None and named["out"].may_be_whole:
        raise RowError("an array of whole numbers cuts what is put into it; make it of floats")  # fmt: skip
    found = chosen(scope, test, made, named["out"])
    if _is_made(scope, target):
        return found
    if not isinstance(target, ast.Name) or not sure:
        raise RowError(_HELD)
    return _put(scope, target.id, found, node)


def _put(scope: Scope, name: str, found: Value, node: ast.AST) -> Value:
    """Let what a name stands for hold other numbers, for all who hold it."""
    held, cells = scope.held(name), scope.constants.draft.cells
    row = row_of(cells.read(held)) if held is not None else None
    made = row_of(found)
    if row is None:
        own = held is not None and scope.constants.draft.owns(held.text)
        check_own(scope, name, node, own)
        assert scope.namer is not None
        return scope.namer(name, replace(found, boxed=True), scope)
    assert held is not None
    row = cells.changeable(held, "item that is assigned")
    if cuts(row):
        raise RowError("an array of whole numbers cuts what is put into it; make it one of floats")  # fmt: skip
    if row.kind not in ("array", "sequence") or made is None or len(made) != len(row) or made.inner:  # fmt: skip
        raise RowError("numbers are put into an array of as many floats")
    items = (*(scope.atom(item, f"{name}_item") for item in made.items),)
    return cells.store(row, items).value


def stored(scope: Scope, node: ast.stmt) -> bool:
    """Write into an array where a condition holds, as `a[a > 3] = 2*b[a > 3]` does; return whether a statement does that."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else getattr(node, "target", None)  # fmt: skip
    if not isinstance(node, (ast.Assign, ast.AugAssign)) or not isinstance(target, ast.Subscript):  # fmt: skip
        return False
    test = _test(target.slice, scope)
    if test is None or not isinstance(target.value, ast.Name):
        return False
    _check_elementwise(node.value, ast.dump(target.slice), scope)
    inner = replace(scope, mask=ast.dump(target.slice))
    old = where(translate(target.value, scope), test)
    value = translate(node.value, inner)
    if isinstance(node, ast.AugAssign):
        source = ast.copy_location(ast.BinOp(target, node.op, node.value), node)
        op = node.op
        value = each(scope, [old, value], lambda at: binary(at[0], op, at[1], source, scope))  # fmt: skip
    if (row_of(old) is None and old.may_be_whole) or value.condition:
        raise RowError("numbers are put into an array of floats")
    _put(scope, target.value.id, chosen(scope, test, value, old), node)
    return True


def where(base: Value, test: Value) -> Value:
    """Return the numbers of an array as `a[test]` has them where the condition holds."""
    row, tests = row_of(base), row_of(test)
    if row is not None and row.kind not in ("array", "sequence"):
        raise RowError(f"{row.word} is asked for no condition; make it an array")
    if tests is not None and (row is None or len(tests) != len(row) or tests.inner or row.inner):  # fmt: skip
        raise RowError("as many conditions as numbers stand in brackets")
    return base


def _test(node: ast.expr, scope: Scope) -> Value | None:
    """Return the condition, or the array of them, that stands in brackets; None of what is no condition."""
    if isinstance(node, ast.Name):
        held = scope.held(node.id)
        found = scope.constants.draft.cells.read(held) if held is not None and not held.unclear else None  # fmt: skip
    elif isinstance(node, (ast.Compare, ast.UnaryOp, ast.BinOp)) or (isinstance(node, ast.Call) and _path(scope, node) in _TESTS) or isinstance(node, (ast.Call, ast.Subscript)) and _asks_where(node, scope):  # fmt: skip
        found = translate(node, scope)
    else:
        return None
    found = tests_in(found) if found is not None else None
    row = row_of(found) if found is not None else None
    told = found is not None and (found.condition if row is None else bool(row.items) and all(item.condition for item in row.items))  # fmt: skip
    return found if told else None


def _asks_where(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression says where conditions hold, as np.where(test) does, or np.where(test)[0]."""
    call = node.value if isinstance(node, ast.Subscript) else node
    plain = isinstance(call, ast.Call) and len(call.args) == 1
    return plain and _path(scope, call) in ("numpy.where", "numpy.nonzero", "numpy.flatnonzero")  # type: ignore[arg-type]


def _path(scope: Scope, node: ast.Call) -> str:
    try:
        return scope.path(node.func).path if dotted(node.func)[0] is not None else ""
    except GradgenError:
        return ""


def _check_elementwise(node: ast.expr, mask: str, scope: Scope) -> None:
    """Refuse what does more than take the numbers of arrays one by one, each where the condition holds."""
    todo: list[ast.expr] = [node]
    while todo:
        each_ = todo.pop()
        if isinstance(each_, ast.BinOp) and not isinstance(each_.op, ast.MatMult):
            todo += [each_.left, each_.right]
        elif isinstance(each_, ast.UnaryOp):
            todo.append(each_.operand)
        elif isinstance(each_, ast.Subscript) and isinstance(each_.value, ast.Name) and ast.dump(each_.slice) == mask:  # fmt: skip
            continue
        elif isinstance(each_, ast.Call) and not each_.keywords and (is_elementwise(_path(scope, each_)) or _path(scope, each_) == "builtins.float"):  # fmt: skip
            todo += each_.args
        elif isinstance(each_, ast.Name):
            held = scope.held(each_.id)
            if held is not None and row_of(held) is not None:
                raise RowError(_ONE_BY_ONE)
        elif not isinstance(each_, (ast.Constant, ast.Attribute)):
            raise RowError(_ONE_BY_ONE)
