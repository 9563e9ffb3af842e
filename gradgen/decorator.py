"""A Python function in hand in; the compiled formula of its source out. The source is its own text, found by its code, not by its name."""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import math
import numbers
import os
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, overload

from gradgen.errors import GradgenError, printable
from gradgen.files.finder import Finder
from gradgen.pipeline import Compiled
from gradgen.prove.plain_python import plain_constants
from gradgen.read.python.bound import Constant, Dotted, Helper, Meaning
from gradgen.read.python.function import Function, read_helper
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms.rows import MAX_DEEP, MAX_HELD
from gradgen.read.python.tree import walk
from gradgen.sources import compile_read, imports_of, settling, wanted_outputs

#: The instructions that say what a function works out.
_TELLING = ("BINARY", "UNARY", "COMPARE", "LOAD_FAST", "STORE_FAST", "LOAD_CONST")
#: Where functions are looked for that have no module of their own to name, such as those of numpy.
_MODULES = ("math", "builtins", "numpy", "scipy.special", "gradgen")


@overload
def differentiate(function: Callable[..., Any], **options: Any) -> Compiled: ...


@overload
def differentiate(
    function: None = None, **options: Any
) -> Callable[[Callable[..., Any]], Compiled]: ...


def differentiate(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a Python function, as a decorator, with or without options, or by a call.

    Args:
        function: what to compile. Its source must be known, as that of a file, of a cell in a notebook or of an interactive
            session is. The function itself is not called. It may call functions beside it at the top of that file, and read
            numbers assigned there; in a notebook those have the values that they have at this moment.
        options: those of `compile`, and `means`, which says what imports mean that are not known, as
            `means={"fluids.numerics.exp": "exp"}`; `follow`, the modules whose source is read, as `follow="fluids.core"`, and
            `ignore_decorator`, the decorators that change nothing.

    Raises:
        GradgenError: the source cannot be found, or holds what has no place in a formula.

    Example:
        @gradgen.differentiate
        def level(t, a, k):
            decay = math.exp(-k * t)
            return a * decay

        level.value_and_grad(5.0, 2.0, 0.1)
    """
    if function is None:
        return lambda decorated: differentiate(decorated, **options)
    if not isinstance(function, types.FunctionType):
        raise GradgenError("the function's source cannot be found")
    helper = _helper(function, {})
    means, name = options.pop("means", None), options.pop("name", None)
    outputs = wanted_outputs(options.get("outputs"))
    file = Path(function.__code__.co_filename)
    imports = imports_of(Finder(file if helper.names.live is None else None), options)
    imports.add(helper.names)
    found = read_helper(helper, means, name or "", outputs, *settling(options), imports)
    if helper.names.live is None:
        _check_constants(found, helper.names, function.__globals__)
    return compile_read(found, **options)


def _check_constants(found: Function, names: Names, scope: Mapping[str, Any]) -> None:
    """Refuse a function of a file whose constants have been changed since from elsewhere, as in `model.K = 3`."""
    for name, value in found.fixed.items():
        now = scope.get(name, value)
        if type(now) is not type(value) or now != value:
            raise GradgenError(
                f"`{name}` is {now!r} now, and {value!r} in the file; bind it once, or make it a parameter"
            )
    said: dict[str, Mapping[str, Any]] = {}
    own = scope
    for (label, name), line in found.constants.items():
        if "." in name:
            raise GradgenError(f"`{name}` stands in a class, which may have changed; bind it at the top of the file")  # fmt: skip
        files = names.modules.files if names.modules is not None else {}
        of = files.get(label) if label else names
        if of is None:
            continue
        scope = (
            vars(sys.modules[label])
            if label in sys.modules
            else own if not label else {}
        )
        if label not in said:
            said[label] = plain_constants(of)
        now = _own(scope.get(name))
        if name not in said[label] or now is None:
            continue
        if not _is_alike(now, said[label][name]):
            raise GradgenError(
                f"`{name}` is {repr(now)[:80]} now, and {repr(said[label][name])[:80]} in {of.where(line)}; bind it once, or make it a parameter"
            )


def _is_alike(now: Any, said: Any) -> bool:
    """Whether a number, or a table of numbers and texts, is what a file says."""
    now = _own(now)
    if isinstance(said, dict):
        same = isinstance(now, dict) and [*now] == [*said]
        return same and all(_is_alike(now[key], said[key]) for key in said)
    if isinstance(said, list):
        now = now.tolist() if hasattr(now, "tolist") else now
        same = isinstance(now, (list, tuple)) and len(now) == len(said)
        return same and all(map(_is_alike, now, said))
    if isinstance(now, (int, float)) and isinstance(said, (int, float)):
        return math.isclose(now, said, rel_tol=1e-12)
    return bool(now == said)


def _helper(
    function: types.FunctionType, known: dict[types.CodeType, Helper]
) -> Helper:
    """Return the syntax tree of a function in hand, with what its names mean.

    Args:
        function: the function.
        known: those that were found before, by their code.

    Raises:
        GradgenError: there is no source, or the function reads a variable of a function around it.
    """
    code = function.__code__
    if code in known:
        return known[code]
    try:
        lines, _ = inspect.findsource(function)
    except (OSError, TypeError, IndexError):
        console = code.co_filename == "<stdin>" and sys.version_info < (3, 13)
        why = ", since the console keeps none before Python 3.13" if console else ""
        raise GradgenError(
            f"the source of `{printable(code.co_name)}` cannot be found{why}; "
            "put the function into a file, or into a cell of a notebook"
        ) from None
    names = Names("".join(lines))
    if not _is_file(function):
        names.live = lambda name: _live(name, function.__globals__, known)
    found = [
        node
        for node in walk(names.module)
        if isinstance(node, ast.FunctionDef)
        and node.name == code.co_name
        and _first_line(node) == code.co_firstlineno
        and [arg.arg for arg in node.args.args]
        == [*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]]
    ]
    if len(found) != 1:
        what = "a lambda" if code.co_name == "<lambda>" else f"`{code.co_name}`"
        raise GradgenError(
            f"the source of {what} is not where it was defined; give a `def` whose file is as it was when it was loaded"
        )
    if code.co_freevars:
        raise _closure(code.co_freevars[0], found[0], names)
    if not _is_of(found[0], code):
        raise GradgenError(
            f"`{code.co_name}` is no longer what its file says; load the file again"
        )
    above = (s for s in names.module.body if s.lineno <= found[0].lineno)
    names.until = sum(1 for _ in above) - 1
    by_name = function.__kwdefaults__ or {}
    given = (*(function.__defaults__ or ()), *(by_name[a.arg] for a in found[0].args.args if a.arg in by_name))  # fmt: skip
    defaults = tuple(_own(value) for value in given)
    known[code] = Helper(found[0], names, names.until, defaults)
    return known[code]


def _is_of(node: ast.FunctionDef, code: types.CodeType) -> bool:
    """Return whether a function's code is that of this text, by its names and numbers; nothing is run."""
    alone = ast.FunctionDef(**{**dict(ast.iter_fields(node)), "decorator_list": []})
    module = ast.Module([ast.copy_location(alone, node)], [])
    made = builtins.compile(module, code.co_filename, "exec", dont_inherit=True)
    (own,) = (c for c in made.co_consts if isinstance(c, types.CodeType) and c.co_name == node.name)  # fmt: skip
    return _said(own) == _said(code)


def _said(code: types.CodeType) -> tuple[object, ...]:
    """Return the names, numbers and operators of a function. How it loads what a module holds depends on the text around it."""
    steps = [
        (step.opname, step.argrepr)
        for step in dis.get_instructions(code)
        if step.opname.startswith(_TELLING)
    ]
    return code.co_varnames, code.co_names, steps


def _closure(name: str, node: ast.FunctionDef, names: Names) -> GradgenError:
    """Return the error of a variable that belongs to a function around this one."""
    read = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]
    return names.fail(
        f"`{name}` belongs to the function around this one; make it a parameter, or bind it at the top level of the file",
        min(read, key=lambda n: (n.lineno, n.col_offset)) if read else node,
    )


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _is_file(function: types.FunctionType) -> bool:
    """Return whether a function stands in its module's file, and not in a cell or an interactive session."""
    file = function.__globals__.get("__file__")
    name = function.__code__.co_filename
    if not isinstance(file, str) or name.startswith("<"):
        return False
    same = os.path.realpath(file) == os.path.realpath(name)
    return same or os.path.isfile(name)


def _live(
    name: str, scope: Mapping[str, Any], known: dict[types.CodeType, Helper]
) -> Meaning | None:
    """Return what a name of an interactive session means at this moment; None where it means nothing there.

    Raises:
        UnclearError: it is no module, no number and no function.
    """
    if name not in scope:
        return None
    value = scope[name]
    if isinstance(value, types.ModuleType):
        return Dotted(value.__name__)
    plain = _own(value)
    if type(plain) in (int, float) or value is None or type(value) in (bool, str):
        return Constant(name, ast.Constant(plain), Names(""), 0)
    table = _tree(value)
    if isinstance(table, (ast.Tuple, ast.List, ast.Dict)):
        return Constant(name, table, Names(""), 0)
    for module in _MODULES:
        called = getattr(value, "__name__", None)
        holder = sys.modules.get(module)
        if isinstance(called, str) and getattr(holder, called, None) is value:
            return Dotted(f"{module}.{called}")
    if isinstance(value, types.FunctionType):
        if value.__globals__ is scope:
            try:
                return _helper(value, known)
            except GradgenError as error:
                raise UnclearError(
                    f"`{name}` cannot be read: {error.message}"
                ) from None
        return Dotted(f"{value.__module__}.{value.__qualname__}")
    raise UnclearError(
        f"`{name}` is a {type(value).__name__} here; only numbers, texts, tables of these, modules and functions are read"
    )


def _tree(value: Any, depth: int = 0) -> ast.expr | None:
    """Return a number, a text, or a table of these, as Python writes it; None for what is none."""
    plain = _own(value)
    if type(plain) in (int, float, str, bool) or value is None:
        return ast.Constant(plain)
    if depth >= MAX_DEEP or type(value) not in (tuple, list, dict):
        return None
    parts = [_tree(each, depth + 1) for each in (value.values() if isinstance(value, dict) else value)]  # fmt: skip
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or len(parts) > MAX_HELD:
        return None
    if isinstance(value, dict):
        keys = [_tree(key, depth + 1) for key in value]
        known = [key for key in keys if key is not None]
        return ast.Dict([*known], found) if len(known) == len(found) else None
    return ast.Tuple(found, ast.Load()) if isinstance(value, tuple) else ast.List(found, ast.Load())  # fmt: skip


def _own(value: Any) -> Any:
    """Return a number of numpy as one of Python's own, and anything else as it is; None for what is not finite."""
    if isinstance(value, numbers.Real) and type(value).__module__ == "numpy":
        value = int(value) if isinstance(value, numbers.Integral) else float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
