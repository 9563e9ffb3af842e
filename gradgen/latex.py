"""A named program in; its formula, or its stages, in LaTeX out."""

from __future__ import annotations

import sympy as sp

from gradgen.ir import Program
from gradgen.ops import OPS
from gradgen.spell import LATEX, condition, expression, fill, operands

#: What is shared is written out each time; a longer formula is better read in stages.
_LONGEST = 20_000


def formula_latex(program: Program) -> str:
    """Return the formula as one equation, without dollar signs; of several outputs, one line each.

    Raises:
        GradgenError: it is too long to be read; its stages are not.
    """
    inputs = _inputs(program)
    equations = []
    for _, ref in program.outputs:
        call = rf"{_name(program.names[ref.index])}\left({', '.join(inputs)}\right)"
        text = expression(program, LATEX, inputs, ref, limit=_LONGEST)
        equations.append((call, text))
    if len(equations) == 1:
        return " = ".join(equations[0])
    lines = " \\\\\n".join(f"{call} &= {text}" for call, text in equations)
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def stages_latex(program: Program) -> str:
    """Return the stages, one equation a line, in an `aligned` environment."""
    names = [*_inputs(program), *map(_name, program.names[len(program.inputs) :])]
    lines = []
    for position, step in enumerate(program.steps):
        value = fill(LATEX.template(OPS[step.op]), operands(step, names, LATEX))
        if step.guard:
            value += rf" \quad \text{{if }} {condition(step.guard, names, LATEX)}"
        lines.append(f"{names[program.value(position)]} &= {value}")
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _inputs(program: Program) -> list[str]:
    """Return the inputs as SymPy shows them: theta_1 with its Greek letter and its index."""
    names = program.names[: len(program.inputs)]
    # Two underscores in a row would be a power to SymPy.
    return [_name(n) if "__" in n else sp.latex(sp.Symbol(n)) for n in names]


def _name(text: str) -> str:
    """Return a stage's name as one upright word."""
    if len(text) == 1:
        return text
    return rf"\mathrm{{{text}}}".replace("_", r"\_")
