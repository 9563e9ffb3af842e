"""A decorator of a Python function in; a refusal out, where it may change what the function returns."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from gradgen.read.python.bound import Dotted, Helper, Meaning, ways
from gradgen.read.python.follow.meaning import follow
from gradgen.read.python.meanings import API, SILENCING, told
from gradgen.read.python.scope import UnclearError
from gradgen.read.python.tree import dotted

#: gradgen's own, and those of its options that change which inputs there are, or what comes out.
_OWN = "gradgen.differentiate"
_TELLING = ("inputs", "outputs", "const", "params", "means", "follow")
#: What gives back the function, or one that returns the same numbers.
_SAME = (
    *("functools.lru_cache", "functools.cache", "staticmethod", "builtins.staticmethod"),
    *("typing.no_type_check", "typing.final", "typing_extensions.final", "numpy.vectorize"),
    *("typing_extensions.deprecated", "warnings.deprecated", "typing.override", "typing_extensions.override"),
    API[2],
)  # fmt: skip
#: The same of compilers, with the options that leave numbers as they are; a signature may make others of them.
_COMPILERS = tuple(
    f"numba.{module}{name}"
    for module in ("", "core.decorators.")
    for name in ("jit", "njit")
) + ("numba.vectorize", "numba.np.ufunc.vectorize")
_PLAIN = (
    *("nopython", "cache", "nogil", "parallel", "inline", "forceobj", "error_model", "boundscheck"),
    *("looplift", "debug", "identity"),
)  # fmt: skip


def check_decorator(
    decorator: ast.expr, helper: Helper, ignored: Collection[str], called: bool
) -> None:
    """Refuse a decorator that may change what a function returns.

    Args:
        decorator: what stands behind `@`.
        helper: the function.
        ignored: the decorators that the user says change nothing, by their names as they are written or imported.
        called: whether the function is read since another one calls it.
    """
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    root, attributes = dotted(made)
    shown = ".".join((root, *attributes))[:60] if root is not None else "this"
    if shown in ignored:
        return
    found = [*_meanings(root, attributes, helper)]
    paths = [each.path for each in found if isinstance(each, Dotted)]
    own = [each for each in found if isinstance(each, Helper)]
    known = [p for p in paths if p in ignored or _is_same(told(p, {}), decorator)]
    back = _gives_back if made is decorator else _gives_what_gives_back
    if found and len(known) + len(own) == len(found) and all(map(back, own)):
        return
    if paths != [_OWN]:
        said = f", or say by --ignore-decorator {shown} that it changes nothing" if root is not None else ""  # fmt: skip
        raise helper.names.fail(
            f"the decorator `{shown}` may change what the function returns; leave it out{said}",
            decorator,
        )
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    for keyword in keywords:
        tells = keyword.arg is None or keyword.arg in _TELLING
        if tells and called:
            raise helper.names.fail(
                f"a function decorated with `{keyword.arg or '**'}` is not called here; decorate it under another name",
                decorator,
            )


def _meanings(
    root: str | None, attributes: tuple[str, ...], helper: Helper
) -> Iterator[Meaning]:
    """Yield what a decorator's name may mean."""
    names = helper.names
    if root is None:
        return
    several = _assigned(root, helper)
    if several and not attributes:
        for value in several:
            inner = [*_meanings(*dotted(value), helper)]
            yield from inner or [Dotted("")]
        return
    try:
        found = names.meaning(root, helper.place)
        if isinstance(found, Dotted):
            reached = names.reached(found, attributes)
            for each in (reached, *reached.others):
                yield follow(Dotted(each.path, each.module), names, {})
        elif not attributes:
            yield found
    except UnclearError:
        return


def _assigned(name: str, helper: Helper) -> list[ast.expr]:
    """Return what the ways of an `if` or a `try` assign to a name that nothing else binds, above a function; empty where that is not so."""
    names = helper.names
    bound = names.bound.names.get(name, [])
    places = {binding.place for binding in bound}
    if len(places) != 1 or min(places) >= helper.place or names.live is not None:
        return []
    (place,) = places
    found = [
        each.value
        for each in ways(names.module.body[place])
        if isinstance(each, ast.Assign)
        and len(each.targets) == 1
        and isinstance(each.targets[0], ast.Name)
        and each.targets[0].id == name
        and dotted(each.value)[0] not in (None, name)
    ]
    uncertain = names.changes.named.keys() & {name} or names.changes.anything
    whole = len(found) == len(bound) and isinstance(names.module.body[place], (ast.If, ast.Try))  # fmt: skip
    return found if whole and not uncertain else []


def _is_same(path: str, decorator: ast.expr) -> bool:
    """Return whether a decorator that is known leaves the function's numbers as they are."""
    if path in _SAME:
        return True
    if path == SILENCING[0]:
        return isinstance(decorator, ast.Call)
    if path not in _COMPILERS:
        return False
    if not isinstance(decorator, ast.Call):
        return True
    plain = all(keyword.arg in _PLAIN for keyword in decorator.keywords)
    return plain and all(_keeps(arg) for arg in decorator.args)


def _keeps(signature: ast.expr) -> bool:
    """Return whether a signature is one of doubles."""
    words = {n.id for n in ast.walk(signature) if isinstance(n, ast.Name)}
    words |= {n.attr for n in ast.walk(signature) if isinstance(n, ast.Attribute)}
    for node in ast.walk(signature):
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, str):
                return False
            words |= {*node.value.replace("(", " ").replace(")", " ").replace(",", " ").split()}  # fmt: skip
    return bool(words) and words <= {"float64", "f8", "double", "numba", "nb", "types"}


def _gives_back(helper: Helper) -> bool:
    """Return whether a decorator of the file's own returns the function that it is given, and nothing else."""
    function = helper.function
    args = function.args
    plain = not (args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs)
    if not plain or len(args.args) != 1 or function.decorator_list:
        return False
    given = args.args[0].arg
    last = function.body[-1]
    for node in ast.walk(ast.Module(function.body, [])):
        if isinstance(node, ast.Return):
            if not (isinstance(node.value, ast.Name) and node.value.id == given):
                return False
        elif isinstance(node, ast.Name):
            if node.id == given and not isinstance(node.ctx, ast.Load):
                return False
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Yield, ast.YieldFrom, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)):  # fmt: skip
            return False
    return isinstance(last, ast.Return)


def _gives_what_gives_back(helper: Helper) -> bool:
    """Return whether a function of the file's own, whatever it is given, returns a lambda that returns what it is given."""
    function = helper.function
    words = [s for s in function.body if not isinstance(s, ast.Expr) or not isinstance(s.value, ast.Constant)]  # fmt: skip
    last = words[0].value if len(words) == 1 and isinstance(words[0], ast.Return) else None  # fmt: skip
    if not isinstance(last, ast.Lambda) or function.decorator_list:
        return False
    args = last.args
    alone = not (args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs)
    given = args.args[0].arg if len(args.args) == 1 and alone else ""
    return isinstance(last.body, ast.Name) and last.body.id == given
