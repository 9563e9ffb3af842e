"""The first line of a Python function in; its parameters and their defaults out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from gradgen.read.python.bound import Helper, default_of
from gradgen.read.python.constants import Constants
from gradgen.read.python.draft import Draft
from gradgen.read.python.expression import translate
from gradgen.read.python.follow.decorators import check_decorator
from gradgen.read.python.values import Scope
from gradgen.read.statements import canonical

#: What a default that is a number may be.
_READ = (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Call)


def parameters(
    helper: Helper, ignored: Collection[str] = (), called: bool = False
) -> list[str]:
    """Return a function's parameters; refuse what else its first line may say.

    Args:
        helper: the function.
        ignored: the decorators that the user says change nothing.
        called: whether it is read since another one calls it.
    """
    function, names = helper.function, helper.names
    args = function.args
    if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs:
        raise names.fail("only plain parameters are allowed", function)
    if getattr(function, "type_params", ()):
        raise names.fail("a generic function is not read", function)
    if helper.defaults is None:  # else it is in hand, as the decorators left it
        for decorator in function.decorator_list:
            check_decorator(decorator, helper, ignored, called)
    return [arg.arg for arg in args.args]


def defaults(
    helper: Helper,
    means: Mapping[str, str],
    settled: Collection[str],
    shapes: Mapping[str, Sequence[str]],
) -> Mapping[str, str]:
    """Return the defaults of the last parameters but for those that are settled, as far as they are numbers."""
    names = [arg.arg for arg in helper.function.args.args]
    found: dict[str, str] = {}
    for place in range(-1, -len(helper.function.args.defaults) - 1, -1):
        node = default_of(helper, place)
        if names[place] in settled:
            continue
        parts = shapes.get(names[place], ())
        if parts:
            if not isinstance(node, (ast.Tuple, ast.List)) or len(node.elts) < len(parts):  # fmt: skip
                break
            # From the last on, as all of them are.
            found |= {n: ast.unparse(e) for n, e in [*zip(parts, node.elts)][::-1]}
            continue
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            break
        if not isinstance(node, _READ):
            break  # it is no number, and so an input without a default
        constants = Constants(Draft(), means, names)
        scope = Scope(constants, helper.names, before=helper.place)
        value = translate(node, scope)
        if not value.is_number:
            break
        found[names[place]] = canonical([*constants.draft.items, ("", value.text, "")])
    return dict(reversed(found.items()))
