"""What a row of the table says about an operation: its adjoints, its meaning, its name in a stage, what it raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

#: Any partial, where an exception does not depend on which.
ANY = -1

#: Constants by name, each with its value: beside pi and e, names that no formula uses for anything else.
NAMED: Mapping[str, float] = {
    "EulerGamma": 0.5772156649015329,
    "GoldenRatio": 1.618033988749895,
    "Catalan": 0.915965594177219,
}


#: What a constant is: an exact number, a double, a truth value or a name (`pi`, `e`, `nan`).
Number: TypeAlias = "Fraction | float | bool | str"


@dataclass(frozen=True, slots=True)
class Term:
    """An operation on terms; a parameter (`name`) or a constant (`const`) where it has none."""

    op: str
    args: tuple[Term, ...] = ()
    data: Number | None = None


@dataclass(frozen=True)
class Worded:
    """A condition in words (`{0}` is the first argument), and as a text or a term as far as there is one."""

    words: str
    term: Term | str = ""


@dataclass(frozen=True)
class Raise:
    """An exception that a stage can raise for finite inputs, and the condition: a text of the row, or in words.

    With `partial`, it is the backward line of that partial that raises. `step_only` conditions speak of an infinite
    operand, which only another stage can produce; `missing` is the condition under which there is no slope, so that it is nan
    and only a strict program raises; `exponent_below` ones concern a constant exponent below that,
    `base_at_most` ones a constant base up to that, and `variable` ones no constant operand in that place.
    """

    error: str
    when: str | Worded
    partial: int | None = None
    step_only: bool = False
    exponent_below: float | None = None
    base_at_most: float | None = None
    variable: int | None = None
    missing: str | Worded = ""


@dataclass(frozen=True)
class Row:
    """One operation.

    Attributes:
        name: the field's name; also what the parser accepts as a call.
        params: the arguments' names in the texts below.
        adjoints: by argument, what the upstream gradient `d` brings to it, in `d`, `out` and the arguments; empty where that is
            always 0, None where it has no text. All texts are in the formula language; a function of the program's own has terms.
        body: what the operation means in others, where languages need no word for it.
        precise: the adjoints for `--precise`: right to a few ulp of the partial's own size over the whole range.
        strict: the adjoints for `--strict`, where they differ: without nan for a slope that does not exist.
        over: the adjoints from a quotient `out` whose denominator it is, `den`, straight to its arguments: they pass through no
            square of the denominator; for `--strict` those of `over_strict`, where there are any.
        fragment: how it names a stage after its operands' names.
        role: the word for it in a stage's name when the operands' names are too long.
        ulp: the largest error of its value and of its partials over `sample`, in units in the last place.
        sample: a safe range for each argument, used by the tests.
        aliases: other names that the parser accepts for it (SymPy's, NumPy's, `math`'s).
        rule: its derivative as an equation, printed beside the backward line where it is not obvious.
        raises: the exceptions it can raise.
        kink: the convention where its derivative jumps, in words.
        kink_partial: the only partial that the kink concerns, if it is not all of them.
        imports: what its text needs of other modules: the module, the name in it, and the name here.
        rational: whether it takes rational numbers to rational numbers, so that constants fold exactly.
        exponent: whether the last argument is a constant exponent, on whose value the adjoints' form depends.
        variadic: whether a call takes any number of arguments, combined two by two from the left.
        truths: the arguments that are conditions.
        boolean: whether its value is a condition.
        whole: the arguments that must be whole constants.
        variable: whether its name, when not called, is an ordinary variable.
        own: whether it is a function of the program's own.
        foreign: whether it is a function of another module, written as a call of its name.
        helper: whether it stands in other rows' texts alone: no formula calls it.
        level: over rows of data, "whole" where it makes one number of all rows, "row" where it gives each row one; empty where it has
            one for each row if an argument has.
    """

    name: str
    params: tuple[str, ...]
    adjoints: tuple[Term | str | None, ...] = ()
    body: Term | str = ""
    precise: tuple[Term | str, ...] = ()
    strict: tuple[Term | str, ...] = ()
    over: tuple[str, ...] = ()
    over_strict: tuple[str, ...] = ()
    fragment: str = ""
    role: str = ""
    ulp: tuple[float, float] = (0, 0)
    sample: tuple[tuple[float, float], ...] = ()
    aliases: tuple[str, ...] = ()
    rule: str = ""
    raises: tuple[Raise, ...] = ()
    kink: str = ""
    kink_partial: int | None = None
    imports: tuple[tuple[str, str, str], ...] = ()
    rational: bool = False
    exponent: bool = False
    variadic: bool = False
    truths: tuple[int, ...] = ()
    boolean: bool = False
    whole: tuple[int, ...] = ()
    variable: bool = False
    own: bool = False
    foreign: bool = False
    helper: bool = False
    level: str = ""

    @property
    def flat(self) -> bool:
        """Whether the derivative is 0 wherever there is one."""
        return all(adjoint == "" for adjoint in self.adjoints)

    def moves_by(self, place: int) -> bool:
        """Whether an argument has a backward line."""
        return bool(self.adjoints) and self.adjoints[place] != ""

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.params)

    def adjoint(
        self, place: int, precise: bool = False, strict: bool = False
    ) -> Term | str | None:
        """Return the text of an adjoint under these options."""
        if strict and self.strict:
            return self.strict[place]
        if precise and self.precise:
            return self.precise[place]
        return self.adjoints[place] if self.adjoints else ""

    def past(self, place: int, strict: bool) -> str:
        """Return the text of an adjoint from a quotient, past its denominator."""
        return (strict and self.over_strict or self.over)[place]


def row(
    head: str,
    *adjoints: str | None,
    name: str = "",
    sample: str = "",
    aliases: str = "",
    **given: object,
) -> Row:
    """Return a row as the table writes it: its head is a call, its ranges are `low:high`, its aliases words."""
    op, _, params = head.rstrip(")").partition("(")
    names = tuple(params.split(", "))
    ranges = [bound.partition(":") for bound in sample.split(", ") if bound]
    return Row(
        name=op,
        params=names,
        adjoints=adjoints,
        fragment=name or op + "".join(f"{{{i}}}" for i in range(len(names))),
        sample=tuple((float(low), float(high)) for low, _, high in ranges),
        aliases=tuple(aliases.split()),
        **given,  # type: ignore[arg-type]
    )


def helper(head: str, level: str = "") -> Row:
    """Return the row of a function that stands in other rows' texts alone."""
    return row(head, helper=True, level=level)
