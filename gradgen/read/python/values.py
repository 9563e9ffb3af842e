"""A place in a Python file in; what the names and the calls of an expression there stand for in a formula out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from gradgen.errors import GradgenError
from gradgen.read.formula import CONSTANTS
from gradgen.read.python.bound import Constant, Dotted, Helper, Meaning
from gradgen.read.python.flow.known import compared, is_instance
from gradgen.read.python.follow.meaning import either_of, follow
from gradgen.read.python.meanings import Meant, meant
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.terms.operators import number_of
from gradgen.read.python.terms.value import Value, number, truth
from gradgen.read.python.tree import dotted

if TYPE_CHECKING:
    from gradgen.read.python.constants import Constants


#: What reads a call of one of the file's functions, given its arguments, in order and by name, where it stands, and whether
#: Python comes to it in any case.
Caller: TypeAlias = (
    "Callable[[Helper, list[Value], Mapping[str, Value], ast.Call, Scope, bool], Value | list[Value]]"
)


@dataclass
class Scope:
    """The names in one call of a function, or beside a constant at the top level of a file, which calls no function."""

    constants: Constants
    names: Names
    values: dict[str, Value] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    prefix: str = ""
    before: int | None = None
    caller: Caller | None = None
    #: What gives a value a name, which is a local one.
    namer: Callable[[str, Value, ast.AST], Value] | None = None

    def fail(self, message: str, node: ast.AST) -> GradgenError:
        return self.names.fail(message, node)

    def imported(self, name: str) -> Dotted | None:
        """Return what an import in the function binds a name to, if one does."""
        value = self.values.get(name)
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
        if name in self.values and self.values[name].unclear:
            raise self.fail(f"`{name}` {self.values[name].unclear}", node)
        if name in self.local:
            what = (
                "a local value here, or a parameter"
                if name in self.values
                else "read before it is assigned"
            )
            raise self.fail(f"`{name}` is {what}", node)
        try:
            found = self.names.meaning(name, self.before)
            if self.names.modules is not None and self.names.binds(name):
                self.names.modules.use(name)
        except UnclearError as error:
            raise self.fail(str(error), node) from None
        return self.followed(found, node) if isinstance(found, Dotted) else found

    def followed(self, found: Dotted, node: ast.AST) -> Meaning:
        """Return what something imported is by the files that are read; where they do not tell, as it is."""
        try:
            return follow(found, self.names, self.constants.means)
        except UnclearError as error:
            raise self.fail(str(error), node) from None

    def name(self, node: ast.Name) -> Value:
        if node.id in self.values and self.imported(node.id) is None:
            value = self.values[node.id]
            if value.unclear:
                raise self.fail(f"`{node.id}` {value.unclear}", node)
            return value
        found = self.meaning(node.id, node)
        if isinstance(found, Constant):
            return self.constants.constant(node.id, found, self, node)
        if isinstance(found, Helper):
            raise self.fail(f"`{node.id}` is a function; call it", node)
        return self.known(found, node)

    def assign(self, node: ast.NamedExpr, value: Value) -> Value:
        if self.namer is None:
            raise self.fail("`:=` has no place in a constant", node)
        return self.namer(node.target.id, value, node)

    def compared(self, node: ast.Compare, operands: list[Value]) -> Value | None:
        return compared(node, operands, self.fail)

    def asks(self, node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name != "isinstance" or len(node.args) != 2 or node.keywords:
            return False
        return self.meaning(name, node.func) == Dotted("builtins.isinstance")

    def asked(self, node: ast.Call, value: Value) -> Value:
        types = node.args[1]
        found = []
        for each in types.elts if isinstance(types, ast.Tuple) else [types]:
            path = self.path(each).path
            found.append(is_instance(value, path, self.constants.inputs))
        if True in found:
            return truth(True)
        if None in found:
            raise self.fail("of which type this is depends on who calls; leave that test to the caller", node)  # fmt: skip
        return truth(False)

    def attribute(self, node: ast.Attribute) -> Value:
        found = self.followed(self.path(node), node)
        if isinstance(found, Constant):
            return self.constants.constant(ast.unparse(node), found, self, node)
        if isinstance(found, Helper):
            raise self.fail(f"`{ast.unparse(node)}` is a function; call it", node)
        return self.known(found, node)

    def path(self, node: ast.expr) -> Dotted:
        """Return what `math.exp` is, by its whole name."""
        root, attributes = dotted(node)
        found = self.meaning(root, node) if root is not None else None
        if not isinstance(found, Dotted):
            raise self.fail("only what modules hold is read with a dot", node)
        try:
            return self.names.reached(found, attributes)
        except UnclearError as error:
            raise self.fail(str(error), node) from None

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

    def known(self, found: Dotted, node: ast.AST) -> Value:
        """Return a constant of a module."""
        what = self.meant(found, node)
        if what.callable:
            raise self.fail(f"`{found.path}` is a function; call it", node)
        if what.text == "pi":
            return self.constants.circle()
        if what.text in CONSTANTS:
            self.constants.called.add(what.text)
            return Value(what.text)
        return number(float(what.text))

    def call(
        self, node: ast.Call, args: list[Value], named: dict[str, Value], sure: bool
    ) -> Value | list[Value]:
        root, attributes = dotted(node.func)
        if root is None:
            raise self.fail("only functions are called", node)
        found: Meaning
        if attributes:
            found = self.followed(self.path(node.func), node.func)
        elif root in self.values and self.imported(root) is None:
            raise self.fail(
                f"`{root}` is a value here, no function; write `{root}*(...)` for a product",
                node.func,
            )
        else:
            found = self.meaning(root, node.func)
        if isinstance(found, Constant):
            what = "a lambda" if isinstance(found.value, ast.Lambda) else "a value"
            raise self.fail(
                f"`{ast.unparse(node.func)}` is {what}, no function that can be read; write it as a `def`",
                node.func,
            )
        if isinstance(found, Helper):
            if self.caller is None:
                raise self.fail("a constant calls no function of the file", node)
            return self.caller(found, args, named, node, self, sure)
        for part, arg in zip((*node.args, *(k.value for k in node.keywords)), (*args, *named.values())):  # fmt: skip
            number_of(arg, part, self)
        known = self.meant(found, node.func)
        if named:
            raise self.fail("arguments are given by position alone", node)
        if not known.callable:
            raise self.fail(f"`{found.path}` is no function", node.func)
        if not known.least <= len(args) <= known.most:
            count = "1 argument" if known.most == 1 else f"{known.least} arguments"
            if known.least < known.most:
                count += " or more"
            raise self.fail(f"`{found.path}` takes {count}, not {len(args)}", node)
        if known.text == "{0}":
            return replace(args[0], whole=None, index=False)
        if known.function:
            self.constants.called.add(known.function)
        texts = [arg.text for arg in args]
        if "{pi}" in known.text:
            return Value(known.call(texts, self.constants.circle().text))
        return Value(known.call(texts))
