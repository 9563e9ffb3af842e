"""Operations and their operands in; expression text in a target's spelling out, with no bracket too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache, reduce

import sympy as sp

from gradgen.adjoints import partial, partial_reads
from gradgen.errors import GradgenError
from gradgen.ir import (
    UPSTREAM,
    Const,
    Guard,
    Operand,
    Program,
    Ref,
    Step,
    Test,
    denominator,
)
from gradgen.ops import NAMED, OPS, Op
from gradgen.signs import number_of

#: How strongly the outermost operator of a text binds.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)

#: The level of an infix operator.
_INFIX = {
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "//": PRODUCT,
    "%": PRODUCT,
    "or": OR,
    "and": AND,
    "if": CONDITIONAL,
} | dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON)
#: LaTeX has its own signs for some of them.
_INFIX_LATEX = {
    r"\cdot": PRODUCT,
    r"\bmod": SUM,
    r"\vee": OR,
    r"\wedge": AND,
} | dict.fromkeys(("=", r"\leq", r"\geq", r"\neq"), COMPARISON)
_SIGNS = {**_INFIX, **_INFIX_LATEX}

#: How strongly the operands of these templates must bind, in the order of their places; elsewhere they must be atoms.
_NEEDS = {
    "{0}": (CONDITIONAL,),
    "-{0}": (POWER,),
    "1 / {0}": (SIGN,),
    "1.0 / {0}": (SIGN,),
    "{0}**{1:d}": (ATOM, SIGN),
    "not {0}": (NOT,),
    r"\neg {0}": (ATOM,),
    "{1} if {0} else {2}": (OR, OR, CONDITIONAL),
    "{d} if {0} else 0.0": (OR, OR),
    "0.0 if {0} else {d}": (OR, CONDITIONAL),
    OPS["where"].latex: (CONDITIONAL, CONDITIONAL, CONDITIONAL),
}
for _sign, _binds in _SIGNS.items():
    # Equal operators group from the left; a comparison takes no other as its operand.
    _left, _right = _binds, _binds + 1
    _NEEDS[f"{{0}} {_sign} {{1}}"] = (
        (SUM, SUM) if _binds == COMPARISON else (_left, _right)
    )
_NEEDS[r"{0} \cdot {1}"] = (PRODUCT, POWER)
_NEEDS[r"{0} \bmod {1}"] = (POWER, POWER)
_INTEGER_POWER = "{0}**{1:d}"
_PLACE = re.compile(r"\{(out|d|[0-9])(:d)?\}")


@dataclass(frozen=True, eq=False)
class Spelling:
    """How a target writes operations, numbers and the named constants.

    Attributes:
        column: the table's column with the operations' texts.
        exact: whether an exact number is written as one (`1 / 3`) and not as a double (`1.0 / 3.0`).
        constants: the texts of the named constants.
        otherwise: the column that stands in where a row has no text in `column`; without one, a call stands in.
        precise: whether partials are written for relative accuracy over the whole range.
        ieee: whether lines are written so that nothing raises.
        strict: whether a slope that does not exist raises, and is not nan.
        brackets: what stands around an operand that binds too little.
    """

    column: str
    exact: bool
    constants: dict[str, str]
    otherwise: str = ""
    precise: bool = False
    ieee: bool = False
    strict: bool = False
    brackets: tuple[str, str] = ("(", ")")

    def template(self, row: Op) -> str:
        """Return the row's text with places for its operands; empty where the target cannot write the operation."""
        text: str = getattr(row, self.column)
        if not text and self.otherwise:
            text = getattr(row, self.otherwise)
        if text or self.column == "python" or self.otherwise:
            return text
        places = ", ".join(f"{{{i}}}" for i in range(row.arity))
        if self.column == "latex":
            # {d} and {out} would be places.
            name = f"{row.name}{{}}" if row.name in ("d", "out") else row.name
            return rf"\operatorname{{{name}}}\left({places}\right)"
        return f"{row.name}({places})"


#: Whole numbers up to here are tried as doubles.
_LARGE = 10**300

#: Formulas as the parser reads them.
FORMULA = Spelling(
    "formula", True, {"pi": "pi", "e": "E"} | {name: name for name in NAMED}
)

#: Formulas for reading.
LATEX = Spelling(
    "latex",
    True,
    {"pi": r"\pi", "e": "e", **{name: sp.latex(getattr(sp, name)) for name in NAMED}},
    brackets=(r"\left(", r"\right)"),
)


@dataclass(frozen=True)
class Place:
    """A place in a template: for which operand (or `out` or `d`), and how strongly it must bind."""

    operand: int | str
    needed: int
    integer: bool = False


@lru_cache(maxsize=4096)
def level(text: str) -> int:
    """Return how strongly the outermost operator of an expression, or of a template, binds."""
    depth, found = 0, ATOM
    for i, char in enumerate(text):
        if char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
        elif depth:
            continue
        elif char == " ":
            word = text[i + 1 : text.find(" ", i + 1)]
            # black wants -((a + b) ** 3) in brackets
            found = min(found, SIGN if word == "**" else _SIGNS.get(word, found))
        elif char == "-" and i == 0:
            found = min(found, SIGN)
        elif char in "*^":
            found = min(found, POWER)
    if text.startswith(("not ", r"\neg ")):
        return min(found, NOT)
    if text.startswith(r"\begin"):
        return CONDITIONAL
    # A fraction needs brackets under an exponent alone.
    return min(found, POWER) if text.startswith(r"\frac") else found


@lru_cache(maxsize=4096)
def pieces(template: str) -> tuple[str | Place, ...]:
    """Split a template into literal text and places."""
    found: list[str | Place] = []
    end = 0
    for number, match in enumerate(_PLACE.finditer(template)):
        before, after = template[: match.start()], template[match.end() :]
        enclosed = before.endswith(("(", ", ", "{")) and after.startswith(
            (")", ", ", "}", r"\right")
        )
        needed = CONDITIONAL if enclosed else ATOM
        if template in _NEEDS:
            needed = _NEEDS[template][number]
        which = match.group(1)
        found += [
            template[end : match.start()],
            Place(
                int(which) if which.isdigit() else which, needed, bool(match.group(2))
            ),
        ]
        end = match.end()
    return (*found, template[end:])


def bracket(text: str, needed: int) -> str:
    """Return `text`, in brackets if its operator binds less than `needed`."""
    if text.isidentifier() or level(text) >= needed:
        return text
    return rf"\left({text}\right)" if "\\" in text else f"({text})"


def fill(
    template: str, operands: Sequence[str], out: str = "", upstream: str = "{d}"
) -> str:
    """Put operands into a template, in brackets where their operators would bind differently."""
    own = {"out": out, "d": upstream}
    texts = []
    for piece in pieces(template):
        if isinstance(piece, Place):
            which = piece.operand
            text = own[which] if isinstance(which, str) else operands[which]
            piece = bracket(
                text.removesuffix(".0") if piece.integer else text, piece.needed
            )
        texts.append(piece)
    if template == _INTEGER_POWER and not re.fullmatch(r"[\w.{}]+", texts[1]):
        texts[2] = " ** "  # black's form: x**3, but (a + b) ** 3
    return "".join(texts)


def template_of(row: Op, spelling: Spelling) -> str:
    """Return an operation's text.

    Raises:
        GradgenError: the target has none.
    """
    template = spelling.template(row)
    if not template:
        raise GradgenError(
            f"{row.name} needs SciPy's special functions; compile with --target scipy"
        )
    return template


def constant(const: Const, spelling: Spelling) -> str:
    """Return a constant's text: exact numbers as exact float expressions."""
    value = const.value
    if const.args:
        assert isinstance(value, str)
        return fill(
            template_of(OPS[value], spelling),
            [constant(arg, spelling) for arg in const.args],
        )
    if isinstance(value, str):
        return spelling.constants[value]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        digits = _digits(value)
        if spelling.column != "latex" or "e" not in digits:
            return digits
        mantissa, _, exponent = digits.partition("e")
        power = rf"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
    if spelling.exact:
        above, below = str(value.numerator), str(value.denominator)
        if below == "1":
            return above
        return fill(spelling.template(OPS["div"]), [above, below])
    if value.denominator & (value.denominator - 1) == 0:
        return _digits(float(value))
    parts = Fraction(value.numerator), Fraction(value.denominator)
    exact = all(abs(part) < _LARGE and float(part) == part for part in parts)
    if not exact:
        return _digits(float(value))
    return f"{_digits(float(parts[0]))} / {_digits(float(parts[1]))}"


def _digits(value: float) -> str:
    """Return a double's shortest digits in black's form: 1e300, not 1e+300."""
    return repr(value).replace("e+", "e")


def operand(arg: Operand, names: Sequence[str], spelling: Spelling) -> str:
    """Return the text of what a step reads, every value having a name."""
    return names[arg.index] if isinstance(arg, Ref) else constant(arg, spelling)


def condition(guard: Guard, names: Sequence[str], spelling: Spelling = FORMULA) -> str:
    """Return a guard's text."""
    both, negated = (spelling.template(OPS[op]) for op in ("and", "not"))
    texts = [names[i] if wanted else fill(negated, [names[i]]) for i, wanted in guard]
    return reduce(lambda a, b: fill(both, [a, b]), texts)


def tests(
    alive: Sequence[Sequence[Test]],
    names: Sequence[str],
    spelling: Spelling,
    upstream: str = "",
) -> str:
    """Return the text of a backward line's tests; empty where they always hold, as that of an upstream gradient of 1."""
    alone = {group[0] for group in alive if len(group) == 1}
    found: dict[str, None] = {}
    for group in alive:
        texts = []
        for test in group:
            name = upstream if test.value == UPSTREAM else names[test.value]
            name = bracket(name, SUM) if name else ""
            other = test.other
            if isinstance(other, bool):
                texts.append(name if other else fill("not {0}", [name]))
                continue
            text = operand(other, names, spelling)
            number = other.value if isinstance(other, Const) else 0.0
            if not isinstance(number, (str, bool)) and number:
                opposite: Fraction | float = -number
                pair = Test(test.value, Const(opposite))
                if len(group) == 1 and not test.same and pair in alone:
                    name = f"abs({name})"
                    text = constant(Const(max(number, opposite)), spelling)
            sign = "==" if test.same else "!="
            texts.append(f"{name} {sign} {text}" if name else "")
        if all(texts):
            found[" or ".join(texts)] = None
    if len(found) == 1:
        return next(iter(found))
    return " and ".join(bracket(text, AND) for text in found)


def operands(step: Step, names: Sequence[str], spelling: Spelling) -> list[str]:
    """Return the texts of all that a step reads, every value having a name."""
    return [operand(arg, names, spelling) for arg in step.args]


def expression(
    program: Program,
    spelling: Spelling,
    inputs: Sequence[str],
    at: Operand | None = None,
    limit: int | None = None,
) -> str:
    """Return a value of the program (its result by default) as one expression over the texts of its inputs.

    Raises:
        GradgenError: the text would pass `limit` characters.
    """
    texts: list[str] = []
    length = 0
    todo: list[str | Operand] = [program.outputs[0][1] if at is None else at]
    while todo:
        item = todo.pop()
        step = program.step(item.index) if isinstance(item, Ref) else None
        if step is not None:
            template, args = _template(program, step, spelling)
            for piece in reversed(pieces(template)):
                if isinstance(piece, str):
                    todo.append(piece)
                else:
                    assert isinstance(piece.operand, int)
                    arg = args[piece.operand]
                    loose = _level(program, arg, spelling, inputs) < piece.needed
                    if piece.integer and isinstance(arg, Const):
                        todo.append(constant(arg, spelling).removesuffix(".0"))
                    else:
                        opened, closed = spelling.brackets
                        todo += [closed, arg, opened] if loose else [arg]
            continue
        text = item if isinstance(item, str) else operand(item, inputs, spelling)
        texts.append(text)
        length += len(text)
        if limit is not None and length > limit:
            raise GradgenError(
                f"the formula is longer than {limit} characters when written out"
            )
    return "".join(texts)


def _template(
    program: Program, step: Step, spelling: Spelling
) -> tuple[str, Sequence[Operand]]:
    """Return a step's template and operands; n * (1/d) is n/d to a reader."""
    below = denominator(program, step)
    if below is not None:
        return spelling.template(OPS["div"]), (step.args[0], below)
    return spelling.template(OPS[step.op]), step.args


def _level(
    program: Program, arg: Operand, spelling: Spelling, inputs: Sequence[str]
) -> int:
    step = program.step(arg.index) if isinstance(arg, Ref) else None
    return level(
        operand(arg, inputs, spelling)
        if step is None
        else _template(program, step, spelling)[0]
    )


@dataclass(frozen=True)
class FlowText:
    """A backward line's right-hand side, with places for the names: `{out}`, `{0}`, `{1}` and the upstream gradient `{d}`.

    `assigned` holds its own sign; `added` is without the sign, which turns += into -=.
    """

    assigned: str
    added: str
    negative: bool
    reads: tuple[int | None, ...]

    @property
    def alone(self) -> tuple[str, str]:
        """The same two texts where the upstream gradient is 1."""
        text = self.added.replace(" * {d}", "").replace("{d}", "1.0")
        text = re.sub(r"(?<!\w)\((\{\w+\})\)", r"\1", text)
        if _enclosed(text):
            text = text[1:-1]
        return (negated(text) if self.negative else text), text


def negated(text: str) -> str:
    """Return minus a text, in black's form."""
    binds = level(text)
    if binds < PRODUCT or " % " in text or " // " in text:
        return f"-({text})"
    if text.startswith("-"):
        return text[1:]
    return f"-({text})" if "**" in text and binds < ATOM else f"-{text}"


def _enclosed(text: str) -> bool:
    """Whether a text is one pair of brackets and what is in it."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if not depth:
            return char == ")" and i == len(text) - 1
    return False


@cache
def read_by_partial(op: str, position: int) -> frozenset[int]:
    """Return the places of the arguments that may tell in the text of a backward line: none of those of a sum."""
    row = OPS[op]
    if row.python_partials or row.strict_partials or row.precise_partials:
        return frozenset(range(row.arity))
    return partial_reads(op, position)


def flow_text(
    op: str, position: int, constants: tuple[Const | None, ...], spelling: Spelling
) -> FlowText:
    """Spell `partial * upstream`: without a factor 1, with signs folded and reciprocals as divisions."""
    row = OPS[op]
    places = tuple(const or Ref(0) for const in constants)
    names = [
        f"{{{i}}}" if const is None else constant(const, spelling)
        for i, const in enumerate(constants)
    ]
    guarded = row.spelled_partial(position, spelling.precise, spelling.strict)
    base = constants[0] if row.no_log and position and not spelling.strict else None
    if base is not None and number_of(base) <= 0:
        guarded = row.no_log
    if guarded is not None and "{d}" in guarded:
        text = fill(guarded, names, "{out}")
        return FlowText(text, text.removeprefix("-"), text[0] == "-", _places(text))
    if guarded in ("1.0", "-1.0"):
        sign = guarded.removesuffix("1.0")
        return FlowText(f"{sign}{{d}}", "{d}", sign == "-", ())
    if guarded is not None:
        text = fill(guarded, names, "{out}")
        product = fill("{0} * {1}", [text, "{d}"])
        return FlowText(product, product, False, _places(product))

    program = partial(op, position, places)
    inputs = ["{out}", *names]
    at: Operand = program.outputs[0][1]
    negative = False
    while True:
        step = program.step(at.index) if isinstance(at, Ref) else None
        if step is not None and step.op == "copy":
            at = step.args[0]
        elif step is not None and step.op == "neg":
            at, negative = step.args[0], not negative
        elif isinstance(at, Const) and not isinstance(at.value, str) and at.value < 0:
            at, negative = Const(-at.value), not negative
        else:
            break
    sign = "-" if negative else ""
    factor = expression(program, spelling, inputs, at)
    if isinstance(at, Const) and at.value == 1:
        added, assigned = "{d}", f"{sign}{{d}}"
    elif step is not None and step.op == "inv":
        added = fill(
            "{0} / {1}", ["{d}", expression(program, spelling, inputs, step.args[0])]
        )
        assigned = sign + added
    elif isinstance(at, Const) and at.value == "inv":
        added = fill("{0} / {1}", ["{d}", constant(at.args[0], spelling)])
        assigned = sign + added
    elif (
        isinstance(at, Const)
        and isinstance(at.value, Fraction)
        and at.value.numerator == 1
        and " / " in factor
    ):
        # x/3 and (1/3)*x: a division by 3 is one rounding, a product with 1/3 two.
        added = fill("{0} / {1}", ["{d}", constant(Const(1 / at.value), spelling)])
        assigned = sign + added
    else:
        added = fill("{0} * {1}", [factor, "{d}"])
        assigned = (
            fill("{0} * {1}", [f"-{bracket(factor, POWER)}", "{d}"])
            if negative
            else added
        )
    return FlowText(assigned, added, negative, _places(added))


def over_text(
    op: str, position: int, constants: tuple[Const | None, ...], spelling: Spelling
) -> FlowText:
    """Spell what flows from a quotient to an argument of its denominator `op`."""
    text = OPS[op].over_partials[position]
    names = [
        f"{{{i}}}" if const is None else constant(const, spelling)
        for i, const in enumerate((*constants, None))
    ]
    if text.startswith("-{1}") and names[1].startswith("-"):
        text, names[1] = text[1:], names[1][1:]  # -(-2.5)
    text = fill(text, names, "{out}")
    negative = text.startswith("-")
    return FlowText(text, text.removeprefix("-"), negative, _places(text))


#: What flows from n/d to d, where the upstream gradient over d is n's gradient already.
OVER_SHARED = FlowText("-{out} * {d}", "{out} * {d}", True, (None,))


def _places(text: str) -> tuple[int | None, ...]:
    """Return the operands that a text reads: argument positions, and None for the operation's own value."""
    found = dict.fromkeys(re.findall(r"\{(out|[0-9])\}", text))
    return tuple(None if place == "out" else int(place) for place in found)
