"""What a part of a Python expression is in a formula: its text, and what is known of it when compiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

#: How strongly the operators of a formula bind: as in Python.
ELSE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)


@dataclass(frozen=True)
class Known:
    """What is no number, and known when compiling: None, a text, or what an import in the function names.

    Attributes:
        value: what it is.
        option: the parameter whose value it is, if it is one's.
        said: why it has no place among numbers, where that is not plain.
    """

    value: object
    option: str = ""
    said: str = ""

    @property
    def refusal(self) -> str:
        """Why it has no place among numbers, and what to do."""
        if self.said:
            return self.said
        what = {str: "text", type(None): "None"}.get(type(self.value), "a module")
        what = getattr(self.value, "word", what)
        if not self.option:
            return f"{what} has no place in a formula"
        return (
            f"`{self.option}` is {self.value!r} here, and {what} has no place in a formula; "
            f"give another value by --const, or make it a variable by --inputs"
        )


@dataclass(frozen=True)
class Among:
    """Which whole numbers a value may be, where numbers decide that.

    Attributes:
        name: what the program calls the number that tells which; empty where it has no name yet.
        pairs: each number that this may be, with the value's own there.
    """

    name: str
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Value:
    """What a part of an expression is in a formula.

    Attributes:
        text: its text.
        binds: how strongly its outermost operator binds.
        whole: its value where that is a whole number.
        index: whether an index of a loop took part, which is worked out where it is used.
        narrow: whether that is one of numpy's, which wraps around beyond 64 bits; of a condition whether `~` denies it, as it is one of numpy's.
        condition: whether it is true or false, and no number.
        truth: which of them, where that is known.
        known: what it is where it is no number, but known.
        unclear: why it cannot be read, where that is so: what is said of the name.
        lacking: whether that is as the name has no value there, and Python raises where it is read.
        boxed: whether numpy has made an array without axes of it here, which may be changed in place.
        held: of such an array, whether somebody else may hold it as well.
        among: which whole numbers it may be, where that is known and it is more than one; none of what always raises.
        absent: the condition on which it is None, and no number; what needs a number of it raises there.
        integral: whether Python may have a whole number here, of whatever value, as round(x) is one.
        tells: of a condition, which number decides it, and which whole numbers that is where it holds.
    """

    text: str
    binds: int = ATOM
    whole: int | None = None
    index: bool = False
    narrow: bool = False
    condition: bool = False
    truth: bool | None = None
    known: Known | None = None
    unclear: str = ""
    lacking: bool = False
    boxed: bool = False
    held: bool = False
    among: Among | None = None
    absent: Value | None = None
    integral: bool = False
    tells: tuple[str, tuple[int, ...]] = ("", ())

    @property
    def told(self) -> bool | None:
        """Whether `if` takes it for true, where that is known and it is no number."""
        return self.truth if self.known is None else bool(self.known.value)

    @property
    def is_none(self) -> bool:
        """Whether it is None."""
        return self.known is not None and self.known.value is None

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return not self.condition and self.known is None

    @property
    def may_be_whole(self) -> bool:
        """Whether Python may have a whole number here, or a truth: an array of these alone cuts what is put into it."""
        told = self.among is not None and len(self.among.pairs) > 0
        return self.integral or self.whole is not None or self.condition or told

    @property
    def as_float(self) -> Value:
        """It, where an array of floats holds it."""
        told = self.among if self.among is not None and not self.among.pairs else None
        return replace(self, whole=None, index=False, integral=False, among=told)

    def inside(self, binds: int) -> str:
        """Return the text as an operand of what binds so strongly."""
        return self.text if self.binds >= binds else f"({self.text})"


#: A value that may be more whole numbers than this is a number like others.
_MOST = 200


def among(values: Sequence[Value]) -> Among | None:
    """Return which whole numbers one of several values may be; None where one of them may be any number."""
    found: set[int] = set()
    for value in values:
        if value.whole is None and value.among is None or value.narrow:
            return None
        told = value.among.pairs if value.among is not None else ()
        found.update(own for _, own in told)
        found.update(() if value.whole is None else (value.whole,))
    return Among("", (*((each, each) for each in sorted(found)),)) if len(found) <= _MOST else None  # fmt: skip


def called(value: Value, name: str) -> Among | None:
    """Return which whole numbers a value may be, once the program has a name for it."""
    told = value.among
    return Among(name, told.pairs) if told is not None and not told.name else told


def where(value: Value, test: Value, holds: bool) -> Value:
    """Return a value as it is where a condition holds, or where it does not: which whole numbers it may be there."""
    if value.absent is not None and test.text == value.absent.text:
        return Value("", known=Known(None)) if holds else replace(value, absent=None)
    if value.absent is not None and test.text == denied(value.absent).text:
        return replace(value, absent=None) if holds else Value("", known=Known(None))
    name, told = test.tells
    if not name or value.among is None or value.among.name != name:
        return value
    pairs = (*(pair for pair in value.among.pairs if (pair[0] in told) is holds),)
    whole = pairs[0][1] if len(pairs) == 1 else None
    return replace(value, whole=whole, among=Among(name, pairs))


def together(one: Value, other: Value) -> Sequence[tuple[int, int, int]] | None:
    """Return which whole numbers two values may be at once, behind what tells which; None where that is not known."""
    if one.narrow or other.narrow:
        return None
    if one.among is not None and one.among.name and other.whole is not None:
        return [(at, own, other.whole) for at, own in one.among.pairs]
    if other.among is not None and other.among.name and one.whole is not None:
        return [(at, one.whole, own) for at, own in other.among.pairs]
    if one.among is None or other.among is None or not one.among.name or one.among.name != other.among.name:  # fmt: skip
        return None
    of_other = dict(other.among.pairs)
    return [(at, own, of_other[at]) for at, own in one.among.pairs if at in of_other]


def truth(value: bool) -> Value:
    """Return a condition that is known."""
    return Value(str(value), condition=True, truth=value)


def value_of(value: object, option: str) -> Value:
    """Return the value of a parameter that is settled."""
    if isinstance(value, bool):
        return truth(value)
    return index(value) if isinstance(value, int) else Value("", known=Known(value, option))  # fmt: skip


def denied(value: Value) -> Value:
    """Return the opposite of a condition; of a number whether it is 0, as Python has it."""
    if value.told is not None:
        return truth(not value.told)
    if not value.condition:
        none = f"{value.absent.inside(OR)} or " if value.absent is not None else ""
        return Value(f"{none}{value.inside(SUM)} == 0", OR if none else COMPARISON, condition=True)  # fmt: skip
    return Value(f"not {value.inside(NOT)}", NOT, condition=True)


def tested(value: Value) -> Value:
    """Return a value as a condition: of a number whether it is not 0, as Python has it."""
    if value.told is not None:
        return truth(value.told)
    if value.condition:
        return value
    if value.whole is not None:
        return truth(value.whole != 0)
    here = f"{denied(value.absent).inside(AND)} and " if value.absent is not None else ""  # fmt: skip
    return Value(f"{here}{value.inside(SUM)} != 0", AND if here else COMPARISON, condition=True)  # fmt: skip


def equality(one: Value, other: Value) -> Value:
    """Return whether two numbers are equal."""
    if one.whole is not None and other.whole is not None:
        return truth(one.whole == other.whole)
    text = f"{one.inside(SUM)} == {other.inside(SUM)}"
    return Value(text, COMPARISON, condition=True)


def index(number: int) -> Value:
    """Return the index of a loop that is written out."""
    return Value(str(number), SIGN if number < 0 else ATOM, number, True)


def number(value: float, text: str = "") -> Value:
    """Return a number; whole ones stay whole."""
    shown = text or repr(value)
    negative = shown.startswith("-")
    whole = value if isinstance(value, int) else None
    return Value(shown, SIGN if negative else ATOM, whole)
