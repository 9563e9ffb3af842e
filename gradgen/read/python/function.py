"""A Python function's syntax tree and the names of its file in; the same as a program out. Nothing is imported or run."""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradgen.errors import GradgenError
from gradgen.read.python.bound import Dotted, Helper
from gradgen.read.python.constants import Constants
from gradgen.read.python.docstrings import Docstring, meanings, read_docstring
from gradgen.read.python.draft import MAX_STATEMENTS, Draft
from gradgen.read.python.expression import Value, index, single, translate
from gradgen.read.python.meanings import check_means
from gradgen.read.python.parameters import defaults, omitted, parameters
from gradgen.read.python.results import Results
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.tree import bindings, dotted
from gradgen.read.python.values import Scope
from gradgen.read.statements import canonical, split_docstring

#: Published limit: how deep functions call each other.
MAX_CALLS = 20
#: What a call may hand on as it is: a name, or a number.
_ATOM = re.compile(r"[^\W\d]\w*|-?[0-9.]+(?:e[+-]?[0-9]+)?")


@dataclass(frozen=True)
class Function:
    """A function as a program, or as a formula where it is one.

    Attributes:
        program: its text.
        inputs: its parameters, in order.
        outputs: the names of its results; None for the last name.
        name: the result's name, of a formula.
        lines: the file's lines that the program's lines come from, each with its number.
        defaults: the parameters' defaults, as constants.
        origin: the function itself.
        constants: the constants at the top of the file that it is made of, each with its line.
        doc: what its docstring says of its parameters and results, by name.
    """

    program: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None
    name: str = "f"
    lines: tuple[tuple[int, str], ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    origin: Helper | None = None
    constants: Mapping[str, int] = field(default_factory=dict)
    doc: Mapping[str, str] = field(default_factory=dict)

    def placed(self, error: GradgenError) -> GradgenError:
        """Return an error in the program as one in the file."""
        stated = re.match(r"line ([0-9]+): (.*)", error.message, re.DOTALL)
        number = int(stated[1]) if stated else 1
        if error.source is None or number > len(self.lines):
            return error
        line, text = self.lines[number - 1]
        # The program's text is Python's own form of the file's; what is at fault is looked for by its words.
        word = re.match(r"\w+|[^\w\s]+|$", error.source[error.column or 0 :])
        found = re.search(
            rf"(?<!\w){re.escape(word[0])}(?!\w)" if word and word[0] else r"\S", text
        )
        column = found.start() if found else len(text) - len(text.lstrip())
        message = stated[2] if stated else error.message
        return GradgenError(f"line {line}: {message}", text, column)


def read_function(
    text: str,
    name: str,
    means: Mapping[str, str] | None = None,
    result: str = "",
    outputs: Collection[str] = (),
) -> Function:
    """Read a straight-line function: assignments, loops over literal ranges, calls of its like, and a return at its end.

    Args:
        text: the file.
        name: the function, at the top level of the file.
        means: what imports mean that are not known, as {"fluids.numerics.exp": "exp"}.
        result: what its result is called, if not as the function is.
        outputs: the names of other results that are wanted, which keep theirs.

    Raises:
        GradgenError: there is no such function, or it holds what has no place in one; with line and caret.
    """
    names = Names(text)
    if name not in names.bound.names:
        listed = ", ".join(names.functions[:20]) or "none"
        raise GradgenError(f"there is no function `{name}`; the file has {listed}")
    place = ast.Pass(lineno=names.bound.names[name][-1].line, col_offset=0)
    try:
        found = names.meaning(name)
    except UnclearError as error:
        raise names.fail(str(error), place) from None
    if isinstance(found, Helper):
        return read_helper(found, means, result, outputs)
    what = "comes from another file" if isinstance(found, Dotted) else "is no `def`"
    raise names.fail(f"`{name}` {what}; name a function that this file defines", place)


def read_helper(
    helper: Helper,
    means: Mapping[str, str] | None = None,
    result: str = "",
    outputs: Collection[str] = (),
) -> Function:
    """Read a function that was found; see `read_function`."""
    known = check_means(means)
    reader = _Reader(helper, known, result, outputs)
    found = replace(reader.read(), origin=helper, constants=reader.constants.lines)
    clash = reader.constants.called & {*reader.draft.taken}
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
    again = _Reader(helper, known, result, outputs, frozenset(clash)).read()
    return replace(again, origin=helper, constants=reader.constants.lines)


class _Reader:
    def __init__(
        self,
        helper: Helper,
        means: Mapping[str, str],
        result: str,
        outputs: Collection[str],
        avoid: frozenset[str] = frozenset(),
    ) -> None:
        self.helper = helper
        self.draft = Draft(avoid)
        inputs = [arg.arg for arg in helper.function.args.args]
        self.constants = Constants(self.draft, means, inputs)
        name = helper.function.name
        self.results = Results(self.draft, name, result, outputs, self.constants.called)
        self.locals: dict[ast.FunctionDef, frozenset[str]] = {}
        self.comments: dict[ast.FunctionDef, dict[int, str]] = {}
        self.depth = 0
        self.calls = 0
        self.turns = 0

    def read(self) -> Function:
        function, names = self.helper.function, self.helper.names
        inputs = parameters(self.helper)
        self.draft.go_to(function, names)
        self.draft.taken = dict.fromkeys(inputs, 1)
        result = self.body(self.helper, {name: Value(name) for name in inputs})
        comment = self.comment(function.body[-1], self.helper)
        if isinstance(result, list):
            outputs = results = self.results.several(result, comment)
        else:
            name = self.results.single(result, comment)
            outputs = () if self.draft.items[-1][0] == name else (name,)
            results = (name,)
        self.draft.settle_constants()
        said = read_docstring(ast.get_docstring(function) or "")
        docstring, doc = _words(said), meanings(said, inputs, results)
        numbers = [(1, names.lines[0])] * len(docstring.splitlines())
        lines = (*numbers, *self.draft.places)
        known = defaults(self.helper, self.constants.means)
        (name, text, comment), *others = self.draft.items
        if not (others or comment or docstring):
            return Function(text, tuple(inputs), None, name, lines, known, doc=doc)
        program = canonical(self.draft.items, docstring)
        wanted = outputs or None
        return Function(
            program, tuple(inputs), wanted, lines=lines, defaults=known, doc=doc
        )

    def local(self, function: ast.FunctionDef) -> frozenset[str]:
        """Return the names that are a function's own."""
        if function not in self.locals:
            names = [name for name, _ in bindings(function.body)]
            args = (arg.arg for arg in function.args.args)
            self.locals[function] = frozenset((*args, *names))
        return self.locals[function]

    def comment(self, node: ast.stmt, helper: Helper) -> str:
        """Return what stands on a line of its own above a statement, and at its end."""
        if helper.function not in self.comments:
            self.comments[helper.function] = helper.names.comments(helper.function)
        comments = self.comments[helper.function]
        above = comments.get(node.lineno - 1, "")
        if above and helper.names.lines[node.lineno - 2].split("#")[0].strip():
            above = ""
        beside = comments.get(node.end_lineno or node.lineno, "")
        return f"{above} {beside}".strip()

    def body(
        self, helper: Helper, values: dict[str, Value], prefix: str = ""
    ) -> Value | list[Value]:
        """Add a function's statements to the program; return what it returns.

        Args:
            helper: the function.
            values: what its parameters are.
            prefix: what the names of its own values start with.
        """
        function, names = helper.function, helper.names
        scope = Scope(
            self.constants,
            names,
            values,
            self.local(function),
            prefix,
            caller=self.called,
        )
        statements = list(function.body)
        first = statements[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            statements.pop(0)
        last = statements[-1] if statements else None
        if not isinstance(last, ast.Return):
            raise names.fail("the function ends with no `return`", function)
        for statement in statements[:-1]:
            self.statement(statement, scope, helper)
        self.draft.go_to(last, names)
        value = _returned(last, scope)
        if isinstance(value, (ast.Tuple, ast.List)):
            return _several(value, scope)
        return translate(value, scope)

    def statement(self, node: ast.stmt, scope: Scope, helper: Helper) -> None:
        if isinstance(node, ast.Pass):
            return
        if isinstance(node, ast.For):
            for turn in self.turns_of(node, scope):
                assert isinstance(node.target, ast.Name)
                scope.values[node.target.id] = index(turn)
                for inner in node.body:
                    self.statement(inner, scope, helper)
            return
        targets, value = _assignment(node, scope)
        self.draft.go_to(node, scope.names)
        comment = self.comment(node, helper)
        unpacked = isinstance(targets[0], (ast.Tuple, ast.List))
        values = _several(value, scope) if unpacked else [single(value, scope)]
        for target in targets:
            parts = [target]
            if isinstance(target, (ast.Tuple, ast.List)) and unpacked:
                parts = target.elts
            if len(parts) != len(values):
                raise scope.fail("the two sides are of different lengths", node)
            named = []
            for part, each in zip(parts, values):
                if not isinstance(part, ast.Name):
                    raise scope.fail("only plain names are assigned", part)
                name = self.draft.fresh(f"{scope.prefix}{part.id}")
                self.draft.add(name, each, comment)
                scope.values[part.id] = Value(name)
                named.append(Value(name))
            values = named

    def turns_of(self, node: ast.For, scope: Scope) -> Iterator[int]:
        """Yield the index of a loop, turn by turn."""
        steps = _range(node, scope)
        far = max(abs(steps.start), abs(steps.stop), abs(steps.step)) > sys.maxsize
        self.turns += 0 if far else len(steps)
        if far or self.turns > MAX_STATEMENTS:
            raise scope.fail(
                f"loops have at most {MAX_STATEMENTS} turns, all together", node
            )
        yield from steps

    def called(
        self,
        helper: Helper,
        args: list[Value],
        named: Mapping[str, Value],
        node: ast.Call,
        scope: Scope,
    ) -> Value | list[Value]:
        """Add the statements of a function that is called; return its value."""
        self.depth += 1
        self.calls += 1
        if self.calls > MAX_STATEMENTS:
            raise scope.fail(
                f"functions are called more than {MAX_STATEMENTS} times, all together",
                node,
            )
        if self.depth > MAX_CALLS:
            raise scope.fail(
                f"functions call each other more than {MAX_CALLS} deep", node
            )
        params = parameters(helper, called=helper is not self.helper)
        given = {**dict(zip(params, args)), **named}
        for name, value in omitted(helper, given):
            beside = Scope(self.constants, helper.names, before=helper.place)
            given[name] = single(value, beside)
        count = len(args) + len(named)
        twice = {*params[: len(args)]} & {*named}
        if {*given} != {*params} or len(args) > len(params) or twice:
            raise scope.fail(
                f"{helper.function.name} takes {len(params)} arguments, {', '.join(params)}, not these {count}",
                node,
            )
        prefix = f"{helper.function.name}_"
        values = {}
        for name in params:
            values[name] = given[name]
            if not _ATOM.fullmatch(given[name].text):
                stage = self.draft.fresh(f"{prefix}{name}")
                self.draft.add(stage, given[name])
                values[name] = Value(stage)
        here = self.draft.at
        result = self.body(helper, values, prefix)
        self.draft.count(result)
        self.draft.at = here
        self.depth -= 1
        return result


def _several(node: ast.expr, scope: Scope) -> list[Value]:
    """Return the values of a tuple, or of a call of a function that returns one."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return [single(element, scope) for element in node.elts]
    value = translate(node, scope)
    if not isinstance(value, list):
        raise scope.fail("this is one value, not several", node)
    return value


def _returned(node: ast.Return, scope: Scope) -> ast.expr:
    """Return what stands behind `return`, of an array its values."""
    value = node.value
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        root, _ = dotted(value.func)
        if root is not None and root not in scope.local:
            with contextlib.suppress(GradgenError):
                if scope.path(value.func).path in ("numpy.array", "numpy.asarray"):
                    value = value.args[0]  # as in return np.array([u, v])
    if value is None or (isinstance(value, (ast.Tuple, ast.List)) and not value.elts):
        raise scope.fail("the function returns nothing", node)
    return value


def _assignment(node: ast.stmt, scope: Scope) -> tuple[list[ast.expr], ast.expr]:
    """Return the targets of an assignment, and what is assigned."""
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [node.target], node.value
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        old = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        value = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
        return [node.target], value
    raise scope.fail(_refused(node), node)


def _range(node: ast.For, scope: Scope) -> range:
    """Return the range that a loop runs over."""
    call = node.iter
    arguments: list[int | None] = []
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id not in scope.values
        and not call.keywords
        and isinstance(node.target, ast.Name)
        and not node.orelse
        and scope.meaning(call.func.id, call.func) == Dotted("builtins.range")
    ):
        arguments = [single(arg, scope).whole for arg in call.args]
    numbers = [number for number in arguments if number is not None]
    if not 0 < len(numbers) == len(arguments) <= 3:
        raise scope.fail("a loop runs over range(...) of whole numbers", node)
    if len(numbers) == 3 and not numbers[2]:
        raise scope.fail("the step of a range is not 0", node)
    return range(*numbers)


def _refused(node: ast.stmt) -> str:
    """Return why a statement has no place in a function, and what to do."""
    if isinstance(node, ast.If):
        return "a choice is written `a if x > 0 else b`"
    if isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
        return (
            "functions and imports stand at the top level of the file; move this there"
        )
    if isinstance(node, ast.Return):
        return "a `return` stands at the end alone; a choice is written `a if x > 0 else b`"
    return "only assignments, loops over range(...) of whole numbers and a return at the end are allowed"


def _words(said: Docstring) -> str:
    """Return what a docstring says of the function itself, its paragraphs apart."""
    words = "\n".join(said.words).replace('"""', "'''")
    words = "".join(c if c.isprintable() or c == "\n" else " " for c in words)
    return split_docstring(f'"""{words}"""')[0] if words.strip() else ""
