"""The text of a module of frames in; the proof that it only adds columns to a frame, by expressions that are known, and selects them, out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.syntax import parse_expression, parse_python
from gradgen.write.target import Skeleton

#: What functions are given and give on.
_FRAME = "frame"
_MATH = ("pi", "e", "inf", "nan")
_TAKEN = "frame = frame.filter(col.taken)"


def check(
    text: str,
    skeleton: Skeleton,
    functions: Collection[str],
    methods: Collection[str],
) -> None:
    """Prove that a module is a docstring, imports, constants, known helpers and the functions.

    Args:
        text: the module.
        skeleton: what it may hold.
        functions: what expressions may call of Polars.
        methods: the methods of expressions that they may call.

    Raises:
        GradgenError: the module is anything else.
    """
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _refused(f"it is no valid Python ({type(error).__name__})") from None
    parts, known = skeleton.signatures, _Known(functions, {*methods}, {*skeleton.helpers})  # fmt: skip
    wanted = [*parts["functions"]]
    _docstring(module)
    for node in module.body[1:]:
        if ast.unparse(node) in skeleton.imports:
            known.imports.add(ast.unparse(node))
            continue
        if isinstance(node, ast.Assign) and len(wanted) == len(parts["functions"]):
            name = ast.unparse(node.targets[0])
            if len(node.targets) > 1 or name not in {*skeleton.constants} - known.constants:  # fmt: skip
                raise _refused(f"it has a constant `{name[:60]}`")
            known.check(node.value)
            known.constants.add(name)
        elif not isinstance(node, ast.FunctionDef):
            raise _refused(f"line {node.lineno} is no function")
        elif node.name in skeleton.helpers:
            (carried,) = parse_python(skeleton.helpers[node.name]).body
            if ast.dump(node) != ast.dump(carried):
                raise _refused(f"its `{node.name}` is not the known one")
        elif not wanted or node.name != wanted.pop(0):
            raise _refused(f"it has a function `{node.name[:60]}`")
        else:
            _check_function(node, parts, known)
    if wanted:
        raise _refused(f"it has no function `{wanted[0]}`")


class _Known:
    """What expressions may be made of.

    Attributes:
        columns: the columns that they may read.
        constants: the constants at the top.
        imports: the lines that import.
    """

    def __init__(
        self, functions: Collection[str], methods: set[str], helpers: set[str]
    ) -> None:
        self.functions = functions
        self.methods = methods
        self.helpers = helpers
        self.columns: set[str] = set()
        self.constants: set[str] = set()
        self.imports: set[str] = set()

    def check(self, expression: ast.expr) -> None:
        """Refuse an expression that is more than arithmetic on columns and numbers."""
        todo = [expression]
        while todo:
            node = todo.pop()
            inner = self._inner(node)
            if inner is None:
                raise _refused(f"line {node.lineno} is no plain arithmetic")
            todo += inner

    def _inner(self, node: ast.expr) -> Sequence[ast.expr] | None:
        if isinstance(node, ast.Constant):
            return () if isinstance(node.value, (bool, int, float)) else None
        if isinstance(node, ast.Name):
            return () if node.id in self.constants else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "math":
                return () if self._imports("math") and node.attr in _MATH else None
            column = node.value.id == "col" and node.attr in self.columns
            return () if column else None
        if isinstance(node, ast.Call):
            return None if node.keywords else self._called(node)
        if isinstance(node, ast.BinOp):
            return node.left, node.right
        if isinstance(node, ast.UnaryOp):
            plain = isinstance(node.op, (ast.USub, ast.Invert))
            return (node.operand,) if plain else None
        if isinstance(node, ast.Compare):
            return (node.left, *node.comparators) if len(node.ops) == 1 else None
        return None

    def _imports(self, name: str) -> bool:
        return f"import {name}" in self.imports

    def _called(self, node: ast.Call) -> Sequence[ast.expr] | None:
        function = node.func
        if isinstance(function, ast.Name):
            return node.args if function.id in self.helpers else None
        if not isinstance(function, ast.Attribute):
            return None
        of, name = function.value, function.attr
        if isinstance(of, ast.Name) and of.id == "pl":
            return node.args if name in self.functions else None
        if isinstance(of, ast.Name) and of.id == "math":
            plain = self._imports("math") and not name.startswith("_")
            return node.args if plain else None
        return (of, *node.args) if name in self.methods else None


def _check_function(
    function: ast.FunctionDef, parts: Mapping[str, Sequence[str]], known: _Known
) -> None:
    plain = ast.unparse(function.args) == ", ".join(parts[function.name]).replace(" = ", "=")  # fmt: skip
    if not plain or function.decorator_list:
        raise _refused(f"the signature of `{function.name}` is another")
    _docstring(function)
    counts = function.name == "left_out"
    _, enters, *levels, last = function.body
    entered = parts["alone" if counts else "entered"][0]
    if ast.unparse(enters) != _plain(f"{_FRAME} = {entered}"):
        raise _refused(f"`{function.name}` reads something else")
    filters = "left_out" in parts and not counts
    if filters and (not levels or ast.unparse(levels.pop(0)) != _TAKEN):
        raise _refused(f"`{function.name}` takes other rows")
    given = ast.literal_eval(_columns(entered))
    shared = {name.partition(":")[0] for name in parts[function.name][1:]}
    known.columns = {"taken", *given, *(() if counts else shared)}
    for level in levels:
        if not isinstance(level, ast.Assign) or [*map(ast.unparse, level.targets)] != [_FRAME]:  # fmt: skip
            raise _refused(f"line {level.lineno} is no level of columns")
        added = [*_added(level.value, "with_columns")]
        for _, value in added:
            known.check(value)
        names = {name for name, _ in added}
        if not names.isdisjoint(known.columns) or len(names) < len(added):
            raise _refused(f"line {level.lineno} has a column that there is")
        known.columns |= names
    if not isinstance(last, ast.Return) or last.value is None:
        raise _refused(f"`{function.name}` returns nothing")
    results = [*_given(last.value, parts, counts)]
    fixed = [_plain(f"f({text})")[2:-1] for text in parts["fixed"]]
    fixed = [f"left_out={_plain('(~col.taken).sum()')}"] if counts else fixed
    texts = [f"{name}={ast.unparse(value)}" for name, value in results]
    wanted = {
        "forward": parts["values"],
        "value_and_grad": [*parts["values"], *parts["slopes"]],
        "gauss_newton": parts["normal"],
        "left_out": (),
    }[function.name]
    rest = [name for (name, _), text in zip(results, texts) if text not in fixed]
    if rest != [*wanted] or any(texts.count(text) != 1 for text in fixed):
        raise _refused(f"`{function.name}` gives something else")
    for _, value in results:
        known.check(value)


def _given(
    node: ast.expr, parts: Mapping[str, Sequence[str]], counts: bool
) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a function gives, by name: of the rows of a frame, or of groups of them in order."""
    (ordered,) = parts["ordered"]
    if not ordered or counts:
        return _added(node, "select")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        raise _refused(f"line {node.lineno} gives no groups in order")
    selected = node.func.value
    if ast.unparse(node) != f"{ast.unparse(selected)}{_plain(f'x{ordered}')[1:]}":
        raise _refused(f"line {node.lineno} has groups in another order")
    return _added(selected, _plain(f"x.{parts['selects'][0]}")[2:])


def _columns(entered: str) -> ast.expr:
    """Return the text of the columns that a frame enters with."""
    call = parse_expression(entered)
    assert isinstance(call, ast.Call)
    return call.args[1]


def _added(node: ast.expr, method: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names and the expressions that a method of a frame is given."""
    if (
        not isinstance(node, ast.Call)
        or node.args
        or ast.unparse(node.func) != f"{_FRAME}.{method}"
    ):
        raise _refused(f"line {node.lineno} is no call of {method}")
    for word in node.keywords:
        if word.arg is None:
            raise _refused(f"line {node.lineno} has no names")
        yield word.arg, word.value


def _plain(text: str) -> str:
    return ast.unparse(parse_python(text))


def _docstring(node: ast.Module | ast.FunctionDef) -> None:
    if ast.get_docstring(node) is None:
        raise _refused("it lacks a docstring")


def _refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )
