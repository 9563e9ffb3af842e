"""A Python function in, as the text of its file or as it was read; what it compiles to out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, islice
from typing import Any, TypeAlias

from gradgen.errors import GradgenError, LengthsError, NowhereError
from gradgen.files.finder import Finder
from gradgen.files.recipe import split_names
from gradgen.pipeline import Compiled, compile, constant, proven
from gradgen.prove.plain import Plain
from gradgen.prove.plain_python import plain_function
from gradgen.read.python.flow.shapes import Count, Size, read_shapes, shape_of
from gradgen.read.python.follow.imports import Imports
from gradgen.read.python.follow.modules import Modules
from gradgen.read.python.function import Function, read_function

#: What reads a function, by what is constant, what is a variable in any case, and how long sequences are.
_Read: TypeAlias = (
    "Callable[[Mapping[str, object], Sequence[str], Mapping[str, Size]], Function]"
)
#: So many ways to make variables of parameters that are None are tried.
_WAYS = 15
#: What is said where the program alone that was read of a function is what its module was held to.
ONCE = (
    "what the function's lines mean was read once: the proof holds the module to the program that was read, "
    "not to these lines, as their second reading does not know all that they hold; compare some values with the function's own"
)


def compile_function(text: str, function: str, /, **options: Any) -> Compiled:
    """Compile a function of a Python file. What the options say goes before what the function says.

    Args:
        text: the file.
        function: the function's name.
        options: those of `compile`; those that are None count as not given; and `means`, which says what imports mean
            that are not known, as {"fluids.numerics.exp": "exp"}; `file`, where the text comes from, so that what it imports
            can be read beside it; `within`, a folder that this must lie in; `follow`, the modules that are read wherever they
            are installed; `ignore_decorator`, those that change nothing.

    Raises:
        GradgenError: the function or an option is not acceptable; with the file's own line.
    """
    means, name = options.pop("means", None), options.pop("name", None)
    file = Finder(options.pop("file", None), options.pop("within", None))
    imports = imports_of(file, options)
    outputs = wanted_outputs(options.get("outputs"))

    def read(const: Mapping[str, object], variables: Sequence[str], shapes: Mapping[str, Size]) -> Function:  # fmt: skip
        known = replace(imports, shapes={**imports.shapes, **shapes})
        return read_function(text, function, means, name or "", outputs, const, variables, known)  # fmt: skip

    found, notes = _as_shown(read, *settling(options))
    compiled = compile_read(found, **options)
    return replace(compiled, notes=(*compiled.notes, *notes))


def _as_shown(
    read: _Read,
    const: Mapping[str, object],
    inputs: Sequence[str],
    shapes: Mapping[str, Size] | None = None,
) -> tuple[Function, list[str]]:
    """Read a function; where its first line leaves open what it is, as examples in its docstring have it, or with the first few parameters as variables with which it returns something; with notes that say so."""
    try:
        return read(const, inputs, shapes or {}), []
    except LengthsError as error:
        if not error.shown or shapes:
            raise
        counts = {n: s[0] for n, s in error.shown.items() if isinstance(s, Count)}
        rows = {n: s for n, s in error.shown.items() if n not in counts}
        said = [f'--shape "{shape_of(rows)}"'] * bool(rows)
        said += [f'--const "{", ".join(f"{n}={k}" for n, k in counts.items())}"'] * bool(counts)  # fmt: skip
        note = f"this is with {' '.join(said)}, as in the docstring's examples; say others if you want others"
        try:
            found, notes = _as_shown(read, {**const, **counts}, inputs, rows)
        except GradgenError:
            raise error from None
        return found, [note, *notes]
    except NowhereError as error:
        few = (each for size in (1, 2, 3) for each in combinations(error.none, size))
        ways = dict.fromkeys([*filter(None, error.shown), *islice(few, _WAYS)])
        refused: GradgenError = error
        for names in () if inputs else ways:
            try:
                found, notes = _as_shown(read, const, names, shapes)
            except GradgenError as other:
                if isinstance(other, LengthsError) and refused is error:
                    refused = other  # which is less to say
                continue
            each = ", ".join(f"`{name}`" for name in names)
            why = error.said.partition("; ")[0].partition(" (that is")[0]
            are = "are variables" if len(names) > 1 else "is a variable"
            return found, [f"{each} {are} here, as else {why}; name others by --inputs", *notes]  # fmt: skip
        raise refused from None


def imports_of(finder: Finder, options: dict[str, Any]) -> Imports:
    """Return which files may be read beside a function's own, by the options, of which those that say so are taken out."""
    named = _modules("follow", options.pop("follow", None))
    ignored = _modules("ignore-decorator", options.pop("ignore_decorator", None))
    shape = options.pop("shape", None) or ()
    if isinstance(shape, Mapping):
        shape = [f"{n}={'x'.join(map(str, s)) if isinstance(s, (tuple, list)) else s}" for n, s in shape.items()]  # fmt: skip
    shapes = read_shapes(wanted_outputs(shape))
    if not finder.folders and not named:
        return Imports(ignored=ignored, shapes=shapes)
    modules = Modules(finder.find, named, finder.beside)
    return Imports(modules, finder.home, finder.package, ignored, shapes)


def _modules(option: str, given: Any) -> tuple[str, ...]:
    """Return the dotted names that an option lists."""
    names = wanted_outputs(given)
    for name in names:
        if not all(map(str.isidentifier, name.split("."))):
            raise GradgenError(
                f"`{name[:60]}` is no name that an import has; --{option} is given some, as in fluids.core"
            )
    return names


def settling(options: Mapping[str, Any]) -> tuple[Mapping[str, object], Sequence[str]]:
    """Return what options say parameters are, and which of them are variables."""
    const, inputs = options.get("const"), options.get("inputs")
    return const if isinstance(const, Mapping) else {}, wanted_outputs(inputs)


def wanted_outputs(outputs: Any) -> tuple[str, ...]:
    """Return the names that an option lists."""
    if isinstance(outputs, str):
        return split_names(outputs)
    return tuple(map(str, outputs)) if isinstance(outputs, Iterable) else ()


def compile_read(found: Function, /, **options: Any) -> Compiled:
    """Compile a Python function that was read.

    Raises:
        GradgenError: it or an option is not acceptable; with the file's own line.
    """
    given = {key: value for key, value in options.items() if value is not None}
    const = given.get("const", {})
    if found.settled and isinstance(const, Mapping):
        const = given["const"] = {n: v for n, v in const.items() if n not in found.settled}  # fmt: skip
    inputs = [name for name in found.inputs if name not in const]
    asked = given.get("inputs", inputs)
    names = split_names(asked) if isinstance(asked, str) else [str(n) for n in asked]
    left = [n for n in found.every if n not in (*names, *const) and n in found.inputs]
    if left and "inputs" in given and isinstance(const, Mapping):
        # As in a call of the function, what is not given is what its first line says.
        const = given["const"] = {**const, **{n: _given(found.every[n]) for n in left}}
    said = {
        "name": found.name,
        "inputs": inputs,
        "outputs": found.outputs,
        "defaults": {
            name: _number(text)
            for name, text in found.defaults.items()
            if name in names
        },
    }
    doc = given.get("doc", {})
    if isinstance(doc, Mapping):
        wanted = wanted_outputs(given.get("outputs")) or found.outputs
        kept = {
            n: w
            for n, w in found.doc.items()
            if n in names or _is_result(n, found, wanted)
        }
        given["doc"] = {**kept, **doc}
    plain = _plain(found, given, names)
    rows = bool(given.get("rows"))
    proof = {} if plain is None or rows else {"proof": False}  # the function counts
    try:
        compiled = compile(found.program, **{**said, **given, **proof})
        compiled = replace(compiled, followed=found.followed)
        if plain is None:
            alone = given.get("proof", True) and not compiled.unproven
            return (
                replace(compiled, notes=(*compiled.notes, ONCE)) if alone else compiled
            )
        if not rows:
            return proven(compiled, plain, "the function")
        # What each row has is the function; that rows are added up right, the program has told.
        alone = {**given, "rows": (), "reduce": "", "with_": (), "proof": False}
        each = proven(compile(found.program, **{**said, **alone}), plain, "the function")  # fmt: skip
    except GradgenError as error:
        raise found.placed(error) from None
    if compiled.unproven or not each.unproven:
        return compiled
    notes = (*compiled.notes, each.notes[-1])
    return replace(compiled, unproven=each.unproven, notes=notes)


def _is_result(name: str, found: Function, wanted: Sequence[str] | None) -> bool:
    """Whether a name is that of a result, of those that are wanted."""
    return name not in found.inputs if wanted is None else name in wanted


def _plain(
    found: Function, given: Mapping[str, Any], inputs: Collection[str]
) -> Plain | None:
    """Return a function of inputs as its own syntax tree says; None where no proof is wanted, or none can be had by it."""
    # Other results than those that it returns are known to the program alone.
    if not given.get("proof", True) or "outputs" in given or found.origin is None:
        return None
    try:
        constants = {name: float(v) for name, v in given.get("const", {}).items()}
    except (TypeError, ValueError):
        return None
    variables = [n for n in found.inputs if n not in constants and n in inputs]
    return plain_function(
        found.origin, variables, constants, found.settled, found.ignored, found.shapes
    )


def _given(text: str) -> str | float:
    """Return a default as a constant is given: as it is written, or its value where it is made of a constant of the file."""
    return _number(text) if "\n" in text else text


def _number(text: str) -> float:
    """Return the value of a constant."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return constant(text)
    except (ArithmeticError, ValueError):
        raise GradgenError(f"the default `{text[:60]}` has no finite value") from None
