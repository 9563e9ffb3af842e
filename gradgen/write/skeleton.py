"""A finished module's text in; nothing out, but an error where it holds anything beyond what a generated module may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.syntax import parse_python

_CALLABLE = ("abs", "max", "min", "float", "round")


def check_skeleton(
    text: str,
    imports: Sequence[str],
    helpers: Mapping[str, str],
    signatures: Mapping[str, str],
    own: Sequence[str] = (),
) -> None:
    """Prove that a module is a docstring, imports, helpers and the functions, each a list of plain assignments and a return.

    Args:
        text: the module.
        imports: the import lines that it may have.
        helpers: the helper functions that it may carry, by name, each with its exact text.
        own: the lines that import functions of the user's.
        signatures: the functions that it must have, in order, each with the text of its parameters.

    Raises:
        GradgenError: the module is anything else. No input is known that leads here.
    """
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _refused(f"it is no valid Python ({type(error).__name__})") from None
    _docstring(module, "the module")
    wanted = list(signatures)
    called = {word for line in own for word in re.findall(r"\w+(?=,|$)", line)}
    for node in module.body[1:]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if ast.unparse(node) not in (*imports, *own):
                raise _refused(f"it has the line `{ast.unparse(node)[:60]}`")
        elif not isinstance(node, ast.FunctionDef):
            raise _refused(f"line {node.lineno} is no function")
        elif node.name in helpers:
            (carried,) = parse_python(helpers[node.name]).body
            if ast.dump(node) != ast.dump(carried):
                raise _refused(f"its `{node.name}` is not the known one")
        elif not wanted or node.name != wanted.pop(0):
            raise _refused(f"it has a function `{node.name[:60]}`")
        else:
            _check_function(node, signatures[node.name], imports, {*helpers, *called})
    if wanted:
        raise _refused(f"it has no function `{wanted[0]}`")


def _check_function(
    function: ast.FunctionDef,
    parameters: str,
    imports: Sequence[str],
    callables: set[str],
) -> None:
    if function.decorator_list or ast.unparse(function.args) != parameters:
        raise _refused(f"the signature of `{function.name}` is another")
    modules = {line.split()[-1] for line in imports}
    given = (arg.arg for arg in function.args.args)
    known = {*given, *modules, *_CALLABLE, *callables}
    if function.name == "jacobian":
        known.add("forward")
    _docstring(function, f"`{function.name}`")
    expressions: list[ast.expr] = []
    for number, line in enumerate(function.body[1:], 2):
        last = number == len(function.body)
        if isinstance(line, ast.Assign) and not last:
            (target,) = line.targets
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            known |= set(_names(names, line))
        elif isinstance(line, ast.AugAssign) and not last:
            list(_names([line.target], line))
        elif not (isinstance(line, ast.Return) and last):
            raise _refused(f"line {line.lineno} is no assignment")
        if line.value is not None:
            expressions.append(line.value)
    while expressions:
        node = expressions.pop()
        inner = _inner(node, known, modules)
        if inner is None:
            raise _refused(f"line {node.lineno} is no plain arithmetic")
        expressions += inner


def _inner(
    node: ast.expr, known: set[str], modules: set[str]
) -> Sequence[ast.expr] | None:
    """Return the expressions in one that a line may have; None for all others.

    There is no lambda, comprehension, string, star, `await` or walrus among them.
    """
    if isinstance(node, ast.Name):
        return () if node.id in known else None
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Constant):
        return () if isinstance(node.value, (bool, int, float)) else None
    if isinstance(node, ast.Call):
        plain = isinstance(node.func, (ast.Name, ast.Attribute)) and not node.keywords
        return (node.func, *node.args) if plain else None
    if isinstance(node, ast.Attribute):
        plain = isinstance(node.value, ast.Name) and node.value.id in modules
        return () if plain and not node.attr.startswith("_") else None
    if isinstance(node, ast.UnaryOp):
        plain = isinstance(node.op, (ast.USub, ast.Not))
        return (node.operand,) if plain else None
    if isinstance(node, ast.Compare):
        return node.left, *node.comparators
    if isinstance(node, ast.IfExp):
        return node.test, node.body, node.orelse
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Tuple):
        return node.elts
    if isinstance(node, ast.Subscript):
        plain = isinstance(node.value, ast.Call)
        plain = plain and isinstance(node.slice, ast.Constant)
        return (node.value, node.slice) if plain else None
    return None


def _names(targets: Sequence[ast.expr], line: ast.stmt) -> Iterator[str]:
    for target in targets:
        if not isinstance(target, ast.Name):
            raise _refused(f"line {line.lineno} assigns to no plain name")
        yield target.id


def _docstring(node: ast.Module | ast.FunctionDef, what: str) -> None:
    first = node.body[0] if node.body else None
    if not (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        raise _refused(f"{what} starts with no docstring")


def _refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )
