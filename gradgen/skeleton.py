"""A finished module's text in; nothing out, but an error where it holds anything beyond what a generated module may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.syntax import parse_python

#: The expressions of a line. There is no lambda, comprehension, string, star, `await` or walrus among them.
_EXPRESSIONS = (
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.IfExp,
    ast.Tuple,
    ast.Call,
    ast.Subscript,
    ast.Attribute,
    ast.Name,
    ast.Constant,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.expr_context,
)
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
    expressions: list[ast.AST] = []
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
    for root in expressions:
        for node in ast.walk(root):
            _check_node(node, known, modules)


def _check_node(node: ast.AST, known: set[str], modules: set[str]) -> None:
    good = isinstance(node, _EXPRESSIONS)
    if isinstance(node, ast.Name):
        good = node.id in known
    elif isinstance(node, ast.Constant):
        good = isinstance(node.value, (bool, int, float))
    elif isinstance(node, ast.Attribute):
        good = isinstance(node.value, ast.Name) and node.value.id in modules
        good = good and not node.attr.startswith("_")
    elif isinstance(node, ast.Call):
        good = isinstance(node.func, (ast.Name, ast.Attribute)) and not node.keywords
    elif isinstance(node, ast.UnaryOp):
        good = isinstance(node.op, (ast.USub, ast.Not))
    elif isinstance(node, ast.Subscript):
        good = isinstance(node.value, ast.Call) and isinstance(node.slice, ast.Constant)
    if not good:
        raise _refused(f"line {getattr(node, 'lineno', 0)} is no plain arithmetic")


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
