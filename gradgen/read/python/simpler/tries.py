"""A `try` with its handlers in; the `if` that says the same, where what fails can be told beforehand, out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

#: What `exp` of a larger number is larger than any double.
LARGEST_EXPONENT = 709.782712893384
LARGEST = 1.7976931348623157e308
#: What raises where an argument is not positive, or negative.
_LOGARITHMS, _ROOTS = ("math.log", "math.log10", "math.log2"), ("math.sqrt",)
#: What raises nowhere among finite numbers.
_TOTAL = (
    *(f"math.{name}" for name in ("erf", "erfc", "sin", "cos", "tan", "atan", "tanh", "fabs", "asinh", "cbrt")),
    *(f"builtins.{name}" for name in ("abs", "float", "min", "max")),
)  # fmt: skip
#: The errors of arithmetic, with those that an `except` of one of their kind meets.
_KINDS = {
    "ZeroDivisionError": ("ZeroDivisionError", "ArithmeticError"),
    "OverflowError": ("OverflowError", "ArithmeticError"),
    "ValueError": ("ValueError",),
}
_ANY = ("", "Exception", "BaseException")
#: So many statements stand in a `try` whose failures are told apart.
_MOST = 12
#: What a call in a `try` calls, by its whole name; empty where that is not known.
Called = Callable[[ast.expr], str]


def simpler(node: ast.Try, called: Called) -> Sequence[ast.stmt] | None:
    """Return the statements that do what a `try` does; None where that is not certain.

    Where all that a handler does is to raise, it raises as what stands in the `try` does. Else each statement there becomes the
    `else` of an `if` that asks for what makes it fail: a divisor that is 0, an argument that a function has no value at.

    Args:
        node: the statement.
        called: what says what a call calls.
    """
    if node.finalbody or not node.handlers:
        return None
    if all(only_raises(handler) for handler in node.handlers):
        return [*node.body, *node.orelse]
    plain = len(node.handlers) == 1 and node.handlers[0].name is None
    if not plain or node.orelse or len(node.body) > _MOST:
        return None
    handler = node.handlers[0]
    caught = [*names_of(handler.type)]
    made: list[ast.stmt] = []
    for statement in reversed(node.body):
        tests: list[ast.expr] = []
        if not _failures(statement, tests, called, caught):
            return None
        if isinstance(statement, ast.Return):
            made = [statement]
        else:
            made = [statement, *made]
        if tests:
            test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
            either = ast.If(test, [*handler.body], made)
            made = [ast.fix_missing_locations(ast.copy_location(either, statement))]
    return made


def only_raises(handler: ast.ExceptHandler) -> bool:
    """Whether all that a handler does is to raise."""
    return len(handler.body) == 1 and isinstance(handler.body[0], ast.Raise)


def names_of(node: ast.expr | None) -> Iterator[str]:
    """Yield the errors that a handler meets, by their names; empty for all."""
    if node is None:
        yield ""
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from names_of(each)
    else:
        yield node.id if isinstance(node, ast.Name) else "?"


def _failures(
    statement: ast.stmt, tests: list[ast.expr], called: Called, caught: Sequence[str]
) -> bool:
    """Add what makes a statement fail, in the order in which Python comes to it; return whether nothing else does.

    Where a number is too large for a power, or 0 has none, the module fails as well, and no value is a wrong one.
    """
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # fmt: skip
        if not all(isinstance(target, ast.Name) for target in targets):
            return False
        if isinstance(statement, ast.AugAssign) and not isinstance(statement.op, (ast.Add, ast.Sub, ast.Mult)):  # fmt: skip
            return False
    elif not isinstance(statement, ast.Return):
        return False
    if statement.value is None:
        return False
    found = _Failures(tests, called, caught)
    return all(found.known(node) for node in _in_order(statement.value))


def _in_order(root: ast.expr) -> Iterator[ast.expr]:
    """Yield an expression's parts, operands before what is made of them."""
    todo: list[tuple[ast.expr, bool]] = [(root, False)]
    while todo:
        node, done = todo.pop()
        if done:
            yield node
            continue
        todo.append((node, True))
        inner: Sequence[ast.expr] = ()
        if isinstance(node, ast.BinOp):
            inner = node.left, node.right
        elif isinstance(node, ast.UnaryOp):
            inner = (node.operand,)
        elif isinstance(node, ast.Call):
            inner = node.args
        todo += [(each, False) for each in reversed(inner)]


@dataclass
class _Failures:
    """What makes the operations of a statement fail, in order.

    Attributes:
        tests: what asks for those that a handler meets.
        called: what says what a call calls.
        caught: the errors that the handler meets.
        uncaught: what asks for those before that it does not meet: there nothing is caught.
    """

    tests: list[ast.expr]
    called: Called
    caught: Sequence[str]
    uncaught: list[ast.expr] = field(default_factory=list)

    def add(self, error: str, test: ast.expr) -> None:
        """Note an error and what asks for it."""
        if not any(name in (*_ANY, *_KINDS[error]) for name in self.caught):
            self.uncaught.append(test)
            return
        before = [ast.UnaryOp(ast.Not(), each) for each in self.uncaught]
        self.tests.append(ast.BoolOp(ast.And(), [*before, test]) if before else test)

    def known(self, node: ast.expr) -> bool:
        """Add what makes one operation fail; return whether that is known."""
        if isinstance(node, (ast.Name, ast.Constant)):
            return True
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, (ast.USub, ast.UAdd))
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Div):
                if not _is_nonzero(node.right):
                    self.add("ZeroDivisionError", _asked(node.right, ast.Eq()))
                return True
            if isinstance(node.op, ast.Pow) and _is_written_out(node.right):
                return isinstance(node.left, ast.Constant)
            # Whoever asks for that alone means a power that is too large.
            large = isinstance(node.op, ast.Pow) and "OverflowError" in self.caught
            plain = (ast.Add, ast.Sub, ast.Mult, ast.Pow)
            return isinstance(node.op, plain) and not large
        if not isinstance(node, ast.Call) or node.keywords or not node.args:
            return False
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            return False
        path = self.called(node.func)
        return path in _TOTAL or (len(node.args) == 1 and self._call(path, node.args[0]))  # fmt: skip

    def _call(self, path: str, first: ast.expr) -> bool:
        if path in _LOGARITHMS or path in _ROOTS:
            op = ast.LtE() if path in _LOGARITHMS else ast.Lt()
            if not _is_positive(first):
                self.add("ValueError", _asked(first, op))
            return True
        if path == "math.exp":
            bounds = ast.Constant(LARGEST_EXPONENT), ast.Constant(LARGEST)
            inside = ast.Compare(bounds[0], [ast.Lt(), ast.LtE()], [first, bounds[1]])
            self.add("OverflowError", inside)
            return True
        return False


def _asked(value: ast.expr, op: ast.cmpop) -> ast.expr:
    return ast.Compare(value, [op], [ast.Constant(0.0)])


def _is_written_out(node: ast.expr) -> bool:
    """Whether a power may be written as a product, which is infinite where Python's power fails."""
    sign = isinstance(node, ast.UnaryOp)
    number = node.operand if isinstance(node, ast.UnaryOp) else node
    if not isinstance(number, ast.Constant) or type(number.value) not in (int, float):
        return False
    value = float(number.value)  # type: ignore[arg-type]
    return value.is_integer() if sign else value > 1


def _is_nonzero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _is_positive(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value > 0  # type: ignore[operator]  # fmt: skip
