"""What a module computes, as its author wrote it, in; the lines of a docstring that say it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gradgen.write.words.wrapping import wrap

#: A formula or a program of more lines stands in the header alone.
_SHOWN = 10
_INDENT = 4


def summary(
    text: str,
    results: Sequence[str],
    inputs: Sequence[str],
    operations: int,
    width: int,
    quoted: Callable[[str], str],
) -> list[str]:
    """Return what is computed of what: the formula or the program itself, unless that is long.

    Args:
        text: a formula, or the statements of a program, one a line; empty where there is no text.
        results: the names of the results.
        inputs: those of the inputs.
        operations: how many there are.
        width: how many columns a line has.
        quoted: how words of the author's stand in a docstring.
    """
    statements = text.split("\n") if text else []
    if len(statements) == 1 and len(results) == 1:
        formula = _formula(statements[0])
        shown = f"{results[0]}({', '.join(inputs)}) = {quoted(formula)}."
        lines = wrap(shown, width, others=_INDENT)
        if formula and len(lines) <= _SHOWN:
            return lines
    if len(statements) > 1:
        lines = []
        # No more than are shown are looked at, however many there are.
        for statement in statements[: _SHOWN + 1]:
            lines += [quoted(line) for line in _block(statement, width - _INDENT)]
        if len(lines) <= _SHOWN:
            block = [f"{' ' * _INDENT}{line}" for line in lines]
            return [*_of(results, inputs, "", width), "", *block]
        what = f"a program of {len(statements)} lines"
    else:
        what = f"an expression of {operations} operations"
    return _of(results, inputs, f" {what}.", width)


def _formula(statement: str) -> str:
    """Return what a statement alone gives, without its name and comment; empty where it declares a function."""
    code = statement.partition("  # ")[0]
    name, equals, formula = code.partition(" = ")
    return formula if equals and name.isidentifier() else code


def _block(statement: str, width: int) -> Iterator[str]:
    """Yield a statement in lines that fit: its comment above it, if there is no room beside it."""
    code, mark, comment = statement.partition("  # ")
    if len(statement) <= width:
        yield statement
        return
    if mark:
        yield from (f"# {line}" for line in wrap(comment, width - 2))
    yield from wrap(code, width, others=_INDENT)


def _of(
    results: Sequence[str], inputs: Sequence[str], what: str, width: int
) -> list[str]:
    """Return what is given of what, in one line: as many names as it takes, or their numbers."""
    given = ", ".join(inputs) or "no inputs"
    for left in (", ".join(results), f"{len(results)} values"):
        for right in (given, f"{len(inputs)} inputs"):
            line = f"{left} of {right}:{what}"
            if len(line) <= width:
                return [line]
    return wrap(line, width, others=_INDENT)
