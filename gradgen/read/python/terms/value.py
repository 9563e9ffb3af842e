"""What a part of a Python expression is in a formula: its text, and what is known of it when compiling."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def told(self) -> bool | None:
        """Whether `if` takes it for true, where that is known and it is no number."""
        return self.truth if self.known is None else bool(self.known.value)

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return not self.condition and self.known is None

    def inside(self, binds: int) -> str:
        """Return the text as an operand of what binds so strongly."""
        return self.text if self.binds >= binds else f"({self.text})"


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
        return Value(f"{value.inside(SUM)} == 0", COMPARISON, condition=True)
    return Value(f"not {value.inside(NOT)}", NOT, condition=True)


def tested(value: Value) -> Value:
    """Return a value as a condition: of a number whether it is not 0, as Python has it."""
    if value.told is not None:
        return truth(value.told)
    if value.condition:
        return value
    if value.whole is not None:
        return truth(value.whole != 0)
    return Value(f"{value.inside(SUM)} != 0", COMPARISON, condition=True)


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
