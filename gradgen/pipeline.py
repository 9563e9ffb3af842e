"""The order of the stages: a formula and its options in, a compiled module out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeAlias

import sympy

from gradgen.collector import paused
from gradgen.compiled import Compiled, check_text
from gradgen.core.notation import NoWordError
from gradgen.core.program import DEFAULT_NAME, Program
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError, TooLargeError, printable
from gradgen.files.recipe import Recipe
from gradgen.options import Names, read_names, read_request, result_name
from gradgen.over_rows import (
    all_of,
    by_parameters,
    check_rows,
    columns_of,
    is_over_rows,
    reduced,
    target_of,
)
from gradgen.own import declare
from gradgen.passes.branches.guard import guard
from gradgen.passes.branches.masked import masked
from gradgen.passes.constants import is_rational
from gradgen.passes.flat.flatten import flatten
from gradgen.passes.flat.hidden import hiding
from gradgen.passes.forms.outward import outward
from gradgen.passes.forms.recognise import recognise
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.names import name as give_names
from gradgen.prove.plain import Plain
from gradgen.prove.plain_formula import plain_formula
from gradgen.prove.proof import prove
from gradgen.read.definitions import Calls
from gradgen.read.formula import Formula, look_apart, spelled
from gradgen.read.programs import parse
from gradgen.read.statements import one_assignment, split_docstring
from gradgen.read.sympy.stage import constants_of, stage
from gradgen.read.sympy.unroll import unroll
from gradgen.settings import Request
from gradgen.sympy_program import Named, as_program, as_text, plain_expression
from gradgen.targets import KEPT, PYTHON, SCIPY, TARGETS, target_for
from gradgen.trace import Trace
from gradgen.unrolled import unrolled
from gradgen.write.module import MAX_WRITTEN, Rendered, render
from gradgen.write.target import Target

__all__ = ["Compiled", "compile", "constant", "generate", "proven", "regenerate"]

#: A formula: text, an expression, several of them, by name or as a matrix, or what sympy.cse returns.
Source: TypeAlias = (
    "str | sympy.Expr | sympy.MatrixBase | Sequence[Any] | Mapping[Any, Any]"
)


_SHARED = "each row has its own {} by the formula, and one number for all is left of that once it is simplified; leave out what changes nothing, as `0*x`"


@paused()
def compile(  # noqa: A001 - the name that users know from re and from the command line
    source: Source,
    *,
    name: str = "f",
    inputs: Names | None = None,
    wrt: Names | None = None,
    outputs: Names | None = None,
    as_written: bool = False,
    target: str = "python",
    style: str = "textbook",
    cache: str = "tuple",
    reduce: str = "",
    rows: Names = (),
    table: str = "data",
    by: Names = (),
    dialect: str = "duckdb",
    precise: bool = False,
    ieee: bool = False,
    strict: bool = False,
    templates: str | Path | None = None,
    const: Mapping[str, float | str] | None = None,
    params: Names | None = None,
    with_: Names = (),
    expand: bool = False,
    defaults: Mapping[str, float] | None = None,
    doc: Mapping[str, str] | None = None,
    proof: bool = True,
) -> Compiled:
    """Compile a formula to a module with `forward` and `backward`, and run it at a few points to prove that it is that formula.

    Args:
        source: the formula or the program: text, a SymPy expression, several in a list, dict or Matrix, or what `sympy.cse` returns.
        name: the result's name; the upstream gradient is `d` + name. A formula may name it itself, as `y = x**2`.
        inputs: the signature, "x, y" or a list, with unused ones and `E`, `pi` if named; by default the variables in natural order.
        wrt: the inputs whose gradient is wanted, in the order returned; by default all.
        outputs: of a program, the names of the results; by default the last one alone.
        as_written: leave naive forms such as 1/(1 + exp(-x)) as they are.
        target: "python", which imports `math` alone, "scipy", "c", "javascript", "sql", "polars", or of arrays "numpy", "jax", "torch".
        style: "textbook", one operation a line, or "compact", up to four; `cache`: "tuple", or "namedtuple", whose parts have names.
        reduce: of arrays, "sum" or "mean": `forward` returns that over all that they hold, and `backward` its gradient; of "sql" and "polars", over rows.
        rows: the inputs that are columns of data: functions are over rows, and all else is one number for all of them.
        table: of "sql", the table that the query reads; `by`: of it and of "polars", the columns that group rows; `dialect`: the engine, as "spark".
        precise: write the adjoints of saturating functions so that they are right relative to their own size, not to 1.
        ieee, strict: overflow and poles give inf and nan instead of raising; a slope that does not exist raises, and is not nan.
        templates: a folder whose templates go before the built-in ones. Templates are code: use only your own.
        const: names that stand for a constant, which stands at the top of the module.
        params: inputs that get no gradient; they stand after the others in the signature.
        expand: write the body of a program's own function in the place of its call, instead of one stage.
        with_: what the module has beside `forward` and `backward`: "jacobian", all rows at once, "value_and_grad", both in one go; of "sql" and "polars" "gauss_newton".
        defaults: the values of the last inputs where a call leaves them out.
        doc: what inputs and results mean, for the docstrings, as {"t": "time [s]"}; goes before what a program says of them.
        proof: whether to compare the module with what was read; where nothing can be compared, `unproven` says why.

    Raises:
        GradgenError: the formula or an option is not acceptable, and the message says what is; or the module is wrong.

    >>> compile("x * sigmoid(y)").value_and_grad(2.0, 0.0)
    (1.0, (0.5, 0.5))
    """
    return _answered(**locals())


def _answered(source: Source, **options: Any) -> Compiled:
    """Compile a formula as it is asked for."""
    asked = read_request(**options)
    found = one_assignment(source) if isinstance(source, str) else None
    if found is not None:
        given, source = found
        own = asked.name == DEFAULT_NAME
        name = result_name(spelled(given)) if own else asked.name
        asked = replace(asked, name=name)
    read: Named | None = None
    if isinstance(source, sympy.MatrixBase) or not isinstance(
        source, (str, sympy.Expr)
    ):
        source, outputs, read = as_program(source, asked.name, asked.outputs)
        asked = replace(asked, outputs=outputs)
    elif not isinstance(source, str):
        expr = plain_expression(source)
        source, read = Formula("", expr), [(asked.name, expr)]
    if not asked.const:
        return _compiled(source, read, asked)
    if not isinstance(source, str):
        raise GradgenError("constants are put into a SymPy expression by its subs")
    try:
        return _compiled(_with_constants(source, asked.const), None, asked)
    except GradgenError as error:
        raise error.moved_up(len(asked.const)) from None


def _compiled(source: str | Formula, read: Named | None, asked: Request) -> Compiled:
    """Compile a text or an expression, and compare it with what was read of SymPy, or of the text."""
    if asked.params is not None:
        asked = _grouped(source, asked)
    recipe = Recipe(
        source if isinstance(source, str) else "",
        custom_templates=asked.templates is not None,
        **asked.recorded,
    )
    table = ROWS
    if isinstance(source, str):
        formula, table = _read(source, recipe)
    else:
        formula, inputs = as_text(source, recipe.inputs, recipe.wrt)
        recipe = replace(recipe, source=formula.text, inputs=inputs)
    program = _passed(recipe, formula, table)
    hidden = hiding(program) if isinstance(source, str) else []
    if hidden and isinstance(source, str):
        with suppress(GradgenError):  # which is that it would be too large
            formula, table = _read(source, recipe, hidden)
            program = _passed(recipe, formula, table)
    try:
        compiled = generate(recipe, formula, asked.templates, program)
    except TooLargeError:
        if isinstance(source, str):
            raise
        # As deep and large as memory allows, but not to be made again from a text.
        formula = source
        recipe = replace(recipe, source="")
        program = _passed(recipe, formula, table)
        compiled = generate(recipe, formula, asked.templates, program)
    if not asked.proof:
        return compiled
    if TARGETS[asked.target].runs and not recipe.rows:
        return _with_proof(compiled, compiled, formula, read)
    # A module in another language, or of arrays, is proven by the same program in Python, or over a few rows.
    if is_over_rows(recipe, program):
        twin = unrolled(compiled)
    else:
        twin = _in_python(
            TARGETS[asked.target],
            lambda name: generate(
                replace(recipe, target=name, reduce="", rows=(), defaults=()),
                formula,
                None,
                program,
                shown=False,
            ),
        )
    known = _with_proof(twin, compiled, formula, read)
    notes = [note for note in known.notes if note not in compiled.notes]
    return replace(compiled, unproven=known.unproven, notes=(*compiled.notes, *notes))


def _with_proof(
    twin: Compiled, compiled: Compiled, formula: Formula, read: Named | None
) -> Compiled:
    """Return a module that runs, which has been compared with what was read of the one that it stands for."""
    results, recipe = [name for name, _ in compiled.program.outputs], compiled.recipe
    if read is None and formula.foreign:
        reason = f"{formula.foreign[0]} is not gradgen's, so there is no truth to compare with"
        return _unproven(twin, reason)
    if read is None:
        # An input may be called as the result is; no input has a blank in its name.
        # A constant may be called as the result of an expression without a name is.
        trees = {f"result {n}": e for n, e in zip(results, formula.results(recipe.outputs))}  # fmt: skip
        read, results = [*trees.items()], [*trees]
    read, results = all_of(read, results, recipe)
    if twin.program.inputs != compiled.program.inputs:
        own, (read, results) = results, unroll(read, results, recipe.rows)
        if len(results) != len(twin.program.outputs):
            raise GradgenError(
                _SHARED.format(", ".join(name.removeprefix("result ") for name in own))
            )
    return proven(twin, plain_formula(read, results, formula.functions))


def proven(
    compiled: Compiled, plain: Plain | None, what: str = "the formula"
) -> Compiled:
    """Return a module that is what was read; where that cannot be told, with a note that says so.

    Raises:
        GradgenError: it is something else at some point.
    """
    if plain is None:
        return _unproven(compiled, f"{what} calls what nothing is known of")
    reason = prove(in_python(compiled), plain, what)
    return _unproven(compiled, reason) if reason else compiled


def _unproven(compiled: Compiled, reason: str) -> Compiled:
    note = f"the module was not proven: {reason}"
    return replace(compiled, unproven=reason, notes=(*compiled.notes, note))


def _with_constants(source: str, const: Sequence[tuple[str, float | str]]) -> str:
    """Return a program with constants before its statements, but behind its docstring."""
    for key, value in const:
        formula = parse(str(value))
        if formula.assignments or stage(formula).inputs:
            raise GradgenError(
                f"`{printable(str(value))}`, given for `{printable(key)}`, is no constant"
            )
    docstring, statements = split_docstring(source)
    if docstring:
        docstring = f'"""{docstring}"""\n'
        statements = statements.lstrip("\n")
    lines = "".join(f"{key} = {value}\n" for key, value in const)
    return docstring + lines + statements


def _last_defaults(
    program: Program, recipe: Recipe
) -> tuple[Mapping[str, float], list[str]]:
    """Return the defaults that a signature can have, in its order, and notes on the others: none follows without one."""
    given = dict(recipe.defaults)
    for name in given:
        if name not in program.inputs:
            raise GradgenError(
                f"no input is called `{name}`; the inputs are {', '.join(program.inputs) or '(none)'}"
            )
    has = given.keys() - {*recipe.rows}  # a column has a number for each row
    # Of queries and frames, columns are no parameters.
    columns = program.inputs if not recipe.rows else recipe.rows
    columns = columns if TARGETS[recipe.target].selects else ()
    inputs = [name for name in program.inputs if name not in columns]
    last = [*takewhile(has.__contains__, reversed(inputs))][::-1]
    dropped = [
        f"`{name}` has no default here, as an input without one stands behind it"
        for name in given
        if name not in last
    ]
    return {name: given[name] for name in last}, dropped


def _grouped(source: str | Formula, asked: Request) -> Request:
    """Return a request whose signature has the parameters last, and whose gradient leaves them out."""
    last, inputs = asked.params or (), asked.inputs
    if inputs is None:
        formula = parse(source, calls="expand") if isinstance(source, str) else source
        declare(formula)
        found = formula.inputs or stage(formula).inputs
        inputs = read_names(found, "the input") or ()
    # A parameter need not be among the inputs as well; one that the formula does not use is an input like any other.
    first = tuple(name for name in inputs if name not in last)
    for name in asked.wrt or ():
        if name in last:
            raise GradgenError(
                f"`{name}` is a parameter, which gets no gradient; leave it out of the one list or the other"
            )
    return replace(asked, inputs=(*first, *last), wrt=asked.wrt or first)


def generate(
    recipe: Recipe,
    formula: Formula,
    templates: Path | None,
    program: Program,
    shown: bool = True,
) -> Compiled:
    """Write a formula's program, which has no names yet, as a module; if nobody is shown its text, neither laid out nor checked."""
    if "value_and_grad" in recipe.with_ and len(program.outputs) > 1:
        raise GradgenError(
            "value_and_grad is of one result, and there are several; their gradients are those of jacobian"
        )
    target = target_of(recipe, program)
    program = _named(program, target)
    defaults, dropped = _last_defaults(program, recipe)
    rendered = _rendered(
        program,
        target,
        formula.shown,
        templates,
        recipe.with_,
        formula.docstring,
        defaults,
        _meanings(formula, recipe, program),
        MAX_WRITTEN if formula.text else None,
    )
    body = rendered.text
    if templates is None:
        body = target.layout(body) if shown else body
    else:
        try:
            body = target.layout_any(body)
        except (ValueError, AssertionError) as error:
            reason = str(error).partition("\n")[0]
            raise GradgenError(
                f"the templates in {templates} do not make valid {target.name}: {reason}"
            ) from None
    recipe = replace(recipe, source=formula.text, defaults=tuple(defaults.items()))
    text = recipe.header(body, target.comment) + body
    if templates is None and shown:
        check_text(
            text,
            program,
            target,
            recipe.with_,
            defaults,
            rendered.imports,
            rendered.cache,
        )
    wanted = {result for result, _ in program.outputs}
    declared = {definition.name for definition in formula.functions}
    unread = [
        f"`{unused}`, which line {line} {'declares' if unused in declared else 'assigns'}, is not used"
        for unused, line in formula.unused.items()
        if unused not in wanted
    ]
    notes = (*formula.notes, *unread, *dropped)
    return Compiled(
        text, program, recipe, rendered.cost, notes, imports=rendered.imports
    )


def _rendered(program: Program, target: Target, *given: Any) -> Rendered:
    """Return a module's text, or say which operation the language has no word for, in whatever line it stands."""
    try:
        return render(program, target, *given)
    except NoWordError as error:
        raise GradgenError(f"{error} {target.language.lacking}") from None


def _meanings(formula: Formula, recipe: Recipe, program: Program) -> Mapping[str, str]:
    """Return what inputs and results mean, as far as somebody said, and what is said of constants such as sqrt(-1).

    Raises:
        GradgenError: the request speaks of another name.
    """
    results = [result for result, _ in program.outputs]
    of_last = {"": results[0]} if len(results) == 1 else {}
    found = dict(formula.meanings)
    for assignment in formula.assignments:
        name = of_last.get(assignment.name, assignment.name)
        if name in results and assignment.comment:
            found[name] = assignment.comment
    known = (*program.inputs, *results)
    for name, words in recipe.doc:
        if name not in known:
            raise GradgenError(
                f"`{name}`, whose meaning is given, is no input and no result; these are {', '.join(known)}"
            )
        found[name] = words
    edges = {a.text: a.comment for a in formula.assignments if a.made is not None and "(" in a.text}  # fmt: skip
    return {**{n: found[n] for n in known if n in found}, **edges}


def _inputs(formula: Formula, recipe: Recipe) -> tuple[str, ...] | None:
    """Return the inputs that are listed: by the request, or by the program; None where neither lists any."""
    return (formula.inputs or None) if recipe.inputs is None else recipe.inputs


def _passed(recipe: Recipe, formula: Formula, table: Mapping[str, Row]) -> Program:
    """Return a formula that was read as a program after all passes but the last, which gives names."""
    inputs, formula = _inputs(formula, recipe), reduced(formula, recipe)
    asked = (formula, inputs, recipe.wrt, recipe.name, recipe.outputs)
    nodes = constants_of(formula, inputs, recipe.outputs, table, KEPT)
    program = check_rows(stage(*asked, rows=table, constants=nodes), recipe)
    given = [text for text, _, _ in program.given]
    results = [text for text, _ in program.outputs]
    look_apart([*program.inputs, *given, *results])
    if not recipe.as_written:
        # The base of (1 + 1e-17)**x is 1.0 by now.
        lost = any(step.op == "expb" for step in program.steps)
        lost |= not all(map(is_rational, nodes.values()))
        if lost or any(program.steps[v].op != "const" for v in program.constants):
            program = stage(*asked, folded=False, rows=table, constants=nodes)
        constants = {a.name: nodes[a.expr] for a in formula.assignments if a.expr in nodes}  # fmt: skip
        program = outward(recognise(program, constants, _raises(recipe)))
    shown = recipe.style == "textbook"
    program = guard(program)
    if target_for(recipe).flat:
        program = masked(program)
    program = by_parameters(check_rows(program, recipe), recipe)
    program = differentiate(program, shown)
    return branch(flatten(program), columns_of(recipe, program))


def _raises(recipe: Recipe) -> bool:
    """Whether overflow and poles raise in a module, so that no value in it is infinite."""
    return TARGETS[recipe.target].raises and not recipe.ieee


def _named(program: Program, target: Target) -> Program:
    rows = program.rows
    used = (rows[step.op] for step in program.steps if step.op in rows)
    own = {local for row in used for _, _, local in row.imports}
    return target.apart(give_names(program, target.reserved | own, target.avoided))


def _read(
    source: str, recipe: Recipe, hidden: Sequence[str] = ()
) -> tuple[Formula, Mapping[str, Row]]:
    """Read a formula; return it, and the table with its own functions: those that are too long for one stage are written out.

    So are those that hide where the formula does not move.
    """
    inputs = recipe.inputs or ()
    calls: Calls = "as written" if recipe.as_written else "stage"
    formula = parse(source, inputs, "expand" if recipe.expand else calls)
    large = [d.name for d in formula.functions if d.body is not None and not d.key]
    table, long = declare(
        formula, _inputs(formula, recipe), recipe.outputs, _raises(recipe)
    )
    if long or hidden:
        formula = parse(source, inputs, calls, [*long, *hidden])
    long += large
    if long and not recipe.expand:
        note = f"{' and '.join(long)} would be long or dear as one stage, so the stages inside are written"
        formula = replace(formula, notes=(*formula.notes, note))
    if hidden:
        note = f"{' and '.join(hidden)} may be flat where something is steep, so the stages inside are written"
        formula = replace(formula, notes=(*formula.notes, note))
    return formula, table


def regenerate(
    recipe: Recipe, templates: Path | None = None, proof: bool = False
) -> Compiled:
    """Make a module again from the recipe in its header; with `proof`, prove it.

    Raises:
        GradgenError: the recipe does not say enough, or is not acceptable.
    """
    if not recipe.source:
        raise GradgenError(
            "its expression could not be written out as text; write the file anew from Python"
        )
    if recipe.custom_templates and templates is None:
        raise GradgenError(
            "it was made with templates of its own; name their folder with --templates"
        )
    used = templates if recipe.custom_templates else None
    options = {
        **recipe.recorded,
        "defaults": dict(recipe.defaults),
        "doc": dict(recipe.doc),
    }
    proof &= not recipe.tests
    compiled = compile(recipe.source, templates=used, proof=proof, **options)
    return compiled.test(recipe.tests, used) if recipe.tests else compiled


def in_python(compiled: Compiled) -> Compiled:
    """Return a module that runs here on numbers: of any other, the same program in Python."""
    if is_over_rows(compiled.recipe, compiled.program):
        return unrolled(compiled)
    recipe, target = compiled.recipe.of_numbers, TARGETS[compiled.recipe.target]
    if target.runs:
        return compiled
    if target.selects:  # which has no slopes by columns where it adds up rows
        program = compiled.program
        recipe = replace(recipe, wrt=tuple(program.signature[v] for v in program.wrt))
    return _in_python(target, lambda name: regenerate(replace(recipe, target=name)))


def _in_python(target: Target, made: Callable[[str], Compiled]) -> Compiled:
    """Return a module of numbers: with SciPy's functions where one of arrays has them, and plain Python does not."""
    try:
        return made(PYTHON.name)
    except GradgenError:
        if not target.arrays:
            raise
    return made(SCIPY.name)


def constant(text: str) -> float:
    """Return the value of a formula without variables.

    Raises:
        GradgenError: it is no formula, or has variables.
        ArithmeticError, ValueError: it has no value.
    """
    recipe = Recipe(text, name=DEFAULT_NAME, inputs=())
    formula, table = _read(text, recipe)
    target = target_for(recipe)
    program = _named(_passed(recipe, formula, table), target)
    ((_, value),) = program.outputs
    try:
        return float(Trace(program, target).forward({})[program.names[value]])
    except NoWordError as error:
        raise GradgenError(f"{error} {target.language.lacking}") from None
