"""The inputs of a module in; of which form its functions are, and what they call to bring arrays into shape, out."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import replace

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.passes.facts import rowwise
from gradgen.write.language import Language
from gradgen.write.target import Target
from gradgen.write.view import ArraysView, Form

#: What brings results and gradients into shape, by what is asked of all elements together.
_CALLS = {
    "": ("_spread", "_like"),
    "sum": ("_sum", "_like"),
    "mean": ("_mean", "_mean_like"),
}


#: What stands in a word for the name of a column, which tells how many rows there are.
COLUMN = "<column>"


def of_column(language: Language, column: str) -> Language:
    """Return a language whose words tell how many rows there are by this column."""
    words = {
        op: replace(
            word,
            pieces=tuple(
                p.replace(COLUMN, column) if isinstance(p, str) else p
                for p in word.pieces
            ),
        )
        for op, word in language.words.items()
        if COLUMN in "".join(p for p in word.pieces if isinstance(p, str))
    }
    return replace(language, words={**language.words, **words})


def check_extras(program: Program, target: Target, extras: Container[str]) -> None:
    """Refuse functions beside forward and backward that are not of rows.

    Raises:
        GradgenError: there is one.
    """
    if not target.adds and not (target.loops and "jacobian" in extras):
        return
    if target.lists and "jacobian" in extras:
        raise GradgenError(
            "a jacobian over rows is of arrays: choose --target numpy, jax, torch or c"
        )
    each = rowwise(program, target.rows)
    results = {value for _, value in program.outputs}
    if "value_and_grad" in extras and each & results and target.adds:
        raise GradgenError(
            "value_and_grad is of one number for all rows; say --reduce sum, or write sum(...) in the formula"
        )
    if "jacobian" not in extras:
        return
    added = any(s.args and program.rows[s.op].level for s in program.steps)
    if added or not results <= each:
        raise GradgenError(
            "a jacobian over rows is of what each has by itself; one number for all of them has a gradient alone"
        )
    if each.intersection(program.wrt):
        shared = [name for v, name in program.signature.items() if v not in each]
        raise GradgenError(
            f'a jacobian over rows is by what all of them share: say --wrt "{", ".join(shared) or "a"}"'
        )


def form_of(
    target: Target,
    program: Program,
    inputs: Collection[int],
    names: Mapping[int, str],
) -> Form:
    """Return the form of functions.

    Args:
        target: the output language.
        program: the program.
        inputs: the inputs, in order.
        names: their names.
    """
    arrays = None
    if target.arrays and inputs:
        rest = [value for value in inputs if value not in program.wrt]
        given, asked, other = (
            tuple([names[v] for v in part]) for part in (inputs, program.wrt, rest)
        )
        results, gradients = _CALLS[target.reduce]
        outputs = [value for _, value in program.outputs]
        calls = (results,) * len(outputs)
        columns: Sequence[str] = ()
        if target.rows:
            each = rowwise(program, target.rows)
            columns = [names[v] for v in inputs if v in each]
            calls = tuple("_spread" if v in each else "_number" for v in outputs)
            gradients, other = "_shaped", ()
        arrays = ArraysView(given, asked, other, target.spreads, calls, gradients, (*columns,))  # fmt: skip
    return Form(target.number, target.above, arrays)


def shaping(form: Form, extras: Container[str]) -> Iterator[str]:
    """Yield the beginnings of the calls that templates add to the lines of functions of arrays."""
    if form.arrays is not None:
        arrays = form.arrays
        yield "_over_rows(" if arrays.columns else "_arrays("
        yield f"{arrays.gradients}("
        yield from (f"{call}(" for call in arrays.results)
        if arrays.spreads:
            yield "_spread("
        if "jacobian" in extras:
            yield "_table(" if arrays.columns else "_rows("
            yield "_spread("
