"""C over rows of data: one loop without a branch, glibc's vector functions under strict IEEE semantics, and the proof of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradgen.write.check.c import (
    Function,
    behind,
    behind_include,
    constants,
    refused,
    tokens_of,
)
from gradgen.write.check.tokens import Tokens
from gradgen.write.language import calls
from gradgen.write.languages.c import CALLED, C
from gradgen.write.target import Skeleton

INCLUDES = "#include <math.h>\n#include <stddef.h>"
#: What glibc's vector library has, by the versions that it is in since: on x86-64, and on AArch64.
_VECTORS = {
    (22, 38): "cos exp log sin",
    (22, 40): "pow",
    (35, 39): "acos asin atan atan2 exp2 expm1 log10 log1p log2 tan",
    (35, 40): "acosh asinh atanh cbrt cosh erf erfc hypot sinh tanh",
}
_OF_TWO = frozenset({"pow", "atan2", "hypot"})
_SAYS = (
    "// For several rows at once glibc has these, right to 4 units in the last place."
)
#: clang gives these attributes another meaning.
_FOR = "#if __GNUC__ >= 6 && !defined(__clang__)"
_ASKS = "#if (__x86_64__ && __GLIBC_MINOR__ >= {}) || (__aarch64__ && __GLIBC_MINOR__ >= {})"
_ENDS = "#endif"


#: What calls exp in either branch of its body: helpers that call it once.
ONCE = {
    **calls("{name}_of({0})", "sigmoid"),
    **calls("{name}_of({0}, {1})", "wsigmoid"),
}


def _prototype(name: str) -> str:
    given = "double, double" if name in _OF_TWO else "double"
    return f'__attribute__((const, simd("notinbranch"))) extern double {name}({given});'


#: The lines that may declare them, by the line that asks for the library.
_LINES = {
    _ASKS.format(*versions): [_prototype(name) for name in names.split()]
    for versions, names in _VECTORS.items()
}


def _declared(texts: Sequence[str]) -> Iterator[str]:
    """Yield the lines that declare the vector functions that these texts call.

    They are spelled out as glibc's headers do under fast-math alone. That they are `const` is what lets loops call several at once.
    """
    code = re.sub(r"//[^\n]*", "", "\n".join(texts))
    called = {*re.findall(r"\b(\w+)\(", code)}
    blocks = [
        [asks, *found, _ENDS]
        for (asks, lines), names in zip(_LINES.items(), _VECTORS.values())
        if (found := [x for x, n in zip(lines, names.split()) if n in called])
    ]
    if blocks:
        lines = [line for block in blocks for line in block]
        yield "\n".join([_SAYS, _FOR, *lines, _ENDS])


def behind_declared(text: str) -> str:
    """Return what follows the lines that declare vector functions."""
    lines = f"{text}\n".split("\n")
    if lines[:2] != [_SAYS, _FOR]:
        return text
    at = 2
    while known := _LINES.get(lines[at]):
        at += 1
        while lines[at] in known:
            at += 1
        if lines[at] != _ENDS:
            break
        at += 1
    if lines[at] != _ENDS:
        raise refused("it declares what is no vector function")
    return "\n".join(lines[at + 1 :]).lstrip("\n")


def _check(text: str, skeleton: Skeleton) -> None:
    """Prove that a module is comments, the includes, known helpers, and functions that are one loop of plain assignments each.

    Raises:
        GradgenError: the module is anything else.
    """
    check_functions(text, skeleton, Loop)


def check_functions(text: str, skeleton: Skeleton, kind: type[Loop]) -> None:
    """Prove the same of a module whose functions are checked by a class."""
    rest = behind_declared(behind_include(text, INCLUDES))
    tokens = tokens_of(behind(rest, skeleton))
    known = CALLED | {*skeleton.helpers}
    declared = constants(tokens, {*skeleton.constants} - known)
    for name, parameters in skeleton.signatures.items():
        function = kind(tokens, name, parameters, known)
        function.known |= declared
        function.check()
    tokens.ended()


class Loop(Function):
    """Checks one function, which is a loop over rows."""

    def __init__(
        self,
        tokens: Tokens,
        name: str,
        signature: Sequence[str],
        callables: frozenset[str],
    ) -> None:
        arrays = [p.partition("[")[0].split() for p in signature if "[" in p]
        numbers = [p.split()[-1] for p in signature[1:] if "[" not in p]
        super().__init__(tokens, name, numbers, 0, callables)
        self.signature = signature
        self.reads = {words[-1] for words in arrays if words[0] == "const"}
        self.arrays = {words[-1]: 1 for words in arrays if words[0] != "const"}

    def check(self) -> None:
        tokens = self.tokens
        tokens.take("void", self.name, "(")
        tokens.passed(", ".join(self.signature))
        tokens.take(")", "{")
        while tokens.next == "(":
            self.statement()
        tokens.passed("for (size_t row = 0; row < rows; row++) {")
        while not tokens.took("}"):
            self.statement()
        tokens.take("}")

    def statement(self) -> None:
        self.line()
        self.tokens.take(";")

    def line(self) -> None:
        if self.tokens.took("const", "int"):
            self.value(self.tokens.taken("name"))
        else:
            super().line()

    def index(self, depth: int) -> None:
        tokens = self.tokens
        tokens.take("[", "row")
        if self.name == "jacobian" and tokens.took("*"):  # the numbers of a row
            width = tokens.taken("number")
            tokens.take("+")
            place = tokens.taken("number")
            if not (width.isdecimal() and place.isdecimal() and int(place) < int(width)):  # fmt: skip
                raise refused("it sets what is in no row")
        tokens.take("]")


ROWS = replace(
    C,
    folder="c_rows",
    # What calls sin and cos in one branch alone is a helper, which calls them ahead of it.
    language=replace(
        C.language,
        words={
            **C.language.words,
            **calls("{name}_of({0})", "sinc xcsc"),
            **ONCE,
        },
    ),
    borrows=("c", ()),
    reserved=C.reserved | {"row", "size_t"},
    check=_check,
    truth=lambda name, value: f"const int {name} = {value};",
    flat=True,
    gives=lambda outputs, results, cached: f"Set {', '.join(results)} in each row to {', '.join(outputs)}.",
    declares=_declared,
)
