"""A Python function in; its parameters that are sequences, each with the names of the numbers in it, out."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Helper
from gradgen.read.python.draft import WORD, Draft
from gradgen.read.python.flow.options import whole
from gradgen.read.python.terms.rows import (
    MAX_HELD,
    CountError,
    FewError,
    KeyLackError,
    SizeError,
)
from gradgen.read.python.tree import own_names, walk


class Parts(tuple[str, ...]):
    """What the numbers in a parameter are called, and in how many rows they stand, 0 where it is no table; of a dict also its keys."""

    rows = 0
    keys: tuple[str, ...] = ()

    @property
    def nested(self) -> Sequence[object]:
        """The same names in their rows."""
        size = len(self) // self.rows if self.rows else 0
        lines = range(0, len(self), size) if size else ()
        return [tuple(self[at : at + size]) for at in lines] if size else self


class Count(tuple[int]):
    """In the place of a size, that of a parameter that counts: which whole number it is."""


#: The parameters that are sequences, each with the names of the numbers in it.
Shapes = Mapping[str, Parts]
#: How many numbers a sequence holds, or how many rows, and how many each of them; of a dict what it is asked for.
Size: TypeAlias = "tuple[int, ...] | tuple[str, ...]"


def shapes(helper: Helper, given: Mapping[str, Size], passed: Collection[str]) -> Shapes:  # fmt: skip
    """Return the parameters that are sequences.

    How long one is, the user says, or its annotation, `a, b, c = x`, its default, or its constant subscripts, if nothing else is
    asked of it: what stands behind the last of these is not read. How long its rows are, `a, b = x[0]` tells, or `x[0][1]`.

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
    sizes = {n: given[n] if n in given else _told(helper, n) for n in names if n not in passed}  # fmt: skip
    found: dict[str, Parts] = {}
    for name, size in sizes.items():
        if all(size):
            ways = (_parts(name, size, beside) for beside in ("", "_", "_at"))
            found[name] = next((p for p in ways if not {*p} & {*names}), _parts(name, size, ""))  # fmt: skip
            if {*found[name]} & {*names}:
                raise helper.names.fail(
                    f"the numbers in `{name}` are {', '.join(found[name][:3])}, and a parameter is called so as well; rename one",
                    helper.function,
                )
    return found


def _parts(name: str, size: Size, after: str) -> Parts:
    beside = f"{name}{after}" if after or not name[-1].isdigit() else f"{name}_"
    if isinstance(size[0], str):
        keys: tuple[str, ...] = size
        made = Parts(f"{name}{after}_{key if key.isidentifier() else place}" for place, key in enumerate(keys))  # fmt: skip
        made.keys = keys
        return made
    if len(size) == 1:
        return Parts(f"{beside}{place}" for place in range(size[0]))
    rows, columns = size
    made = Parts(f"{beside}{row}_{at}" for row in range(rows) for at in range(columns))
    made.rows = rows
    return made


def read_shapes(text: Sequence[str]) -> dict[str, Size]:
    """Return how long parameters are, which is written as in x=3, or of rows as in x=2x3."""
    found: dict[str, Size] = {}
    for item in text:
        name, _, size = (part.strip() for part in item.partition("="))
        sizes = [int(s) if s.isascii() and s.isdigit() and len(s) < 6 else 0 for s in size.split("x")]  # fmt: skip
        if not name.isidentifier() or len(sizes) > 2 or not 0 < math.prod(sizes) <= MAX_HELD:  # fmt: skip
            raise GradgenError('--shape is written as in --shape "x=3": a parameter, and how many numbers it holds, or "x=2x3" for rows')  # fmt: skip
        found[name] = (*sizes,)
    return found


#: What is tried where nothing says how long a sequence is, and the most.
_TRIED, _MOST = 3, 12
_LACKING = (SizeError, FewError, KeyLackError, CountError)


def lacking(error: GradgenError, draft: Draft, shapes: Shapes, names: Collection[str], tried: Mapping[str, Size], const: Mapping[str, object], shown: Mapping[str, Size]) -> Mapping[str, Size]:  # fmt: skip
    """Return sizes with which a function may be read that is refused; empty where it is not as sizes are lacking.

    Args:
        error: why it is refused.
        draft: what was read of it.
        shapes: the parameters that are sequences as it was read.
        names: its parameters.
        tried: the sizes that were tried.
        const: what the user says that parameters are.
        shown: the sizes that examples show.
    """
    why: BaseException | None = error
    while why is not None and not isinstance(why, _LACKING):
        why = why.__context__
    if isinstance(why, KeyLackError):
        of = next((n for n, p in shapes.items() if p == why.parts and n in tried), "")
        return {**tried, of: (*tried[of], why.key)} if of else {}
    if isinstance(why, FewError):
        few = {n: s for n, s in lengths(tried).items() if max(map(int, s)) < why.size <= _MOST}  # fmt: skip
        return {**tried, **{n: (why.size,) * len(s) for n, s in few.items()}} if few else {}  # fmt: skip
    if why is None:
        return {}
    made = {name: text for name, text, _ in draft.items}
    name = why.text
    while name in made and name not in names:
        name = made[name]
    counts_ = isinstance(why, CountError)
    name = name if name in names else _parameter_of(name, made, names, counts_)
    known = [*counts(tried).values(), *(k for k in map(whole, const.values()) if k), *(len(p) for n, p in shapes.items() if n not in tried and not (p.keys or p.rows))]  # fmt: skip
    size = next(iter(known), _TRIED)
    like = shown.get(name, (size,))
    if isinstance(why, CountError):
        said = (
            whole(const[name])
            if name in const
            else like[0] if isinstance(like, Count) else size
        )
        new = name in names and name not in tried and name not in shapes
        return {**tried, name: Count((said,))} if new and said is not None else {}
    if name in names and name not in tried and name not in shapes and name not in const:
        return {
            **tried,
            name: (
                (why.key,) if why.key else (size,) if isinstance(like, Count) else like
            ),
        }
    row = next((n for n, parts in shapes.items() if name in parts), "")
    held = tried.get(row, ())
    if len(held) == 1 and isinstance(held[0], int):
        return {**tried, row: (held[0], size)}
    return {}


def _parameter_of(text: str, made: Mapping[str, str], names: Collection[str], chosen: bool) -> str:  # fmt: skip
    """Return the one parameter that a formula is made of, as of (x*x).sum(); the formula where there are none, or several.

    Where it counts, what is `chosen` is not made of what is asked: in `2 if x > 0 else n`, x counts nothing.
    """
    found: set[str] = set()
    todo, seen = [text], set[str]()
    while todo:
        for word in _words(todo.pop(), chosen):
            if word in names:
                found.add(word)
            elif word in made and word not in seen:
                todo.append(made[word])
            seen.add(word)
    return min(found) if len(found) == 1 else text


def _words(text: str, chosen: bool) -> list[str]:
    """Return the names in a formula; without those that a choice's test alone speaks of, where it is one that is chosen."""
    first, _, rest = text.partition(" if ") if chosen else (text, "", "")
    return WORD.findall(f"{first} {rest.rpartition(' else ')[2]}")


def lengths(sizes: Mapping[str, Size]) -> dict[str, Size]:
    """Return the sizes that a user has to say; what a dict is asked for is told by the function."""
    return {n: s for n, s in sizes.items() if not isinstance(s[0], str) and type(s) is not Count}  # fmt: skip


def counts(sizes: Mapping[str, Size]) -> dict[str, int]:
    """Return what parameters are that count."""
    return {n: size[0] for n, size in sizes.items() if isinstance(size, Count)}


def shown_in(calls: Sequence[Mapping[str, ast.expr]]) -> dict[str, Size]:
    """Return how long the sequences are that examples of calls show for parameters, and what counts there; nothing of those that one shows otherwise."""
    found: dict[str, set[Size]] = {}
    for each in calls:
        for name, node in each.items():
            found.setdefault(name, set()).add(_shown(node))
    return {n: min(sizes) for n, sizes in found.items() if len(sizes) == 1 and all(min(sizes))}  # fmt: skip


def _shown(node: ast.expr) -> tuple[int, ...]:
    """Return the size of a sequence that is written out, or a whole number; 0 where neither is."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Count((node.value,))
    if isinstance(node, ast.Call) and len(node.args) == 1 and getattr(node.func, "attr", "") in ("array", "asarray"):  # fmt: skip
        node = node.args[0]
    if not isinstance(node, (ast.List, ast.Tuple)) or not node.elts:
        return (0,)
    inner = [each.elts for each in node.elts if isinstance(each, (ast.List, ast.Tuple))]
    leaves = [leaf for row in inner for leaf in row] if inner else node.elts
    if (inner and (len(inner) < len(node.elts) or len({*map(len, inner)}) > 1)) or not all(map(_is_number, leaves)):  # fmt: skip
        return (0,)
    return (len(node.elts), len(inner[0])) if inner else (len(node.elts),)


def shape_of(sizes: Mapping[str, Size]) -> str:
    """Return sizes as --shape takes them."""
    return ", ".join(f"{n}={'x'.join(map(str, size))}" for n, size in sizes.items())


def _told(helper: Helper, name: str) -> Size:
    """Return how many numbers a parameter holds, or how many rows and how many each of these, as far as the function tells."""
    size = _size(helper, name)
    columns = _columns(helper.function, name) if size else 0
    return (size, columns) if columns else (size,)


def _columns(function: ast.FunctionDef, name: str) -> int:
    """Return how many numbers each row of a parameter holds, where its rows are taken apart and nothing else is asked of them; else 0."""
    parts = {child: node for node in walk(function) for child in ast.iter_child_nodes(node)}  # fmt: skip
    todo = [parts[n] for n in walk(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]  # fmt: skip
    unpacked: set[int] = set()
    places: set[int] = set()
    for row in todo:
        around = parts.get(row)
        if not isinstance(row, ast.Subscript):
            return 0
        rows: list[ast.expr] = [row]
        if isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Name):
            held = around.targets[0].id  # as in r = x[0]
            rows = [n for n in walk(function) if isinstance(n, ast.Name) and n.id == held and n is not around.targets[0]]  # fmt: skip
        for each in rows:
            asks = parts.get(each)
            if isinstance(asks, ast.Subscript) and asks.value is each and isinstance(asks.slice, ast.Constant) and type(asks.slice.value) is int and isinstance(asks.ctx, ast.Load):  # fmt: skip
                places.add(asks.slice.value)
            elif isinstance(asks, ast.Assign) and all(isinstance(t, (ast.Tuple, ast.List)) and not any(isinstance(e, ast.Starred) for e in t.elts) for t in asks.targets):  # fmt: skip
                unpacked.update(len(t.elts) for t in asks.targets)  # type: ignore[attr-defined]
            else:
                return 0
    if len(unpacked) == 1 and all(-min(unpacked) <= at < min(unpacked) for at in places):  # fmt: skip
        return unpacked.pop()
    return 0 if unpacked or not places or min(places) < 0 else max(places) + 1


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
