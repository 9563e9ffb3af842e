"""Conditions and values of a formula in; what Python makes of them by `if`, `and`, `or` and `not`, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from gradgen.read.python.terms.value import (
    AND,
    ELSE,
    OR,
    Known,
    Value,
    among,
    denied,
    truth,
)

#: The values of the ways that are tried in order, each with its condition.
Pairs: TypeAlias = "Sequence[tuple[Value, Value]]"


def both(one: Value, other: Value) -> Value:
    """Return whether both conditions hold; the second is asked where the first does."""
    for first, second in ((one, other), (other, one)):
        if first.truth is not None:
            return second if first.truth else first
    text = f"{one.inside(AND)} and {other.inside(AND + 1)}"
    return Value(text, AND, condition=True)


def either(one: Value, other: Value) -> Value:
    """Return whether one of the conditions holds; the second is asked where the first does not."""
    for first, second in ((one, other), (other, one)):
        if first.truth is not None:
            return first if first.truth else second
    text = f"{one.inside(OR)} or {other.inside(OR + 1)}"
    return Value(text, OR, condition=True)


def chain(pairs: Pairs, last: Value) -> Value:
    """Return the number of the first condition that holds, or else the last, as a formula."""
    value = replace(last, whole=None, index=False)
    for test, one in reversed(pairs):
        text = f"{one.inside(OR)} if {test.inside(OR)} else {value.text}"
        value = Value(text, ELSE)
    values = [*(one for _, one in pairs), last]
    integral = any(one.may_be_whole for one in values)
    return replace(value, among=among(values), absent=absent(pairs, last), integral=integral)  # fmt: skip


def absent(pairs: Pairs, last: Value) -> Value | None:
    """Return on which condition the number that is chosen is None; None where it is one in every way."""
    if all(value.absent is None for value in (*(one for _, one in pairs), last)):
        return None
    found = truths([(test, one.absent or truth(False)) for test, one in pairs], last.absent or truth(False))  # fmt: skip
    return None if found.truth is False else found


def truths(pairs: Pairs, last: Value) -> Value:
    """Return the same of values that are conditions themselves."""
    value = last
    for test, one in reversed(pairs):
        if one.truth is not None:
            value = either(test, value) if one.truth else both(denied(test), value)
        elif value.truth is not None:
            value = either(denied(test), one) if value.truth else both(test, one)
        else:
            value = either(both(test, one), both(denied(test), value))
    return value


def merged(pairs: Pairs, last: Value, where: str) -> Value | None:
    """Return what a name stands for behind an `if`; None where that is a choice between numbers.

    Args:
        pairs: what it stands for in each way, with the way's condition.
        last: what it stands for in the last way.
        where: what the `if` is called where a name has no one meaning behind it.
    """
    values = [*(value for _, value in pairs), last]
    if all(value == last for value in values):
        return last
    lacking = [value for value in values if value.unclear]
    if lacking and not all(value.is_number or value.is_none for value in values):
        return lacking[0]
    if lacking and not all(value.lacking for value in lacking):
        return next(value for value in lacking if not value.lacking)
    if all(value.condition for value in values):
        return truths(pairs, last)
    if all(value.is_none for value in values):
        return Value("", known=Known(None))
    if any(value.is_none for value in values) and all(value.is_none or value.is_number for value in values):  # fmt: skip
        return None
    if any(value.known for value in values):
        why = f"is no number in one way of {where}, and something else in another; settle which by --const, or give each a name of its own"
        return Value("", unclear=why)
    if any(value.condition for value in values):
        why = f"is a condition in one way of {where}, and a number in another; give each a name of its own"
        return Value("", unclear=why)
    return None
