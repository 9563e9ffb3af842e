"""A place in a Python file in; what the names and the calls of an expression there stand for in a formula out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.formula import CONSTANTS
from gradgen.read.python.arrays.places import tests_in
from gradgen.read.python.bound import (  # fmt: skip
    CALLEES,
    Constant,
    Dotted,
    Helper,
    Inner,
    Meaning,
    omitted,
)
from gradgen.read.python.expression import Comprehension, translate
from gradgen.read.python.flow.known import FOREIGN, NEVER, compared, is_instance
from gradgen.read.python.flow.turns import comprehension
from gradgen.read.python.follow.classes import member
from gradgen.read.python.follow.meaning import either_of, follow
from gradgen.read.python.meanings import Meant, meant, told
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms import arrays, asking, masked, methods
from gradgen.read.python.terms.calling import called, callee, takes_sequences
from gradgen.read.python.terms.rows import (
    ATOM,
    BOXED,
    HELD,
    Row,
    RowError,
    only_arrays,
    row_of,
)
from gradgen.read.python.terms.subscripts import one_of, subscript
from gradgen.read.python.terms.value import Known, Value, number, truth
from gradgen.read.python.tree import as_function, dotted

if TYPE_CHECKING:
    from gradgen.read.python.constants import Constants


#: What reads a call of one of the file's functions, given its arguments, in order and by name, where it stands, and whether
#: Python comes to it in any case.
Caller: TypeAlias = (
    "Callable[[Helper | Inner, list[Value], Mapping[str, Value], ast.AST, Scope, bool], Value]"
)


@dataclass
class Place:
    """The names in one call of a function, or beside a constant at the top level of a file, which calls no function."""

    constants: Constants
    names: Names
    values: dict[str, Value] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    prefix: str = ""
    before: int | None = None
    caller: Caller | None = None
    #: What gives a value a name, which is a local one of a scope.
    namer: Callable[[str, Value, Scope], Value] | None = None
    #: What is around a function in a function, or around a comprehension.
    outer: Scope | None = None
    #: Whether this is a comprehension, and what is called in it.
    turning: bool = False
    #: The condition in brackets behind which numbers are those where it holds, as its tree is written.
    mask: str = ""
    calling: ast.AST | None = None

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        return self.names.fail(message, node)

    def call_of(self, *names: str) -> None:
        """Note that functions of formulas are called."""
        self.constants.called.update(names)

    def holder(self, name: str) -> Place | None:
        """Return the scope whose local name this is."""
        found: Place | None = self
        while found is not None and name not in found.values:
            if name in found.local:
                return found
            found = found.outer
        return found

    def held(self, name: str) -> Value | None:
        """Return what a local name stands for, if it has a value."""
        holder = self.holder(name)
        return None if holder is None else holder.values.get(name)

    def imported(self, name: str) -> Dotted | None:
        """Return what an import in the function binds a name to, if one does."""
        value = self.held(name)
        known = value.known.value if value is not None and value.known else None
        return known if isinstance(known, Dotted) else None

    def meaning(self, name: str, node: ast.AST) -> Meaning:
        """Return what a name means that is no local value."""
        imported = self.imported(name)
        if imported is not None:
            try:
                return self.followed(self.names.imported(name, imported), node)
            except UnclearError as error:
                raise self.fail(str(error), node) from None
        value = self.held(name)
        if value is not None and value.unclear:
            raise self.fail(f"`{name}` {value.unclear}", node)
        if self.holder(name) is not None:
            what = (
                "a local value here, or a parameter"
                if value is not None
                else "read before it is assigned"
            )
            raise self.fail(f"`{name}` is {what}", node)
        try:
            found = self.names.meaning(name, self.before)
            if self.names.modules is not None and self.names.binds(name):
                self.names.modules.use(name, self.names)
        except UnclearError as error:
            raise self.fail(str(error), node) from None
        return self.followed(found, node) if isinstance(found, Dotted) else found

    def followed(self, found: Dotted, node: ast.AST) -> Meaning:
        """Return what something imported is by the files that are read; where they do not tell, as it is."""
        try:
            return follow(found, self.names, self.constants.means)
        except UnclearError as error:
            raise self.fail(str(error), node) from None

    def owner(self, node: ast.Attribute) -> ast.expr | None:
        """Return the value that is asked by `.name`; None where that is a module."""
        root, _ = dotted(node)
        if root is None:
            return None if self.is_finfo(node) else node.value
        if self.holder(root) is not None:
            return None if self.imported(root) is not None else node.value
        try:
            found = self.names.meaning(root, self.before)
        except UnclearError:
            return None
        return node.value if isinstance(found, Constant) else None

    def reached(self, node: ast.Attribute) -> Meaning:
        """Return what stands behind dots: in a module, or in a class at the top of a file."""
        root, attributes = dotted(node)
        own = root is not None and self.holder(root) is None
        try:
            held = member(self.names, root or "", attributes[0], self.before) if own and len(attributes) == 1 else None  # fmt: skip
            if held is not None:
                return held
            return self.followed(self.path(node), node)
        except UnclearError as error:
            raise self.fail(str(error), node) from None
        except GradgenError:
            found = self.beyond(root or "", attributes) if own else None
            if not isinstance(found, (Constant, Helper)):
                raise
            return found

    def beyond(self, root: str, attributes: Sequence[str]) -> Meaning | None:
        """Return what a class holds that is imported by its own name; None where none is."""
        try:
            found = self.names.meaning(root, self.before)
            if not isinstance(found, Dotted) or found.others:
                return None
            return follow(self.names.reached(found, attributes), self.names, self.constants.means)  # fmt: skip
        except UnclearError:
            return None

    def path(self, node: ast.expr) -> Dotted:
        """Return what `math.exp` is, by its whole name."""
        if isinstance(node, ast.Attribute) and self.is_finfo(node):
            return Dotted(f"numpy.finfo.{node.attr}")
        root, attributes = dotted(node)
        found = self.meaning(root, node) if root is not None else None
        if not isinstance(found, Dotted):
            raise self.fail("only what modules hold is read with a dot", node)
        try:
            return self.names.reached(found, attributes)
        except UnclearError as error:
            raise self.fail(str(error), node) from None

    def is_finfo(self, node: ast.Attribute) -> bool:
        """Whether something is asked of `np.finfo(float)`."""
        call = node.value
        if not isinstance(call, ast.Call) or len(call.args) != 1 or call.keywords:
            return False
        if dotted(call.func)[1][-1:] not in (("finfo",), ()):
            return False
        both = (call.func, call.args[0])
        if any(dotted(each)[0] is None for each in both):
            return False
        try:
            function, kind = (self.path(each).path for each in both)
        except GradgenError:
            return False
        return function == "numpy.finfo" and kind in ("builtins.float", "numpy.float64")

    def is_foreign(self, node: ast.expr) -> bool:
        """Whether a type is one that no float is, by the name under which the file imports it."""
        root, attributes = dotted(node)
        if root is None or self.holder(root) is not None:
            return False
        try:
            found = self.names.meaning(root, self.before)
        except UnclearError:
            return False
        path = found.path if isinstance(found, Dotted) else ""
        return ".".join((path, *attributes)) in FOREIGN

    def meant(self, found: Dotted, node: ast.AST) -> Meant:
        files = self.names.modules
        sought = files is not None and files.is_named(found.path)
        try:
            first = meant(found.path, self.constants.means, sought)
            for other in found.others:
                if meant(other.path, self.constants.means) != first:
                    raise ValueError(either_of(found.path, other.path))
        except ValueError as error:
            raise self.fail(str(error), node) from None
        return first


def at_hand(found: Dotted | Helper, name: str) -> Value:
    """Return what stands for a function that is not called here."""
    return Value("", known=Known(found, said=f"`{name}` is a function; call it"))


class Scope(Place):
    """What is read at a place, of names and of all that expressions hold."""

    def name(self, node: ast.Name) -> Value:
        value = self.held(node.id)
        module = value is not None and value.known is not None and value.known.said
        if value is not None and (module or self.imported(node.id) is None):
            if value.unclear:
                raise self.fail(f"`{node.id}` {value.unclear}", node)
            return self.constants.draft.cells.read(value)
        found = self.meaning(node.id, node)
        if isinstance(found, Constant):
            return self.constants.constant(node.id, found, self, node)
        if isinstance(found, Helper):
            return at_hand(found, node.id)
        return self.known(found, node)

    def assign(self, node: ast.NamedExpr, value: Value) -> Value:
        if self.namer is None:
            raise self.fail("`:=` has no place in a constant", node)
        if self.turning:
            raise self.fail("`:=` has no place in a comprehension", node)
        return self.namer(node.target.id, value, self)

    def compared(self, node: ast.Compare, operands: list[Value]) -> Value | None:
        self.finite(operands)
        return compared(node, operands, self.fail, self.constants.draft.cells)

    def asks(self, node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name != "isinstance" or len(node.args) != 2 or node.keywords:
            return False
        return self.meaning(name, node.func) == Dotted("builtins.isinstance")

    def asked(self, node: ast.Call, value: Value) -> Value:
        types = node.args[1]
        found: list[bool | None] = []
        row = row_of(value)
        for each in types.elts if isinstance(types, ast.Tuple) else [types]:
            if row is not None and row.is_object:
                raise self.fail(HELD, node)
            if self.is_foreign(each):
                found.append(False)
                continue
            path = self.path(each).path
            if self.constants.draft.may_box(value) and path.removeprefix("builtins.") not in NEVER:  # fmt: skip
                raise self.fail(BOXED, node)
            found.append(is_instance(value, path, self.constants.inputs))
        if True in found:
            return truth(True)
        if None in found:
            raise self.fail("of which type this is depends on who calls; leave that test to the caller", node)  # fmt: skip
        return truth(False)

    def attribute(self, node: ast.Attribute, base: Value | None = None) -> Value:
        if base is not None:
            return asking.attribute(self, node.attr, base)
        found = self.reached(node)
        if isinstance(found, Constant):
            return self.constants.constant(ast.unparse(node), found, self, node)
        if isinstance(found, Helper):
            return at_hand(found, ast.unparse(node))
        return self.known(found, node)

    def known(self, found: Dotted, node: ast.AST) -> Value:
        """Return a constant of a module, or what stands for a function of one; nan is beyond the edge of the domain."""
        module, _, name = told(found.path, self.constants.means).rpartition(".")
        if (module, name) == ("numpy", "newaxis"):
            return Value("", known=Known(None))
        if module in ("math", "numpy") and name.lower() in ("nan", "inf", "infty"):
            return self.edge(name.lower()[:3])
        if takes_sequences(found, self.constants.means):
            return at_hand(found, found.path)
        what = self.meant(found, node)
        if what.callable:
            return at_hand(found, found.path)
        if what.text == "pi":
            return self.constants.circle()
        if what.text in CONSTANTS:
            self.constants.called.add(what.text)
            return Value(what.text)
        return number(float(what.text))

    def edge(self, said: str) -> Value:
        """Return what stands for a number that is not finite: the edge of the domain."""
        return self.constants.edge(said)

    def is_infinite(self, value: Value) -> bool:
        """Whether a value is what stands for an infinite number."""
        infinite = self.constants.edges.get("inf")
        return infinite is not None and value.text == infinite.text

    def is_beyond(self, value: Value) -> bool:
        """Whether a value is what stands for an infinite number, of either sign."""
        return self.is_infinite(value) or self.is_infinite(replace(value, text=value.text.lstrip("-")))  # fmt: skip

    def finite(self, values: Sequence[Value]) -> None:
        """Refuse what is asked of an infinite number, or made of it."""
        if any(map(self.is_beyond, values)):
            raise RowError("`inf`, or what is too large for a float, is not a finite number; it may be returned, where the module raises, and no more")  # fmt: skip

    # Sequences.

    def made(self, row: Row) -> Value:
        """Return a sequence that was made here; what is made at the top of a file, nothing changes."""
        if self.namer is None or row.kind not in ("list", "dict", "array"):
            return row.value
        return self.constants.draft.cells.new(row).value

    def through(self, value: Value) -> list[Value]:
        return self.constants.draft.cells.through(value)

    def subscript(self, node: ast.Subscript, parts: list[Value]) -> Value:
        cells = self.constants.draft.cells
        if self.mask and ast.dump(node.slice) == self.mask:
            return masked.where(cells.read(parts[0]), tests_in(parts[1]))
        at = parts[1] if len(parts) == 2 and not isinstance(node.slice, ast.Slice) else None  # fmt: skip
        if at is not None and at.among is not None and at.whole is None:
            told = at.among if at.among.name else self.atom(at, "place").among
            edge = partial(self.constants.edge, idle=True)
            found = one_of(parts[0], told, cells, edge) if told and told.name else None
            if found is not None:
                return found
        return subscript(parts[0], node.slice, parts[1:], cells)

    def is_numpys(self, value: Value) -> bool:
        return self.constants.draft.is_boxed(value)

    def of_arrays(self, left: Value, op: ast.operator, right: Value) -> bool:
        whole = self.constants.called & {"trunc", "round", "floor", "ceil"}
        return only_arrays(left, op, right) and not (whole and isinstance(op, ast.Mult))

    def matrix(self, left: Value, right: Value) -> Value:
        return arrays.product_of(self, left, right)

    def arrays(self, node: ast.expr, values: list[Value], change: Callable[[list[Value]], Value]) -> Value:  # fmt: skip
        return arrays.each(self, values, change)

    def spend(self, count: int) -> None:
        """Count values that are put into sequences."""
        self.constants.draft.cells.spend(count)

    def atom(self, value: Value, name: str = "part") -> Value:
        """Return a number under a name, as it is used more than once."""
        if self.namer is None or (value.is_number and ATOM.fullmatch(value.text)):
            return value
        return self.namer(name, value, replace(self, values={}))

    def comprehension(self, node: Comprehension, sure: bool) -> Value:
        return comprehension(node, self, sure)

    def inner(self, node: ast.Lambda) -> Value:
        """Return what stands for a lambda."""
        return self.function(as_function(node, "inner"))

    def function(self, node: ast.FunctionDef) -> Value:
        """Return what stands for a function inside this one."""
        if self.caller is None:
            raise self.fail("a lambda is not read here; write it as a `def`", node)
        helper = Helper(node, self.names)
        given = {n: translate(default, self) for n, default in omitted(helper, ())}
        return Value(
            "",
            known=Known(
                Inner(helper, self, given),
                said="a function has no place in a formula; call it",
            ),
        )

    # Calls.

    def call(
        self,
        node: ast.Call,
        args: list[Value],
        named: dict[str, Value],
        sure: bool,
        base: Value | None = None,
    ) -> Value:
        self.calling = node
        if base is not None and isinstance(node.func, ast.Attribute):
            return methods.called(self, node.func.attr, base, args, named)
        if base is not None:
            return self.applied(base, args, named, sure)
        return called(self, callee(self, node), args, named, node, sure)

    def applied(
        self,
        function: Value,
        args: list[Value],
        named: Mapping[str, Value],
        sure: bool = False,
    ) -> Value:
        """Return what a function that is at hand makes of values."""
        held = function.known.value if function.known is not None else None
        if not isinstance(held, CALLEES) or self.calling is None:
            raise RowError("only functions are called")
        return called(self, held, args, named, self.calling, sure)
