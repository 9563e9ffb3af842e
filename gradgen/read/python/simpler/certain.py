"""A `try` in, of which it is certain whether it falls into its handler; the statements that do what it does out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradgen.errors import GradgenError
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.statements import is_bound, is_warning, path_of, whole_of
from gradgen.read.python.scope import UnclearError
from gradgen.read.python.simpler.tries import names_of, only_raises, simpler
from gradgen.read.python.terms.asking import OF_NUMBERS
from gradgen.read.python.terms.masked import BOXING
from gradgen.read.python.terms.rows import RowError, key_of, row_of
from gradgen.read.python.terms.ufuncs import is_elementwise
from gradgen.read.python.terms.value import Value
from gradgen.read.python.tree import bindings
from gradgen.read.python.values import Scope

_TRY = (
    "a `try` is read where its handlers only raise, or where what fails in it is told: a quotient, a logarithm, a root or `exp`, "
    "of Python's own floats, in plain assignments and `return`; write an `if` that asks for it"
)
#: The errors of what is lacking, and what never makes one beside names and calls.
_LACKING = ("NameError", "UnboundLocalError", "IndexError", "KeyError", "LookupError", "ImportError", "ModuleNotFoundError")  # fmt: skip
_PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.Attribute, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)  # fmt: skip


def tried(node: ast.Try, scope: Scope) -> Sequence[ast.stmt]:
    """Return the statements that do what a `try` does.

    Raises:
        GradgenError: that is not certain.
    """
    found: Sequence[ast.stmt] | None = None
    if not all(map(only_raises, node.handlers)) and not _are_pythons(node, scope):
        raise scope.fail("what an `except` here meets, this file says by a name of its own; use the name that Python has for that error", node)  # fmt: skip
    if _is_named(node, scope) or _has_no_items(node, scope):
        return node.handlers[0].body
    warned = any(n.endswith("Warning") for h in node.handlers for n in names_of(h.type))
    if not warned and all(_only_warns(each, scope) for each in node.body):
        return [*node.orelse, *node.finalbody]
    held = _looked_up(node, scope)
    if held is not None:
        return node.body if held else node.handlers[0].body
    if _never_falls(node, scope):
        return [*node.body, *node.orelse, *node.finalbody]
    if not scope.constants.numpy:  # whose numbers go on as nan
        found = simpler(node, lambda called: path_of(called, scope))
    if found is None:
        raise scope.fail(_TRY, node)
    return found


def _are_pythons(node: ast.Try, scope: Scope) -> bool:
    """Whether the names of the errors that the handlers of a `try` meet are Python's, which neither the file nor the function binds."""
    names = {name for handler in node.handlers for name in names_of(handler.type)}
    try:
        return not any(scope.holder(n) or scope.names.binds(n) for n in names)
    except UnclearError:
        return False


def _is_named(node: ast.Try, scope: Scope) -> bool:
    """Whether a `try` begins with an attribute of a number that none has, as where it might be a series of pandas."""
    first, handlers = node.body[0], node.handlers
    if len(handlers) != 1 or node.orelse or node.finalbody:
        return False
    caught = handlers[0].type
    met = caught is None or (isinstance(caught, ast.Name) and caught.id in ("AttributeError", "Exception"))  # fmt: skip
    target = _first_asked(first)
    if target is None or not met:
        return False
    held = scope.held(target.value.id) if isinstance(target.value, ast.Name) else None
    number = held is not None and held.is_number and row_of(held) is None
    return number and not held.unclear and target.attr not in OF_NUMBERS  # type: ignore[union-attr]


def _has_no_items(node: ast.Try, scope: Scope) -> bool:
    """Whether a `try` begins with an assignment to an item of a number, which has none, as where it might be an array."""
    first, handlers = node.body[0], node.handlers
    if len(handlers) != 1 or node.orelse or node.finalbody or not isinstance(first, ast.Assign):  # fmt: skip
        return False
    caught, target = handlers[0].type, first.targets[0]
    met = caught is None or (isinstance(caught, ast.Name) and caught.id in ("TypeError", "Exception"))  # fmt: skip
    if not met or not isinstance(target, ast.Subscript) or len(first.targets) != 1:
        return False
    # What stands on the right and in the brackets comes first, and fails nowhere.
    plain = _is_number(first.value, scope) and _is_number(target.slice, scope)
    held = _held_number(target.value, scope)
    return plain and held is not None and not held.boxed and held.text not in scope.constants.draft.boxes  # fmt: skip


def _looked_up(node: ast.Try, scope: Scope) -> bool | None:
    """Return whether the table at the top of the file in which a `try` looks something up, and no more, holds it; None where that is not so."""
    statement, handlers = node.body[0], node.handlers
    value = whole_of(statement)
    plain = isinstance(statement, ast.Return) or (isinstance(statement, ast.Assign) and all(isinstance(t, ast.Name) for t in statement.targets))  # fmt: skip
    if len(node.body) != 1 or len(handlers) != 1 or node.orelse or node.finalbody:
        return None
    if not (plain and isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name)):  # fmt: skip
        return None
    caught = {*names_of(handlers[0].type)}
    if not caught & {"", "KeyError", "LookupError", "Exception"} or handlers[0].name or scope.held(value.value.id) is not None:  # fmt: skip
        return None
    try:
        table = row_of(translate(value.value, scope))
        key = key_of(translate(value.slice, scope))
    except (GradgenError, RowError):
        return None
    return key in table.keys if table is not None and table.kind == "dict" else None


def _never_falls(node: ast.Try, scope: Scope) -> bool:
    """Whether the handlers of a `try` are for names and items that are lacking, and all that stands there is certain to have what it names."""
    caught = {name for handler in node.handlers for name in names_of(handler.type)}
    bound: set[str] = set()
    for each in node.body if node.handlers and caught <= {*_LACKING} else ():
        if not isinstance(each, ast.Assign):
            return False
        for part in ast.walk(each.value):
            if isinstance(part, ast.Name):
                if part.id not in bound and not is_bound(part, scope):
                    return False
            elif isinstance(part, ast.Call):
                if not _is_plain(path_of(part.func, scope)):
                    return False
            elif not isinstance(part, _PLAIN):
                return False
        targets = [t for target in each.targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]  # fmt: skip
        if not all(isinstance(target, ast.Name) for target in targets):
            return False
        bound |= {name for name, _ in bindings([each])}
    return bool(bound)


def _is_plain(path: str) -> bool:
    """Whether a function of math's or numpy's asks nothing for an item, or by a name."""
    return path in (*BOXING, "numpy.broadcast_arrays", "numpy.atleast_1d") or path.startswith("math.") or is_elementwise(path)  # fmt: skip


def _held_number(node: ast.expr, scope: Scope) -> Value | None:
    """Return the number, or the condition, that a name stands for, where it stands for one in any case."""
    held = scope.held(node.id) if isinstance(node, ast.Name) else None
    sure = held is not None and held.known is None and not held.unclear and held.absent is None  # fmt: skip
    return held if sure else None


def _is_number(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a number, or a name that stands for one, with a sign or none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    plain = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    return plain or _held_number(node, scope) is not None


def _only_warns(node: ast.stmt, scope: Scope) -> bool:
    """Whether all that a statement does is to warn, where a comparison of numbers holds: it fails nowhere, and has no value."""
    if isinstance(node, ast.If):
        inner = all(_only_warns(each, scope) for each in (*node.body, *node.orelse))
        return inner and _is_test(node.test, scope)
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not is_warning(call, scope):
        return False
    said = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(_is_said(part, scope) for each in said for part in ast.walk(each))


def _is_said(node: ast.AST, scope: Scope) -> bool:
    """Whether this part of what is shown is a text, or a name that has a value in any case: it is made into a text nowhere in vain."""
    if isinstance(node, ast.Name):
        return is_bound(node, scope)
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is None
    return isinstance(node, (ast.Constant, ast.JoinedStr, ast.expr_context))


def _is_test(root: ast.expr, scope: Scope) -> bool:
    """Whether an expression compares numbers, and no more."""
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitOr, ast.BitAnd)):
            todo += [node.left, node.right]
        elif isinstance(node, ast.BoolOp):
            todo += node.values
        elif isinstance(node, ast.Call) and len(node.args) == 1 and path_of(node.func, scope) in ("numpy.any", "numpy.all"):  # fmt: skip
            todo += node.args
        elif isinstance(node, ast.Compare):
            orders = all(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops)  # fmt: skip
            if not orders or not all(_is_number(each, scope) for each in (node.left, *node.comparators)):  # fmt: skip
                return False
        else:
            return False
    return True


def _first_asked(node: ast.stmt) -> ast.Attribute | None:
    """Return the attribute that a statement asks for, or assigns to, before anything else that fails; None where it does neither."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):  # fmt: skip
        return node.targets[0] if isinstance(node.value, ast.Constant) else None
    value = node.value if isinstance(node, (ast.Assign, ast.Expr)) else None
    if isinstance(value, ast.Call):
        value = value.func
    return value if isinstance(value, ast.Attribute) else None
