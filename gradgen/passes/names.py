"""A program in; the same program with a telling name for every value and every gradient out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from gradgen.core.program import DEFAULT_NAME, Program, Step
from gradgen.errors import GradgenError
from gradgen.passes.check import verify
from gradgen.passes.constants import constants_in, with_names_for_all

#: Stage names stay about this short; a function of an input may be a little longer, since cutting the input's name helps nobody.
_LENGTH = 12
_LENGTH_ON_INPUT = 16
_LENGTH_ON_STAGE = 8
_LENGTH_OF_TWO = 5
#: A name spells out this many operations; an edit further down leaves it alone.
_SPELLED = 2
#: An input's name inside a longer one keeps this many letters.
_ANCHOR = 6

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
        taken: the names that are given.
    """

    def __init__(self, reserved: frozenset[str], avoided: frozenset[str]) -> None:
        self.reserved = reserved
        self.avoided = avoided
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

    def stage(self, base: str) -> str:
        """Return `base`, or base2, base3 ... where it is taken: a clash concerns the stages of that base alone."""
        found = (
            base
            if base not in self.avoided and base not in self.reserved
            else f"{base}_"
        )
        while found in self.taken or f"d{found}" in self.taken:
            count = self.asked[base] = self.asked.get(base, 1) + 1
            found = f"{base}_{count}" if base[-1].isdigit() else f"{base}{count}"
        self.taken.update((found, f"d{found}"))
        return found


class _Namer:
    def __init__(self, program: Program, pool: _Pool) -> None:
        self.program = program
        self.pool = pool
        #: By value: what its name would be, what it is remembered by, and how many operations its name spells out, as far as that counts.
        self.bases: dict[int, str] = {}
        self.anchors: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        #: The values whose name says what they are, not how they are made.
        self.by_role: set[int] = set()

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
        self.bases = dict(names)
        self.sizes = dict.fromkeys(names, 0)
        self.anchors = {value: _cut(text) for value, text in names.items()}
        for value in program.lines:
            part, inner = parts.get(value), program.variables(value)
            base = part or self.base(value)
            self.anchors[value] = _cut(part) if part else self.anchor(value, inner)
            size = 1 + sum([self.sizes[arg] for arg in inner])
            self.sizes[value] = 0 if part else min(size, _SPELLED)
            self.bases[value] = base
            names[value] = given[value] if value in given else pool.stage(base)
            adjoints.setdefault(value, f"d{names[value]}")
        return replace(program, names=names, adjoints=adjoints)

    def base(self, value: int) -> str:
        """Return the name that the value's own sub-expression suggests."""
        program = self.program
        step = program.steps[value]
        row = program.rows[step.op]
        args, fragment = step.args, row.fragment
        below = program.denominator(value)
        if below is not None:
            args, fragment = (args[0], below), program.rows["div"].fragment
        elif (step.op == "add" and args[0] in program.constants) or (
            step.op == "mul" and args[1] in program.constants
        ):
            args = args[::-1]  # 1 + x is xp1 as x + 1 is, and x*2 is twox as 2*x is
        if step.op == "where" and not program.constants.issuperset(args[1:]):
            # A choice is named after the first value that it may have.
            place = 2 if args[1] in program.constants else 1
            args, fragment = (args[place],), row.role + "{0}"
        variables = [arg for arg in args if arg not in program.constants]
        on_input = len(variables) == 1 and variables[0] in program.signature
        sizes = [self.sizes[arg] for arg in variables]
        spelled = sum(sizes) < _SPELLED or row.boolean
        longest = _LENGTH_ON_INPUT if on_input else _LENGTH
        if any(sizes) and not row.boolean:
            longest = _LENGTH_ON_STAGE if len(sizes) == 1 else _LENGTH_OF_TWO
        if spelled:
            full = self.fill(fragment, self.words(step, args, self.bases.__getitem__))
            if len(full) <= longest:
                return full
        if len(variables) < 2:
            for word_of in (self.own, self.short, self.brief):
                found = self.fill(fragment, self.words(step, args, word_of))
                if len(found) <= _LENGTH:
                    break
            return found
        if below is not None and not program.signature.keys().isdisjoint(variables):
            found = self.fill(fragment, self.words(step, args, self.brief))
            if len(found) <= _LENGTH:
                return found
        self.by_role.add(value)
        if below is not None:
            return self.op_role(value) + self.anchors[variables[0]]
        return self.by_anchor(self.op_role(value), variables)

    def by_anchor(self, role: str, variables: Sequence[int]) -> str:
        """Return the name of a value by what it is, and by one or two of the values that it is made of."""
        last = variables[-1]
        direct = [arg for arg in variables if arg in self.program.signature]
        ends = [self.anchors[arg] for arg in (variables[0], last)]
        found = [
            self.bases[last] if self.sizes[last] < _SPELLED else "",
            self.anchors[(direct or variables)[-1]],
            *ends,
            ends[0] + ends[1],
        ]
        names = [role + word for word in found if word]
        short = [name for name in names if len(name) <= _LENGTH] or names[-2:]
        free = (name for name in short if name not in self.pool.taken)
        return next(free, short[0])

    def words(
        self, step: Step, args: Sequence[int], word_of: Callable[[int], str]
    ) -> list[str]:
        """Return a word for each operand."""
        return [
            word_of(arg) if arg in self.bases else self.word(arg, step, place)
            for place, arg in enumerate(args)
        ]

    def fill(self, fragment: str, words: Sequence[str]) -> str:
        found = fragment.format(*words)
        return found if found.isidentifier() else f"c{found}"

    def own(self, value: int) -> str:
        """Return the name of a value that is named by its role, a word for another."""
        return self.bases[value] if value in self.by_role else self.short(value)

    def short(self, value: int) -> str:
        """Return a word for a value inside a longer name: what it is and what it is remembered by, as `sumx`."""
        anchor = self.anchors[value]
        return (
            anchor if value in self.program.signature else self.op_role(value) + anchor
        )

    def brief(self, value: int) -> str:
        """Return the shortest word for a value: what it is, or the input's name."""
        return (
            self.anchors[value]
            if value in self.program.signature
            else self.op_role(value)
        )

    def anchor(self, value: int, inner: Sequence[int]) -> str:
        """Return what a value is remembered by: the input that leads it, cut short if it is long."""
        return self.anchors[inner[0]] if inner else self.op_role(value)

    def op_role(self, value: int) -> str:
        divides = self.program.denominator(value) is not None
        row = self.program.rows["div" if divides else self.program.steps[value].op]
        return row.role or row.fragment.replace("{0}", "").replace("{1}", "")

    def word(self, value: int, step: Step, place: int) -> str:
        """Return the word for a constant inside a name: in words at the start, in digits later, else what it does."""
        number = self.program.steps[value].data
        if self.program.steps[value].op == "const":
            if isinstance(number, str):
                return number
            assert number is not None
            size = -number if number < 0 else number
            sign = "neg" if number < 0 else ""
            if place and size % 1 == 0 and size < 1000:
                return f"{sign}{int(size)}"
            if size in _WORDS and (not place or size < 1):
                return sign + _WORDS[size]
        return "scaled" if step.op == "mul" else "c"


def _cut(text: str) -> str:
    """Return a name as it stands inside a longer one."""
    return text if len(text) <= _ANCHOR else text[: _ANCHOR - 1]
