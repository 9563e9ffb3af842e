"""What a target is: a language with its templates, its reserved names, its layout and its final check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradgen.core.build import Steps
from gradgen.core.program import Program
from gradgen.passes.settle import Settled
from gradgen.write.language import Language
from gradgen.write.sql.dialect import Dialect


def _parameter(name: str, default: float | None) -> str:
    return f"{name}: float" if default is None else f"{name}: float = {default!r}"


def _no_linter(
    params: Sequence[str], local: Sequence[str], constants: Sequence[str]
) -> tuple[str, ...]:
    """Return the rules of a linter that such names break: there is no linter."""
    return ()


def listed(parts: Sequence[str]) -> str:
    """Return Python's text of a tuple."""
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def quoted(words: str) -> str:
    """Return words as they stand in a docstring of Python's."""
    return words.replace("\\", "\\\\").replace('"""', r"\"\"\"")


def _given(outputs: Sequence[str], results: Sequence[str], cached: bool) -> str:
    """Return what `forward` returns, in words."""
    return f"Return {', '.join(outputs)} and the cache that backward needs."


def template_folder() -> Path:
    """Return the built-in templates: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@dataclass(frozen=True)
class Skeleton:
    """What a finished module may hold: for the check of its text.

    Attributes:
        imports: the import lines that it may have.
        helpers: the helper functions that it may carry, by name, each with its exact text.
        signatures: the functions that it must have, in order, each with the texts of its parameters.
        own: the lines that import functions of the user's.
        constants: the constants that it may declare, by their names.
        above: the line above each function; empty where there is none.
    """

    imports: tuple[str, ...]
    helpers: Mapping[str, str]
    signatures: Mapping[str, Sequence[str]]
    own: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    above: str = ""


@dataclass(frozen=True)
class Blocks:
    """How a language writes the branches of a function.

    Attributes:
        heads: the line that begins a branch, by its word, with `{}` for the condition; `end` is the line behind the last.
        indent: what a branch is indented by.
        declares: what declares a name that is assigned to in all branches; empty where nothing does.
        starts: a line that declares names with the same value.
        sets: an assignment to a name that has been declared.
    """

    heads: Mapping[str, str]
    indent: str
    starts: Callable[[Sequence[str], str], str]
    declares: str = ""
    sets: str = "{} = {};"


#: Of languages with brackets.
_BRACKETS = {
    "if": "if ({}) {{",
    "elif": "}} else if ({}) {{",
    "else": "}} else {{",
    "end": "}}",
}
PYTHON_BLOCKS = Blocks(
    {"if": "if {}:", "elif": "elif {}:", "else": "else:", "end": ""},
    "    ",
    lambda names, value: " = ".join([*names, value]),
    sets="{} = {}",
)


def _starts(word: str) -> Callable[[Sequence[str], str], str]:
    return lambda names, value: f"{word} {', '.join([f'{n} = {value}' for n in names])};"  # fmt: skip


C_BLOCKS = Blocks(_BRACKETS, "    ", _starts("double"), "double {};")
JAVASCRIPT_BLOCKS = Blocks(_BRACKETS, "  ", _starts("let"), "let {};")


@dataclass(frozen=True)
class Target:
    """A language that modules are written in.

    Attributes:
        name: what the user calls it.
        folder: its folder of templates.
        language: how it writes expressions.
        imports: the lines that bring in what the texts name, each with that name; only those in use are written.
        needs: what a user has to install to run its modules.
        reserved: names that the generated module itself uses.
        avoided: further names that no stage may take.
        layout: the built-in templates' text to text in the language's accepted form.
        layout_any: the same for any text, as from templates of the user's.
        check: what proves that a finished module is no more than a generated module may be.
        suffix: how the names of its files end.
        comment: what a line of comment begins with.
        helper: the name of a helper by the name of its file.
        callees_first: whether a helper must stand before those that call it.
        constant: the declaration of a constant, by its name and its value.
        formulas: the operations that may stand there, ahead of all functions; of others the value is written in digits.
        define: an assignment by its name, its sign, its right-hand side, and whether the name is assigned to again.
        truth: that of what is true or false, by its name and its right-hand side; None where that is as of numbers.
        blocks: how it writes branches.
        parameter: a parameter that is a number, by its name and its default, if it has one.
        cache: the parameter that is the cache.
        gives: what `forward` does, in words: by the outputs, by the names of what holds them, and by whether there is a cache.
        packed: the parameter that is a cache of tuples.
        returns: what another function does with its result, which is called `{}` where it is no return value.
        listed: the text of a list of fixed length, by those of its parts.
        quoted: words of the user's as they stand in a docstring.
        noqa: the rules of a linter that the user's names break, by those of parameters, of local variables and of constants.
        says: what its modules are, in a few words, for the help; empty where its name says it.
        raises: whether overflow and poles raise where the module runs; else they give inf and nan.
        precise: whether adjoints are written for relative accuracy over the whole range.
        ieee: whether lines are written so that nothing raises.
        strict: whether a slope that does not exist raises, and is not nan.
        compact: whether a line holds up to four operations.
        named: whether the cache's parts go by their names.
        number: the annotation of a number.
        above: the line above each function; empty where there is none.
        flat: whether no line is in a branch: each is evaluated everywhere.
        arrays: whether inputs are arrays, with shapes.
        lists: whether columns of data are lists, in loops over which rows are added up.
        sums: whether loops over rows add these up.
        rows: the inputs that are columns of data, where functions are of rows.
        declares: the lines at the top that declare what texts call.
        spreads: whether upstream gradients are made arrays first.
        reduce: "sum" or "mean" of results over all that arrays hold; empty where each element has its own.
        query: where a module is one query over the rows of a table, the dialect of SQL that it is in.
        table: the table.
        by: the columns of it that group its rows.
        normal: whether it gives the sums of the normal equations of least squares.
        whole: whether a formula adds rows up itself, in a query or of a frame.
        apart: what makes the names of a program such as the language tells apart.
        written: the helpers that it writes itself, by the names that files of them would have.
        frames: whether its functions are from frames to frames, whose columns values are.
        called: how lines read a value, by its name, if not by that alone.
        borrows: the folder whose helpers it takes where it has none of its own, and names there with those here.
    """

    name: str
    folder: str
    language: Language
    imports: tuple[tuple[str, str], ...]
    needs: str
    reserved: frozenset[str]
    avoided: frozenset[str]
    layout: Callable[[str], str]
    layout_any: Callable[[str], str]
    check: Callable[[str, Skeleton], None]
    suffix: str = ".py"
    comment: str = "#"
    helper: str = "_{}"
    callees_first: bool = False
    constant: str = "{} = {}"
    formulas: frozenset[str] = frozenset()
    define: Callable[[str, str, str, bool], str] = "{0} {1} {2}".format
    truth: Callable[[str, str], str] | None = None
    blocks: Blocks = PYTHON_BLOCKS
    parameter: Callable[[str, float | None], str] = _parameter
    cache: str = "cache: tuple[float, ...]"
    gives: Callable[[Sequence[str], Sequence[str], bool], str] = _given
    packed: str = "cache: tuple[tuple[float, ...], ...]"
    returns: str = "Return"
    listed: Callable[[Sequence[str]], str] = listed
    quoted: Callable[[str], str] = quoted
    noqa: Callable[[Sequence[str], Sequence[str], Sequence[str]], tuple[str, ...]] = (
        _no_linter
    )
    says: str = ""
    raises: bool = True
    precise: bool = False
    ieee: bool = False
    strict: bool = False
    compact: bool = False
    named: bool = False
    number: str = "float"
    above: str = ""
    flat: bool = False
    arrays: bool = False
    lists: bool = False
    sums: bool = False
    rows: tuple[str, ...] = ()
    declares: Callable[[Sequence[str]], Iterable[str]] = lambda texts: ()
    spreads: bool = False
    reduce: str = ""
    query: Dialect | None = None
    table: str = ""
    by: tuple[str, ...] = ()
    normal: bool = False
    whole: bool = False
    apart: Callable[[Program], Program] = lambda program: program
    written: Callable[[], Mapping[str, str]] = dict
    frames: bool = False
    called: Callable[[str], str] | None = None
    borrows: tuple[str, tuple[tuple[str, str], ...]] | None = None

    def chain(self, program: Program, steps: Steps, lines: Iterable[int]) -> Settled:
        """Return the chain rule over a program's steps, for modules in this language.

        Args:
            program: the program.
            steps: its steps.
            lines: the values that have names.
        """
        raises = not self.infinite
        columns = self.rows if self.adds else ()
        return Settled(
            program, steps, lines, self.precise, self.strict, raises, columns
        )

    @property
    def loops(self) -> bool:
        """Whether functions are loops over rows."""
        return bool(self.rows) and not (self.adds or self.selects)

    @property
    def fuses(self) -> bool:
        """Whether lines of value and gradient at once hold others."""
        return self.compact or self.arrays or self.selects or not self.rows

    @property
    def selects(self) -> bool:
        """Whether values are columns of a table, each of which is given once: rows are added up at the end, if at all."""
        return bool(self.query) or self.frames

    @property
    def in_one(self) -> bool:
        """Whether what a query or a function of frames gives is one row, or one for each group."""
        return bool(self.reduce) or self.whole

    @property
    def adds(self) -> bool:
        """Whether rows are added up."""
        inside = self.arrays or self.lists or self.sums or self.whole
        return bool(self.rows) and inside

    def columns(self, program: Program) -> tuple[str, ...]:
        """Return the inputs that are columns of a table or a frame: all, where none are named."""
        return self.rows or program.inputs

    @property
    def infinite(self) -> bool:
        """Whether overflow and poles give inf and nan, so that slopes may be infinite."""
        return self.ieee or not self.raises

    @property
    def runs(self) -> bool:
        """Whether its modules run here on numbers, as those in plain Python do."""
        return self.is_python and not (self.arrays or self.frames)

    @property
    def is_python(self) -> bool:
        """Whether its modules are in Python."""
        return self.suffix == ".py"
