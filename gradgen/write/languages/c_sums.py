"""C over rows of data that are added up: blocks of rows, sums that are compensated, and the proof of its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradgen.write.arrays.loops import APPENDS
from gradgen.write.check.c import refused
from gradgen.write.check.tokens import Tokens
from gradgen.write.language import ATOM, word
from gradgen.write.languages.c import C
from gradgen.write.languages.c_rows import ONCE, ROWS, Loop, check_functions
from gradgen.write.target import Skeleton

#: So many rows are worked on at once.
BLOCK = 256
#: By the operation that it stands for, what adds the numbers of a block to a sum.
ADDS = {
    "sum": "adds_of",
    "mean": "adds_of",
    "logsumexp": "raises_of",
    "logmeanexp": "raises_of",
    "largest": "tops_of",
}
#: What a sum is before the first row.
STARTS = {
    "adds_of": "{0.0, 0.0, 0.0}",
    "raises_of": "{0.0, 0.0, -INFINITY}",
    "tops_of": "{0.0, 0.0, -INFINITY}",
}
#: The lines around those of rows.
BEGIN = (
    f"for (size_t start = 0; start < rows; start += {BLOCK}) {{",
    f"const size_t end = rows - start < {BLOCK} ? rows : start + {BLOCK};",
)
INNER = "for (size_t row = start; row < end; row++) {"
_WORDS = {
    **ONCE,
    "each": word("{0}", ATOM, ATOM),
    "share": word("share_of({0}, rows)"),
    "sum": word("sum_of({0})"),
    "mean": word("mean_of({0}, rows)"),
    "largest": word("largest_of({0})"),
    "logsumexp": word("logsumexp_of({0})"),
    "logmeanexp": word("logmeanexp_of({0}, rows)"),
}


def _define(name: str, sign: str, value: str, changes: bool) -> str:
    if name.endswith(APPENDS):
        return f"{each(name.removesuffix(APPENDS))}[row - start] = {value};"
    return C.define(name, sign, value, changes)


def each(total: str) -> str:
    """Return what the numbers of a block are called that are added to a sum."""
    return f"{total}_each"


def _check(text: str, skeleton: Skeleton) -> None:
    """Prove that a module is comments, the includes, known helpers, and functions of plain assignments, in loops over blocks of rows or not.

    Raises:
        GradgenError: the module is anything else.
    """
    check_functions(text, skeleton, _Blocks)


class _Blocks(Loop):
    """Checks one function, with loops over blocks of rows."""

    def __init__(
        self,
        tokens: Tokens,
        name: str,
        signature: Sequence[str],
        callables: frozenset[str],
    ) -> None:
        super().__init__(tokens, name, signature, callables)
        self.results = {*self.arrays}
        self.known.add("rows")
        self.totals: set[str] = set()
        self.columns, self.reads = self.reads, set()
        self.inner = False

    def check(self) -> None:
        tokens = self.tokens
        tokens.take("void", self.name, "(")
        self.tokens.passed(", ".join(self.signature))
        tokens.take(")", "{")
        while not tokens.took("}"):
            if tokens.next == "for":
                self._block()
            else:
                self._whole()

    def _whole(self) -> None:
        tokens = self.tokens
        if tokens.took("(", "void", ")"):
            if tokens.taken("name") not in self.known | self.columns:
                raise refused("it passes over what it does not know")
            tokens.take(";")
            return
        texts = [text for _, text in tokens.found[tokens.place : tokens.place + 3]]
        if texts[:1] == ["double"] and texts[2:] == ["["]:
            tokens.take("double")
            name = tokens.taken("name")
            tokens.take("[", "3", "]", "=", "{", "0.0", ",", "0.0", ",")
            if not tokens.took("-", "INFINITY"):
                tokens.take("0.0")
            tokens.take("}", ";")
            self.totals.add(name)
            self.known.add(name)
        else:
            self.statement()

    def _block(self) -> None:
        tokens, known = self.tokens, {*self.known}
        self.tokens.passed(" ".join(BEGIN))
        blocks: set[str] = set()
        while tokens.took("double"):
            blocks.add(tokens.taken("name"))
            tokens.take("[", f"{BLOCK}", "]", ";")
        self.tokens.passed(INNER)
        self.inner, self.reads, sets = True, self.columns, self.arrays
        self.arrays = dict.fromkeys((*sets, *blocks), 1)
        self.blocks = blocks
        while not tokens.took("}"):
            self.statement()
        self.inner, self.reads, self.arrays, self.known = False, set(), sets, known
        while not tokens.took("}"):
            if tokens.taken("name") not in {*ADDS.values()}:
                raise refused("it calls what adds nothing up")
            tokens.take("(")
            if tokens.taken("name") not in self.totals:
                raise refused("it adds to what is no sum")
            tokens.take(",")
            if tokens.taken("name") not in blocks:
                raise refused("it adds up what is no block")
            self.tokens.passed(", end - start);")

    def index(self, depth: int) -> None:
        if not self.inner:
            self.tokens.take("[", "0", "]")
            return
        name = self.tokens.found[self.tokens.place - 1][1]
        self.tokens.passed("[row - start]" if name in self.blocks else "[row]")


ROWS_SUMS = replace(
    ROWS,
    folder="c_sums",
    language=replace(
        C.language,
        words={**C.language.words, **_WORDS},
        lacking="has no form over rows in C",
    ),
    reserved=ROWS.reserved
    | {"start", "end", "at", "isfinite", "isnan", "fabs", "INFINITY"}
    | {f"{name}_of" for name in (*ADDS, "adds", "raises", "share", "tops")},
    check=_check,
    define=_define,
    gives=lambda outputs, results, cached: f"Set {', '.join(results)} to {', '.join(outputs)}.",
    sums=True,
)
