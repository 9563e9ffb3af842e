"""The text of a module in C in; the proof that it is a module and no more out: token by token."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradgen.errors import GradgenError
from gradgen.write.check.tokens import Tokens
from gradgen.write.target import Skeleton

# Names are all that a user brings into a line of code, so what the lines may be is told token by token.

_TOKEN = re.compile(
    r"""(?P<blank>[ \n]+|//[^\n]*)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w))
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>\+\+|--|->|<<|>>|&&|\|\||[-+*/<>=!]=|[-+*/<>=!?:,;&(){}\[\]])""",
    re.VERBOSE,
)
_INCLUDE = "#include <math.h>"
_BINARY = frozenset("+ - * / < > <= >= == != && || ? : ,".split())  # noqa: SIM905
_VALUES = frozenset({"NAN", "INFINITY"})
#: What a function sets beside its results, with the number of its indices.
_ARRAYS = {
    "forward": ("cache", 1),
    "backward": ("gradient", 1),
    "jacobian": ("rows", 2),
    "value_and_grad": ("gradient", 1),
}


def check(text: str, skeleton: Skeleton, called: frozenset[str]) -> None:
    """Prove that a module is comments, the one include, known helpers, and the functions, each plain assignments, in branches or not.

    Args:
        text: the module.
        skeleton: what it may hold.
        called: what lines may call beside helpers.

    Raises:
        GradgenError: the module is anything else.
    """
    tokens = tokens_of(behind(behind_include(text, _INCLUDE), skeleton))
    known = called | {*skeleton.helpers}
    declared = constants(tokens, {*skeleton.constants} - known)
    outputs = len(skeleton.signatures["backward"]) - 1
    for name, parameters in skeleton.signatures.items():
        given = [text.split()[-1] for text in parameters if "[" not in text]
        function = Function(tokens, name, given, outputs, known)
        function.known |= declared
        function.check()
    tokens.ended()


def behind_include(text: str, include: str) -> str:
    """Return what follows the comments and the lines that include."""
    for line in text.split("\n"):
        if line.endswith(("\\", "??/")):
            raise GradgenError(
                "a comment that ends in a backslash would take the next line with it in C; end it with another character"
            )
    head, found, rest = text.partition(f"\n{include}\n")
    if not found or not all(
        line.startswith("//") or not line for line in head.split("\n")
    ):
        raise refused("it does not start with comments and `#include <math.h>`")
    return rest.lstrip("\n")


def behind(text: str, skeleton: Skeleton) -> str:
    """Return what follows the helpers that a module begins with."""
    helpers = dict(skeleton.helpers)
    while True:
        found = next((n for n, t in helpers.items() if text.startswith(t)), None)
        if found is None:
            return text
        text = text.removeprefix(helpers.pop(found)).lstrip("\n")


def constants(tokens: Tokens, names: set[str]) -> set[str]:
    """Pass over constants that are numbers, and have some of these names; return those."""
    found: set[str] = set()
    while tokens.took("static", "const", "double"):
        name = tokens.taken("name")
        if name not in names - found:
            raise refused(f"it has a constant `{name[:40]}`")
        found.add(name)
        tokens.take("=")
        tokens.took("-")
        tokens.taken("number")
        if tokens.took("/"):
            tokens.taken("number")
        tokens.take(";")
    return found


def refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )


def tokens_of(text: str) -> Tokens:
    """Return the tokens of C code."""
    return Tokens(text, _TOKEN, refused)


class Function:
    """Checks one function."""

    def __init__(
        self,
        tokens: Tokens,
        name: str,
        given: Sequence[str],
        outputs: int,
        callables: frozenset[str],
    ) -> None:
        self.tokens = tokens
        self.name = name
        self.given = given
        self.outputs = outputs
        self.callables = callables
        #: What lines may read, what they may change, and what they may set alone.
        self.known: set[str] = {*given}
        #: An upstream gradient grows where the result is used in another.
        self.changing: set[str] = {*given} if name == "backward" else set()
        self.set: set[str] = set()
        #: The arrays that lines set, and with `cache` that which they read.
        self.arrays: dict[str, int] = {}
        self.reads: set[str] = set()

    def check(self) -> None:
        tokens = self.tokens
        tokens.take("void", self.name, "(")
        self.parameters()
        tokens.take(")", "{")
        depth = 1
        while depth:
            if tokens.took("if"):
                self.asked()
                depth += 1
            elif not tokens.took("}"):
                self.line()
                tokens.take(";")
            elif depth == 1 or not tokens.took("else"):
                depth -= 1
            elif tokens.took("if"):
                self.asked()
            else:
                tokens.take("{")

    def asked(self) -> None:
        """Pass over the condition of a branch."""
        self.tokens.take("(")
        self.expression(")")
        self.tokens.take(")", "{")

    def parameters(self) -> None:
        """Pass over the parameters, which are the given ones, and what the function sets and reads besides."""
        tokens, given = self.tokens, [*self.given]
        if tokens.took("void"):
            if given:
                raise refused(f"the signature of `{self.name}` is another")
            return
        sets = self.name in ("forward", "value_and_grad")
        pointers = self.outputs if sets else 0
        while True:
            if self.name == "backward" and tokens.took("const", "double", "cache"):
                self.index(1)
                self.reads.add("cache")
            else:
                tokens.take("double")
                if tokens.took("*"):
                    self.set.add(tokens.taken("name"))
                elif given:
                    tokens.take(given.pop(0))
                else:
                    array, depth = _ARRAYS[self.name]
                    tokens.take(array)
                    self.index(depth)
                    self.arrays[array] = depth
            if tokens.next == ")":
                break
            tokens.take(",")
        if given or len(self.set) != pointers:
            raise refused(f"the signature of `{self.name}` is another")

    def index(self, depth: int) -> None:
        for _ in range(depth):
            self.tokens.take("[")
            if not self.tokens.taken("number").isdecimal():
                raise refused("an index is no whole number")
            self.tokens.take("]")

    def line(self) -> None:
        """Pass over one statement."""
        tokens = self.tokens
        if tokens.took("(", "void", ")"):
            if tokens.taken("name") not in self.known | self.reads:
                raise refused("it passes over what it does not know")
        elif tokens.took("*"):
            if tokens.taken("name") not in self.set:
                raise refused("it sets what is no result")
            self.value()
        elif tokens.took("const", "double"):
            self.value(tokens.taken("name"))
        elif tokens.took("double"):
            name = tokens.taken("name")
            if tokens.next in ("=", ";"):
                self.changing.add(name)
            if tokens.next == "=":
                self.value(name)
                while tokens.took(","):
                    name = tokens.taken("name")
                    self.changing.add(name)
                    self.value(name)
            elif tokens.next != ";":
                self.declared(name)
        elif tokens.took("forward", "("):
            self.call()
        else:
            name = tokens.taken("name")
            if name in self.arrays:
                self.index(self.arrays[name])
                self.value()
            elif name in self.changing and tokens.next == "=":
                self.value(name)
            elif name in self.changing and tokens.next in ("+=", "-="):
                tokens.take(tokens.next)
                self.expression()
            else:
                raise refused(f"a line that begins with `{name[:40]}` is no assignment")

    def value(self, name: str = "") -> None:
        self.tokens.take("=")
        self.expression()
        if name:
            self.known.add(name)

    def declared(self, name: str) -> None:
        """Pass over the names of what `jacobian` has `forward` set."""
        tokens = self.tokens
        if self.name != "jacobian":
            raise refused(f"it declares `{name[:40]}` without a value")
        self.set.add(name)
        while tokens.took(","):
            if tokens.took("cache"):
                self.index(1)
                self.reads.add("cache")
            else:
                self.set.add(tokens.taken("name"))

    def call(self) -> None:
        """Pass over the call of `forward` in `jacobian`."""
        tokens = self.tokens
        if self.name != "jacobian":
            raise refused("it calls `forward`")
        for name in self.given:
            tokens.take(name, ",")
        for _ in range(self.outputs):
            tokens.take("&")
            if tokens.taken("name") not in self.set:
                raise refused("it sets what is not declared")
            tokens.take(",")
        tokens.take("cache", ")")

    def expression(self, *ends: str) -> None:
        """Pass over an expression: operands that are known, with operators between them, none of which assigns."""
        tokens, depth, operand = self.tokens, 0, True
        while depth or tokens.next not in (ends or (";", ",")):
            kind, text = tokens.kind, tokens.next
            if not text:
                raise refused("it ends in the middle of a line")
            tokens.take(text)
            if not operand:
                fine = text in _BINARY or text == ")"
                operand = text != ")"
            elif kind == "name" and tokens.next == "(":
                fine = text in self.callables
            elif kind == "name" and tokens.next == "[":
                fine, operand = text in self.reads, False
                self.index(1)
            elif kind == "sign":
                fine = text in ("(", "-", "!")
            else:
                fine = kind == "number" or text in self.known or text in _VALUES
                operand = False
            depth += (text == "(") - (text == ")")
            if not fine or depth < 0:
                raise refused(f"`{text[:40]}` is no plain arithmetic")
        if operand:
            raise refused("an expression does not end")
