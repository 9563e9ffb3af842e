"""Lists, dicts, arrays and the names of calls in; what they hold behind a test that is not settled out: they are changed as Python does, in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from gradgen.prove.python_expressions import Fixed
from gradgen.prove.python_numbers import Numbers, Place, UnknownError


class Local(dict[str, Any]):
    """The names of a call, with those around it."""

    def __init__(self, held: dict[str, Any], outer: Local | None = None) -> None:
        super().__init__(held)
        self.outer = outer

    def holder(self, name: str) -> Local | None:
        """Return the names among which one is, the inmost first."""
        found: Local | None = self
        while found is not None and name not in found:
            found = found.outer
        return found


class List(list[Any]):
    """A list."""


class Array(list[Any]):
    """An array of numpy's, of its rows where it has two axes."""

    #: Whether another array may be a part of it.
    shared = False


class Dict(dict[Any, Any]):
    """A dict, by what its keys are."""


#: What may be changed.
Held: TypeAlias = "Local | List | Array | Dict"


class Heap:
    """All that may be changed."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.held: list[Any] = []
        #: Of each, whether what it holds is not known any more.
        self.lost: list[bool] = []

    def new(self, made: Any) -> Any:
        """Take note of something that may be changed."""
        self.held.append(made)
        self.lost.append(False)
        for _ in range(len(made)):
            self.numbers.turn()
        return made

    def place(self, held: object) -> int | None:
        """Return where something was taken note of."""
        return next((p for p, each in enumerate(self.held) if each is held), None)

    def check(self, held: object) -> None:
        """Refuse to read what is not known any more."""
        if True in self.lost:
            place = self.place(held)
            if place is not None and self.lost[place]:
                raise UnknownError

    def change(self, held: object) -> None:
        """Refuse to change what was not taken note of, such as a table at the top of a file."""
        if self.place(held) is None or (isinstance(held, Array) and held.shared):
            raise UnknownError
        self.check(held)

    def fork(self, test: Place, ways: tuple[Callable[[], Any], Callable[[], Any]]) -> list[Any]:  # fmt: skip
        """Follow both ways, each from here; behind them, all holds what it does in the way that is taken. Return what the ways return."""
        before, known = self._copies(), [*self.lost]
        results, after, lost = [], [], []
        for way in ways:
            results.append(way())
            after.append(self._copies())
            lost.append([*self.lost])
            self.lost[: len(known)] = known
            for place, copy in enumerate(before):
                _put(self.held[place], copy)
        # What names are is chosen by what lists hold behind the test, which comes first.
        order = [p for p, each in enumerate(self.held) if not isinstance(each, Local)]
        order += [p for p, each in enumerate(self.held) if isinstance(each, Local)]
        for place in order:
            held = self.held[place]
            found = [each[place] for each in after if place < len(each)]
            self.lost[place] = any(each[place] for each in lost if place < len(each))
            if place >= len(before):
                _put(held, found[-1])  # made in one of the ways
            elif not _is_alike(*found):
                self._merge(test, place, *found)
            else:
                _put(held, found[0])
        return results

    def _copies(self) -> list[Any]:
        for _ in self.held:
            self.numbers.turn()
        return [dict(each) if isinstance(each, dict) else [*each] for each in self.held]

    def _merge(self, test: Place, place: int, one: Any, other: Any) -> None:
        """Let something hold one of two values for each name or item."""
        held = self.held[place]
        if isinstance(held, Local):
            for name in {**one, **other}:
                pair = one.get(name), other.get(name)
                held[name] = self._either(test, *self._named(*pair))
            return
        keys = [[*each] if isinstance(held, dict) else len(each) for each in (one, other)]  # fmt: skip
        self.lost[place] |= keys[0] != keys[1]
        pairs = [one.items(), other.items()] if isinstance(held, dict) else [enumerate(one), enumerate(other)]  # fmt: skip
        merged = [
            (
                key,
                (
                    None
                    if a is not b and isinstance(a, (list, dict))
                    else self._either(test, a, b)
                ),
            )
            for (key, a), (_, b) in zip(*pairs)
        ]
        values = [value for _, value in merged]
        self.lost[place] |= None in values
        _put(held, dict(merged) if isinstance(held, dict) else values)

    def _named(self, one: Any, other: Any) -> tuple[Any, Any]:
        """Return what a name is in two ways; without a value in one, where Python raises if it is read, there is no number."""
        if one is None and isinstance(other, (int, Place)):
            one = self.numbers.nothing()
        elif other is None and isinstance(one, (int, Place)):
            other = self.numbers.nothing()
        return one, other

    def _either(self, test: Place, one: Any, other: Any) -> Any:
        """Return the one value or the other; None where that is not known."""
        if one is other:
            return one
        if one is None or other is None:
            return None
        try:
            return self.chosen(test, one, other)
        except UnknownError:
            return None

    def chosen(self, test: Any, one: Any, other: Any) -> Any:
        """Return the one value or the other: numbers, truths, or sequences of as many of them."""
        if one is other:
            return one
        if type(one) is type(other) and isinstance(one, (int, Fixed)) and one == other:
            return one
        nothing = [each is self.numbers.none_yet for each in (one, other)]
        kinds = {type(each) for each, none in zip((one, other), nothing) if not none}
        if any(nothing) and kinds & {tuple, List, Array}:
            size = len(other if nothing[0] else one)
            sides = [[each] * size if none else each for each, none in zip((one, other), nothing)]  # fmt: skip
            return tuple(self.chosen(test, *pair) for pair in zip(*sides))
        if kinds & {tuple, List, Array}:
            self.check(one)
            self.check(other)
            if len(kinds) > 1 or len(one) != len(other):
                raise UnknownError
            values = [self.chosen(test, *pair) for pair in zip(one, other)]
            kind = kinds.pop()
            return tuple(values) if kind is tuple else kind(values)
        pair = [self._none() if each == Fixed(None) else each for each in (one, other)]
        made = self.numbers.chosen(test, *pair)
        none = [self.numbers.wholes.none.get(each.at, False) if isinstance(each, Place) else False for each in pair]  # fmt: skip
        if none != [False, False] and isinstance(made, Place):
            self.numbers.wholes.none[made.at] = self.numbers.chosen(test, *none)
        return made

    def _none(self) -> Place:
        """Return what stands for None where there is a number in another way: no number."""
        found = self.numbers.step(lambda: None)
        self.numbers.wholes.none[found.at] = True
        return found


def _put(held: Any, contents: Any) -> None:
    held.clear()
    if isinstance(held, dict):
        held.update(contents)
    else:
        held += contents


def _is_alike(one: Any, other: Any) -> bool:
    """Whether two hold the very same."""
    if len(one) != len(other):
        return False
    if isinstance(one, dict):
        return [*one] == [*other] and all(one[key] is other[key] for key in one)
    return all(a is b for a, b in zip(one, other))


def gone_through(value: Any) -> Iterator[Any]:
    """Yield what Python goes through."""
    if not isinstance(value, (tuple, List, Array, Dict, range)) and not hasattr(value, "__next__"):  # fmt: skip
        raise UnknownError
    yield from value
