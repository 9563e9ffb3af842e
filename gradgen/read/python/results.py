"""The values that a Python function returns in; what its results are called out, and the assignments that give them these names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

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

    def several(self, values: list[Value], comment: str, keys: Sequence[str] = ()) -> tuple[str, ...]:  # fmt: skip
        """Return the names of several results, no two the same; those of a dict are its keys, where these are free."""
        assigned = {name for name, _, _ in self.draft.items}
        found: list[str] = []
        for place in range(len(values)):
            own, key = values[place].text, keys[place] if keys else ""
            named = own in assigned and own not in found and not self.asked
            free = key and not (self.asked or self.kept or key in self.draft.taken)
            free = free and self._free(key, assigned)
            if named and free:
                self.draft.rename(own, key)
                self.draft.taken[key] = 1
                word = re.compile(rf"\b{own}\b")
                values = [replace(v, text=word.sub(key, v.text)) for v in values]
                found.append(key)
            elif named:
                found.append(own)
            else:
                name = self.asked or "f"
                name = name if not place else f"{name}{place + 1}"
                found.append(self._add(key if free else name, values[place], comment))
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
