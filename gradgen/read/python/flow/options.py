"""A Python function in; its parameters that are no numbers, but None, texts or switches, and what they are, out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from gradgen.read.formula import CONSTANTS
from gradgen.read.python.bound import Helper
from gradgen.read.python.terms.rows import Attribute
from gradgen.read.sympy.table import CALLS

#: What a switch of a function may be called for, in the text of an option.
_WORDS: Mapping[str, object] = {"None": None, "True": True, "False": False}


def settled(
    helper: Helper, const: Mapping[str, object], variables: Collection[str] = ()
) -> dict[str, object]:
    """Return the parameters that are settled when compiling, with what they are.

    These are the ones that are given something that is no number, and those that have such a default, and are tested for it.

    Args:
        helper: the function.
        const: what the user gives, by name: a number, or its text, or what is no number.
        variables: the parameters that the user lists as variables.
    """
    asked, of_text = _tested(helper)
    counts = _counts(helper)
    found: dict[str, object] = {}
    args = helper.function.args
    names = [arg.arg for arg in args.args]
    for place, node in enumerate(args.defaults):
        name = names[len(names) - len(args.defaults) + place]
        value: object = node.value if isinstance(node, ast.Constant) else 0
        if helper.defaults is not None and helper.defaults[place] != value:
            continue  # in hand it is another one by now
        text = isinstance(value, str)
        switch = value is None or isinstance(value, bool)
        told = text or (switch and name in asked) or (name in counts and type(value) is int)  # fmt: skip
        if name not in variables and name not in const and told and isinstance(node, ast.Constant):  # fmt: skip
            found[name] = value
    for name in names:
        if name in const:
            default = _default(helper, name)
            text = name in of_text or isinstance(default, str)
            known, value = _given(const[name], text)
            count = whole(const[name]) if name in counts else None
            if count is not None:
                known, value = True, count
            if known:
                found[name] = value
    return {name: found[name] for name in names if name in found}


def _counts(helper: Helper) -> set[str]:
    """Return the names by which a function counts turns, or the places in a sequence, and not what `a[a > b]` compares."""
    found: set[str] = set()
    for node in ast.walk(helper.function):
        inner: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":  # fmt: skip
            inner = node.args
        elif isinstance(node, ast.Subscript):
            inner = [node.slice]
        for each in inner:
            if not any(isinstance(n, ast.Compare) for n in ast.walk(each)):
                found.update(n.id for n in ast.walk(each) if isinstance(n, ast.Name))
    return found


def whole(value: object) -> int | None:
    """Return a whole number that a user gives, or its text."""
    if isinstance(value, str) and value.strip().removeprefix("-").isdigit():
        return int(value)
    return value if type(value) is int else None


def _default(helper: Helper, name: str) -> object:
    """Return the default of a parameter as its text says it; 0 where it has none."""
    args = helper.function.args
    place = [arg.arg for arg in args.args].index(name) - len(args.args)
    node = args.defaults[place] if -place <= len(args.defaults) else None
    return node.value if isinstance(node, ast.Constant) else 0


def _given(value: object, text: bool) -> tuple[bool, object]:
    """Return whether what the user gives is no number, and what it is; with `text`, a word is a text."""
    if value is None or isinstance(value, bool):
        return True, value
    if not isinstance(value, str):
        return False, value
    word = value.strip()
    if word in _WORDS:
        return True, _WORDS[word]
    quoted = len(word) > 1 and word[0] in "'\"" and word[-1] == word[0]
    if quoted:
        return True, word[1:-1]
    return (text or _is_no_formula(word)) and not _is_number(word), word


def _is_no_formula(word: str) -> bool:
    """Whether a text is none of numbers: no expression, or one of other names than constants have."""
    try:
        names = {n.id for n in ast.walk(ast.parse(word, mode="eval")) if isinstance(n, ast.Name)}  # fmt: skip
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return bool(names) and not names & {*CONSTANTS, *CALLS}


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _tested(helper: Helper) -> tuple[set[str], set[str]]:
    """Return the names that a function tests for what no number is, or hands on, and those that it compares with texts."""
    own = {n.name for n in helper.names.module.body if isinstance(n, ast.FunctionDef)}
    asked: set[str] = set()
    of_text: set[str] = set()
    for node in ast.walk(helper.function):
        asked.update(_conditions(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if node.func.id == "isinstance" or node.func.id in own:
                asked.update(each.id for each in given if isinstance(each, ast.Name))
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            listed = [e for s in sides if isinstance(s, (ast.Tuple, ast.List, ast.Set)) for e in s.elts]  # fmt: skip
            found = [e.value for e in (*sides, *listed) if isinstance(e, ast.Constant)]
            names = [side.id for side in sides if isinstance(side, ast.Name)]
            if any(value is None or isinstance(value, (str, bool)) for value in found):
                asked.update(names)
            if any(isinstance(value, str) for value in found):
                of_text.update(names)
    return asked, of_text


def _conditions(node: ast.AST) -> Iterator[str]:
    """Yield the names that are conditions of a node by themselves."""
    tests: list[ast.expr] = []
    if isinstance(node, (ast.If, ast.IfExp, ast.Assert)):
        tests = [node.test]
    elif isinstance(node, ast.BoolOp):
        tests = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        tests = [node.operand]
    yield from (test.id for test in tests if isinstance(test, ast.Name))


def shown(
    values: Mapping[str, object], shapes: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return what parameters are settled to, in words, and which numbers are in those that are sequences; empty where there are none."""
    listed = [f"{name} = {value!r}" for name, value in values.items()]
    for name, parts in (shapes or {}).items():
        keys = getattr(parts, "keys", ())
        if any(isinstance(key, Attribute) for key in keys):
            listed += [f"{name}.{key} = {part}" for key, part in zip(keys, parts)]
            continue
        parts = [f"{k!r}: {p}" for k, p in zip(keys, parts)] or parts
        inner = ", ".join(parts if len(parts) < 6 else (*parts[:2], "...", parts[-1]))
        if keys:
            listed.append(f"{name} = {{{inner}}}")
            continue
        listed.append(f"{name} = ({inner}{',' if len(parts) == 1 else ''})")
    return f"For {', '.join(listed)}." if listed else ""
