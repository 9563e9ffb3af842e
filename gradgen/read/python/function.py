"""A Python function's syntax tree and the names of its file in; the same as a program out. Nothing is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradgen.errors import GradgenError, LengthsError, NowhereError
from gradgen.read.python.bound import Dotted, Helper
from gradgen.read.python.constants import Constants
from gradgen.read.python.docstrings import (
    Docstring,
    calls,
    meanings,
    read_docstring,
)
from gradgen.read.python.draft import Draft, Places
from gradgen.read.python.flow.body import Body
from gradgen.read.python.flow.options import settled, shown
from gradgen.read.python.flow.settle import settle
from gradgen.read.python.flow.shapes import (
    Count,
    Parts,
    Shapes,
    Size,
    counts,
    lacking,
    lengths,
    shape_of,
    shapes,
    shown_in,
)
from gradgen.read.python.flow.statements import check_result, keys_of
from gradgen.read.python.flow.ways import Returned
from gradgen.read.python.flow.ways import comment as said_of
from gradgen.read.python.follow.imports import Imports
from gradgen.read.python.meanings import check_means
from gradgen.read.python.parameters import defaults, parameters, starred
from gradgen.read.python.results import Results
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms.rows import Row, row_of
from gradgen.read.python.terms.value import Value, value_of
from gradgen.read.statements import canonical, split_docstring


@dataclass(frozen=True)
class Function:
    """A function as a program, or as a formula where it is one.

    Attributes:
        program: its text.
        inputs: its parameters, in order.
        outputs: the names of its results; None for the last name.
        name: the result's name, of a formula.
        lines: the lines of the file that each of the program's comes from.
        defaults: the last parameters' defaults, as constants.
        every: those of all parameters that are numbers.
        origin: the function itself.
        constants: the constants at the top of files that it is made of, each with its line; before its name, what the file is
            called, which is nothing for the function's own.
        doc: what its docstring says of its parameters and results, by name.
        settled: the parameters that are settled, as they are no numbers, with what they are.
        shapes: the parameters that are sequences, with the names of the numbers in them, which are inputs.
        fixed: the same of what stands at the top of the file.
        followed: the modules that were read, beside the function's own.
        ignored: the decorators that the user says change nothing.
        rows: how many values each row holds that it returns; empty where it returns no rows.
    """

    program: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None
    name: str = "f"
    lines: tuple[Places, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    every: Mapping[str, str] = field(default_factory=dict)
    origin: Helper | None = None
    constants: Mapping[tuple[str, str], int] = field(default_factory=dict)
    doc: Mapping[str, str] = field(default_factory=dict)
    settled: Mapping[str, object] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=dict)
    fixed: Mapping[str, object] = field(default_factory=dict)
    followed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    def placed(self, error: GradgenError) -> GradgenError:
        """Return an error in the program as one in the file."""
        number = error.line or 1
        if error.source is None or number > len(self.lines):
            return error
        # The program's text is Python's own form of the file's; what is at fault is looked for by its words.
        word = re.match(r"\w+|[^\w\s]+|$", error.source[error.column or 0 :])
        sought = rf"(?<!\w){re.escape(word[0])}(?!\w)" if word and word[0] else r"\S"
        places = self.lines[number - 1]
        place = next((p for p in places if re.search(sought, p[2])), places[0])
        file, line, text = place
        found = re.search(sought, text)
        column = found.start() if found else len(text) - len(text.lstrip())
        return GradgenError(error.said, text, column, line, file)


def read_function(
    text: str,
    name: str,
    means: Mapping[str, str] | None = None,
    result: str = "",
    outputs: Collection[str] = (),
    const: Mapping[str, object] | None = None,
    variables: Collection[str] = (),
    imports: Imports | None = None,
) -> Function:
    """Read a function: assignments, `if`, loops over literal ranges, calls of its like, and a `return` or `raise` in every way.

    Args:
        text: the file.
        name: the function, at the top level of the file.
        means: what imports mean that are not known, as {"fluids.numerics.exp": "exp"}.
        result: what its result is called, if not as the function is.
        outputs: the names of other results that are wanted, which keep theirs.
        const: what parameters are, by name: of those that are no numbers, a text, None or a switch.
        variables: the parameters that are variables whatever their defaults are.
        imports: the files that are read beside this one, and what else is said of imports.

    Raises:
        GradgenError: there is no such function, or it holds what has no place in one; with line and caret.
    """
    names = Names(text)
    if imports is not None:
        imports.add(names)
    if name not in names.bound.names:
        listed = ", ".join(names.functions[:20]) or "none"
        raise GradgenError(f"there is no function `{name}`; the file has {listed}")
    place = ast.Pass(lineno=names.bound.names[name][-1].line, col_offset=0)
    try:
        found = names.meaning(name)
    except UnclearError as error:
        raise names.fail(str(error), place) from None
    if isinstance(found, Helper):
        return read_helper(found, means, result, outputs, const, variables, imports)
    what = "comes from another file" if isinstance(found, Dotted) else "is no `def`"
    raise names.fail(f"`{name}` {what}; name a function that this file defines", place)


def read_helper(
    helper: Helper,
    means: Mapping[str, str] | None = None,
    result: str = "",
    outputs: Collection[str] = (),
    const: Mapping[str, object] | None = None,
    variables: Collection[str] = (),
    imports: Imports | None = None,
) -> Function:
    """Read a function that was found; see `read_function`."""
    known = check_means(means)
    said = imports or Imports()

    def read(avoid: frozenset[str] = frozenset()) -> tuple[_Reader, Function]:
        fixed = settled(helper, const or {}, (*variables, *said.shapes))
        fixed |= counts(said.tried)
        reader = _Reader(helper, known, result, outputs, fixed, variables, avoid, said)
        try:
            found = reader.read(const or {})
        except GradgenError as error:
            shown = _shown(error, helper, fixed)
            sizes = lacking(error, reader.draft, reader.shapes, reader.inputs, said.tried, const or {}, shown)  # fmt: skip
            if not sizes:
                if not said.tried:
                    raise
                raise _with(error, _asking(said.tried, const)) from None
            of_rows = {n: s for n, s in sizes.items() if not isinstance(s, Count)}
            more = replace(said, shapes={**said.shapes, **of_rows}, tried=sizes)
            found = read_helper(helper, means, result, outputs, const, variables, more)
            if _asking(sizes, const):
                raise _asked(error, sizes, _asking(sizes, const), const or {}, shown) from None  # fmt: skip
            reader.constants.called.clear()  # it was read again
            return reader, found
        of_file = reader.constants
        return reader, replace(
            found,
            origin=helper,
            constants=of_file.lines,
            fixed=of_file.settled,
            followed=said.followed,
            ignored=said.ignored,
            rows=reader.rows,
        )

    reader, found = read()
    clash = reader.constants.called & {*reader.draft.taken, *reader.draft.known}
    if not clash:
        return found
    if result in clash:
        raise GradgenError(
            f"the result cannot be called `{result}`, a function that is called here; choose another name"
        )
    for arg in helper.function.args.args:
        if arg.arg in clash:
            raise helper.names.fail(
                f"`{arg.arg}` is a parameter here, and a function that is called below; give the parameter another name",
                arg,
            )
    # A local name such as `cos = math.cos(t)`: in a program, no name is a function and a value.
    return read(frozenset(clash))[1]


def _asking(sizes: Mapping[str, Size], const: Mapping[str, object] | None) -> str:
    """Return the options that say sizes, but for what is told already; empty where all is."""
    rows = shape_of(lengths(sizes))
    said = ", ".join(f"{n}={k}" for n, k in counts(sizes).items() if n not in (const or {}))  # fmt: skip
    return " ".join([*([f'--shape "{rows}"'] if rows else []), *([f'--const "{said}"'] if said else [])])  # fmt: skip


def _shown(error: GradgenError, helper: Helper, fixed: Mapping[str, object]) -> Mapping[str, Size]:  # fmt: skip
    """Return the sizes that examples of calls show; let an error of a function that raises in every way tell which parameters they give."""
    examples = calls(helper.function)
    if isinstance(error, NowhereError):
        error.none = (*(n for n, value in fixed.items() if value is None),)
        error.shown = [
            (*(n for n in error.none if n in each and ast.unparse(each[n]) != "None"),)
            for each in examples
        ]
    return shown_in(examples)


def _asked(
    error: GradgenError,
    sizes: Mapping[str, Size],
    how: str,
    const: Mapping[str, object],
    shown: Mapping[str, Size],
) -> LengthsError:
    """Return the refusal of a function that would be read if its sequences had sizes."""
    rows, whole = (" and ".join(f"`{n}`" for n in found) for found in (lengths(sizes), counts(sizes)))  # fmt: skip
    several = len(lengths(sizes)) > 1
    what = [f"{rows} {'are sequences' if several else 'is a sequence'}"] if rows else []
    what += [f"{whole} count{'' if len(counts(sizes)) > 1 else 's'}"] if "--const" in how else []  # fmt: skip
    hold = "how often" if not rows else f"how many numbers {'they hold' if several else 'it holds'}"  # fmt: skip
    said = f"{' and '.join(what)} here; say {hold}, as in {how}"
    found = LengthsError(said, error.source, error.column, error.line, error.file)
    found.shape = shape_of(lengths(sizes))
    lack = {n: s for n, s in sizes.items() if not (n in const or isinstance(s[0], str))}
    alike = (n in shown and (s, type(s)) == (shown[n], type(shown[n])) for n, s in lack.items())  # fmt: skip
    found.shown = lack if all(alike) else {}
    return found


def _with(error: GradgenError, how: str) -> GradgenError:
    """Return why a function is refused whatever sizes its sequences have."""
    said = f"{error.said} (that is with {how})" if how else error.said
    made = GradgenError(said, error.source, error.column, error.line, error.file)
    if not isinstance(error, NowhereError):
        return made
    nowhere = NowhereError.of(made)
    nowhere.none, nowhere.shown = error.none, error.shown
    return nowhere


def _row(parts: Parts) -> Value:
    """Return the sequence of numbers, of rows or the dict with these names."""
    if parts.keys:
        return Row("record", (*map(Value, parts),), parts.keys).value
    return _sequence(parts.nested)


def _is_whole(value: object) -> bool:
    """Whether a constant is a whole number, as it was given: 2, and not 2.0."""
    return isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit())  # fmt: skip


def _sequence(parts: Sequence[object]) -> Value:
    items = (Value(p) if isinstance(p, str) else _sequence(p) for p in parts)  # type: ignore[arg-type]
    return Row("sequence", (*items,)).value


class _Reader:
    def __init__(
        self,
        helper: Helper,
        means: Mapping[str, str],
        result: str,
        outputs: Collection[str],
        fixed: Mapping[str, object],
        variables: Collection[str],
        avoid: frozenset[str],
        imports: Imports,
    ) -> None:
        self.settled = fixed
        self.shapes = shapes(helper, imports.shapes, {*fixed, *variables} - {*imports.shapes})  # fmt: skip
        self.helper = helper
        self.stars = starred(helper, (), {})
        rows = {name: row_of(value) for name, value in self.stars.items()}
        empty: dict[str, object] = {
            n: {} if row and row.kind == "dict" else () for n, row in rows.items()
        }
        self.told = shown({**fixed, **empty}, self.shapes)
        self.draft = Draft(avoid, shown(fixed))
        self.inputs = [arg.arg for arg in helper.function.args.args]
        self.constants = Constants(self.draft, means, self.inputs, imports.ignored)
        name = helper.function.name
        self.results = Results(self.draft, name, result, outputs, self.constants.called)
        self.kept = outputs
        self.wanted = imports.rows
        self.rows: tuple[int, ...] = ()

    def read(self, const: Mapping[str, object]) -> Function:
        function, names = self.helper.function, self.helper.names
        given = {}
        for name in parameters(self.helper, self.constants.ignored):
            parts = self.shapes.get(name)
            given[name] = _row(parts) if parts else Value(name, integral=_is_whole(const.get(name)))  # fmt: skip
        inputs = [
            each
            for name in given
            if name not in self.settled
            for each in self.shapes.get(name, (name,))
        ]
        self.draft.go_to(names, function)
        self.draft.taken = dict.fromkeys(inputs, 1)
        body = Body(self.helper, self.draft, self.constants)
        given |= self.stars
        given |= {name: value_of(self.settled[name], name) for name in self.settled}
        end, first = body.read(self.helper, given)
        comment = said_of(end)
        values = body.results(end, len(first.values))
        self.rows = check_result(first, names, self.wanted)
        values = settle(self.draft, values, self.kept)
        if first.several:
            outputs = results = self.results.several(values, comment, keys_of(first))
        else:
            name = self.results.single(values[0], comment)
            outputs = () if self.draft.items[-1][0] == name else (name,)
            results = (name,)
        self.draft.settle_constants()
        said = read_docstring(ast.get_docstring(function) or "")
        told = " ".join(
            filter(None, (self.told, _rows_of(first, results), _trusted(names)))
        )
        docstring, doc = _words(said, told), meanings(
            said, inputs, results, self.shapes
        )
        numbers = [((names.label, 1, names.lines[0]),)] * len(docstring.splitlines())
        lines = (*numbers, *self.draft.places)
        known, every = defaults(
            self.helper, self.constants.means, self.settled, self.shapes
        )
        (name, text, comment), *others = self.draft.items
        if not (others or comment or docstring):
            made = Function(text, tuple(inputs), None, name, lines, known, doc=doc)
            return replace(made, every=every)  # and nothing settled
        program = canonical(self.draft.items, docstring)
        wanted = outputs or None
        return Function(
            program,
            tuple(inputs),
            wanted,
            lines=lines,
            defaults=known,
            every=every,
            doc=doc,
            settled=self.settled,
            shapes=self.shapes,
        )


def _rows_of(found: Returned, results: Sequence[str]) -> str:
    """Return what is returned where it is more than a sequence of numbers, in words; empty else."""
    if keys := keys_of(found):
        pairs = ", ".join(f"{key!r}: {name}" for key, name in zip(keys, results))
        return f"It returns a dict, {{{pairs}}}; its numbers stand here in this order."
    inner = [f for f in (found.form or ("", (), ()))[2] if f is not None]
    if not inner:
        return ""
    return f"It returns {found.shape.partition(' with')[0]}, in it others; their {len(found.values)} numbers stand here one after the other."  # fmt: skip


def _trusted(names: Names) -> str:
    """Return which functions change what was read, if anybody calls them; empty where none does."""
    files = names.modules
    found = [*(names.changes.trusted.items() if files is None else files.trusted())]
    listed = [f"{function}() is not called, which changes {', '.join(sorted(changed))}" for function, changed in found]  # fmt: skip
    return f"As long as {', and '.join(listed)}." if listed else ""


def _words(said: Docstring, told: str) -> str:
    """Return what a docstring says of the function itself, its paragraphs apart, and below what was settled."""
    words = "\n".join([*said.words, *(["", told] if told else [])]).replace(
        '"""', "'''"
    )
    words = "".join(c if c.isprintable() or c == "\n" else " " for c in words)
    return split_docstring(f'"""{words}"""')[0] if words.strip() else ""
