"""A program that was drafted way by way in; the same without what nothing reads, and with what one choice alone reads in it, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from gradgen.read.python.draft import WORD, Draft, Places
from gradgen.read.python.flow.conditions import chain
from gradgen.read.python.terms.value import Value

#: What is longer stays a stage of its own, in place of standing in the choice that reads it; and what would make that longer.
_SHORT, _LONG = 48, 120


def settle(
    draft: Draft, results: list[Value], kept: Collection[str] = ()
) -> list[Value]:
    """Put choices in order; return the results, in the names that there are now.

    Args:
        draft: the program.
        results: what the function returns.
        kept: the names that somebody asks for, as the file has them: of each, the last value stays.
    """
    if not (draft.choices or draft.in_ways):
        return results
    last = {given: name for name, given in draft.called.items()}
    wanted = {last[given] for given in kept if given in last}
    before = len(draft.items)
    reads = _drop(draft, results, wanted)
    _put_in(draft, reads, wanted)
    if len(draft.items) == before:
        return results
    names = _number(draft)
    return [replace(value, text=_renamed(value.text, names)) for value in results]


def _drop(draft: Draft, results: list[Value], wanted: Collection[str]) -> Counter[str]:
    """Leave out choices, and what is assigned in one way alone, that nothing reads; return how often names are read."""
    reads = Counter(word for value in results for word in WORD.findall(value.text))
    kept: list[tuple[tuple[str, str, str], Places]] = []
    for item, places in [*zip(draft.items, draft.places)][::-1]:
        name, text, _ = item
        idle = name in draft.choices or name in draft.in_ways
        if not idle or name in reads or name in wanted:
            kept.append((item, places))
            reads.update(WORD.findall(text))
    kept.reverse()
    draft.items = [item for item, _ in kept]
    draft.places = [places for _, places in kept]
    return reads


def _put_in(draft: Draft, reads: Counter[str], wanted: Collection[str]) -> None:
    """Let choices hold what they alone read, in place of its name: `y = log(x) if x > 0 else 0`."""
    at = {name: place for place, (name, _, _) in enumerate(draft.items)}
    texts = {**draft.in_ways}
    gone: set[str] = set()

    def may(value: Value) -> bool:
        name = value.text
        return (
            name in texts
            and name in at
            and reads[name] == 1
            and name not in wanted
            and not draft.items[at[name]][2]
            and len(texts[name].text) <= (_LONG if name in draft.choices else _SHORT)
        )

    for name, (pairs, last) in draft.choices.items():
        if name not in at:
            continue
        parts = [*(value for _, value in pairs), last]
        found = {value.text: texts[value.text] for value in parts if may(value)}
        new = [(test, found.get(value.text, value)) for test, value in pairs]
        made = chain(new, found.get(last.text, last))
        if len(made.text) > 2 * _LONG:
            made, found = chain(pairs, last), {}
        texts[name] = made
        gone |= {*found}
        place = at[name]
        draft.items[place] = (name, made.text, draft.items[place][2])
        for each in found:
            draft.places[place] += draft.places[at[each]]
    rest = [(i, p) for i, p in zip(draft.items, draft.places) if i[0] not in gone]
    draft.items = [item for item, _ in rest]
    draft.places = [places for _, places in rest]


def _number(draft: Draft) -> dict[str, str]:
    """Give names anew, as some are free now; return the new ones by the old."""
    called = draft.called
    draft.taken = {name: 1 for name in draft.taken if name not in called}
    draft.called = {}
    names = {name: draft.fresh(called[name]) for name, _, _ in draft.items}
    draft.constants = {names[name] for name in draft.constants if name in names}
    draft.items = [
        (names[name], _renamed(text, names), comment)
        for name, text, comment in draft.items
    ]
    return names


def _renamed(text: str, names: dict[str, str]) -> str:
    return WORD.sub(lambda word: names.get(word[0], word[0]), text)
