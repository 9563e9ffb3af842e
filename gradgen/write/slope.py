"""A named program with one slope in, and how a file writes functions; the lines that make the slope there, and no others, out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gradgen.core.program import Line, Program
from gradgen.passes.constants import Constant, reached
from gradgen.passes.functions import Names, read_by
from gradgen.syntax import parse_expression
from gradgen.write.blocks import Function, Functions, written
from gradgen.write.compact.plan import plan
from gradgen.write.constants import Declarations
from gradgen.write.language import (
    ATOM,
    CONDITIONAL,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Language,
    Word,
    word,
)
from gradgen.write.languages.python import PYTHON, WORDS
from gradgen.write.target import Target

#: By module, what its functions are called there, if not as in `math`; nothing where it lacks them.
_CALLED: Mapping[str, Mapping[str, str]] = {
    "math": {},
    "numpy": {
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
        "asinh": "arcsinh",
        "acosh": "arccosh",
        "atanh": "arctanh",
        "atan2": "arctan2",
        "erf": "",
        "erfc": "",
        "gamma": "",
        "lgamma": "",
    },
}
#: What is no function of `math`, as numpy has it.
_NUMPY: Mapping[str, str] = {
    "where": "where({0}, {1}, {2})",
    **dict.fromkeys(("and", "or", "not"), ""),
    "sign": "sign({0})",
    "max": "maximum({0}, {1})",
    "min": "minimum({0}, {1})",
    "abs": "abs({0})",
    "round": "round({0})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "trunc": "trunc({0})",
    "hypot3": "",
}
#: Slopes as everybody writes them, who writes for numbers that have some.
_PLAIN = {"pow": ("y*pow(x, y - 1)*d", "out*log(x)*d")}
#: Functions of `scipy.special`, where a file imports it.
_SPECIAL: Mapping[str, str] = {
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
    "lgamma": "gammaln",
    "digamma": "digamma",
    "sigmoid": "expit",
    "erfcx": "erfcx",
}


class Lines(NamedTuple):
    """The lines that make a slope: assignments, each with what it assigns to, and the slope itself, over their names.

    Attributes:
        made: the assignments as texts.
        names: what each assigns to.
        slope: the text of the slope.
    """

    made: Sequence[str]
    names: Sequence[str]
    slope: str


def words_for(module: str, prefixes: Mapping[str, str], bare: Mapping[str, str]) -> Mapping[str, Word]:  # fmt: skip
    """Return the words of operations as a file writes them; what it has no name for has none.

    Args:
        module: `math` or `numpy`: whose functions the file calls.
        prefixes: by module, what the file calls it, with a dot.
        bare: by whole name, what the file calls a function that it imports by itself.
    """

    def called(whole: str, args: str) -> str:
        owner, _, name = whole.rpartition(".")
        if whole in bare:
            return f"{bare[whole]}({args})"
        return f"{prefixes[owner]}{name}({args})" if owner in prefixes else ""

    found: dict[str, Word] = {"sign": word("1 if {0} > 0 else -1 if {0} < 0 else 0", CONDITIONAL, SUM)}  # fmt: skip
    for op, known in WORDS.items():
        first = known.pieces[0] if known.pieces else ""
        text = "".join(p if isinstance(p, str) else f"{{{p}}}" for p in known.pieces)
        if known.helper:
            continue
        if "math." not in text:
            found[op] = known
            continue
        assert isinstance(first, str)
        plain = first.partition("math.")[2].partition("(")[0]
        name = _CALLED[module].get(plain, plain)
        args = ", ".join(f"{{{place}}}" for place in range(len(known.needs)))
        said = called(f"{module}.{name}", args) if name else ""
        if said:
            found[op] = word(text.replace(f"math.{plain}({args})", said))
    if module == "numpy":
        for op, text in _NUMPY.items():
            name, _, args = text.partition("(")
            said = called(f"numpy.{name}", args[:-1]) if text else ""
            found.pop(op, None)
            if said:
                found[op] = word(said)
    for op, name in _SPECIAL.items():
        said = called(f"scipy.special.{name}", "{0}")
        if said and op not in found:
            found[op] = word(said)
    return found


class Manner(NamedTuple):
    """How a file writes.

    Attributes:
        products: whether products and quotients have no blanks.
        powers: whether powers have none.
        whole: whether whole numbers have no point.
    """

    products: bool
    powers: bool
    whole: bool


@dataclass(frozen=True, eq=False)
class _Whole(Language):
    """A language whose whole numbers have no point."""

    def digits(self, value: float) -> str:
        return super().digits(value).removesuffix(".0")


def target_of(words: Mapping[str, Word], circle: str, manner: Manner) -> Target:
    """Return Python as a file writes it, in lines of several operations.

    Args:
        words: its words.
        circle: what pi is called.
        manner: how it writes.
    """
    said = {**words}
    power = "**" if manner.powers else " ** "
    said |= dict.fromkeys(("powr", "expb", "pow"), word(f"{{0}}{power}{{1}}", POWER, ATOM, SIGN))  # fmt: skip
    said["sqr"] = word(f"{{0}}{power}2", POWER, ATOM)
    said |= dict.fromkeys(("powi", "powi of an expression"), word(f"{{0}}{power}{{1:d}}", POWER, ATOM, SIGN))  # fmt: skip
    ratio = PYTHON.language.ratio
    if manner.products:
        said["mul"], said["div"] = word("{0}*{1}", PRODUCT, PRODUCT, SIGN), word("{0}/{1}", PRODUCT, PRODUCT, SIGN)  # fmt: skip
        ratio = said["div"]
    if manner.whole:
        said["inv"] = word(f"1{'/' if manner.products else ' / '}{{0}}", PRODUCT, SIGN)
    plain = PYTHON.language
    constants = {**plain.constants, "pi": circle}
    kind = _Whole if manner.whole else Language
    language = kind(plain.name, said, constants, ratio=ratio, lacking=plain.lacking)
    return replace(
        PYTHON, language=language, compact=True, strict=True, define=_defined
    )


def _defined(name: str, sign: str, text: str, again: bool) -> str:
    """Return an assignment. `+=` would change an array that has another name as well."""
    if sign == "=":
        return f"{name} = {text}"
    node = parse_expression(text)
    loose = isinstance(node, (ast.IfExp, ast.BoolOp, ast.Compare)) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
    )
    if loose:
        return f"{name} = {name} {sign[0]} ({text})"
    if text.startswith("-"):  # of a product
        sign, text = {"+=": "-", "-=": "+"}[sign], text[1:]
    return f"{name} = {name} {sign[0]} {text}"


def lines_of(program: Program, target: Target, there: Collection[str]) -> Lines:
    """Return the lines that make the one slope of a program.

    Args:
        program: the program, with names.
        target: what it is written in.
        there: the names that have their values where the lines stand, also of constants.

    Raises:
        GradgenError: the language cannot write an operation.
    """
    plainly = {op: replace(program.rows[op], strict=said) for op, said in _PLAIN.items()}  # fmt: skip
    program = replace(program, rows={**program.rows, **plainly})
    functions = Functions(plan(program, target), {}, target, False, None)
    function, _, _ = functions.single()
    writer = functions.writer
    writer.start({})
    adjoint = program.adjoints[program.wrt[0]]
    function = _needed(function, functions, adjoint, there)
    texts = [*written(writer, function)]
    known = Names(function.shown.names)
    for line in function.shown.lines:
        known.give(line)
    value = function.said.get(adjoint)
    made = any(line.name == adjoint for line in function.shown.lines)
    slope = adjoint if value is None else writer.said(value, known)
    if value is None and not made:  # the function does not depend on it
        slope = target.language.digits(0.0)
    used = reached(writer.speller.constants.values())
    fresh = {name: number for name, number in used.items() if name not in there}
    declared = _declared(fresh, functions, target)
    lines = [*declared, *(one.text for one in texts)]
    names = [*fresh, *(one.line.name if one.line else "" for one in texts)]
    return Lines(lines, names, slope)


def _declared(constants: Mapping[str, Constant], functions: Functions, target: Target) -> list[str]:  # fmt: skip
    stages = Declarations(functions.chain.steps, target).lines(constants, constants)
    return [stage.text for stage in stages]


def _needed(function: Function, functions: Functions, adjoint: str, there: Collection[str]) -> Function:  # fmt: skip
    """Return a function without the lines that its slope does not need, or that stand there already."""
    steps = functions.chain.steps
    lines, names = function.shown
    known = Names(names)
    before: list[tuple[Line, set[str]]] = []
    for line in known.along(lines):
        before.append((line, {known[v] for v in read_by(steps, line.value, known)}))
    value = function.said.get(adjoint)
    wanted = {adjoint} if value is None else {known[v] for v in read_by(steps, value, known) if v in known}  # fmt: skip
    kept: list[Line] = []
    for line, reads in before[::-1]:
        if line.name not in wanted or line.name in there:
            continue
        if line.sign == "=":
            wanted.discard(line.name)
        wanted |= reads
        kept.append(line)
    shown = function.shown._replace(lines=kept[::-1], names={**names, **_standing(before, there)})  # fmt: skip
    return replace(function, shown=shown, items=None)


def _standing(lines: Sequence[tuple[Line, set[str]]], there: Collection[str]) -> Mapping[int, str]:  # fmt: skip
    """Return the values of lines that stand there already, with their names."""
    return {line.total: line.name for line, _ in lines if line.name in there}
