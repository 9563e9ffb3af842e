"""The order of the stages: a formula and its options in, a compiled module out."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeAlias, cast

import sympy
from sympy.core.function import AppliedUndef

from gradgen.collector import paused
from gradgen.core.notation import NoWordError
from gradgen.core.program import DEFAULT_NAME, Program
from gradgen.core.rows import Row
from gradgen.core.table import ROWS
from gradgen.errors import GradgenError, TooLargeError, printable
from gradgen.files import artifact
from gradgen.files.recipe import Recipe, split_names
from gradgen.loading import load
from gradgen.own import declare
from gradgen.passes.branches.guard import guard
from gradgen.passes.cost import Cost
from gradgen.passes.flat.flatten import flatten
from gradgen.passes.forms.recognise import recognise
from gradgen.passes.gradient import branch, differentiate
from gradgen.passes.names import name as give_names
from gradgen.prove.plain import Plain
from gradgen.prove.plain_formula import plain_formula
from gradgen.prove.proof import prove
from gradgen.read.definitions import Calls
from gradgen.read.formula import (
    RESERVED,
    Formula,
    check_identifier,
    look_apart,
    spelled,
)
from gradgen.read.programs import parse
from gradgen.read.reader import MAX_LENGTH
from gradgen.read.statements import is_program, one_assignment, split_docstring
from gradgen.read.sympy.stage import stage
from gradgen.sympy_program import as_program, plain_expression, symbol_name, truth_of
from gradgen.targets import TARGETS
from gradgen.trace import Trace
from gradgen.write.imports import import_lines
from gradgen.write.languages.formula import FORMULA
from gradgen.write.latex import formula_latex, stages_latex
from gradgen.write.module import (
    MAX_WRITTEN,
    helpers,
    parameters,
    render,
    upstream_parameters,
)
from gradgen.write.spell import written_out
from gradgen.write.target import Skeleton, Target

#: Names of inputs: "x, y", one symbol, or several names or symbols.
Names: TypeAlias = "str | sympy.Symbol | Iterable[str | sympy.Symbol]"


#: What a module may have beside `forward` and `backward`.
EXTRAS = ("jacobian",)
#: A formula: text, an expression, several of them, by name or as a matrix, or what sympy.cse returns.
Source: TypeAlias = (
    "str | sympy.Expr | sympy.MatrixBase | Sequence[Any] | Mapping[Any, Any]"
)


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
    precise: bool = False,
    ieee: bool = False,
    strict: bool = False,
    templates: str | Path | None = None,
    const: Mapping[str, float | str] | None = None,
    params: Names | None = None,
    with_: Names = (),
    expand: bool = False,
    defaults: Mapping[str, float] | None = None,
    proof: bool = True,
) -> Compiled:
    """Compile a formula to a module with `forward` and `backward`, and run it at a few points to prove that it is that formula.

    Args:
        source: the formula or the program, as text or as a SymPy expression; also a list, tuple or dict of expressions, a
            Matrix (its entries row by row), or the pair that `sympy.cse` returns.
        name: the result's name; the upstream gradient is `d` + name. A formula may name it itself, as `y = x**2`.
        inputs: the signature, as "x, y" or as a list of names or SymPy symbols; by default the formula's variables in natural order. May name
            inputs that the formula does not use, and makes variables of `E`, `pi` and of functions' names.
        wrt: the inputs whose gradient is wanted, in the order returned; by default all.
        outputs: of a program, the names of the results; by default the last one alone.
        as_written: leave naive forms such as 1/(1 + exp(-x)) as they are.
        target: "python", whose modules import `math` alone, or "scipy", which adds `scipy.special`.
        precise: write the adjoints of saturating functions so that they are right relative to their own size, not to 1.
        ieee: overflow and poles give inf and nan, as in C and NumPy, instead of raising.
        strict: raise where a slope does not exist, as that of x**n by n at x < 0, which is else nan in its own place.
        templates: a folder whose templates go before the built-in ones. Templates are code: use only your own.
        const: names that stand for a constant, which is folded in.
        params: inputs that get no gradient; they stand after the others in the signature.
        expand: write the body of a program's own function in the place of its call, instead of one stage.
        with_: what the module has beside `forward` and `backward`: "jacobian", which returns all rows at once.
        defaults: the values of the last inputs where a call leaves them out.
        proof: whether to compare the module with what was read; where nothing can be compared, `unproven` says why.

    Raises:
        GradgenError: the formula or an option is not acceptable, and the message says what is; or the module is wrong.

    >>> f = compile("x * sigmoid(y)")
    >>> f.value_and_grad(2.0, 0.0)
    (1.0, (0.5, 0.5))
    """
    if not isinstance(name, str):
        raise GradgenError(f"the result's name is text, not {type(name).__name__}")
    found = one_assignment(source) if isinstance(source, str) else None
    if found is not None:
        given, source = found
        name = spelled(given) if name == DEFAULT_NAME else name
    plain = check_identifier(name, "the result's name")
    if plain != name:
        raise GradgenError(
            f"the result's name `{name}` is not in the form Python gives it; write `{plain}`"
        )
    if target not in TARGETS:
        raise GradgenError(
            f"there is no target `{printable(str(target))[:60]}`; known are {', '.join(TARGETS)}"
        )
    folder = _folder(templates)
    handed = source
    if isinstance(source, sympy.MatrixBase) or not isinstance(
        source, (str, sympy.Expr)
    ):
        source, outputs = as_program(source, name, outputs)
    if const:
        if not isinstance(source, str):
            raise GradgenError("constants are put into a SymPy expression by its subs")
        try:
            return compile(
                _with_constants(source, const),
                name=name,
                inputs=inputs,
                wrt=wrt,
                outputs=outputs,
                as_written=as_written,
                target=target,
                precise=precise,
                ieee=ieee,
                strict=strict,
                templates=templates,
                params=params,
                with_=with_,
                expand=expand,
                defaults=defaults,
                proof=proof,
            )
        except GradgenError as error:
            raise error.moved_up(len(const)) from None
    if params is not None:
        inputs, wrt = _grouped(source, inputs, wrt, params)
    recipe = Recipe(
        source=source if isinstance(source, str) else "",
        name=name,
        inputs=_names(inputs, "the input"),
        wrt=_names(wrt, "the input"),
        outputs=_names(outputs, "the output"),
        as_written=as_written,
        target=target,
        precise=precise,
        ieee=ieee,
        strict=strict,
        custom_templates=templates is not None,
        extras=_extras(with_),
        expand=expand,
        defaults=_defaults(defaults or {}),
    )
    table = ROWS
    if isinstance(source, str):
        formula, table = _read(source, recipe)
    elif isinstance(source, sympy.Expr):
        recipe, formula = _write_out(recipe, Formula("", plain_expression(source)))
    else:
        raise GradgenError(
            f"a formula is text or a SymPy expression, not {type(source).__name__}"
        )
    try:
        compiled = generate(recipe, formula, folder, table)
    except TooLargeError:
        if isinstance(source, str):
            raise
        # As deep and large as memory allows, but not to be made again from a text.
        formula = Formula("", plain_expression(source))
        compiled = generate(replace(recipe, source=""), formula, folder, table)
    if not proof:
        return compiled
    if TARGETS[target].is_python:
        return _with_proof(compiled, formula, handed)
    # Another language's module is proven by the same program in Python.
    twin = generate(replace(recipe, target="python"), formula, None, table)
    known = _with_proof(twin, formula, handed)
    notes = [note for note in known.notes if note not in compiled.notes]
    return replace(compiled, unproven=known.unproven, notes=(*compiled.notes, *notes))


def _with_proof(compiled: Compiled, formula: Formula, handed: Source) -> Compiled:
    """Return a module that has been compared with what was read."""
    results = [name for name, _ in compiled.program.outputs]
    if not isinstance(handed, str):
        return proven(compiled, truth_of(handed, results))
    if formula.foreign:
        reason = f"{formula.foreign[0]} is not gradgen's, so there is no truth to compare with"
        return _unproven(compiled, reason)
    # An input may be called as the result is; no input has a blank in its name.
    trees = {f"result {n}": e for n, e in zip(results, formula.results(results))}
    return proven(
        compiled, plain_formula([*trees.items()], [*trees], formula.functions)
    )


def proven(
    compiled: Compiled, plain: Plain | None, what: str = "the formula"
) -> Compiled:
    """Return a module that is what was read; where that cannot be told, with a note that says so.

    Raises:
        GradgenError: it is something else at some point.
    """
    if plain is None:
        return _unproven(compiled, f"{what} calls what nothing is known of")
    reason = prove(compiled, plain, what)
    return _unproven(compiled, reason) if reason else compiled


def _unproven(compiled: Compiled, reason: str) -> Compiled:
    note = f"the module was not proven: {reason}"
    return replace(compiled, unproven=reason, notes=(*compiled.notes, note))


def _with_constants(source: str, const: Mapping[str, float | str]) -> str:
    """Return a program with constants before its statements, but behind its docstring."""
    for key, value in const.items():
        formula = parse(str(value))
        if formula.assignments or stage(formula).inputs:
            raise GradgenError(
                f"`{printable(str(value))}`, given for `{printable(key)}`, is no constant"
            )
    docstring, statements = split_docstring(source)
    if docstring:
        docstring = f'"""{docstring}"""\n'
        statements = statements.lstrip("\n")
    lines = "".join(f"{key} = {value}\n" for key, value in const.items())
    return docstring + lines + statements


def _extras(names: Names) -> tuple[str, ...]:
    """Return the functions that a module has beside `forward` and `backward`, checked."""
    found = _names(names, "the function") or ()
    for extra in found:
        if extra not in EXTRAS:
            raise GradgenError(
                f"a module cannot be made with `{printable(extra)[:60]}`; known is {', '.join(EXTRAS)}"
            )
    return found


def _defaults(defaults: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the inputs' defaults, checked."""
    for name, value in defaults.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise GradgenError(f"the default of `{name}` is no finite number")
    return tuple((name, float(value)) for name, value in defaults.items())


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
    last = [*takewhile(given.__contains__, reversed(program.inputs))][::-1]
    dropped = [
        f"`{name}` has no default here, as an input without one stands behind it"
        for name in given
        if name not in last
    ]
    return {name: given[name] for name in last}, dropped


def _grouped(
    source: str | sympy.Expr, inputs: Names | None, wrt: Names | None, params: Names
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the signature with the parameters last, and the inputs whose gradient is wanted."""
    last = _names(params, "the parameter") or ()
    if inputs is None:
        formula = (
            parse(source, calls="expand")
            if isinstance(source, str)
            else Formula("", plain_expression(source))
        )
        declare(formula)
        inputs = stage(formula).inputs
    listed = _names(inputs, "the input") or ()
    # A parameter need not be among the inputs as well; one that the formula does not use is an input like any other.
    first = tuple(name for name in listed if name not in last)
    for name in _names(wrt, "the input") or ():
        if name in last:
            raise GradgenError(
                f"`{name}` is a parameter, which gets no gradient; leave it out of the one list or the other"
            )
    return (*first, *last), _names(wrt, "the input") or first


def _folder(templates: str | Path | None) -> Path | None:
    """Return the folder of the user's templates, checked."""
    if templates is None:
        return None
    try:
        folder = Path(templates)
        found = folder.is_dir()
    except (OSError, TypeError, ValueError):
        found = False
    if not found:
        raise GradgenError(f"there is no folder of templates at {str(templates)[:200]}")
    return folder


def _write_out(recipe: Recipe, formula: Formula) -> tuple[Recipe, Formula]:
    """Write a SymPy expression as text and read that again, so that the recipe makes the same module.

    An expression that cannot be written out goes on as it is, without a recipe.
    """
    program = stage(formula, recipe.inputs, recipe.wrt)
    called = {
        FORMULA.constants.get(str(step.data))
        for step in program.steps
        if step.op == "const"
    }
    if called & {*program.inputs}:
        return recipe, formula  # the constant pi beside a symbol of that name
    try:
        text = written_out(program, FORMULA, MAX_LENGTH)
        read = parse(text, program.inputs)
    except GradgenError:
        return recipe, formula
    # Names that mean something else in a formula, as E does, stay variables only if the recipe lists them.
    plain = all(name not in RESERVED for name in program.inputs)
    return (
        replace(recipe, source=text, inputs=recipe.inputs if plain else program.inputs),
        read,
    )


def generate(
    recipe: Recipe,
    formula: Formula,
    templates: Path | None = None,
    table: Mapping[str, Row] = ROWS,
) -> Compiled:
    """Run the stages over a formula that was read."""
    target = _target(recipe)
    program = _passed(recipe, formula, target, table)
    defaults, dropped = _last_defaults(program, recipe)
    rows = "jacobian" in recipe.extras
    rendered = render(
        program,
        target,
        _shown(formula.text, program),
        templates,
        rows,
        formula.docstring,
        defaults,
        MAX_WRITTEN if formula.text else None,
    )
    body = rendered.text
    if templates is None:
        body = target.layout(body)
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
    if templates is None:
        _check(text, program, target, rows, defaults, rendered.imports)
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


def _passed(
    recipe: Recipe, formula: Formula, target: Target, table: Mapping[str, Row]
) -> Program:
    """Return a formula that was read as a program after all passes."""
    asked = (formula, recipe.inputs, recipe.wrt, recipe.name, recipe.outputs)
    program = stage(*asked, rows=table)
    given = [text for text, _, _ in program.given]
    results = [text for text, _ in program.outputs]
    look_apart([*program.inputs, *given, *results])
    if not recipe.as_written:
        # The base of (1 + 1e-17)**x is 1.0 by now.
        lost = any(step.op == "expb" for step in program.steps)
        if lost or any(program.steps[v].op != "const" for v in program.constants):
            program = stage(*asked, folded=False, rows=table)
        program = recognise(program)
    program = branch(flatten(differentiate(guard(program))))
    used = (table[step.op] for step in program.steps if step.op in table)
    own = {local for row in used for _, _, local in row.imports}
    return give_names(program, target.reserved | own, target.avoided)


def _shown(text: str, program: Program) -> str:
    """Return what a module computes, for its docstring: of a program, that it stands above."""
    several = "s" * (len(program.outputs) > 1)
    return f"the result{several} of the program above" if is_program(text) else text


def _read(source: str, recipe: Recipe) -> tuple[Formula, Mapping[str, Row]]:
    """Read a formula; return it, and the table with its own functions: those that are too long for one stage are written out."""
    inputs = recipe.inputs or ()
    calls: Calls = "as written" if recipe.as_written else "stage"
    formula = parse(source, inputs, "expand" if recipe.expand else calls)
    large = [d.name for d in formula.functions if d.body is not None and not d.key]
    table, long = declare(formula)
    if long:
        formula = parse(source, inputs, calls, long)
    long += large
    if long and not recipe.expand:
        note = f"{' and '.join(long)} would be long or dear as one stage, so the stages inside are written"
        formula = replace(formula, notes=(*formula.notes, note))
    return formula, table


def _target(recipe: Recipe) -> Target:
    target = TARGETS[recipe.target]
    return replace(
        target,
        precise=recipe.precise,
        # Where nothing raises, there is nothing to keep from raising.
        ieee=recipe.ieee and target.raises,
        strict=recipe.strict and target.raises,
    )


def _check(
    text: str,
    program: Program,
    target: Target,
    rows: bool,
    defaults: Mapping[str, float],
    modules: Mapping[str, Mapping[str, str]],
) -> None:
    """Prove that a module's text is no more than a generated module may be."""
    signatures = {
        "forward": parameters(program, target, defaults),
        "backward": (target.cache, *upstream_parameters(program, target)),
    }
    if rows:
        signatures["jacobian"] = signatures["forward"]
    imports = tuple(line for _, line in target.imports)
    own = tuple(import_lines(modules))
    target.check(text, Skeleton(imports, helpers(target), signatures, own))


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
    compiled = compile(
        recipe.source,
        name=recipe.name,
        inputs=recipe.inputs,
        wrt=recipe.wrt,
        outputs=recipe.outputs,
        as_written=recipe.as_written,
        target=recipe.target,
        precise=recipe.precise,
        ieee=recipe.ieee,
        strict=recipe.strict,
        templates=used,
        with_=recipe.extras,
        expand=recipe.expand,
        defaults=dict(recipe.defaults),
        proof=proof and not recipe.tests,
    )
    return compiled.test(recipe.tests, used) if recipe.tests else compiled


def _names(names: Names | None, what: str) -> tuple[str, ...] | None:
    """Return a list of names, checked."""
    if names is None:
        return None
    if isinstance(names, str):
        names = split_names(names)
    elif isinstance(names, (sympy.Symbol, AppliedUndef)):
        names = (names,)
    found: dict[str, None] = {}
    if not isinstance(names, Iterable):
        raise GradgenError(f"{what} list is text or a list of names, not {names!r}")
    for given in names:
        text = symbol_name(given) or given
        if not isinstance(text, str):
            raise GradgenError(f"{what} {text!r} is neither a name nor a symbol")
        plain = check_identifier(spelled(text), what)
        if plain in found:
            raise GradgenError(f"{what} `{plain}` is given twice")
        found[plain] = None
    return tuple(found)


def constant(text: str) -> float:
    """Return the value of a formula without variables.

    Raises:
        GradgenError: it is no formula, or has variables.
        ArithmeticError, ValueError: it has no value.
    """
    recipe = Recipe(text, DEFAULT_NAME, inputs=())
    formula, table = _read(text, recipe)
    target = _target(recipe)
    program = _passed(recipe, formula, target, table)
    ((_, value),) = program.outputs
    try:
        return float(Trace(program, target).forward({})[program.names[value]])
    except NoWordError as error:
        raise GradgenError(f"{error} {target.language.lacking}") from None


@dataclass(frozen=True, repr=False)
class Compiled:
    """A compiled formula.

    Attributes:
        source: the module's text.
        program: the staged program with its backward lines and names.
        recipe: the formula and the options it was made from.
        cost: the operations of `forward` and `backward`.
        notes: what the reader should know, one sentence each.
        imports: what the module imports of the user's modules: by module, the names here with those there.
        unproven: why the module was not compared with what was read, where that was tried in vain.
    """

    source: str
    program: Program
    recipe: Recipe
    cost: Cost
    notes: tuple[str, ...] = ()
    unproven: str = ""
    imports: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The signature and the formula."""
        names = self.program.names
        result = ", ".join(names[value] for _, value in self.program.outputs)
        inputs = ", ".join(names[value] for value in self.program.signature)
        return f"<gradgen {result}({inputs}) = {self.recipe.source or '...'}>"

    def latex(self, stages: bool = False) -> str:
        """Return the formula in LaTeX; with `stages`, the stages, one equation a line."""
        return stages_latex(self.program) if stages else formula_latex(self.program)

    def _repr_latex_(self) -> str:
        """The formula, for notebooks."""
        try:
            return rf"$\displaystyle {self.latex()}$"
        except GradgenError:
            return rf"$\displaystyle {self.latex(stages=True)}$"

    @cached_property
    def module(self) -> types.ModuleType:
        """The module, loaded in memory; its tracebacks show the generated lines.

        Raises:
            GradgenError: it is in another language than Python.
        """
        self._runs("run here")
        return load(self.source)

    def _runs(self, what: str) -> None:
        if not TARGETS[self.recipe.target].is_python:
            raise GradgenError(
                f"a module in {self.recipe.target} cannot be {what}; compile it for Python as well, where it can"
            )

    @property
    def forward(self) -> Callable[..., tuple[Any, tuple[float, ...]]]:
        """The module's `forward(*inputs)`: the value, or a tuple of several, and the cache."""
        return cast(Callable[..., tuple[Any, tuple[float, ...]]], self.module.forward)

    @property
    def backward(self) -> Callable[..., tuple[float, ...]]:
        """The module's `backward(cache, upstream=1.0)`: one gradient per input asked for."""
        return cast(Callable[..., tuple[float, ...]], self.module.backward)

    def __call__(self, *inputs: float, **named: float) -> Any:
        """Return the value at `inputs`, given in order or by name; of several outputs, a tuple."""
        return self.forward(*inputs, **named)[0]

    def value_and_grad(
        self, *inputs: float, **named: float
    ) -> tuple[float, tuple[float, ...]]:
        """Return the value at `inputs`, given in order or by name, and its gradient."""
        if len(self.program.outputs) > 1:
            raise GradgenError(
                "there are several outputs; call jacobian for all their gradients"
            )
        value, cache = self.forward(*inputs, **named)
        return value, self.backward(cache)

    def jacobian(self, *inputs: float, **named: float) -> tuple[tuple[float, ...], ...]:
        """Return the gradients of all outputs at `inputs`: one row for each, columns in the order of `wrt`."""
        return self._rows(*inputs, **named)  # type: ignore[no-any-return]

    @cached_property
    def _rows(self) -> Callable[..., Any]:
        """The function for all rows: the module's own, or that of the same module made with it."""
        if "jacobian" in self.recipe.extras:
            return cast(Callable[..., Any], self.module.jacobian)
        target = _target(self.recipe)
        defaults = dict(self.recipe.defaults)
        made = render(
            self.program,
            target,
            self.recipe.source,
            rows=True,
            defaults=defaults,
            limit=MAX_WRITTEN if self.recipe.source else None,
        )
        _check(made.text, self.program, target, True, defaults, made.imports)
        return cast(Callable[..., Any], load(made.text).jacobian)

    def trace(
        self, *inputs: float, output: int = 0
    ) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Return every value, and every gradient of one output, by name.

        Raises:
            GradgenError: the module is in another language than Python, or an input has no value.
            ArithmeticError, ValueError: as the module raises.
        """
        given = {**dict(self.recipe.defaults), **dict(zip(self.program.inputs, inputs))}
        if {*given} != {*self.program.inputs} or len(inputs) > len(given):
            raise GradgenError(
                f"there are {len(inputs)} values for the inputs {', '.join(self.program.inputs) or '(none)'}"
            )
        values = self.tracer.forward(given)
        return values, self.tracer.backward(values, output)

    @cached_property
    def tracer(self) -> Trace:
        """What runs the module's lines one by one."""
        self._runs("run here")
        own = self.imports or self.recipe.custom_templates
        functions = vars(self.module) if own else None
        return Trace(self.program, _target(self.recipe), functions)

    def test(self, module: str, templates: Path | None = None) -> Compiled:
        """Return a test of the module, to be written beside it: values and gradients from mpmath, and central differences.

        Args:
            module: the name that the module is imported by, as `model` or `package.model`.
            templates: the user's folder of templates, if the module was made with one.

        Raises:
            GradgenError: there is no formula to compute values from, or no point of its domain was found.
        """
        from gradgen.testfile import make_test

        self._runs("tested here")
        parts = module.split(".")
        plain = ".".join(check_identifier(part, "the module") for part in parts)
        source, recipe = make_test(self.program, self.recipe, plain, templates)
        return replace(self, source=source, recipe=recipe)

    def write(self, path: str | Path, *, force: bool = False) -> bool:
        """Write the module to a file; return whether the file changed.

        Args:
            path: the file. One that gradgen did not write, or that was edited by hand, is refused.
            force: overwrite a file that was edited by hand.

        Raises:
            GradgenError: the file is refused, or cannot be written; it is then as it was.
        """
        return artifact.write(Path(path), self.source, force=force)
