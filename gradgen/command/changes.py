"""Two compiled formulas in; what changed between them, in words, out."""

from __future__ import annotations

from collections.abc import Iterator

from gradgen.core.program import Program
from gradgen.passes.constants import constants_in
from gradgen.pipeline import Compiled
from gradgen.settings import RECORDED
from gradgen.write.words.conditions import kinks, raises
from gradgen.write.words.values import Words


def _shown(value: object) -> str:
    """Return an option's value as the recipe shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        texts = (v if isinstance(v, str) else f"{v[0]}={v[1]!r}" for v in value)
        return ", ".join(texts) or "nothing"
    return "the default" if value is None else str(value)


def explain(old: Compiled, new: Compiled) -> Iterator[str]:
    """Yield the change line by line; nothing where the modules are the same."""
    if old.source == new.source:
        return
    before, after = old.recipe, new.recipe
    if before.source != after.source:
        yield f"formula: {'; '.join(before.source.splitlines())}"
        yield f"     is: {'; '.join(after.source.splitlines())}"
    yield from _signature(old.program, new.program)
    # A program calls its results itself, whatever its recipe says.
    was_called, is_called = (
        tuple(name for name, _ in one.program.outputs) for one in (old, new)
    )
    if was_called != is_called:
        what = "outputs" if was_called[1:] or is_called[1:] else "name"
        yield f"{what}: {_shown(was_called)} is now {_shown(is_called)}"
    for what, option in RECORDED.items():
        one, other = (getattr(r, option.attribute) for r in (before, after))
        # Of the signature and the results, the words above say more.
        if one != other and what not in ("inputs", "wrt", "name", "outputs"):
            yield f"{what}: {_shown(one)} is now {_shown(other)}"
    yield from _constants(old.program, new.program)
    yield from _stages(old.program, new.program)
    if old.cost != new.cost:
        yield (
            f"operations: {old.cost.forward} forward and {old.cost.backward} backward are now "
            f"{new.cost.forward} and {new.cost.backward}"
        )
    was, now = Words(old.program), Words(new.program)
    for title, one, other in (
        ("raises", raises(was, strict=before.strict), raises(now, strict=after.strict)),
        ("kinks", kinks(was), kinks(now)),
    ):
        yield from (f"{title} no more: {entry}" for entry in one if entry not in other)
        yield from (f"{title} now: {entry}" for entry in other if entry not in one)


def _signature(old: Program, new: Program) -> Iterator[str]:
    for what, one, other in (
        ("SIGNATURE", old.inputs, new.inputs),
        ("GRADIENT", _wrt(old), _wrt(new)),
    ):
        if one != other:
            added = [name for name in other if name not in one]
            removed = [name for name in one if name not in other]
            words = [f"{name} is added" for name in added]
            words += [f"{name} is removed" for name in removed]
            if not words:
                words = ["the order is another"]
            yield (
                f"{what} CHANGES: ({', '.join(one)}) is now ({', '.join(other)}): {'; '.join(words)}; "
                "callers must follow"
            )


def _wrt(program: Program) -> tuple[str, ...]:
    return tuple(program.inputs[i] for i in program.wrt)


def _constants(old: Program, new: Program) -> Iterator[str]:
    one, other = (
        {name: float(number) for name, number in constants_in(program).items()}
        for program in (old, new)
    )
    yield from (f"constant removed: {n} = {v!r}" for n, v in one.items() if n not in other)  # fmt: skip
    yield from (f"constant added:   {n} = {v!r}" for n, v in other.items() if n not in one)  # fmt: skip
    yield from (
        f"constant changed: {name} = {one[name]!r} is now {value!r}"
        for name, value in other.items()
        if name in one and one[name] != value
    )


def _stages(old: Program, new: Program) -> Iterator[str]:
    one, other = _texts(old), _texts(new)
    same = sum(other.get(name) == text for name, text in one.items())
    yield f"stages: {same} of {len(one)} stay as they are"
    yield from (f"  removed: {n} = {t}" for n, t in one.items() if n not in other)
    yield from (f"  added:   {n} = {t}" for n, t in other.items() if n not in one)
    yield from (
        f"  changed: {name} = {one[name]} is now {text}"
        for name, text in other.items()
        if name in one and one[name] != text
    )


def _texts(program: Program) -> dict[str, str]:
    words = Words(program)
    found = {}
    for value in program.lines:
        text = words.formula(value)
        if guard := program.steps[value].guard:
            text += f" if {words.guard(guard)}"
        found[program.names[value]] = text
    return found
