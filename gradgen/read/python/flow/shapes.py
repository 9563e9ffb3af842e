"""A Python function in; its parameters that are sequences, each with the names of the numbers in it, out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Helper
from gradgen.read.python.terms.rows import MAX_HELD
from gradgen.read.python.tree import own_names, walk

#: The parameters that are sequences, each with the names of the numbers in it.
Shapes = Mapping[str, Sequence[str]]


def shapes(helper: Helper, given: Mapping[str, int], passed: Collection[str]) -> Shapes:
    """Return the parameters that are sequences.

    How long one is, the user says, or its annotation, `a, b, c = x`, its default, or its constant subscripts, if nothing else is
    asked of it: what stands behind the last of these is not read.

    Args:
        helper: the function.
        given: how long the user says that some are.
        passed: the parameters that are settled, or numbers.

    Raises:
        GradgenError: the user names what is no parameter, or two numbers would have the same name.
    """
    names = [arg.arg for arg in helper.function.args.args]
    for name in given:
        if name not in names or name in passed:
            raise helper.names.fail(f"`{name}`, of which --shape speaks, is no parameter that is a variable", helper.function)  # fmt: skip
    sizes = {n: given[n] if n in given else _size(helper, n) for n in names if n not in passed}  # fmt: skip
    found: dict[str, Sequence[str]] = {}
    for name, size in sizes.items():
        if size:
            beside = f"{name}_" if name[-1].isdigit() else name
            found[name] = [f"{beside}{place}" for place in range(size)]
            if {*found[name]} & {*names}:
                raise helper.names.fail(
                    f"the numbers in `{name}` are {', '.join(found[name][:3])}, and a parameter is called so as well; rename one",
                    helper.function,
                )
    return found


def read_shapes(text: Sequence[str]) -> dict[str, int]:
    """Return how long parameters are, which is written as in x=3."""
    found = {}
    for item in text:
        name, _, size = (part.strip() for part in item.partition("="))
        number = int(size) if size.isascii() and size.isdigit() and len(size) < 6 else 0
        if not name.isidentifier() or not 0 < number <= MAX_HELD:
            raise GradgenError('--shape is written as in --shape "x=3": a parameter, and how many numbers it holds')  # fmt: skip
        found[name] = number
    return found


def _size(helper: Helper, name: str) -> int:
    """Return how many numbers a parameter holds, as far as the function tells; 0 where it is one number, or that is not told."""
    function = helper.function
    place = [arg.arg for arg in function.args.args].index(name)
    annotated = _annotated(function.args.args[place].annotation)
    default = place - len(function.args.args)
    if -default <= len(function.args.defaults):
        node = function.args.defaults[default]
        if isinstance(node, (ast.Tuple, ast.List)) and all(map(_is_number, node.elts)):
            annotated = annotated or len(node.elts)
    if annotated:
        return annotated
    for each in walk(function):
        inner = each if isinstance(each, (ast.FunctionDef, ast.Lambda)) else None
        if inner is not None and each is not function and name in own_names(inner):
            return 0
        if isinstance(each, ast.Name) and each.id == name and not isinstance(each.ctx, ast.Load):  # fmt: skip
            return 0
    return _used(function, name)


def _annotated(node: ast.expr | None) -> int:
    """Return how many numbers an annotation such as tuple[float, float] speaks of; 0 where it does not."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return 0
    called = getattr(node.value, "id", None) or getattr(node.value, "attr", "")
    plain = all(isinstance(each, ast.Name) and each.id in ("float", "int") for each in node.slice.elts)  # fmt: skip
    return len(node.slice.elts) if called in ("tuple", "Tuple") and plain else 0


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _used(function: ast.FunctionDef, name: str) -> int:
    """Return how many numbers a parameter holds by what is asked of it."""
    unpacked: set[int] = set()
    places: set[int] = set()
    others = False
    handled: set[ast.AST] = set()
    for node in walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == name:  # fmt: skip
            for target in node.targets:
                if isinstance(target, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in target.elts):  # fmt: skip
                    unpacked.add(len(target.elts))
                    handled.add(node.value)
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name:  # fmt: skip
            at = node.slice
            if isinstance(at, ast.Constant) and type(at.value) is int:
                places.add(at.value)
                handled.add(node.value)
        elif isinstance(node, ast.Name) and node.id == name and node not in handled:
            others = True
    if len(unpacked) == 1:
        return unpacked.pop()
    if unpacked or not places or others:
        return 0
    return max(places) + 1
