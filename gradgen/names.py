"""A program in; the same program with a telling name for every value and every gradient out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from gradgen.errors import GradgenError
from gradgen.ir import Const, Operand, Program, Ref, Step, denominator, verify
from gradgen.ops import OPS

#: The result's name unless the user gives one; it alone yields to an input of the same name.
DEFAULT_NAME = "f"

#: Stage names stay about this short; a function of an input may be a little longer, since cutting the input's name helps nobody.
_LENGTH = 12
_LENGTH_ON_INPUT = 16
_LENGTH_ON_STAGE = 8
_LENGTH_OF_TWO = 5
#: A name spells out this many operations; an edit further down leaves it alone.
_SPELLED = 2
#: An input's name inside a longer one keeps this many letters.
_ANCHOR = 6

_WORDS: Mapping[Fraction, str] = {
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
    return verify(_Namer(program, reserved, avoided).run())


def quotient_parts(program: Program) -> Mapping[int, str]:
    """Return the stages that are numerator and denominator of the outermost quotient, as `num` and `den`.

    The way down from the result leads through operations with a single variable operand.
    """
    if len(program.outputs) > 1:
        return {}
    at: Operand = program.outputs[0][1]
    while isinstance(at, Ref):
        step = program.step(at.index)
        if step is None:
            return {}
        below = denominator(program, step)
        if step.op == "inv":
            below, above = step.args[0], None
        elif below is not None:
            above = step.args[0]
        else:
            variables = [arg for arg in step.args if isinstance(arg, Ref)]
            if len(variables) != 1:
                return {}
            at = variables[0]
            continue
        parts: dict[int, str] = {}
        for part, word in ((above, "num"), (below, "den")):
            if isinstance(part, Ref) and program.step(part.index) is not None:
                parts.setdefault(part.index, word)
        return parts
    return {}


class _Namer:
    def __init__(
        self, program: Program, reserved: frozenset[str], avoided: frozenset[str]
    ) -> None:
        self.program = program
        self.reserved = reserved
        self.avoided = avoided
        self.taken: set[str] = set(reserved)
        self.next: dict[str, int] = {}
        self.bases: list[str] = []
        self.anchors: list[str] = []
        self.sizes: list[int] = []
        #: The values whose name says what they are, not how they are made.
        self.by_role: set[int] = set()

    def run(self) -> Program:
        program = self.program
        outputs = {}
        self.taken.update(text for text in program.inputs if text not in self.reserved)
        inputs = [
            self.free(text) if text in self.reserved else text
            for text in program.inputs
        ]
        for text, ref in program.outputs:
            outputs[ref.index] = self.output_name(text)
        for text, ref, _ in program.given:
            if ref.index not in outputs:
                outputs[ref.index] = self.free(text)
        self.taken |= self.avoided
        adjoints = {i: self.adjoint_name(text) for i, text in enumerate(inputs)}
        adjoints |= {i: self.adjoint_name(text) for i, text in outputs.items()}

        parts = dict(quotient_parts(program))
        # A name that the user gave stands for what is below it, as an input's does.
        parts |= {ref.index: outputs[ref.index] for _, ref, _ in program.given}
        names = list(inputs)
        self.bases = list(inputs)
        self.sizes = [0] * len(inputs)
        self.anchors = [_cut(text) for text in inputs]
        for position, step in enumerate(program.steps):
            value = program.value(position)
            self.bases.append(parts.get(value) or self.base(step))
            self.anchors.append(
                _cut(parts[value]) if value in parts else self.anchor(step)
            )
            inner = (a.index for a in step.args if isinstance(a, Ref))
            self.sizes.append(
                0 if value in parts else 1 + sum(self.sizes[i] for i in inner)
            )
            names.append(
                outputs[value] if value in outputs else self.allocate(self.bases[value])
            )
            adjoints.setdefault(value, f"d{names[value]}")
        return replace(
            program,
            names=tuple(names),
            adjoints=tuple(adjoints[i] for i in range(len(names))),
        )

    # Names that the user gave.

    def free(self, text: str) -> str:
        while text in self.taken:
            text += "_"
        self.taken.add(text)
        return text

    def output_name(self, text: str) -> str:
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

    def adjoint_name(self, text: str) -> str:
        found = f"d{text}"
        while found in self.taken:
            found = f"d_{text}" if found == f"d{text}" else f"{found}_"
        self.taken.add(found)
        return found

    # Names of stages.

    def allocate(self, base: str) -> str:
        """Return `base`, or base2, base3 ... where it is taken: a clash concerns the stages of that base alone."""
        found = (
            base
            if base not in self.avoided and base not in self.reserved
            else f"{base}_"
        )
        while found in self.taken or f"d{found}" in self.taken:
            count = self.next[base] = self.next.get(base, 1) + 1
            found = f"{base}_{count}" if base[-1].isdigit() else f"{base}{count}"
        self.taken.update((found, f"d{found}"))
        return found

    def base(self, step: Step) -> str:
        """Return the name that the step's own sub-expression suggests."""
        row = OPS[step.op]
        args = step.args
        fragment = row.fragment
        below = denominator(self.program, step)
        if below is not None:
            args, fragment = (args[0], below), OPS["div"].fragment
        elif (step.op == "add" and isinstance(args[0], Const)) or (
            step.op == "mul" and isinstance(args[1], Const)
        ):
            args = args[::-1]  # 1 + x is xp1 as x + 1 is, and x*2 is twox as 2*x is
        if step.op == "where" and any(isinstance(arg, Ref) for arg in args[1:]):
            # A choice is named after the first value that it may have.
            place = 1 if isinstance(args[1], Ref) else 2
            args, fragment = (args[place],), row.role + "{0}"
        variables = [arg for arg in args if isinstance(arg, Ref)]

        words = [
            self.bases[a.index] if isinstance(a, Ref) else _word(a, step, i)
            for i, a in enumerate(args)
        ]
        full = self.fill(fragment, words)
        on_input = len(variables) == 1 and variables[0].index < len(self.program.inputs)
        sizes = [self.sizes[a.index] for a in variables]
        spelled = sum(sizes) < _SPELLED or row.boolean
        longest = _LENGTH_ON_INPUT if on_input else _LENGTH
        if any(sizes) and not row.boolean:
            longest = _LENGTH_ON_STAGE if len(sizes) == 1 else _LENGTH_OF_TWO
        if spelled and len(full) <= longest:
            return full
        if len(variables) < 2:
            for word_of in (self.own, self.short, self.brief):
                words = [
                    word_of(a) if isinstance(a, Ref) else word
                    for a, word in zip(args, words)
                ]
                if len(self.fill(fragment, words)) <= _LENGTH:
                    break
            return self.fill(fragment, words)
        role = self.op_role(step)
        first = len(self.program.inputs)
        if below is not None:
            if any(a.index < first for a in variables):
                words = [
                    self.brief(a) if isinstance(a, Ref) else word
                    for a, word in zip(args, words)
                ]
                if len(self.fill(fragment, words)) <= _LENGTH:
                    return self.fill(fragment, words)
            self.by_role.add(len(self.bases))
            return role + self.anchors[variables[0].index]
        self.by_role.add(len(self.bases))
        last = variables[-1]
        direct = [a for a in variables if a.index < first]
        ends = [self.anchors[a.index] for a in (variables[0], last)]
        found = [
            self.bases[last.index] if self.sizes[last.index] < _SPELLED else "",
            self.anchors[(direct or variables)[-1].index],
            *ends,
            ends[0] + ends[1],
        ]
        names = [role + word for word in found if word]
        short = [name for name in names if len(name) <= _LENGTH] or names[-2:]
        free = (name for name in short if name not in self.taken)
        return next(free, short[0])

    def fill(self, fragment: str, words: list[str]) -> str:
        found = fragment.format(*words)
        return found if found.isidentifier() else f"c{found}"

    def own(self, value: Ref) -> str:
        """Return the name of a value that is named by its role, a word for another."""
        return (
            self.bases[value.index]
            if value.index in self.by_role
            else self.short(value)
        )

    def short(self, value: Ref) -> str:
        """Return a word for a value inside a longer name: what it is and what it is remembered by, as `sumx`."""
        step = self.program.step(value.index)
        anchor = self.anchors[value.index]
        return anchor if step is None else self.op_role(step) + anchor

    def brief(self, value: Ref) -> str:
        """Return the shortest word for a value: what it is, or the input's name."""
        step = self.program.step(value.index)
        return self.anchors[value.index] if step is None else self.op_role(step)

    def anchor(self, step: Step) -> str:
        """Return what a value is remembered by: the input that leads it, cut short if it is long."""
        inner = [arg for arg in step.args if isinstance(arg, Ref)]
        return self.anchors[inner[0].index] if inner else self.op_role(step)

    def op_role(self, step: Step) -> str:
        row = (
            OPS["div"] if denominator(self.program, step) is not None else OPS[step.op]
        )
        return row.role or row.fragment.replace("{0}", "").replace("{1}", "")


def _cut(text: str) -> str:
    """Return a name as it stands inside a longer one."""
    return text if len(text) <= _ANCHOR else text[: _ANCHOR - 1]


def _word(const: Const, step: Step, place: int) -> str:
    """Return the word for a constant inside a name: in words at the start, in digits later, else what it does."""
    value = const.value
    if isinstance(value, str):
        if not const.args:
            return value
    else:
        sign, size = "neg" if value < 0 else "", abs(Fraction(value))
        if place and size.denominator == 1 and size < 1000:
            return f"{sign}{size}"
        if size in _WORDS and (not place or size < 1):
            return sign + _WORDS[size]
    return "scaled" if step.op == "mul" else "c"
