"""The values that a Python function returns in; what its results are called out, and the assignments that give them these names."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import RESERVED, check_identifier
from gradgen.read.python.draft import Draft
from gradgen.read.python.terms.value import Value
from gradgen.read.sympy.table import CALLS
from gradgen.reserved import is_kept


@dataclass(frozen=True)
class Results:
    """What decides how results are called.

    Attributes:
        draft: the program.
        function: the function's name.
        asked: what the result is called, if not as the function is.
        kept: the names of other results that are wanted, which keep theirs.
        called: the formula's own functions and constants that were used.
    """

    draft: Draft
    function: str
    asked: str
    kept: Collection[str]
    called: Collection[str]

    def single(self, value: Value, comment: str) -> str:
        """Return the name of the one result: the function's, or the one that is asked for."""
        assigned = {name for name, _, _ in self.draft.items}
        own = value.text if value.text in assigned else ""
        asked = self.asked or self.function
        kept = self.kept and asked not in self.kept
        if own and (own == asked or kept):
            return own
        if not self.asked and not self._free(asked, assigned):
            asked = own or "f"
        elif not self.asked and asked in assigned:
            first = self.draft.fresh(f"{asked}1")  # as in rate1, rate2, rate
            self.draft.rename(asked, first)
            del self.draft.taken[asked]
            value = Value(re.sub(rf"\b{asked}\b", first, value.text))
        if own and asked not in self.draft.taken:
            self.draft.rename(own, asked)
            self.draft.taken[asked] = 1
            return asked
        return own if own == asked else self._add(asked, value, comment)

    def several(self, values: list[Value], comment: str) -> tuple[str, ...]:
        """Return the names of several results, no two the same."""
        assigned = {name for name, _, _ in self.draft.items}
        found: list[str] = []
        for place, value in enumerate(values, 1):
            if value.text in assigned and value.text not in found and not self.asked:
                found.append(value.text)
            else:
                name = self.asked or "f"
                name = name if place == 1 else f"{name}{place}"
                found.append(self._add(name, value, comment))
        return tuple(found)

    def _add(self, name: str, value: Value, comment: str) -> str:
        if self.asked and name in self.draft.taken:
            raise GradgenError(
                f"the result cannot be called `{name}`, which the function calls something else; choose another name"
            )
        name = self.draft.fresh(name)
        self.draft.add(name, value, comment)
        return name

    def _free(self, name: str, assigned: Collection[str]) -> bool:
        """Return whether a result may have this name, when what is assigned may get another."""
        try:
            check_identifier(name, "the result's name")
        except GradgenError:
            return False
        taken = name in self.draft.taken and name not in assigned
        taken = taken or name in self.called or name in RESERVED
        return not (taken or is_kept(name) or name in CALLS or name in COMPOSITIONS)
