"""C: its words for operations, its reserved names, its form, and the proof that a module's text is a module and no more."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradgen.core.rows import NAMED
from gradgen.errors import GradgenError
from gradgen.write.language import (
    AND,
    ATOM,
    CONDITIONAL,
    NOT,
    OPERATORS,
    OR,
    PRODUCT,
    SIGN,
    Language,
    Word,
    word,
)
from gradgen.write.target import C_BLOCKS, Skeleton, Target


def _calls(form: str, names: str) -> dict[str, Word]:
    """Return words of one form, as `{name}({0})`."""
    return {name: word(form.replace("{name}", name)) for name in names.split()}


def _joined(sign: str, binds: int) -> Word:
    """Return the word of `&&` or `||`: compilers warn where one stands in the other without brackets."""
    return replace(word(f"{{0}} {sign} {{1}}", binds, NOT, NOT), chains=True)


WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "inv": word("1.0 / {0}", PRODUCT, SIGN),
    **dict.fromkeys(
        ("powi", "powi of an expression", "powr", "expb", "pow"),
        word("pow({0}, {1})"),
    ),
    "and": _joined("&&", AND),
    "or": _joined("||", OR),
    "not": word("!{0}", NOT, ATOM),
    "where": word("{0} ? {1} : {2}", CONDITIONAL, OR, OR, CONDITIONAL),
    "hypot3": word("hypot(hypot({0}, {1}), {2})"),
    "norm": word("sqrt({0})"),
    "round": word("rint({0})"),
    "abs": word("fabs({0})"),
    "gamma": word("tgamma({0})"),
    **_calls("{name}({0}, {1})", "hypot atan2 copysign"),
    **_calls(
        "{name}({0})",
        "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
        "erf erfc lgamma floor ceil trunc",
    ),
    # Helpers, which the module carries.
    "mod": word("modulo_of({0}, {1})"),
    "floordiv": word("floor_divide_of({0}, {1})"),
    "max": word("maximum_of({0}, {1})"),
    "min": word("minimum_of({0}, {1})"),
    "polygamma": word("polygamma_of({0:d}, {1})"),
    "logcosh": word("log_cosh_of({0})"),
    "logsoftplus": word("log_softplus_of({0})"),
    "logerfc": word("log_erfc_of({0})"),
    "logbeta": word("log_beta_of({0}, {1})"),
    "experfc": word("exp_erfc_of({0}, {1})"),
    **_calls(
        "{name}_of({0})",
        "sign bern gelu_tanh xcsch langevin log_norm_cdf digamma trigamma erfinv erfcinv lambertw zeta erfcx "
        "tanh_slope gauss exprel_slope bern_slope log1prel_slope sinhc_slope gelu_tanh_slope tanhc_slope atanc_slope "
        "xcot_slope xcsc_slope xcoth_slope xcsch_slope langevin_slope log_softplus_slope log_erfc_slope "
        "log_norm_cdf_slope sinc_slope zeta_slope erfcx_slope",
    ),
    **_calls(
        "{name}_of({0}, {1})",
        "heaviside logaddexp beta compound sigmoid_difference compound_slope compound_by_power digamma_rise",
    ),
}
CONSTANTS = {
    "pi": "3.141592653589793",
    "e": "2.718281828459045",
    "nan": "NAN",
    "inf": "INFINITY",
    "True": "1",
    "False": "0",
    **{name: repr(value) for name, value in NAMED.items()},
}
#: What a line may call.
_CALLED = frozenset(
    name
    for word_ in WORDS.values()
    for piece in word_.pieces
    if isinstance(piece, str)
    for name in re.findall(r"(\w+)\(", piece)
)

#: The keywords of all standards of C, and names that compilers define as macros where no standard is asked for.
_KEYWORDS = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm fortran
    linux unix i386 _Bool _Complex _Imaginary _Alignas _Alignof _Atomic _Generic _Noreturn _Static_assert _Thread_local
    """.split())  # noqa: SIM905 - a list of words reads better as words
#: What <math.h> declares and defines.
_MATH = frozenset("""
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma
    fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan
    nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn sin sinh sqrt tan tanh tgamma trunc
    fpclassify isfinite isgreater isgreaterequal isinf isless islessequal islessgreater isnan isnormal isunordered
    signbit float_t double_t math_errhandling
    gamma j0 j1 jn y0 y1 yn signgam drem finite exp10 pow10 scalb significand
    HUGE_VAL HUGE_VALF HUGE_VALL INFINITY NAN FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL FP_ILOGB0 FP_ILOGBNAN FP_INFINITE
    FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO MATH_ERRNO MATH_ERREXCEPT MAXFLOAT DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS
    M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2
    """.split())  # noqa: SIM905
_NAMES = frozenset(
    "forward backward jacobian value_and_grad cache gradient rows".split()  # noqa: SIM905
)


def _define(name: str, sign: str, value: str, changes: bool) -> str:
    if sign != "=":
        return f"{name} {sign} {value};"
    return f"{'' if changes else 'const '}double {name} = {value};"


# The layout: long lines are broken where they are least nested, and before what binds least.

_WIDTH = 92
#: What an expression is broken before, that which binds least first; anything else stands behind a comma.
_LATER = ("?:", "|", "&", "<>=!", "+-", "*/")
_ASSIGNS = re.compile(r" [-+]?= ")
_BREAK = re.compile(r"(?<=[,({]) ?(?=\S)| (?=[-+*/?:<>=!&|]+ )")


def _given(outputs: Sequence[str], results: Sequence[str], cached: bool) -> str:
    """Return what `forward` sets, in words."""
    also = ", and the cache that backward needs" if cached else ""
    return f"Set {', '.join(results)} to {', '.join(outputs)}{also}."


def _rank(sign: str) -> int:
    """Return how late a line is broken before a sign: what binds least comes first."""
    return next((n for n, signs in enumerate(_LATER, 1) if sign in signs), 0)


def _layout(text: str) -> str:
    return "\n".join(_broken(line) for line in text.splitlines()).rstrip("\n") + "\n"


def _broken(line: str) -> str:
    """Return a line, in several where it is too long."""
    code, mark, comment = line.partition("  // ")
    if len(code) <= _WIDTH or code.lstrip().startswith("//"):
        return line
    # A signature's second line is told from the function's first.
    indent = " " * (8 if code[0] != " " else len(code) - len(code.lstrip()) + 4)
    depths: list[int] = []
    depth = 0
    for char in code:
        depths.append(depth)
        depth += (char in "([") - (char in ")]")
    places = [m.start() for m in _BREAK.finditer(code) if code[m.start()] == " "]
    # An assignment's sign stays with its name.
    equals = _ASSIGNS.search(code)
    least = max(len(code) - len(code.lstrip()) + 1, equals.end() if equals else 0)
    found: list[str] = []
    begin = margin = 0
    while len(code) - begin + margin > _WIDTH:
        most = begin + _WIDTH - margin
        near = places[bisect_right(places, least) : bisect_right(places, most)]
        if not near:
            break
        best = min(near, key=lambda at: (depths[at], _rank(code[at + 1]), -at))
        found.append(code[begin:best])
        begin, margin = best + 1, len(indent)
        least = begin + 1
    found.append(code[begin:])
    return f"\n{indent}".join(found) + mark + comment


# The check. Names are all that a user brings into a line of code, so what the lines may be is told token by token.

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


def _check(text: str, skeleton: Skeleton) -> None:
    """Prove that a module is comments, the one include, known helpers, and the functions, each plain assignments, in branches or not.

    Raises:
        GradgenError: the module is anything else.
    """
    for line in text.split("\n"):
        if line.endswith(("\\", "??/")):
            raise GradgenError(
                "a comment that ends in a backslash would take the next line with it in C; end it with another character"
            )
    head, include, rest = text.partition(f"\n{_INCLUDE}\n")
    if not include or not all(
        line.startswith("//") or not line for line in head.split("\n")
    ):
        raise _refused("it does not start with comments and `#include <math.h>`")
    helpers = dict(skeleton.helpers)
    rest = rest.lstrip("\n")
    while True:
        found = next((n for n, t in helpers.items() if rest.startswith(t)), None)
        if found is None:
            break
        rest = rest.removeprefix(helpers.pop(found)).lstrip("\n")
    tokens = _Tokens(rest)
    known = _CALLED | {*skeleton.helpers}
    constants = _constants(tokens, {*skeleton.constants} - known)
    outputs = len(skeleton.signatures["backward"]) - 1
    for name, parameters in skeleton.signatures.items():
        given = [text.split()[-1] for text in parameters if "[" not in text]
        function = _Function(tokens, name, given, outputs, known)
        function.known |= constants
        function.check()
    if tokens.next is not None:
        raise _refused(f"it goes on with `{tokens.next[:40]}`")


def _constants(tokens: _Tokens, names: set[str]) -> set[str]:
    """Pass over constants that are numbers, and have some of these names; return those."""
    found: set[str] = set()
    while tokens.took("static", "const", "double"):
        name = tokens.taken("name")
        if name not in names - found:
            raise _refused(f"it has a constant `{name[:40]}`")
        found.add(name)
        tokens.take("=")
        tokens.took("-")
        tokens.taken("number")
        if tokens.took("/"):
            tokens.taken("number")
        tokens.take(";")
    return found


def _refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )


class _Tokens:
    """The tokens of C code, comments left out."""

    def __init__(self, text: str) -> None:
        self.found: list[tuple[str, str]] = []
        at = 0
        for match in _TOKEN.finditer(text):
            if match.start() != at:
                break
            at = match.end()
            kind = match.lastgroup
            if kind != "blank":
                assert kind is not None
                self.found.append((kind, match[0]))
        if at < len(text):
            raise _refused(f"`{text[at : at + 20]!r}` is no token of such a module")
        self.place = 0

    @property
    def next(self) -> str | None:
        """The token that comes next."""
        return self.found[self.place][1] if self.place < len(self.found) else None

    @property
    def kind(self) -> str | None:
        """What it is."""
        return self.found[self.place][0] if self.place < len(self.found) else None

    def take(self, *wanted: str) -> None:
        """Pass over these tokens, and no others."""
        for token in wanted:
            if self.next != token:
                raise _refused(f"it has `{self.next}` where `{token}` stands")
            self.place += 1

    def took(self, *wanted: str) -> bool:
        """Pass over these tokens if they come next."""
        texts = [text for _, text in self.found[self.place : self.place + len(wanted)]]
        if texts != [*wanted]:
            return False
        self.place += len(wanted)
        return True

    def taken(self, kind: str) -> str:
        """Pass over a token of this kind and return it."""
        if self.kind != kind:
            raise _refused(f"it has `{self.next}` where a {kind} stands")
        self.place += 1
        return self.found[self.place - 1][1]


class _Function:
    """Checks one function."""

    def __init__(
        self,
        tokens: _Tokens,
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
                raise _refused(f"the signature of `{self.name}` is another")
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
            raise _refused(f"the signature of `{self.name}` is another")

    def index(self, depth: int) -> None:
        for _ in range(depth):
            self.tokens.take("[")
            if not self.tokens.taken("number").isdecimal():
                raise _refused("an index is no whole number")
            self.tokens.take("]")

    def line(self) -> None:
        """Pass over one statement."""
        tokens = self.tokens
        if tokens.took("(", "void", ")"):
            if tokens.taken("name") not in self.known | self.reads:
                raise _refused("it passes over what it does not know")
        elif tokens.took("*"):
            if tokens.taken("name") not in self.set:
                raise _refused("it sets what is no result")
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
                raise _refused(
                    f"a line that begins with `{name[:40]}` is no assignment"
                )

    def value(self, name: str = "") -> None:
        self.tokens.take("=")
        self.expression()
        if name:
            self.known.add(name)

    def declared(self, name: str) -> None:
        """Pass over the names of what `jacobian` has `forward` set."""
        tokens = self.tokens
        if self.name != "jacobian":
            raise _refused(f"it declares `{name[:40]}` without a value")
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
            raise _refused("it calls `forward`")
        for name in self.given:
            tokens.take(name, ",")
        for _ in range(self.outputs):
            tokens.take("&")
            if tokens.taken("name") not in self.set:
                raise _refused("it sets what is not declared")
            tokens.take(",")
        tokens.take("cache", ")")

    def expression(self, *ends: str) -> None:
        """Pass over an expression: operands that are known, with operators between them, none of which assigns."""
        tokens, depth, operand = self.tokens, 0, True
        while depth or tokens.next not in (ends or (";", ",")):
            kind, text = tokens.kind, tokens.next
            if kind is None or text is None:
                raise _refused("it ends in the middle of a line")
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
                raise _refused(f"`{text[:40]}` is no plain arithmetic")
        if operand:
            raise _refused("an expression does not end")


#: What a function sets beside its results, with the number of its indices.
_ARRAYS = {
    "forward": ("cache", 1),
    "backward": ("gradient", 1),
    "jacobian": ("rows", 2),
    "value_and_grad": ("gradient", 1),
}

C = Target(
    name="c",
    folder="c",
    language=Language(
        "c",
        WORDS,
        CONSTANTS,
        lacking="needs SciPy's special functions, which C has not; compile with --target scipy",
        often={"sigmoid": word("sigmoid_of({0})")},
    ),
    imports=(),
    needs="",
    says="C99",
    reserved=_NAMES | _KEYWORDS | _MATH,
    avoided=frozenset(),
    layout=_layout,
    layout_any=_layout,
    check=_check,
    suffix=".c",
    comment="//",
    helper="{}_of",
    callees_first=True,
    define=_define,
    constant="static const double {} = {};",
    blocks=C_BLOCKS,
    parameter=lambda name, default: f"double {name}",
    cache="const double cache[]",
    gives=_given,
    returns="Set {} to",
    listed=lambda parts: f"{{{', '.join(parts)}}}",
    quoted=lambda words: words,
    raises=False,
)
TARGETS = (C,)
