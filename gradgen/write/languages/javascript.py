"""JavaScript: its words for operations, its reserved names, and the proof that a module is no more than one may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from gradgen.core.rows import NAMED
from gradgen.errors import GradgenError
from gradgen.passes.constants import ARITHMETIC
from gradgen.write.language import (
    AND,
    ATOM,
    COMPARISON,
    CONDITIONAL,
    OPERATORS,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    Language,
    Word,
    calls,
    infix,
    word,
)
from gradgen.write.target import JAVASCRIPT_BLOCKS, Skeleton, Target

#: A power binds as a sign: neither a negative base nor the negative of a power goes without brackets.
_WHOLE = word("{0} ** {1:d}", SIGN, ATOM, SIGN)
_WORDS: Mapping[str, Word] = {
    **OPERATORS,
    "inv": word("1 / {0}", PRODUCT, SIGN),
    "powi": _WHOLE,
    "powi of an expression": _WHOLE,
    "powr": word("{0} ** {1}", SIGN, ATOM, SIGN),
    "expb": word("{0} ** {1}", SIGN, ATOM, ATOM),
    "exp2": word("2 ** {0}", SIGN, ATOM),
    "pow": word("_power({0}, {1})"),
    "mod": word("_modulo({0}, {1})"),
    "floordiv": word("_floor_divide({0}, {1})"),
    "eq": infix("===", COMPARISON),
    "ne": infix("!==", COMPARISON),
    "and": infix("&&", AND),
    "or": infix("||", OR),
    "not": word("!{0}", SIGN, POWER),
    "where": word("{0} ? {1} : {2}", CONDITIONAL, OR, OR, CONDITIONAL),
    "hypot3": word("Math.hypot({0}, {1}, {2})"),
    "norm": word("Math.sqrt({0})"),
    "expinf": word("Math.exp({0})"),
    **calls("Math.{name}({0}, {1})", "hypot atan2 max min"),
    **calls(
        "Math.{name}({0})",
        "abs sign sqrt cbrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh "
        "acosh atanh floor",
    ),
    # Helpers, which the module carries.
    "logcosh": word("_log_cosh({0})"),
    "logsoftplus": word("_log_softplus({0})"),
    "logerfc": word("_log_erfc({0})"),
    "logbeta": word("_log_beta({0}, {1})"),
    "experfc": word("_exp_erfc({0}, {1})"),
    "polygamma": word("_polygamma({0:d}, {1})"),
    **calls(
        "_{name}({0})",
        "ceil trunc round erf erfc gamma lgamma bern gelu_tanh xcsch langevin log_norm_cdf digamma trigamma "
        "erfinv erfcinv lambertw zeta erfcx tanh_slope gauss exprel_slope bern_slope log1prel_slope "
        "sinhc_slope gelu_tanh_slope tanhc_slope atanc_slope xcot_slope xcsc_slope xcoth_slope xcsch_slope "
        "langevin_slope log_softplus_slope log_erfc_slope log_norm_cdf_slope sinc_slope zeta_slope "
        "erfcx_slope",
    ),
    **calls(
        "_{name}({0}, {1})",
        "copysign heaviside logaddexp beta compound sigmoid_difference compound_slope compound_by_power "
        "digamma_rise",
    ),
}
_CONSTANTS = {
    "pi": "Math.PI",
    "e": "Math.E",
    "nan": "NaN",
    "inf": "Infinity",
    "True": "true",
    "False": "false",
    **{name: repr(value) for name, value in NAMED.items()},
}
#: The functions that a module may have to carry.
_HELPERS = frozenset(
    piece.rstrip("(")
    for word_ in _WORDS.values()
    for piece in word_.pieces
    if isinstance(piece, str) and piece.startswith("_")
) | {"_exprel", "_gamma_rest", "_sigmoid"}

#: The words of the language, also those of its future.
_KEYWORDS = frozenset("""
    arguments async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for function if implements import in instanceof interface let new null package private
    protected public return static super switch this throw true try typeof undefined var void while with yield
    """.split())  # noqa: SIM905
_NAMES = frozenset(
    "Math NaN Infinity forward backward jacobian value_and_grad cache _".split()  # noqa: SIM905
)


#: A longer assignment stands on several lines, which are cut at the first of these that it has outside of brackets.
_WIDTH = 88
_BREAKS = (("?", ":"), ("||",), ("&&",), ("+", "-"), ("*", "/"))
_SIGNS = re.compile(r" (?:\?|:|\|\||&&|[-+*/]) |[()\[\]]")
_ASSIGNED = re.compile(r" *(?:const |let )?\w+ [-+]?")


class _JavaScript(Language):
    def digits(self, value: float) -> str:
        """Return a double's shortest digits: 2, not 2.0."""
        return super().digits(value).removesuffix(".0")


def _define(name: str, sign: str, text: str, changes: bool) -> str:
    kind = "" if sign != "=" else "let " if changes else "const "
    return f"{kind}{name} {sign} {text};"


def _parameter(name: str, default: float | None) -> str:
    return name if default is None else f"{name} = {_LANGUAGE.digits(default)}"


def _listed(parts: Sequence[str]) -> str:
    return f"[{', '.join(parts)}]"


def _given(outputs: Sequence[str], results: Sequence[str], cached: bool) -> str:
    """Return what `forward` returns, in words."""
    several = len(outputs) > 1
    values = f"[{', '.join(outputs)}]" if several else outputs[0]
    return (
        f"Return [{values}, cache]: the value{'s' * several} and what backward needs."
    )


def _quoted(words: str) -> str:
    return words.replace("*/", "*\\/")


def _layout(text: str) -> str:
    """Return the built-in template's text with its long assignments broken."""
    # Not `splitlines`, which ends lines in the middle of comments.
    lines = (_broken(line) if len(line) > _WIDTH else line for line in text.split("\n"))
    return _plain("\n".join(lines))


def _plain(text: str) -> str:
    return text.rstrip("\n") + "\n"


def _broken(line: str) -> str:
    """Return an assignment on several lines: a choice before its arms, all else behind its weakest operators."""
    code, mark, comment = line.partition(" // ")
    head, equals, value = code.partition("= ")
    if not _ASSIGNED.fullmatch(head) or len(code) <= _WIDTH:
        return line
    depth, weakest, places = 0, len(_BREAKS), list[int]()
    for match in _SIGNS.finditer(value):
        sign = match[0].strip()
        depth += (sign in "([") - (sign in ")]")
        rank = next((i for i, signs in enumerate(_BREAKS) if sign in signs), weakest)
        if depth == 0 and match[0] != sign and rank <= weakest:
            places = places if rank == weakest else []
            places.append(match.start() if rank == 0 else match.end() - 1)
            weakest = rank
    cuts = [0, *places, len(value)]
    parts = [value[i:j].strip() for i, j in pairwise(cuts)]
    first = [f"{head}{equals}{parts[0]}"]
    if weakest > 0:
        first = [f"{head}=", f"    {parts[0]}"]
    rest = [f"    {part}" for part in parts[1:]]
    return "\n".join([*first, *rest]) + mark + comment


# The proof of a module.

#: What the body of a function may hold: no strings, templates, regular expressions, steps (`++`) and escapes are among it.
_TOKEN = re.compile(
    r"""
    (?P<gap>[ \n]+|//[^\n\r\u2028\u2029]*(?=\n))
    |(?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e-?[0-9]+)?(?![\w.$]))
    |(?P<name>(?:Math\.)?[^\W\d]\w*(?![.$]))
    |(?P<sign>===|!==|\*\*|&&|\|\||<=|>=|[-+]=|-(?!-)|\+(?!\+)|/(?![/*])|[*<>!?:=,;()\[\]{}])
    """,
    re.VERBOSE,
)
_COMMENT = re.compile(r"/\*\*(?:(?!\*/).)*\*/\n", re.DOTALL)
_HEADER = re.compile(r"(?://[^\n\r\u2028\u2029]*\n)*")
#: Names in braces, as tokens.
_OBJECT = r"\{((?: \w+ ,)*(?: \w+)?) \}"
_BINARY = frozenset("+ - * / ** < > <= >= === !== && || ?".split())  # noqa: SIM905
#: What has a value without a declaration, and what may be called.
_VALUES = frozenset(v for v in _CONSTANTS.values() if not v[0].isdigit())
_FUNCTIONS = frozenset(
    piece.rstrip("(")
    for word_ in _WORDS.values()
    for piece in word_.pieces
    if isinstance(piece, str) and piece.startswith("Math.")
)


def _check(text: str, skeleton: Skeleton) -> None:
    """Prove that a module is a comment, helpers and the functions, each plain assignments, in branches or not, and a return.

    Raises:
        GradgenError: the module is anything else. No input is known that leads here.
    """
    place = _past(_HEADER, text, 0, "text")
    place = _past(_COMMENT, text, place, "module")
    wanted = [*skeleton.signatures]
    helpers = [helper.strip("\n") + "\n" for helper in skeleton.helpers.values()]
    constants = _Function("the module", (), {*skeleton.helpers})
    while place < len(text):
        carried = next((h for h in helpers if text.startswith(h, place)), "")
        if carried or text[place] == "\n":
            place += len(carried or "\n")
            continue
        if not wanted:
            raise _refused("it goes on behind its functions")
        if text.startswith("// ", place):
            place = text.index("\n", place)
            continue
        if text.startswith("const ", place):
            tokens, place = next(_statements(text, place))
            if tokens[1] not in skeleton.constants:
                raise _refused(f"it has a constant `{tokens[1][:60]}`")
            constants.statement(tokens)
            place = text.index("\n", place)
            continue
        name = wanted.pop(0)
        place = _past(_COMMENT, text, place, f"`{name}`")
        function = _Function(name, skeleton.signatures[name], {*skeleton.helpers})
        function.known |= constants.known
        place = function.check(text, place)
    if wanted:
        raise _refused(f"it has no function `{wanted[0]}`")


def _past(pattern: re.Pattern[str], text: str, place: int, what: str) -> int:
    match = pattern.match(text, place)
    if match is None:
        raise _refused(f"its {what} does not start with a comment")
    return match.end()


class _Function:
    """A function, whose statements are checked in order.

    Attributes:
        known: the names that have values so far, each with whether it may change.
    """

    def __init__(self, name: str, parameters: Sequence[str], helpers: set[str]) -> None:
        self.name = name
        self.parameters = parameters
        self.inputs = [text.partition(" = ")[0] for text in parameters]
        self.callables = _FUNCTIONS | helpers
        self.known = dict.fromkeys(self.inputs, True)
        #: What was known before each branch that is not over.
        self.around: list[dict[str, bool]] = []

    def check(self, text: str, place: int) -> int:
        """Return where the function ends that begins at a place."""
        head = f"export function {self.name}("
        end = text.find(") {\n", place)
        given = text[place + len(head) : end].strip().removesuffix(",")
        parts = re.split(r",[ \n]+", given) if given else []
        if not text.startswith(head, place) or parts != [*self.parameters]:
            raise _refused(f"the signature of `{self.name}` is another")
        first = ""
        for tokens, after in _statements(text, end + len(") {\n")):
            if self.branch(tokens):
                continue
            if (tokens == ["}"]) != (first == "return"):
                break
            first = tokens[0]
            if first == "}":
                return after
            self.statement(tokens)
        raise _refused(f"`{self.name}` does not end with its return")

    def branch(self, tokens: Sequence[str]) -> bool:
        """Whether this is where a branch begins or ends, whose names are known in it alone."""
        if self.around and tokens == ["}"]:
            self.known = self.around.pop()
            return True
        if tokens[-1] != "{":
            if self.around and tokens[0] == "return":
                raise _refused(f"a branch of `{self.name}` returns")
            return False
        *asked, _ = tokens[1:] if tokens[0] == "else" else tokens
        if asked[:2] == ["if", "("] and asked[-1] == ")":
            self.expression(asked[2:-1])
        elif asked:
            raise _refused(f"it has the branch `{' '.join(tokens)[:60]}`")
        self.around.append(dict(self.known))
        return True

    def statement(self, tokens: Sequence[str]) -> None:
        """Check a statement, which comes without its semicolon."""
        first, *rest = tokens
        if first == "return":
            packed = re.fullmatch(rf"(\[ .* ), {_OBJECT} \]", " ".join(rest))
            if packed is not None and {*_listed_names(packed[2])} <= {*self.known}:
                rest = f"{packed[1]}]".split()
            self.expression(rest, lists=True)
        elif first == "const" and rest[0] in ("[", "{"):
            self.unpacking(rest)
        elif first == "let" and "," in rest and "(" not in rest:
            for part in " ".join(rest).split(" , "):
                self.statement(["let", *part.split()])
        elif first in ("const", "let") and rest[1:2] == ["="]:
            self.expression(rest[2:])
            self.declare(rest[0], first == "let")
        elif first == "let" and len(rest) == 1:
            self.declare(rest[0], True)
        elif self.known.get(first) and rest[:1] in (["="], ["+="], ["-="]):
            self.expression(rest[1:])
        else:
            raise _refused(f"it has the statement `{' '.join(tokens)[:60]}`")

    def unpacking(self, tokens: Sequence[str]) -> None:
        """Check `{ a, b } = cache`, or in the Jacobian `[, cache] = forward(x, y)`."""
        whole = " ".join(tokens)
        called = f"[ , cache ] = forward ( {' , '.join(self.inputs)} )"
        if self.name == "jacobian" and whole == re.sub(" +", " ", called):
            self.known["cache"] = False
            return
        unpacked = re.fullmatch(rf"{_OBJECT} = cache", whole)
        if unpacked is None or "cache" not in self.known:
            raise _refused(f"`{self.name}` takes apart what is no cache")
        for name in _listed_names(unpacked[1]):
            self.declare(name, False)

    def declare(self, name: str, changes: bool) -> None:
        """Note a new name."""
        taken = name in self.known or name in _NAMES or name in _KEYWORDS
        if taken or name in self.callables or not name.isidentifier():
            raise _refused(f"`{self.name}` declares `{name[:60]}`")
        self.known[name] = changes

    def expression(self, tokens: Sequence[str], lists: bool = False) -> None:
        """Prove that operands and operators alternate, that brackets match and that names have values."""
        opened: list[tuple[str, bool]] = []
        state, signed, last = "operand", False, ""
        for token in tokens:
            top = opened[-1][0] if opened else ""
            opens = state == "operand" and token == "("
            opens |= state == "operand" and lists and token == "[" and top in ("", "[")
            known = token[0] in "0123456789" or token in _VALUES or token in self.known
            empty = token == "]" and last in ("[", ",") and state == "operand"
            if opens or (state == "call" and token == "("):
                opened.append((token if opens else "call", signed))
                state, signed = "operand", False
            elif state == "operand" and token in ("-", "!"):
                signed = True
            elif state == "operand" and (known or token in self.callables):
                state = "operator" if known else "call"
            elif top == "[" and (empty or (state == "operator" and token == "]")):
                opened.pop()
                state = "operator"
            elif state != "operator":
                raise _refused(f"`{self.name}` has `{token[:60]}` for an operand")
            elif token == ")" and top in ("(", "call"):
                signed = opened.pop()[1]
            elif token == "," and top in ("[", "call"):
                state, signed = "operand", False
            elif token == ":" and top == "?":
                opened.pop()
                state, signed = "operand", False
            elif token in _BINARY and not (token == "**" and signed):
                opened += [("?", False)] if token == "?" else []
                state, signed = "operand", False
            else:
                raise _refused(f"`{self.name}` has `{token[:60]}` for an operator")
            last = token
        if opened or state != "operator":
            raise _refused(f"an expression of `{self.name}` does not end")


def _listed_names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _statements(text: str, place: int) -> Iterator[tuple[list[str], int]]:
    """Yield the tokens of each statement, without its semicolon, and where it ends; a function's last is its bracket."""
    tokens: list[str] = []
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _refused(f"it holds `{text[place:place + 20]}`")
        place = match.end()
        token = match[0]
        if match.lastgroup == "gap":
            continue
        # What a return gives stands on its line, or it gives nothing.
        if token == "return" and not text.startswith(" [", place):
            raise _refused("a return gives no list")
        if token == ";" and tokens:
            yield tokens, place
            tokens = []
        elif token == "}" and not tokens:
            yield ["}"], place
        elif token == "{" and tokens and tokens[0] in ("if", "else"):
            yield [*tokens, "{"], place
            tokens = []
        else:
            tokens.append(token)


def _refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )


_LANGUAGE = _JavaScript(
    "javascript",
    _WORDS,
    _CONSTANTS,
    lacking="has no form in JavaScript; compile with --target scipy",
    often={"sigmoid": word("_sigmoid({0})")},
)

JAVASCRIPT = Target(
    name="javascript",
    folder="javascript",
    language=_LANGUAGE,
    imports=(),
    needs="",
    says="an ES module",
    reserved=_NAMES | _HELPERS | _KEYWORDS,
    avoided=frozenset(),
    layout=_layout,
    layout_any=_plain,
    check=_check,
    suffix=".js",
    comment="//",
    define=_define,
    constant="const {} = {};",
    formulas=frozenset(ARITHMETIC),
    blocks=JAVASCRIPT_BLOCKS,
    parameter=_parameter,
    cache="cache",
    gives=_given,
    listed=_listed,
    quoted=_quoted,
    raises=False,
)
TARGETS = (JAVASCRIPT,)
