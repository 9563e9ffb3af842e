"""Functions that a program declares in; their rows of the table out: what they mean, and the adjoints that follow from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from gradgen.core.build import Steps, steps_of
from gradgen.core.derive import Chain
from gradgen.core.notation import term
from gradgen.core.program import Program
from gradgen.core.rows import ANY, Raise, Row, Term, Worded
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError
from gradgen.passes.branches.guard import guard
from gradgen.passes.constants import Constant, operations, with_names
from gradgen.passes.cost import ONE, Count
from gradgen.passes.facts import ANY_SIZE
from gradgen.passes.flat.flatten import flatten
from gradgen.passes.forms.recognise import recognise
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.moved import finish
from gradgen.read.definitions import Definition
from gradgen.read.formula import Formula
from gradgen.read.sympy.nodes import ByNode, operands_first
from gradgen.read.sympy.stage import constants_of, stage
from gradgen.targets import KEPT
from gradgen.write.languages.python import SCIPY
from gradgen.write.spell import Speller
from gradgen.write.words.values import Words

#: A longer line is not for reading.
_LONGEST = 160
_D = Term("name", data="d")
_ONE = Term("const", data=Fraction(1))
#: What a condition reads that is no parameter of the function: nothing is asked of that.
_HIDDEN = Term("name", data="")


def declare(
    formula: Formula,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    finite: bool = True,
) -> tuple[dict[str, Row], list[str]]:
    """Return the table with a program's own functions, and the names of those that are too long for one stage.

    Args:
        formula: the program.
        inputs: its inputs, if they are listed.
        outputs: its results, if they are listed.
        finite: whether 0*x is 0, and x + 0 is x also at -0.

    Raises:
        GradgenError: a function has no derivative.
    """
    rows, long = dict(ROWS), []
    constants = (
        constants_of(formula, inputs, outputs, kept=KEPT)
        if formula.functions
        else ByNode()
    )
    for definition in formula.functions:
        if definition.key:
            row, others = _row(definition, rows, constants, finite)
            rows |= {other.name: other for other in others}
            rows[definition.key] = row
            said = row.body if definition.body is not None else ""
            if said and (_adds_rows(said) or _is_long(rows, definition.key)):
                long.append(definition.name)
    return rows, long


def _row(
    definition: Definition,
    rows: Mapping[str, Row],
    constants: ByNode[Constant],
    finite: bool,
) -> tuple[Row, list[Row]]:
    """Return the row of a function, and those of the functions of other modules that it calls by name."""
    params = definition.params
    name = definition.name
    blank = Row(
        name,
        params,
        fragment=name + "".join(f"{{{i}}}" for i in range(len(params))),
        role=name,
        ulp=(0.0, 0.0),
        sample=((-9.0, 9.0),) * len(params),
        own=True,
    )
    if definition.body is None:
        args = tuple(Term("name", data=param) for param in params)
        others = []
        foreign: list[tuple[str, str, str]] = []
        for dotted, local in zip(definition.callables, definition.locals):
            module, _, attribute = dotted.rpartition(".")
            foreign.append((module, attribute, local))
            others.append(Row(local, params, imports=(foreign[-1],), foreign=True))
        body, *calls = (Term(other.name, args) for other in others)
        slopes = tuple(Term("mul", (call, _D)) for call in calls)
        return (
            replace(blank, body=body, adjoints=slopes, imports=tuple(foreign)),
            others,
        )
    program = _staged(definition, rows, constants, finite)
    try:
        inside = _with_ways(program, True)
        adjoints = _adjoints(program, params)
        precise = _adjoints(program, params, precise=True)
        strict = _adjoints(program, params, strict=True)
    except GradgenError as error:
        raise GradgenError(f"{name}: {error.message}") from None
    (_, result), *_ = program.outputs
    named = {value: params[place] for place, value in enumerate(program.signature)}
    used = [rows[step.op] for step in program.steps if step.op in rows]
    body = _term(steps_of(program), result, named)
    row = replace(
        blank,
        # A function is an operation of its own, even where it says no more than its parameter.
        body=Term("copy", (body,)) if body.op in ("name", "const") else body,
        adjoints=adjoints,
        precise=precise,
        strict=strict,
        raises=tuple(_raises(inside, params)),
        kink="; ".join(_kinks(inside)),
        imports=tuple(dict.fromkeys(i for row in used for i in row.imports)),
    )
    return row, []


def _staged(
    definition: Definition,
    rows: Mapping[str, Row],
    constants: ByNode[Constant],
    finite: bool,
) -> Program:
    """Return a function's body as a program of its parameters."""
    assert definition.body is not None
    known = _inside(definition.body, constants)
    formula, name = Formula("", definition.body), definition.name
    program = stage(formula, definition.params, name=name, rows=rows, constants=known)
    return program if definition.as_written else recognise(program, {}, finite)


def _inside(body: sp.Basic, constants: ByNode[Constant]) -> ByNode[Constant]:
    """Return the constants that a body reads."""
    found: ByNode[Constant] = ByNode()
    seen: ByNode[None] = ByNode()
    for node in operands_first([body], seen) if constants else ():
        seen[node] = None
        if node in constants:
            found[node] = constants[node]
    return found


def _with_ways(program: Program, shown: bool) -> Program:
    return branch(flatten(differentiate(guard(program), shown)))


def _term(steps: Steps, value: int, names: Mapping[int, str]) -> Term:
    """Return a value as a term over what has names; what is shared is one term, n * (1/d) one exact division, and a + -b a difference."""
    made: dict[int, Term] = {v: Term("name", data=name) for v, name in names.items()}
    todo = [value]
    while todo:
        at = todo[-1]
        step = steps[at]
        missing = (
            [arg for arg in step.args if arg not in made] if at not in made else []
        )
        if missing:
            todo += missing
            continue
        if todo.pop() not in made:
            args = tuple(made[arg] for arg in step.args)
            if step.op == "mul" and args[1].op == "inv":
                made[at] = Term("div", (args[0], *args[1].args))
            elif step.op in ("add", "sub"):
                other, negative = _unsigned(args[1])
                op = "sub" if negative == (step.op == "add") else "add"
                made[at] = Term(op, (args[0], other))
            elif step.op == "copy":
                made[at] = args[0]
            else:
                made[at] = Term(step.op, args, step.data)
    return made[value]


def _adjoints(
    program: Program, params: Sequence[str], precise: bool = False, strict: bool = False
) -> tuple[Term | str, ...]:
    """Return the adjoints of a function; of a choice, the choice between those of its branches."""
    (_, result), *_ = program.outputs
    step = program.steps[result]
    if step.op == "where":
        where = _term(steps_of(program), step.args[0], _inputs(program, params))
        arms = []
        for arm in step.args[1:]:
            if arm in program.signature or arm in program.constants:
                arms.append([_D if arm == i else "" for i in program.signature])
            else:
                steps = steps_of(program)
                inner = finish(steps, {"": arm}, program.wrt)
                arms.append([*_adjoints(inner, params, precise, strict)])
        return tuple(_chosen(where, yes, no) for yes, no in zip(*arms))
    inside = _with_ways(program, False)
    steps = steps_of(inside)
    (_, result), *_ = inside.outputs
    known = (*inside.signature, *with_names(inside), result)
    chain = Chain(steps, known, precise, strict)
    totals = {}
    for part in chain.reverse(inside.ways, {result: steps.const(1)}):
        totals[part.way.into] = part.total
    names = {**_inputs(inside, params), result: "out"}
    found: list[Term | str] = []
    for value in inside.wrt:
        if value not in totals:
            found.append("")
            continue
        slope, negative = _unsigned(_term(steps, totals[value], names))
        if slope == _ONE:
            found.append(Term("neg", (_D,)) if negative else _D)
        else:
            found.append(Term("mul", (_negated(slope) if negative else slope, _D)))
    return tuple(found)


def _inputs(program: Program, params: Sequence[str]) -> dict[int, str]:
    return dict(zip(program.signature, params))


def _unsigned(term: Term) -> tuple[Term, bool]:
    """Return a term without the signs of its factors, and whether it is negative with them."""
    if term.op == "neg":
        inner, negative = _unsigned(term.args[0])
        return inner, not negative
    if term.op in ("mul", "div"):
        (one, first), (other, second) = map(_unsigned, term.args)
        product = one if other == _ONE else replace(term, args=(one, other))
        return product, first != second
    if isinstance(term.data, (Fraction, float)) and term.data < 0:
        return replace(term, data=-term.data), True
    return term, False


def _negated(term: Term) -> Term:
    """Return a term with the other sign, which a product has at its first factor."""
    if term.op in ("mul", "div"):
        return replace(term, args=(_negated(term.args[0]), *term.args[1:]))
    if isinstance(term.data, (Fraction, float)):
        return replace(term, data=-term.data)
    return Term("neg", (term,))


def _chosen(where: Term, yes: Term | str, no: Term | str) -> Term | str:
    if yes == no:
        return yes
    zero = Term("const", data=0)
    one, other = (zero if isinstance(arm, str) else arm for arm in (yes, no))
    return Term("where", (where, one, other))


def _adds_rows(body: Term | str) -> bool:
    """Whether a function makes one number of all rows, which it then is no operation of each row on."""
    return any(op in ROWS and ROWS[op].level for op in operations(term(body)))


def _is_long(rows: Mapping[str, Row], key: str) -> bool:
    """Whether a line of a function would be long, or its slopes much dearer than in stages of their own."""
    steps = Steps(rows)
    row = rows[key]
    names = {steps.input(param): param for param in row.params}
    value = steps.emit(key, *names)
    scope = {
        **{param: v for v, param in names.items()},
        "d": steps.input("d"),
        "out": value,
    }
    speller, count = Speller(steps, SCIPY.language), Count(steps, SCIPY.language.words)
    forward, _ = count.line(value, names, {})
    known = {**names, scope["d"]: "d", value: "out"}
    made = [_made(steps, s, scope) for s in row.adjoints if isinstance(s, Term)]
    slopes = [slope for slope in made if slope not in known]
    try:
        speller.text(value, names, limit=_LONGEST)
        for slope in slopes:
            speller.text(slope, known, limit=_LONGEST)
    except GradgenError:
        return True
    worths = {scope["d"]: ONE}
    backward = [count.line(slope, known, worths, True)[0] for slope in slopes]
    return sum(backward) > 4 * forward + 2 * len(backward) + 2


def _made(steps: Steps, term: Term, scope: Mapping[str, int]) -> int:
    if term.op == "name":
        return scope[str(term.data)]
    if term.op == "const":
        assert term.data is not None
        return steps.const(term.data)
    return steps.emit(term.op, *(_made(steps, arg, scope) for arg in term.args))


def _about(program: Program) -> Words:
    """Return what writes about a function in terms of its parameters, which are places to fill."""
    places = {value: f"{{{i}}}" for i, value in enumerate(program.signature)}
    # Nobody knows what a function is called with.
    return Words(replace(program, names=places), usual=ANY_SIZE)


def _raises(program: Program, params: Sequence[str]) -> Iterator[Raise]:
    """Yield what the stages inside raise, in terms of the parameters."""
    words, given = _about(program), _inputs(program, params)
    for value in program.lines:
        step = program.steps[value]
        under = f", if {words.guard(step.guard)}" if step.guard else ""
        inner = program.rows[step.op].params
        scope = {p: Term("name", data=given[a]) for p, a in zip(inner, step.args) if a in given}  # fmt: skip
        for one in words.rules.raising(value, strict=True):
            rule = one.rule
            if not rule.step_only:
                when, missing = (
                    Worded(words.say(said, value) + under, _bound(said, scope)) if said else ""
                    for said in (rule.when, rule.missing)
                )  # fmt: skip
                partial = None if rule.partial is None else ANY
                yield Raise(rule.error, when, partial, missing=missing)


def _bound(when: str | Worded, scope: Mapping[str, Term]) -> Term | str:
    """Return a condition of the table with a function's parameters in the places of an operation's."""
    text = when.term if isinstance(when, Worded) else when
    return _filled(term(text), scope) if text else ""


def _filled(at: Term, scope: Mapping[str, Term]) -> Term:
    if at.op == "name":
        return scope.get(str(at.data), _HIDDEN)
    return replace(at, args=tuple(_filled(arg, scope) for arg in at.args))


def _kinks(program: Program) -> Iterator[str]:
    words = _about(program)
    for value in program.lines:
        row = program.rows[program.steps[value].op]
        if row.kink:
            yield words.tell(row.kink, value)
