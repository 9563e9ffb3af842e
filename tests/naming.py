"""A program in; what its names tell a reader, and what an edit does to them, out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradgen.core.program import Program
from gradgen.passes.constants import origin_of
from gradgen.passes.names import quotient_parts

_NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
]
_PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}
_WORDS = {word: float(n) for n, word in enumerate(_NUMBERS)} | _PARTS
#: How little of a name stands for it in another.
_CUT = 5


# What stands where: two programs before and after an edit.


def keys(program: Program, known: dict[object, int], apart: bool = False) -> list[int]:
    """Return by value a number for its sub-formula, the same for the same one of another program.

    With `apart`, what the author named is told by that name.
    """
    given = {v: name for name, v, _ in program.given} if apart else {}
    found: list[int] = []
    for value, step in enumerate(program.steps):
        key: object = (step.op, repr(step.data), *(found[arg] for arg in step.args))
        key = ("given", given[value]) if value in given else key
        found.append(known.setdefault(key, len(known)))
    return found


def swapped(old: Program, new: Program) -> list[str]:
    """Return the names that an edit has handed from one value to another.

    A name of both programs may stand for the same sub-formula, also of what the author named, or for what stands in the same place between the result and the
    edit; `num` and `den` for the parts of the quotient in the same place.
    """
    known: dict[object, int] = {}
    before, after = keys(old, known), keys(new, known)
    had, has = stages(old), stages(new)
    suspects = [n for n in had if n in has and before[had[n]] != after[has[n]]]
    if not suspects:
        return []
    told = keys(old, known, True), keys(new, known, True)
    suspects = [n for n in suspects if told[0][had[n]] != told[1][has[n]]]
    places = {*placed(old, new, before, after)}
    results = {value for _, value in old.outputs}, {value for _, value in new.outputs}
    found = []
    for name in suspects:
        was, at = had[name], has[name]
        if quotient_parts(old).get(was) == quotient_parts(new).get(at) == name:
            was, at = quotient(old), quotient(new)
            if before[was] == after[at] or (was in results[0] and at in results[1]):
                continue
        if (was, at) not in places:
            found.append(name)
    return found


def stages(program: Program) -> dict[str, int]:
    """Return the values by name whose names the program gives."""
    given = {value for _, value, _ in program.given}
    given |= {value for _, value in program.outputs}
    return {program.names[v]: v for v in program.lines if v not in given}


def quotient(program: Program) -> int:
    """Return the value that is the outermost quotient."""
    at = program.outputs[0][1]
    while program.denominator(at) is None and program.steps[at].op != "inv":
        (at,) = program.variables(at)
    return at


def placed(
    old: Program, new: Program, before: Sequence[int], after: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of values that stand in the same place, from the results down to the edit."""
    left, right = set(before), set(after)
    results = dict(old.outputs)
    todo = [(results[name], v) for name, v in new.outputs if name in results]
    seen = set()
    while todo:
        pair = was, at = todo.pop()
        # What the edit left as it is stands for itself alone.
        if pair in seen or before[was] in right or after[at] in left:
            continue
        seen.add(pair)
        yield pair
        inner = [v for v in reads(old, was) if before[v] not in right]
        other = [v for v in reads(new, at) if after[v] not in left]
        if old.steps[was].op != new.steps[at].op:
            # One of them may have been put in, or left out.
            todo += [(was, v) for v in other if new.steps[v].op == old.steps[was].op]
            todo += [(v, at) for v in inner if old.steps[v].op == new.steps[at].op]
        if len(inner) == len(other):
            todo += zip(inner, other)
        else:
            todo += [(v, w) for v in inner for w in other]


def reads(program: Program, value: int) -> list[int]:
    """Return what a value is made of, and the conditions under which it is made."""
    return [*program.variables(value), *(v for v, _ in program.steps[value].guard)]


# What a reader can tell from a name.


def number(text: str) -> float | None:
    """Return the number that a word stands for."""
    text = text.removeprefix("_")
    sign = -1.0 if text.startswith("neg") else 1.0
    text = text.removeprefix("neg").removeprefix("c")
    if text in _WORDS:
        return sign * _WORDS[text]
    digits = re.fullmatch(r"(\d+)(?:p(\d+))?(?:e(m?)(\d+))?", text)
    if digits is None:
        return None
    whole, part, minus, power = digits.groups()
    exponent = int(f"{'-' if minus else ''}{power or 0}")
    return sign * float(f"{whole}.{part or 0}e{exponent}")


def decodes(program: Program, value: int) -> bool:
    """Whether a name tells the operation and one of its operands, by the words of the table and the operands' names."""
    name = program.names[value]
    if quotient_parts(program).get(value) == name:
        return True
    if re.search(r"_\d{4}$", name):
        return False  # no reader knows what these digits stand for
    step = program.steps[value]
    ops = {step.op} | {"add": {"sub"}, "sub": {"add"}}.get(step.op, set())
    orders = [[*step.args]]
    below = program.denominator(value)
    if below is not None:
        ops, orders = {"div"}, [[step.args[0], below]]
    if step.op in ("add", "mul"):
        orders.append([*step.args][::-1])
    for op in ops:
        row = program.rows[op]
        texts = [row.fragment, *row.fragment.split("{1}")[: row.arity - 1]]
        texts += [re.sub(r"^\{0\}(sqr|pow\{1\})$", r"\1{0}", row.fragment)]
        role = row.role or re.sub(r"\{\d\}", "", row.fragment)
        texts += [f"{role}{{{place}}}" for place in range(len(orders[0]))]
        if any(read_as(program, name, t, args) for t in texts for args in orders):
            return True
    return False


def read_as(program: Program, name: str, text: str, args: Sequence[int]) -> bool:
    """Whether a name is a text with words for the operands, perhaps with more behind."""
    pattern = re.escape(text).replace(r"\{", "{").replace(r"\}", "}")
    groups: dict[str, int] = {}
    for place, arg in enumerate(args):
        group = f"(?P<a{place}>{'|'.join(words(program, arg))})"
        if f"{{{place}}}" in pattern:
            groups[f"a{place}"] = arg
            pattern = pattern.replace(f"{{{place}}}", group)
    if not groups or "{" in re.sub(r"\(\?P<.*?>.*?\)", "", pattern).replace("{1,}", ""):
        return False
    found = re.match(pattern, name)
    return found is not None and all(
        told(program, arg, found[group]) for group, arg in groups.items()
    )


def words(program: Program, value: int, depth: int = 1) -> list[str]:
    """Return patterns of what stands for an operand inside a name."""
    if value in program.constants:
        return [
            r"_?[A-Za-z]\w*?(?=$|[a-zA-Z_])",
            r"_?(?:neg)?c?\d+(?:p\d+)?(?:em?\d+)?",
            r"\w+",
        ]
    name = program.names[value]
    found = [re.escape(name)]
    if value in program.signature or value in {v for _, v, _ in program.given}:
        return [*found, re.escape(name[:_CUT])]
    row = program.rows[program.steps[value].op]
    if program.denominator(value) is not None:
        row = program.rows["div"]
    role = row.role or re.sub(r"\{\d\}", "", row.fragment)
    leads = {re.escape(text[:_CUT]) for text in inputs_of(program, value)}
    if depth:
        inner = [v for v in program.variables(value) if v not in program.signature]
        leads |= {word for v in inner for word in words(program, v, depth - 1)}
    short = re.escape(name.partition("_")[0]) if role in name[: len(role)] else ""
    found += [short] if len(short) > _CUT else []
    return [*found, *(f"{re.escape(role)}{lead}" for lead in sorted(leads))]


def inputs_of(program: Program, value: int) -> set[str]:
    """Return the names of the inputs, and of the author's values, that a value is made of."""
    given = {v for _, v, _ in program.given} | {*program.signature}
    parts = quotient_parts(program)
    found, todo, seen = set(), [value], set()
    while todo:
        at = todo.pop()
        if at in seen or at in program.constants:
            continue
        seen.add(at)
        if at in given or at in parts:
            found.add(program.names[at])
        if at not in given:
            todo += program.steps[at].args
    return found


def told(program: Program, value: int, word: str) -> bool:
    """Whether a word for an operand says what it is; that of a constant its value or its name."""
    if value not in program.constants:
        return True
    data = program.steps[value].data
    origin = origin_of(data)
    if isinstance(data, (str, bool)) or data is None:
        return word not in ("c", "scaled")
    if origin is not None and word == origin.name:
        return True
    said, true = number(word), float(data)
    return said is not None and abs(abs(said) - abs(true)) <= 5e-3 * abs(true)
