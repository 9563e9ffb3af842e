"""A compiled formula in; how it is shown out: in LaTeX, and in notebooks with its circuit and its listing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.write.latex import formula_latex, stages_latex

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: A notebook shows no larger circuit.
_MOST = 120


class Shown:
    """What shows itself.

    Attributes:
        source: the module's text.
        program: the staged program.
    """

    source: str
    program: Program

    def latex(self, stages: bool = False) -> str:
        """Return the formula in LaTeX; with `stages`, the stages, one equation a line."""
        return stages_latex(self.program) if stages else formula_latex(self.program)

    def _repr_latex_(self) -> str:
        """The formula, for notebooks."""
        try:
            return rf"$\displaystyle {self.latex()}$"
        except GradgenError:
            return rf"$\displaystyle {self.latex(stages=True)}$"

    def _repr_svg_(self) -> str | None:
        """The circuit; None where it is too large to be shown unasked."""
        from gradgen.draw.circuit import circuit
        from gradgen.draw.svg import svg

        if len(self.program.names) > _MOST:
            return None
        return svg(circuit(cast("Compiled", self)))

    def _repr_html_(self) -> str:
        """The formula, the circuit and the listing, for notebooks."""
        from gradgen.draw.svg import escaped

        parts = [f"<p>{escaped(self._repr_latex_())}</p>"]
        with contextlib.suppress(GradgenError):
            parts.append(self._repr_svg_() or "")
        listing = f"<pre><code>{escaped(self.source)}</code></pre>"
        parts.append(f"<details><summary>The module</summary>{listing}</details>")
        return "\n".join(filter(None, parts))
