"""The text of a Python file and a function's name in; the same as a program out, by the syntax tree alone: nothing is imported or run."""

from __future__ import annotations

import ast
import copy
import io
import math
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gradgen.errors import GradgenError
from gradgen.statements import canonical
from gradgen.syntax import parse_python

#: Published limits: the statements of a function when its loops are unrolled, and how deep functions call each other.
MAX_STATEMENTS = 5_000
MAX_CALLS = 20
#: What an expression may be made of; its operators and functions are the formula's own business.
_ALLOWED = (
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.Attribute,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)
_MODULES = ("math", "np", "numpy")


@dataclass(frozen=True)
class Function:
    """A function as a program, or as a formula where it is one: its text, its inputs in order, and the names of its results."""

    program: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None
    name: str = "f"


def read_function(text: str, name: str) -> Function:
    """Read a straight-line function: assignments, loops over literal ranges, calls of its like, and a return at its end.

    Raises:
        GradgenError: there is no such function, or it holds what has no place in one; with line and caret.
    """
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise GradgenError(
            f"the file is no valid Python: {getattr(error, 'msg', error)}"
        ) from None
    functions = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    if name not in functions:
        raise GradgenError(
            f"there is no function `{name}`; the file has {', '.join(functions) or 'none'}"
        )
    constants = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _number(node.value)
            if value is not None and len(node.targets) == 1:
                constants[node.targets[0].id] = value
    reader = _Reader(text, functions, constants)
    return reader.read(functions[name])


def _number(node: ast.expr) -> ast.expr | None:
    """Return a literal number, or math.pi and its like."""
    sign = node.operand if isinstance(node, ast.UnaryOp) else node
    if isinstance(sign, ast.Constant) and type(sign.value) in (int, float):
        return node
    if isinstance(sign, ast.Attribute) and sign.attr in ("pi", "e"):
        return node
    return None


@dataclass
class _Reader:
    text: str
    functions: Mapping[str, ast.FunctionDef]
    constants: Mapping[str, ast.expr]
    items: list[tuple[str, str, str]] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    depth: int = 0

    def __post_init__(self) -> None:
        self.lines = self.text.splitlines()
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        self.comments = {
            token.start[0]: " ".join(token.string.lstrip("#").split())
            for token in tokens
            if token.type == tokenize.COMMENT
        }

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        line = getattr(node, "lineno", 1)
        shown = self.lines[line - 1].encode()[: getattr(node, "col_offset", 0)]
        return GradgenError(
            f"line {line}: {message}", self.lines[line - 1], len(shown.decode())
        )

    def read(self, function: ast.FunctionDef) -> Function:
        inputs = self.parameters(function)
        self.taken = dict.fromkeys(inputs, 1)
        scope: dict[str, ast.expr] = {n: ast.Name(n, ast.Load()) for n in inputs}
        result = self.body(function, scope)
        values = result.elts if isinstance(result, ast.Tuple) else [result]
        names = [self.named(value, place) for place, value in enumerate(values, 1)]
        outputs = tuple(names) if isinstance(result, ast.Tuple) else None
        if outputs is None and self.items[-1][0] != names[0]:
            outputs = (names[0],)
        if len(self.items) == 1:
            ((name, text, _),) = self.items
            return Function(text, tuple(inputs), None, name)
        return Function(canonical(self.items), tuple(inputs), outputs)

    def named(self, value: ast.expr, place: int) -> str:
        """Return the name of a result, and give it one if it has none."""
        if isinstance(value, ast.Name) and any(value.id == n for n, _, _ in self.items):
            return value.id
        name = self.fresh("f" if place == 1 else f"f{place}")
        self.items.append((name, ast.unparse(value), ""))
        return name

    def parameters(self, function: ast.FunctionDef) -> list[str]:
        args = function.args
        if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs:
            raise self.fail("only plain parameters are allowed", function)
        if function.decorator_list and self.depth:
            raise self.fail("a decorated function cannot be called", function)
        return [arg.arg for arg in args.args]

    def body(
        self, function: ast.FunctionDef, scope: dict[str, ast.expr], prefix: str = ""
    ) -> ast.expr:
        """Add a function's statements to the program; return what it returns."""
        statements = list(function.body)
        first = statements[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            statements.pop(0)
        if not statements or not isinstance(statements[-1], ast.Return):
            raise self.fail("the function ends with no `return`", function)
        for statement in statements[:-1]:
            self.statement(statement, scope, prefix)
        value = statements[-1].value
        if isinstance(value, ast.Tuple) and not prefix:
            elements = [self.expression(element, scope) for element in value.elts]
            return ast.Tuple(elements, ast.Load())
        if value is None:
            raise self.fail("the function returns nothing", statements[-1])
        return self.expression(value, scope)

    def statement(
        self, node: ast.stmt, scope: dict[str, ast.expr], prefix: str
    ) -> None:
        if isinstance(node, ast.For):
            for number in self.range_of(node):
                assert isinstance(node.target, ast.Name)
                scope[node.target.id] = ast.Constant(number)
                for inner in node.body:
                    self.statement(inner, scope, prefix)
            return
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            old = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            target = node.target
            value = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
        else:
            raise self.fail(
                "only assignments, loops over range(...) of whole numbers and a return at the end are allowed",
                node,
            )
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts))
            if len(pairs) != len(target.elts) or len(pairs) != len(value.elts):
                raise self.fail("the two sides are of different lengths", node)
        else:
            pairs = [(target, value)]
        made = [(one, self.expression(other, scope)) for one, other in pairs]
        for one, expression in made:
            if not isinstance(one, ast.Name):
                raise self.fail("only plain names are assigned", one)
            if len(self.items) >= MAX_STATEMENTS:
                raise self.fail(
                    f"the function has more than {MAX_STATEMENTS} statements when its loops are unrolled",
                    node,
                )
            name = self.fresh(f"{prefix}{one.id}")
            comments = [self.comments.get(node.lineno - 1, "")]
            if self.lines[node.lineno - 2].split("#")[0].strip():
                comments = []
            comments.append(self.comments.get(node.end_lineno or node.lineno, ""))
            self.items.append(
                (name, ast.unparse(expression), " ".join(filter(None, comments)))
            )
            scope[one.id] = ast.Name(name, ast.Load())

    def fresh(self, name: str) -> str:
        """Return a name that the program has not assigned yet."""
        found = name
        while found in self.taken:
            self.taken[name] += 1
            found = f"{name}{'_' if name[-1].isdigit() else ''}{self.taken[name]}"
        self.taken[found] = 1
        return found

    def range_of(self, node: ast.For) -> Iterator[int]:
        call = node.iter
        numbers = []
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
            and isinstance(node.target, ast.Name)
            and not node.orelse
        ):
            numbers = [
                arg.value
                for arg in call.args
                if isinstance(arg, ast.Constant) and type(arg.value) is int
            ]
        if not numbers or len(numbers) != len(call.args):  # type: ignore[attr-defined]
            raise self.fail("a loop runs over range(...) of whole numbers", node)
        steps = range(*numbers)
        if len(steps) > MAX_STATEMENTS:
            raise self.fail(f"a loop has at most {MAX_STATEMENTS} turns", node)
        yield from steps

    def expression(self, node: ast.expr, scope: Mapping[str, ast.expr]) -> ast.expr:
        """Return an expression in terms of the program's names, with the calls of the file's own functions written out."""
        for inner in ast.walk(node):
            if not isinstance(inner, _ALLOWED):
                what = type(inner).__name__
                raise self.fail(f"{what} has no place in a formula", inner)
        try:
            return _Names(self, scope).visit(copy.deepcopy(node))  # type: ignore[no-any-return]
        except RecursionError:
            raise self.fail("the expression is nested too deep", node) from None


class _Names(ast.NodeTransformer):
    def __init__(self, reader: _Reader, scope: Mapping[str, ast.expr]) -> None:
        self.reader = reader
        self.scope = scope

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.scope.get(node.id) or self.reader.constants.get(node.id)
        if value is None:
            raise self.reader.fail(
                f"`{node.id}` is neither a parameter nor assigned above", node
            )
        return value

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        value = node.value
        if isinstance(value, ast.Name) and value.id in _MODULES:
            if node.attr in ("inf", "nan"):
                raise self.reader.fail(f"`{node.attr}` is not a finite number", node)
            if node.attr in ("e", "tau"):
                return ast.Constant(getattr(math, node.attr))
            return ast.Name(node.attr, ast.Load())
        raise self.reader.fail("only functions of math and numpy are known here", node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if node.keywords:
            raise self.reader.fail("arguments are given by position alone", node)
        args = [self.visit(arg) for arg in node.args]
        if isinstance(node.func, ast.Attribute):
            called = self.visit_Attribute(node.func)
            return ast.Call(called, args, [])
        assert isinstance(node.func, ast.Name)
        function = self.reader.functions.get(node.func.id)
        if function is None:
            return ast.Call(ast.Name(node.func.id, ast.Load()), args, [])
        return self.written_out(function, args, node)

    def written_out(
        self, function: ast.FunctionDef, args: list[ast.expr], node: ast.Call
    ) -> ast.expr:
        reader = self.reader
        reader.depth += 1
        if reader.depth > MAX_CALLS:
            raise reader.fail(
                f"functions call each other more than {MAX_CALLS} deep", node
            )
        names = reader.parameters(function)
        if len(names) != len(args):
            raise reader.fail(
                f"{function.name} takes {len(names)} arguments, not {len(args)}", node
            )
        prefix = f"{function.name}_"
        scope: dict[str, ast.expr] = {}
        for name, arg in zip(names, args):
            if not isinstance(arg, (ast.Name, ast.Constant)):
                given = reader.fresh(f"{prefix}{name}")
                reader.items.append((given, ast.unparse(arg), ""))
                arg = ast.Name(given, ast.Load())
            scope[name] = arg
        value = reader.body(function, scope, prefix)
        reader.depth -= 1
        return value
