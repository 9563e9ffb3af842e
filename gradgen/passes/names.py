"""A program in; the same program with a telling name for every value and every gradient out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import Any
from zlib import crc32

from gradgen.core.program import DEFAULT_NAME, Program
from gradgen.core.rows import Number
from gradgen.errors import GradgenError
from gradgen.passes.check import verify
from gradgen.passes.constants import constants_in, origin_of, with_names_for_all

#: A name stays this short where it can; one that spells out inputs may be longer, and so may one that tells two values apart.
_LENGTH = 12
_LENGTH_ON_INPUTS = 16
_LENGTH_OF_TWO = 5
_LENGTH_APART = 24
#: A name spells out this many operations; an edit further down leaves it alone.
_SPELLED = 2
#: An input's name inside a longer one keeps this many letters.
_ANCHOR = 6
#: So many names are tried for a value before a number tells it apart.
_TRIED = 16
#: A value that is not spelled out stands behind these, as `sqrdiffx`: `diffxsqr` is a difference with a square.
_BEFORE = {"{0}sqr": "sqr{0}", "{0}pow{1}": "pow{1}{0}"}

_WORDS: Mapping[Any, str] = {
    Fraction(n): word
    for n, word in enumerate(
        [
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
    )
} | {
    Fraction(1, 2): "half",
    Fraction(1, 3): "third",
    Fraction(1, 4): "quarter",
}
_LARGEST_WORD = float(max(_WORDS))


def name(
    program: Program, reserved: frozenset[str], avoided: frozenset[str]
) -> Program:
    """Name every value after its own sub-expression, so that an edit elsewhere moves no name.

    Args:
        program: the program.
        reserved: names that the module itself uses; an input of that name gets a trailing underscore.
        avoided: further names that no stage may take (keywords, builtins).

    Raises:
        GradgenError: the result's name is reserved or an input's.
    """
    pool = _Pool(reserved, avoided)
    pool.taken.update(constants_in(program))
    return verify(_Namer(program, pool).run(), program)


def quotient_parts(program: Program) -> Mapping[int, str]:
    """Return the stages that are numerator and denominator of the outermost quotient, as `num` and `den`.

    The way down from the result leads through operations with a single variable operand.
    """
    if len(program.outputs) > 1:
        return {}
    at = program.outputs[0][1]
    lines = {*program.lines}
    while at in lines:
        step = program.steps[at]
        below, above = program.denominator(at), step.args[0]
        if step.op != "inv" and below is None:
            variables = program.variables(at)
            if len(variables) != 1:
                return {}
            at = variables[0]
            continue
        parts: dict[int, str] = {}
        if below is not None and above in lines:
            parts[above] = "num"
        below = step.args[0] if below is None else below
        if below in lines:
            parts.setdefault(below, "den")
        return parts
    return {}


class _Pool:
    """The names of a module: each is given once.

    Attributes:
        reserved: names that the module itself uses.
        avoided: further names that no stage may take.
        others: both.
        taken: the names that are given.
    """

    def __init__(self, reserved: frozenset[str], avoided: frozenset[str]) -> None:
        self.reserved = reserved
        self.avoided = avoided
        self.others = reserved | avoided
        self.taken: set[str] = set(reserved)
        #: How many stages have asked for a name.
        self.asked: dict[str, int] = {}

    def inputs(self, texts: Sequence[str]) -> list[str]:
        """Return the names of the inputs: their own, but for those that are reserved."""
        self.taken.update(texts)
        return [self.free(text) if text in self.reserved else text for text in texts]

    def free(self, text: str) -> str:
        """Return a name that the user gave, with underscores where it is taken."""
        while text in self.taken:
            text += "_"
        self.taken.add(text)
        return text

    def result(self, text: str) -> str:
        """Return the name of a result.

        Raises:
            GradgenError: it is taken, and not the one that nobody asked for.
        """
        if text in self.taken and text != DEFAULT_NAME:
            kind = (
                "reserved for the module's own use"
                if text in self.reserved
                else "already an input"
            )
            raise GradgenError(
                f"the result cannot be called `{text}`: that name is {kind}; choose another"
            )
        return self.free(text)

    def adjoint(self, text: str) -> str:
        """Return the name of the gradient of what the user named."""
        found = f"d{text}"
        while found in self.taken:
            found = f"d_{text}" if found == f"d{text}" else f"{found}_"
        self.taken.add(found)
        return found

    def allowed(self, texts: Sequence[str]) -> Sequence[str]:
        """Return a stage's names, with an underscore where they are another thing's."""
        others = self.others
        if others.isdisjoint(texts):  # as nearly always
            return texts
        return [f"{text}_" if text in others else text for text in texts]

    def stage(self, base: str) -> str:
        """Return `base`, or base2, base3 ... where it is taken: a clash concerns the names of that base alone."""
        (found,) = self.allowed([base])
        while found in self.taken or f"d{found}" in self.taken:
            count = self.asked[base] = self.asked.get(base, 1) + 1
            found = f"{base}_{count}" if base[-1].isdigit() else f"{base}{count}"
        self.taken.update((found, f"d{found}"))
        return found


class _Words:
    """What values might be called, each by its own sub-formula alone.

    Attributes:
        full: by value, the first of its names; an input's is its own.
        brief: by value, what stands for it in a longer name: what it is and the input that leads it, as `sumx`.
        anchors: by value, the input that leads it, cut short if it is long.
        names: by value, its names, the first ones shorter.
        sizes: how many operations its name spells out; more than `_SPELLED` where it does not spell out all.
    """

    def __init__(self, program: Program, known: Mapping[int, str]) -> None:
        self.program = program
        self.full: dict[int, str] = {}
        self.brief: dict[int, str] = {}
        self.anchors: dict[int, str] = {}
        self.names: dict[int, list[str]] = {}
        self.sizes: dict[int, int] = {}
        self.tails: dict[int, tuple[str, ...]] = dict.fromkeys(known, ())
        self._roles: dict[str, str] = {}
        self._constants: dict[int, tuple[str, str]] = {}
        for value, text in known.items():
            self.give(value, text)

    def give(self, value: int, text: str) -> list[str]:
        """Note that a value goes by a name that stands for all that is below it, as an input's does."""
        self.full[value], self.sizes[value] = text, 0
        self.brief[value] = self.anchors[value] = _cut(text)
        self.names[value] = [text, *self.names.get(value, ())]
        return self.names[value]

    def add(self, value: int) -> list[str]:
        """Return the names that a value might have, whose operands are known."""
        op, args, fragment, flipped = self.read(value)
        constants = self.program.constants
        inner = [arg for arg in args if arg not in constants]
        row = self.program.rows[op]
        role = self.role(value, op if op == "div" else self.program.steps[value].op)
        size = 1 + sum([self.sizes[arg] for arg in inner])
        on_stage = size > 1
        longest = _LENGTH if on_stage or len(inner) > 1 else _LENGTH_ON_INPUTS
        if on_stage and not row.boolean:
            longest = _LENGTH if len(inner) == 1 else _LENGTH_OF_TWO
        found: list[str] = []
        if not inner or size <= _SPELLED + row.boolean:
            fixed = self.fixed(args, fragment, flipped)
            full = fragment.format(*[w or self.full[a] for a, w in zip(args, fixed)])
            if not inner or len(full) <= longest:
                found = [full, *_short(role, [full])]
        if not found:
            size = _SPELLED + 1
            if len(inner) == 1:
                fixed = self.fixed(args, fragment, flipped)
                found = self.of_one(inner[0], fragment, fixed)
            else:
                found = self.of_several(op, role, inner)
        first, *more = found
        if more:
            unlike = dict.fromkeys(more)
            unlike.pop(first, None)
            more = sorted(unlike, key=len)[: _TRIED - 1]
        self.sizes[value] = size
        self.anchors[value] = self.anchors[inner[0]] if inner else role
        self.full[value] = first
        self.brief[value] = f"{role}{self.anchors[value]}" if inner else first
        self.tails[value] = self.tail(args, inner)
        tails = [tail for tail in self.tails[value] if tail]
        if len(tails) != 1:
            tails.append("_".join(tails))
        self.names[value] = [first, *more, *[f"{first}_{tail}" for tail in tails]]
        return self.names[value]

    def tail(self, args: Sequence[int], inner: Sequence[int]) -> tuple[str, ...]:
        """Return two constants that a value is made with, which tell it from others of its kind: the last ones."""
        first = self.tails[inner[0]][-1:] if inner else ()
        last = self.tails[inner[-1]][-1:] if len(inner) > 1 else ()
        found = first if first == last else first + last
        if len(inner) == len(args):  # as of nearly all
            return found
        constants = self.program.constants
        own = [self.constant(arg, False) for arg in args if arg in constants]
        return tuple(dict.fromkeys([*found, *own]))[-2:]

    def of_one(
        self, inner: int, fragment: str, fixed: Sequence[str | None]
    ) -> list[str]:
        """Return the names of an operation on one value that they do not spell out; `fixed` are the words for its other operands."""
        words = [*self.names[inner], self.brief[inner]]
        if self.sizes[inner] > _SPELLED:
            words.insert(0, words.pop())
            fragment = _BEFORE.get(fragment, fragment)
        if len(fixed) == 1:
            texts = [fragment.format(word) for word in words]
        else:
            texts = [fragment.format(*[w or word for w in fixed]) for word in words]
        shortest = min(texts, key=len)
        first = next((text for text in texts if len(text) <= _LENGTH), shortest)
        least = len(first)
        return [first, *[t for t in texts if least < len(t) <= _LENGTH_APART]]

    def of_several(self, op: str, role: str, inner: Sequence[int]) -> list[str]:
        """Return the names of an operation on several values: what it is and one of them, then more of them."""
        one, other = inner[-1], inner[0]
        if op in ("div", "where"):
            one, other = other, one
        word = self.full[one] if self.sizes[one] <= _SPELLED else self.brief[one]
        first = f"{role}{word}"
        if len(first) > _LENGTH:
            first = f"{role}{self.brief[one]}"
        ratio = f"{self.brief[one]}by{self.brief[other]}"
        if op == "div" and self.sizes[one] > _SPELLED and len(ratio) <= _LENGTH:
            first = ratio
        behind = self.brief[other]
        others = [behind, *self.names[other]]
        more = _short(role, self.names[one])
        rest = _LENGTH_APART - len(behind)
        return [
            first,
            *_short(first, others),
            *more,
            *[f"{text}{behind}" for text in more if len(text) <= rest],
        ]

    def read(self, value: int) -> tuple[str, tuple[int, ...], str, bool]:
        """Return the operation that a value is read as, its operands, its text, and whether its constant changes sign."""
        program = self.program
        step = program.steps[value]
        op, args, below = step.op, step.args, program.denominator(value)
        if below is not None:
            op, args = "div", (args[0], below)
        elif (op == "add" and args[0] in program.constants) or (
            op == "mul" and args[1] in program.constants
        ):
            args = args[::-1]  # 1 + x is xp1 as x + 1 is, and x*2 is twox as 2*x is
        elif op == "where":
            args = tuple([arg for arg in args if arg not in program.constants])
            return op, args, "pick{0}", False
        elif op in ("then", "else"):
            return op, args[1:2], program.rows[op].fragment, False
        # x + -1 is xm1, and x - -1 is xp1.
        flipped = (
            op in ("add", "sub")
            and args[1] in program.constants
            and self.constant(args[1], False).startswith("neg")
        )
        if flipped:
            op = "sub" if op == "add" else "add"
        return op, args, program.rows[op].fragment, flipped

    def fixed(self, args: Sequence[int], own: str, flipped: bool) -> list[str | None]:
        """Return the words that stand for operands whatever else the name says: for a constant its name or its value.

        Args:
            args: the operands.
            own: the text of the operation.
            flipped: whether the constant changes sign.
        """
        constants = self.program.constants
        found: list[str | None] = []
        for place, arg in enumerate(args):
            if arg not in constants:
                found.append(None)
                continue
            text = self.constant(arg, own.startswith(f"{{{place}}}"))
            text = text.removeprefix("neg") if flipped and place else text
            behind = text[0].isdigit() and f"{{{place - 1}}}{{{place}}}" in own
            found.append(f"_{text}" if behind else text)
        return found

    def role(self, value: int, op: str) -> str:
        """Return the word for what a value of an operation is."""
        if value in self.program.signature:
            return self.anchors[value]
        found = self._roles.get(op)
        if found is None:
            row = self.program.rows[op]
            bare = row.fragment
            for hole in ("{0}", "{1}", "{2}"):
                bare = bare.replace(hole, "")
            found = self._roles[op] = row.role or bare
        return found

    def constant(self, value: int, first: bool) -> str:
        """Return the word for a constant, as it stands at the beginning of a name or later: the name that it has, a word, or its value."""
        known = self._constants.get(value)
        if known is None:
            known = self._constants[value] = self._constant(value)
        return known[first]

    def _constant(self, value: int) -> tuple[str, str]:
        step = self.program.steps[value]
        if step.op == "const":
            assert step.data is not None
            return _number(step.data)
        fragment = self.program.rows[step.op].fragment
        later = fragment.format(*[self.constant(arg, False) for arg in step.args])
        if not fragment.startswith("{0}"):
            return later, later
        ahead = [self.constant(arg, not place) for place, arg in enumerate(step.args)]
        return later, fragment.format(*ahead)


class _Namer:
    """Gives every value the first of its names that no other value might have."""

    def __init__(self, program: Program, pool: _Pool) -> None:
        self.program = program
        self.pool = pool

    def run(self) -> Program:
        program, pool = self.program, self.pool
        names = dict(zip(program.signature, pool.inputs(program.inputs)))
        given = {value: pool.result(text) for text, value in program.outputs}
        for text, value, _ in program.given:
            if value not in given:
                given[value] = pool.free(text)
        pool.taken |= pool.avoided
        program = self.program = with_names_for_all(program, pool.stage)
        adjoints = {v: pool.adjoint(text) for v, text in (names | given).items()}

        parts = dict(quotient_parts(program))
        # A name that the user gave stands for what is below it, as an input's does.
        parts |= {value: given[value] for _, value, _ in program.given}
        words, tried = _Words(program, names), {}
        for value in program.lines:
            found = words.add(value)
            if value in parts:
                found = words.give(value, parts[value])
            if value not in given:
                tried[value] = pool.allowed(found)
        chosen = self.chosen(tried)
        for value in program.lines:
            names[value] = given[value] if value in given else chosen[value]
            adjoints.setdefault(value, f"d{names[value]}")
        return replace(program, names=names, adjoints=adjoints)

    def chosen(self, tried: Mapping[int, Sequence[str]]) -> dict[int, str]:
        """Return the name of each value. What two values might be called, neither is: so no edit hands the name of one to the other."""
        counts = Counter(chain.from_iterable(map(set, tried.values())))
        taken = self.pool.taken

        def free(text: str) -> bool:
            apart = counts[text] < 2 and text not in taken and f"d{text}" not in taken
            adjoint = f"d{text}" in counts or (text[0] == "d" and text[1:] in counts)
            return apart and not adjoint

        names: dict[int, str] = {}
        for value, found in tried.items():
            first = found[0]
            alone = (text for text in found if counts[text] < 2)
            names[value] = first if free(first) else next(filter(free, alone), "")
        left = [value for value, name in names.items() if not name]
        marks = self.marks() if left else []
        for value in left:
            names[value] = self.pool.stage(f"{tried[value][0]}_{marks[value]:04d}")
        return names

    def marks(self) -> list[int]:
        """Return by value four digits that its sub-formula alone decides, for those that nothing short tells apart."""
        found: list[int] = []
        for step in self.program.steps:
            below = [found[arg] for arg in step.args]
            guard = [(found[v], wanted) for v, wanted in step.guard]
            found.append(crc32(f"{step.op} {step.data} {below} {guard}".encode()))
        return [mark % 10_000 for mark in found]


def _number(number: Number) -> tuple[str, str]:
    """Return a constant as it stands in a name, later and at its beginning: its name, a word, or its first digits."""
    origin = origin_of(number)
    named = "" if origin is None else origin.name
    if named and not (named.startswith("C_") and named[2:3].isdigit()):
        return named, named  # one like C_9P5EM07 says no more than the value
    if isinstance(number, (str, bool)):
        said = str(number).lower() if isinstance(number, bool) else number
        return said, said
    plain = float(number)
    sign = "neg" if math.copysign(1, plain) < 0 else ""
    size = abs(plain)
    word = _WORDS.get(abs(number)) if size <= _LARGEST_WORD else None
    if word is not None and 0 < size < 1:
        return sign + word, sign + word
    text = f"{size:.4g}"
    exact = isinstance(number, float) or (
        plain.as_integer_ratio() == number.as_integer_ratio()
    )  # which is quicker than to compare them
    if float(text) != size or not exact:
        text = f"{size:.3g}"
    digits, _, power = text.partition("e")
    text = f"{digits}e{int(power)}" if power else digits
    text = text.replace(".", "p").replace("-", "m")
    later = f"{sign}{text}"
    return later, f"{sign}{word}" if word is not None else later if sign else f"c{text}"


def _short(before: str, texts: Sequence[str]) -> list[str]:
    """Return texts behind another one, but for those that would be too long, as nearly all of most values are."""
    room = _LENGTH_APART - len(before)
    return [f"{before}{text}" for text in texts if len(text) <= room]


def _cut(text: str) -> str:
    """Return a name as it stands inside a longer one."""
    return text if len(text) <= _ANCHOR else text[: _ANCHOR - 1]
