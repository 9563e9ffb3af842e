"""The first line of a Python function in; its parameters and their defaults out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Helper, default_of
from gradgen.read.python.constants import Constants
from gradgen.read.python.draft import Draft
from gradgen.read.python.expression import translate
from gradgen.read.python.follow.decorators import check_decorator
from gradgen.read.python.terms.rows import Row
from gradgen.read.python.terms.value import Value
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
    if args.kwonlyargs or args.posonlyargs:
        raise names.fail("only plain parameters are allowed", function)
    if getattr(function, "type_params", ()):
        raise names.fail("a generic function is not read", function)
    if helper.defaults is None:  # else it is in hand, as the decorators left it
        for decorator in function.decorator_list:
            check_decorator(decorator, helper, ignored, called)
    return [arg.arg for arg in args.args]


def starred(
    helper: Helper, args: Sequence[Value], named: Mapping[str, Value]
) -> dict[str, Value]:
    """Return what `*args` and `**named` of a function hold where a call gives more than its parameters.

    Args:
        helper: the function.
        args: what is given by place beyond them.
        named: what is given by other names.
    """
    first = helper.function.args
    found = {}
    if first.vararg is not None:
        found[first.vararg.arg] = Row("tuple", (*args,)).value
    if first.kwarg is not None:
        found[first.kwarg.arg] = Row("dict", (*named.values(),), (*named,)).value
    return found


def defaults(
    helper: Helper,
    means: Mapping[str, str],
    settled: Collection[str],
    shapes: Mapping[str, Sequence[str]],
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the defaults of the last parameters but for those that are settled, as far as they are numbers, and those of all."""
    names = [arg.arg for arg in helper.function.args.args]
    last: dict[str, str] = {}
    every: dict[str, str] = {}
    ended = False
    for place in range(-1, -len(helper.function.args.defaults) - 1, -1):
        if names[place] in settled:
            continue
        node = default_of(helper, place)
        parts = shapes.get(names[place], ())
        try:
            found = _of_parts(node, parts) if parts else _of_number(node, helper, means)
        except GradgenError:
            if not ended:
                raise
            continue  # which matters where it is left out of the inputs
        if found is None:
            ended = True  # it is no number, and so an input without a default
            continue
        found = found if parts else {names[place]: found[""]}
        every |= found
        last |= {} if ended else found
    return dict(reversed(last.items())), dict(reversed(every.items()))


def _of_parts(node: ast.expr, parts: Sequence[str]) -> dict[str, str] | None:
    """Return the defaults of the numbers in a sequence, from the last on; None where there is none."""
    if not isinstance(node, (ast.Tuple, ast.List)) or len(node.elts) < len(parts):
        return None
    return {n: ast.unparse(e) for n, e in [*zip(parts, node.elts)][::-1]}


def _of_number(
    node: ast.expr, helper: Helper, means: Mapping[str, str]
) -> dict[str, str] | None:
    """Return a default that is a number, by no name; None where it is none."""
    if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
        return None
    if not isinstance(node, _READ):
        return None
    names = [arg.arg for arg in helper.function.args.args]
    constants = Constants(Draft(), means, names)
    scope = Scope(constants, helper.names, before=helper.place)
    value = translate(node, scope)
    if not value.is_number:
        return None
    return {"": canonical([*constants.draft.items, ("", value.text, "")])}
