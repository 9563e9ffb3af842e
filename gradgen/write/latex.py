"""A named program in; its formula, or its stages, in LaTeX out."""

from __future__ import annotations

from collections.abc import Container

import sympy as sp

from gradgen.core.build import Steps, steps_of
from gradgen.core.program import Program, Step
from gradgen.core.rows import Term
from gradgen.passes.constants import (
    as_step,
    constants_in,
    is_own,
    origin_of,
    plain,
)
from gradgen.write.languages.formula import LATEX, upright
from gradgen.write.spell import Speller

#: What is shared is written out each time; a longer formula is better read in stages.
_LONGEST = 20_000


def formula_latex(program: Program) -> str:
    """Return the formula as one equation, without dollar signs; of several outputs, one line each.

    Raises:
        GradgenError: it is too long to be read; its stages are not.
    """
    inputs = _inputs(program)
    steps, moved = by_formula(program)
    speller = Speller(steps, LATEX, joined=True)
    equations = []
    for _, value in program.outputs:
        call = (
            rf"{upright(program.names[value])}\left({', '.join(inputs.values())}\right)"
        )
        text = speller.text(moved[value], inputs, limit=_LONGEST)
        equations.append((call, text))
    if len(equations) == 1:
        return " = ".join(equations[0])
    lines = " \\\\\n".join(f"{call} &= {text}" for call, text in equations)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def stages_latex(program: Program) -> str:
    """Return the constants with names and the stages, one equation a line, in an `aligned` environment."""
    names = {value: upright(text) for value, text in program.names.items()}
    names |= _inputs(program)
    speller = Speller(steps_of(program), LATEX)
    constants = Speller(Steps(program.rows), LATEX)
    lines = []
    for text, number in constants_in(program).items():
        term = number.origin.made or Term("const", data=plain(number))
        said = constants.text(as_step(constants.steps, term), {})
        lines.append(f"{LATEX.named(text)} &= {said}")
    for value in program.lines:
        text = speller.text(value, names)
        guard = program.steps[value].guard
        if guard:
            where = (names[v] if wanted else rf"\neg {names[v]}" for v, wanted in guard)
            text += r" \quad \text{if } " + r" \wedge ".join(where)
        lines.append(f"{names[value]} &= {text}")
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def by_formula(program: Program, apart: Container[int] = ()) -> tuple[Steps, list[int]]:
    """Return a program's steps, and where its values are in them, with formulas for constants that their author gave no name.

    Args:
        program: the program.
        apart: the values that are to be told apart: each is a copy of what it is.
    """
    steps, moved = Steps(program.rows, folded=False), list[int]()
    for value, step in enumerate(program.steps):
        origin = origin_of(step.data)
        if origin is not None and origin.made and is_own(step.data):
            moved.append(as_step(steps, origin.made))
            continue
        args = tuple([moved[arg] for arg in step.args])
        moved.append(steps.append(step._replace(args=args, guard=())))
        if value in apart:
            moved[-1] = steps.append(Step("copy", (moved[-1],)))
    return steps, moved


def _inputs(program: Program) -> dict[int, str]:
    """Return the inputs as SymPy shows them: theta_1 with its Greek letter and its index."""
    names = ((value, program.names[value]) for value in program.signature)
    # Two underscores in a row would be a power to SymPy.
    return {v: upright(n) if "__" in n else sp.latex(sp.Symbol(n)) for v, n in names}
