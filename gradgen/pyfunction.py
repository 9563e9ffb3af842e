"""The text of a Python file and a function's name in; the same as a program out, by the syntax tree alone: nothing is imported or run."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import math
import operator
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gradgen.errors import GradgenError
from gradgen.hints import KNOWN_IN, not_meant
from gradgen.statements import canonical, split_docstring
from gradgen.syntax import parse_python

#: Published limits: the statements of a function when its loops are unrolled, and how deep functions call each other.
MAX_STATEMENTS = 5_000
MAX_CALLS = 20
#: A larger whole number is no float.
_LARGEST = 10**308
#: What an expression may be made of; its operators and functions are the formula's own business.
_ALLOWED = (
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.keyword,
    ast.Name,
    ast.Constant,
    ast.Attribute,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)


@dataclass(frozen=True)
class Function:
    """A function as a program, or as a formula where it is one.

    Attributes:
        program: its text.
        inputs: its parameters, in order.
        outputs: the names of its results; None for the last name.
        name: the result's name, of a formula.
        lines: the file's lines that the program's lines come from, each with its number.
    """

    program: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None
    name: str = "f"
    lines: tuple[tuple[int, str], ...] = ()

    def placed(self, error: GradgenError) -> GradgenError:
        """Return an error in the program as one in the file."""
        stated = re.match(r"line ([0-9]+): (.*)", error.message, re.DOTALL)
        number = int(stated[1]) if stated else 1
        if error.source is None or number > len(self.lines):
            return error
        line, text = self.lines[number - 1]
        # The program's text is Python's own form of the file's; what is at fault is looked for by its words.
        word = re.match(r"\w+|[^\w\s]+|$", error.source[error.column or 0 :])
        found = re.search(
            rf"(?<!\w){re.escape(word[0])}(?!\w)" if word and word[0] else r"\S", text
        )
        column = found.start() if found else len(text) - len(text.lstrip())
        message = stated[2] if stated else error.message
        return GradgenError(f"line {line}: {message}", text, column)


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
    reader = _Reader(text, functions)
    for node in module.body:
        reader.beside(node)
    return reader.read(functions[name])


def _index(number: int) -> ast.Constant:
    """Return the index of a loop that is written out: it is worked out where it is used."""
    return ast.Constant(number, kind="index")


#: What Python calls some of what has no place in a formula.
_IN_WORDS = {
    "Subscript": "an index such as x[0]",
    "List": "a list",
    "Tuple": "a tuple",
    "Dict": "a dict",
    "Lambda": "a lambda",
    "NamedExpr": "`:=`",
    "JoinedStr": "text",
    "ListComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "Starred": "`*`",
}
_ON_WHOLE: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def _whole(node: ast.expr, index: bool = False) -> int | None:
    """Return a whole number's value, with `index` only that of a loop's index."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value if node.kind == "index" or not index else None
    return None


def _folded(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """Return an operation; with an index, what it comes to: a whole number, or the other operand alone."""
    one, other = _whole(left), _whole(right)
    kind = type(op)
    indexed = (_whole(left, True), _whole(right, True)) != (None, None)
    small = one is not None and other is not None and max(abs(one), abs(other)) < 10**9
    if (
        one is not None
        and other is not None
        and small
        and indexed
        and kind in _ON_WHOLE
    ):
        return _index(_ON_WHOLE[kind](one, other))  # a literal beside an index is one
    one, other = _whole(left, True), _whole(right, True)
    if kind is ast.Mult and 0 in (one, other):
        return _index(0)
    if (kind, one) in ((ast.Add, 0), (ast.Mult, 1)):
        return right
    neutral = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.Div: 1, ast.Pow: 1}
    if other is not None and neutral.get(kind) == other:
        return left
    return ast.BinOp(left, op, right)


@dataclass
class _Reader:
    text: str
    functions: Mapping[str, ast.FunctionDef]
    #: What the file calls math and numpy, and names that it takes from there, by their names here.
    modules: dict[str, str] = field(
        default_factory=lambda: {"math": "math", "np": "numpy", "numpy": "numpy"}
    )
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    items: list[tuple[str, str, str]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    at: int = 1
    taken: dict[str, int] = field(default_factory=dict)
    depth: int = 0
    calls: int = 0
    turns: int = 0

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

    def beside(self, node: ast.stmt) -> None:
        """Take from a statement of the file what functions may read: constants, and other names of math and numpy."""
        if isinstance(node, ast.Import):
            named = {a.asname or a.name: a.name for a in node.names}
            self.modules |= {k: v for k, v in named.items() if v in KNOWN_IN}
        elif isinstance(node, ast.ImportFrom) and node.module in KNOWN_IN:
            self.imported |= {
                a.asname or a.name: (str(node.module), a.name) for a in node.names
            }
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                self.constants.pop(targets[0].id, None)
                with contextlib.suppress(GradgenError):
                    # What is no constant is refused where a function reads it.
                    value = self.expression(node.value, {})
                    if not any(isinstance(n, ast.Call) for n in ast.walk(value)):
                        self.constants[targets[0].id] = value

    def add(self, name: str, value: ast.expr, comment: str = "") -> None:
        """Add an assignment to the program."""
        self.items.append((name, ast.unparse(value), comment))
        self.places.append(self.at)

    def read(self, function: ast.FunctionDef) -> Function:
        inputs = self.parameters(function)
        self.at = function.lineno
        self.taken = dict.fromkeys(inputs, 1)
        scope: dict[str, ast.expr] = {n: ast.Name(n, ast.Load()) for n in inputs}
        result = self.body(function, scope)
        values = result.elts if isinstance(result, ast.Tuple) else [result]
        comment = self.comment(function.body[-1])
        names = [
            self.named(value, place, comment) for place, value in enumerate(values, 1)
        ]
        outputs = tuple(names) if isinstance(result, ast.Tuple) else None
        if outputs is None and self.items[-1][0] != names[0]:
            outputs = (names[0],)
        words = (ast.get_docstring(function) or "").replace('"""', "'''")
        words = "".join(c if c.isprintable() or c == "\n" else " " for c in words)
        docstring, _ = split_docstring(f'"""{words}"""') if words.strip() else ("", "")
        numbers = [1] * len(docstring.splitlines()) + self.places
        lines = tuple((number, self.lines[number - 1]) for number in numbers)
        (name, text, comment), *others = self.items
        if not (others or comment or docstring):
            return Function(text, tuple(inputs), None, name, lines)
        program = canonical(self.items, docstring)
        return Function(program, tuple(inputs), outputs, lines=lines)

    def named(self, value: ast.expr, place: int, comment: str) -> str:
        """Return the name of a result, and give it one if it has none."""
        if isinstance(value, ast.Name) and any(value.id == n for n, _, _ in self.items):
            return value.id
        name = self.fresh("f" if place == 1 else f"f{place}")
        self.add(name, value, comment)
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
        """Add a function's statements to the program; return what it returns, several values as a tuple."""
        statements = list(function.body)
        first = statements[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            statements.pop(0)
        if not statements or not isinstance(statements[-1], ast.Return):
            raise self.fail("the function ends with no `return`", function)
        for statement in statements[:-1]:
            self.statement(statement, scope, prefix)
        value = statements[-1].value
        self.at = statements[-1].lineno
        if (
            isinstance(value, ast.Call)
            and len(value.args) == 1
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in ("array", "asarray")
        ):
            value = value.args[0]  # as in return np.array([u, v])
        if value is None or (
            isinstance(value, (ast.Tuple, ast.List)) and not value.elts
        ):
            raise self.fail("the function returns nothing", statements[-1])
        if isinstance(value, (ast.Tuple, ast.List)):
            elements = [self.expression(element, scope) for element in value.elts]
            return ast.Tuple(elements, ast.Load())
        return self.expression(value, scope)

    def statement(
        self, node: ast.stmt, scope: dict[str, ast.expr], prefix: str
    ) -> None:
        if isinstance(node, ast.For):
            for number in self.range_of(node, scope):
                assert isinstance(node.target, ast.Name)
                scope[node.target.id] = _index(number)
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
        elif isinstance(node, ast.If):
            raise self.fail("a choice is written `a if x > 0 else b`", node)
        else:
            raise self.fail(
                "only assignments, loops over range(...) of whole numbers and a return at the end are allowed",
                node,
            )
        self.at = node.lineno
        if isinstance(target, (ast.Tuple, ast.List)):
            made = list(zip(target.elts, self.several(value, scope)))
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) != len(
                made
            ):
                made = []
            if len(made) != len(target.elts):
                raise self.fail("the two sides are of different lengths", node)
        else:
            made = [(target, self.expression(value, scope))]
        for one, expression in made:
            if not isinstance(one, ast.Name):
                raise self.fail("only plain names are assigned", one)
            if len(self.items) >= MAX_STATEMENTS:
                raise self.fail(
                    f"the function has more than {MAX_STATEMENTS} statements when its loops are unrolled",
                    node,
                )
            name = self.fresh(f"{prefix}{one.id}")
            self.add(name, expression, self.comment(node))
            scope[one.id] = ast.Name(name, ast.Load())

    def comment(self, node: ast.stmt) -> str:
        """Return what stands on a line of its own above a statement, and at its end."""
        above = self.comments.get(node.lineno - 1, "")
        if self.lines[node.lineno - 2].split("#")[0].strip():
            above = ""
        beside = self.comments.get(node.end_lineno or node.lineno, "")
        return f"{above} {beside}".strip()

    def fresh(self, name: str) -> str:
        """Return a name that the program has not assigned yet."""
        found = name
        while found in self.taken:
            self.taken[name] += 1
            found = f"{name}{'_' if name[-1].isdigit() else ''}{self.taken[name]}"
        self.taken[found] = 1
        return found

    def several(self, value: ast.expr, scope: Mapping[str, ast.expr]) -> list[ast.expr]:
        """Return the values of a tuple, or of a call of a function that returns one."""
        if isinstance(value, (ast.Tuple, ast.List)):
            return [self.expression(element, scope) for element in value.elts]
        made = self.expression(value, scope, True)
        if not isinstance(made, ast.Tuple):
            raise self.fail("this is one value, not several", value)
        return made.elts

    def range_of(self, node: ast.For, scope: Mapping[str, ast.expr]) -> Iterator[int]:
        call = node.iter
        numbers: list[int] = []
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
            and isinstance(node.target, ast.Name)
            and not node.orelse
        ):
            numbers = [
                number
                for number in (self.whole(arg, scope) for arg in call.args)
                if number is not None
            ]
        arguments = call.args if isinstance(call, ast.Call) else []
        if not 0 < len(numbers) == len(arguments) <= 3:
            raise self.fail("a loop runs over range(...) of whole numbers", node)
        if len(numbers) == 3 and not numbers[2]:
            raise self.fail("the step of a range is not 0", node)
        steps = range(*numbers)
        far = max(map(abs, numbers)) > sys.maxsize
        self.turns += 0 if far else len(steps)
        if far or self.turns > MAX_STATEMENTS:
            raise self.fail(
                f"loops have at most {MAX_STATEMENTS} turns, all together", node
            )
        yield from steps

    def whole(self, node: ast.expr, scope: Mapping[str, ast.expr]) -> int | None:
        """Return the whole number that an argument of range stands for: a literal, a loop's index, a constant, or their sums."""
        if isinstance(node, ast.Name):
            found = scope.get(node.id) or self.constants.get(node.id)
            return (
                self.whole(found, {})
                if isinstance(found, (ast.Constant, ast.UnaryOp))
                else None
            )
        if isinstance(node, ast.Constant):
            return node.value if type(node.value) is int else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.whole(node.operand, scope)
            return None if inner is None else -inner
        if isinstance(node, ast.BinOp) and type(node.op) in _ON_WHOLE:
            left, right = self.whole(node.left, scope), self.whole(node.right, scope)
            if left is not None and right is not None:
                return _ON_WHOLE[type(node.op)](left, right)
        return None

    def expression(
        self, node: ast.expr, scope: Mapping[str, ast.expr], several: bool = False
    ) -> ast.expr:
        """Return an expression in terms of the program's names, with the calls of the file's own functions written out.

        With `several`, a call may return a tuple.
        """
        for inner in ast.walk(node):
            large = isinstance(inner, ast.Constant) and type(inner.value) is int
            if large and abs(inner.value) > _LARGEST:  # type: ignore[attr-defined]
                raise self.fail("this number is too large for a float", inner)
            if not isinstance(inner, _ALLOWED):
                kind = type(inner).__name__
                what = _IN_WORDS.get(kind, f"Python's {kind}")
                raise self.fail(f"{what} has no place in a formula", inner)
        try:
            made = _Names(self, scope).visit(copy.deepcopy(node))
        except RecursionError:
            raise self.fail("the expression is nested too deep", node) from None
        for inner in () if several else ast.walk(made):
            if isinstance(inner, ast.Tuple):
                raise self.fail("this call returns several values", node)
        return made  # type: ignore[no-any-return]


class _Names(ast.NodeTransformer):
    def __init__(self, reader: _Reader, scope: Mapping[str, ast.expr]) -> None:
        self.reader = reader
        self.scope = scope

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.scope.get(node.id) or self.reader.constants.get(node.id)
        if value is None and node.id in self.reader.imported:
            return self.meant(*self.reader.imported[node.id], node)
        if value is None:
            raise self.reader.fail(
                f"`{node.id}` is neither a parameter nor assigned above", node
            )
        return value

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        # A chain of thousands of terms leans to the left.
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        made: ast.expr = self.visit(chain[-1].left)
        for each in reversed(chain):
            made = _folded(made, each.op, self.visit(each.right))
        return made

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        value = node.value
        module = (
            self.reader.modules.get(value.id) if isinstance(value, ast.Name) else ""
        )
        if isinstance(value, ast.Name) and module and value.id not in self.scope:
            return self.meant(module, node.attr, node)
        raise self.reader.fail("only functions of math and numpy are known here", node)

    def meant(self, module: str, name: str, node: ast.expr) -> ast.expr:
        """Return what a name of math or numpy is in a formula."""
        if name in ("inf", "nan"):
            raise self.reader.fail(f"`{name}` is not a finite number", node)
        if name in ("e", "tau"):
            return ast.Constant(getattr(math, name))
        refused = not_meant(module, name)
        if refused:
            raise self.reader.fail(refused, node)
        return ast.Name(name, ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = self.reader.functions.get(name)
        args = [self.visit(arg) for arg in node.args]
        named = {k.arg or "": self.visit(k.value) for k in node.keywords}
        if function is not None:
            return self.written_out(function, args, named, node)
        if named:
            raise self.reader.fail("arguments are given by position alone", node)
        if isinstance(node.func, ast.Attribute):
            called: ast.expr = self.visit_Attribute(node.func)
        elif name:
            called = ast.Name(name, ast.Load())
            if name in self.reader.imported:
                called = self.meant(*self.reader.imported[name], node.func)
        else:
            raise self.reader.fail("only functions are called", node)
        return ast.Call(called, args, [])

    def written_out(
        self,
        function: ast.FunctionDef,
        args: list[ast.expr],
        named: Mapping[str, ast.expr],
        node: ast.Call,
    ) -> ast.expr:
        reader = self.reader
        reader.depth += 1
        reader.calls += 1
        if reader.calls > MAX_STATEMENTS:
            raise reader.fail(
                f"functions are called more than {MAX_STATEMENTS} times, all together",
                node,
            )
        if reader.depth > MAX_CALLS:
            raise reader.fail(
                f"functions call each other more than {MAX_CALLS} deep", node
            )
        names = reader.parameters(function)
        given = {**dict(zip(names, args)), **named}
        defaults = function.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults):
            given.setdefault(name, reader.expression(default, {}))
        if (
            len(args) > len(names)
            or {*given} != {*names}
            or {*names[: len(args)]} & {*named}
        ):
            count = len(args) + len(named)
            raise reader.fail(
                f"{function.name} takes {len(names)} arguments, {', '.join(names)}, not these {count}",
                node,
            )
        prefix = f"{function.name}_"
        scope: dict[str, ast.expr] = {}
        for name in names:
            arg = given[name]
            if not isinstance(arg, (ast.Name, ast.Constant)):
                stage = reader.fresh(f"{prefix}{name}")
                reader.add(stage, arg)
                arg = ast.Name(stage, ast.Load())
            scope[name] = arg
        value = reader.body(function, scope, prefix)
        reader.depth -= 1
        return value
