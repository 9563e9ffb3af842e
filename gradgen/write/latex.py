"""A named program in; its formula, or its stages, in LaTeX out."""

from __future__ import annotations

import sympy as sp

from gradgen.core.build import steps_of
from gradgen.core.program import Program
from gradgen.write.languages.formula import LATEX
from gradgen.write.spell import Speller

#: What is shared is written out each time; a longer formula is better read in stages.
_LONGEST = 20_000


def formula_latex(program: Program) -> str:
    """Return the formula as one equation, without dollar signs; of several outputs, one line each.

    Raises:
        GradgenError: it is too long to be read; its stages are not.
    """
    inputs = _inputs(program)
    speller = Speller(steps_of(program), LATEX, joined=True)
    equations = []
    for _, value in program.outputs:
        call = (
            rf"{_name(program.names[value])}\left({', '.join(inputs.values())}\right)"
        )
        equations.append((call, speller.text(value, inputs, limit=_LONGEST)))
    if len(equations) == 1:
        return " = ".join(equations[0])
    lines = " \\\\\n".join(f"{call} &= {text}" for call, text in equations)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def stages_latex(program: Program) -> str:
    """Return the stages, one equation a line, in an `aligned` environment."""
    names = {value: _name(text) for value, text in program.names.items()}
    names |= _inputs(program)
    speller = Speller(steps_of(program), LATEX)
    lines = []
    for value in program.lines:
        text = speller.text(value, names)
        guard = program.steps[value].guard
        if guard:
            where = (names[v] if wanted else rf"\neg {names[v]}" for v, wanted in guard)
            text += r" \quad \text{if } " + r" \wedge ".join(where)
        lines.append(f"{names[value]} &= {text}")
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _inputs(program: Program) -> dict[int, str]:
    """Return the inputs as SymPy shows them: theta_1 with its Greek letter and its index."""
    names = ((value, program.names[value]) for value in program.signature)
    # Two underscores in a row would be a power to SymPy.
    return {v: _name(n) if "__" in n else sp.latex(sp.Symbol(n)) for v, n in names}


def _name(text: str) -> str:
    """Return a stage's name as one upright word."""
    if len(text) == 1:
        return text
    return rf"\mathrm{{{text}}}".replace("_", r"\_")
