"""What templates may show: texts only; all decisions are made before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

#: A longer list of names has one name a line, and a longer tuple's annotation says `tuple[float, ...]`.
FEW = 4


class Stage(NamedTuple):
    """One assignment, with its comment: beside it, or in lines above it."""

    text: str
    comment: str = ""
    above: tuple[str, ...] = ()
    #: What these are indented by, as the assignment is already.
    indent: str = ""


class Group(NamedTuple):
    """The backward lines that answer one forward line, under one comment, which may have several lines; or, without a comment,
    what begins or ends a branch.
    """

    comment: str
    lines: tuple[str, ...]
    #: What the comment is indented by, as the lines are already.
    indent: str = ""


class JacobianView(NamedTuple):
    """The texts of the function that returns all rows: lines before the rows, and the lines of each row."""

    returns: str
    summary: tuple[str, ...]
    cache: tuple[str, ...]
    groups: tuple[Group, ...]
    rows: tuple[tuple[str, ...], ...]
    unread: tuple[str, ...]
    idle: tuple[str, ...]
    stacked: bool
    operations: int


class SingleView(NamedTuple):
    """The texts of the function for value and gradient at once: stages, lines that answer them, and what it returns."""

    summary: tuple[str, ...]
    stages: tuple[Stage, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]
    unread: tuple[str, ...]
    idle: tuple[str, ...]


class ArraysView(NamedTuple):
    """The inputs of a module of arrays: all, those that its gradients are by, and the rest; whether upstream gradients are made
    arrays first; what brings each result, and the gradients, into shape; and the inputs that are columns, where rows are added up.
    """

    inputs: tuple[str, ...]
    wrt: tuple[str, ...]
    rest: tuple[str, ...]
    spreads: bool
    results: tuple[str, ...]
    gradients: str = "_like"
    columns: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The inputs that are one number for all rows, where others are columns."""
        return tuple(name for name in self.inputs if name not in self.columns)

    @property
    def seeds(self) -> tuple[str, ...]:
        """What makes arrays of upstream gradients, where anything does."""
        spread = ("_spread",) * len(self.results) if self.spreads else ()
        return self.results if self.columns else spread


class Form(NamedTuple):
    """What functions are of: the annotation of a number, the line above each, and of arrays what becomes of their shapes."""

    number: str = "float"
    above: str = ""
    arrays: ArraysView | None = None


class Packs(NamedTuple):
    """The lines of a cache that is too long for one: how many names each has, and whether each is a tuple of its own."""

    sizes: tuple[int, ...] = ()
    nested: bool = False


class Module(NamedTuple):
    """Everything a template of a module may show."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    #: The declarations of constants with names.
    constants: tuple[Stage, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    defaults: tuple[str, ...]
    outputs: tuple[str, ...]
    #: Names for what is set instead of returned, by output.
    results: tuple[str, ...]
    forward_returns: str
    forward_summary: tuple[str, ...]
    backward_returns: str
    backward_summary: tuple[str, ...]
    stages: tuple[Stage, ...]
    #: What lines assign and nothing reads, as a function leaves it out: of `forward`, and of `backward`.
    idle: tuple[tuple[str, ...], tuple[str, ...]]
    cache: tuple[str, ...]
    unpacked: tuple[str, ...]
    packs: Packs
    #: The parts of a cache that is a class; none of a tuple.
    fields: tuple[str, ...]
    upstream: tuple[str, ...]
    #: Parameters that no line reads: of `forward`, and of `backward`.
    unread: tuple[tuple[str, ...], tuple[str, ...]]
    unused: tuple[Stage, ...]
    groups: tuple[Group, ...]
    gradients: tuple[str, ...]
    jacobian: JacobianView | None = None
    single: SingleView | None = None
    form: Form = Form()
    few: int = FEW

    def packed(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return what the cache holds, or is taken apart into, by its lines."""
        rest = iter(names)
        return tuple(tuple(islice(rest, size)) for size in self.packs.sizes)


class LoopView(NamedTuple):
    """The texts of a function over rows: what it takes and does not read, names with their columns, lines, and what it sets: arrays, and rows of slopes."""

    summary: tuple[str, ...]
    parameters: tuple[str, ...]
    unread: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    stages: tuple[Stage, ...]
    groups: tuple[Group, ...]
    idle: tuple[str, ...]
    sets: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


class RowsModule(NamedTuple):
    """Everything a template of a module over rows may show."""

    docstring: tuple[str, ...]
    declared: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[Stage, ...]
    forward: LoopView
    single: LoopView | None
    jacobian: LoopView | None = None


class ListsFunction(NamedTuple):
    """The lines of a function in loops over lists."""

    lines: tuple[str, ...]


class ListsModule(NamedTuple):
    """Everything a template of a module over lists may show; of each function its name, its parameters, what it returns and says.

    Of a cache whose parts go by their names, these and their types.
    """

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[Stage, ...]
    functions: tuple[tuple[str, str, str, tuple[str, ...], ListsFunction], ...]
    cache: tuple[tuple[str, str], ...] = ()


class Item(NamedTuple):
    """What a query selects: a text with its name, with a comment beside it and lines of comment above."""

    above: tuple[str, ...]
    text: str
    comment: str = ""


class Level(NamedTuple):
    """A named query inside a query: what it adds to another one that stands before it."""

    name: str
    source: str
    items: tuple[Item, ...]


class Groups(NamedTuple):
    """What a query has for groups of rows: the level of their sums, what groups them there and in the table, and what is given of each."""

    level: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    apart: tuple[str, ...]
    left: str
    results: tuple[str, ...]


class QueryModule(NamedTuple):
    """Everything a template of a query may show."""

    docstring: tuple[str, ...]
    helpers: tuple[str, ...]
    base: str
    inputs: tuple[Item, ...]
    table: str
    where: tuple[str, ...]
    levels: tuple[Level, ...]
    results: tuple[str, ...]
    last: str
    groups: Groups | None
    fence: str = ""


class FrameFunction(NamedTuple):
    """A function from a frame to a frame: what enters it, which rows are taken, the columns of each level, and what it gives, from which call to which."""

    name: str
    parameters: tuple[str, ...]
    summary: tuple[str, ...]
    entered: str
    taken: str
    levels: tuple[tuple[Item, ...], ...]
    results: tuple[str, ...]
    selects: str
    ordered: str


class FramesModule(NamedTuple):
    """Everything a template of a module of frames may show."""

    noqa: tuple[str, ...]
    docstring: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[Stage, ...]
    functions: tuple[FrameFunction, ...]


class SumsModule(NamedTuple):
    """Everything a template of a module over rows that are added up may show; of each function what `ListsModule` has."""

    docstring: tuple[str, ...]
    declared: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[Stage, ...]
    functions: tuple[tuple[str, str, str, tuple[str, ...], ListsFunction], ...]


class ModuleTest(NamedTuple):
    """What the template of a test may show: points, values and gradients as texts."""

    module: str
    formula: str
    #: Of numbers, the places of the inputs; over rows, each with the place of the row.
    wrt: tuple[object, ...]
    points: tuple[tuple[tuple[str, ...], ...], ...]
    outputs: int = 1
    rows: bool = False
    #: Of very many slopes, the places of those that are compared with central differences; else all are.
    checked: tuple[int, ...] = ()
    over_rows: bool = False
    #: Whether values are no numbers that may be compared with numbers.
    tensors: bool = False
