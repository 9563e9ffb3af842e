"""A Python function's syntax tree and the names of its file in; the same as a program out. Nothing is imported or run."""

from __future__ import annotations

import ast
import contextlib
import math
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradgen.errors import GradgenError
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import RESERVED, check_identifier
from gradgen.read.python.bound import Constant, Dotted, Helper
from gradgen.read.python.expression import Value, index, translate
from gradgen.read.python.meanings import check_means
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.tree import bindings, dotted
from gradgen.read.python.values import Scope
from gradgen.read.reader import MAX_PROGRAM
from gradgen.read.statements import canonical, split_docstring
from gradgen.read.sympy.table import CALLS
from gradgen.reserved import is_kept

#: Published limits: the statements of a function when its loops are unrolled, and how deep functions call each other.
MAX_STATEMENTS = 5_000
MAX_CALLS = 20
#: A constant whose text is longer is a statement of the program, so that a chain of them does not double at every link.
_LONG = 80
#: What a default that is a number may be.
_READ = (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Call)
#: What a call may hand on as it is: a name, or a number.
_ATOM = re.compile(r"[^\W\d]\w*|-?[0-9.]+(?:e[+-]?[0-9]+)?")
#: The one decorator that leaves a function what it says.
_DECORATOR = "gradgen.differentiate"
#: Its options that change which inputs there are, or what comes out.
_TELLING = ("inputs", "outputs", "const", "params", "means")


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
    """

    program: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None
    name: str = "f"
    lines: tuple[tuple[int, str], ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    origin: Helper | None = None
    constants: Mapping[str, int] = field(default_factory=dict)

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
    found = replace(reader.read(), origin=helper, constants=reader.lines)
    clash = reader.called & {*reader.taken}
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
    return replace(again, origin=helper, constants=reader.lines)


@dataclass
class _Reader:
    helper: Helper
    means: Mapping[str, str]
    result: str
    outputs: Collection[str] = ()
    avoid: frozenset[str] = frozenset()
    items: list[tuple[str, str, str]] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    at: tuple[int, str] = (1, "")
    taken: dict[str, int] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    constants: dict[ast.expr, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    locals: dict[ast.FunctionDef, frozenset[str]] = field(default_factory=dict)
    comments: dict[ast.FunctionDef, dict[int, str]] = field(default_factory=dict)
    depth: int = 0
    calls: int = 0
    turns: int = 0
    written: int = 0

    def read(self) -> Function:
        function, names = self.helper.function, self.helper.names
        inputs = self.parameters(self.helper)
        self.go_to(function, names)
        self.taken = dict.fromkeys(inputs, 1)
        values = {name: Value(name) for name in inputs}
        scope = Scope(self, names, values, self.local(function))
        result = self.body(self.helper, scope)
        comment = self.comment(function.body[-1], self.helper)
        if isinstance(result, list):
            outputs = self.several_named(result, comment)
        else:
            name = self.single_named(result, comment)
            outputs = () if self.items[-1][0] == name else (name,)
        docstring = _docstring(function)
        numbers = [(1, names.lines[0])] * len(docstring.splitlines())
        lines = (*numbers, *self.places)
        defaults = self.defaults()
        (name, text, comment), *others = self.items
        if not (others or comment or docstring):
            return Function(text, tuple(inputs), None, name, lines, defaults)
        program = canonical(self.items, docstring)
        wanted = outputs or None
        return Function(program, tuple(inputs), wanted, lines=lines, defaults=defaults)

    # What results are called.

    def single_named(self, value: Value, comment: str) -> str:
        """Return the name of the one result: the function's, or the one that is asked for."""
        assigned = {name for name, _, _ in self.items}
        own = value.text if value.text in assigned else ""
        asked = self.result or self.helper.function.name
        kept = self.outputs and asked not in self.outputs
        if own and (own == asked or kept):
            return own
        if not self.result and not self.free(asked, assigned):
            asked = own or "f"
        elif not self.result and asked in assigned:
            first = self.fresh(f"{asked}1")  # as in rate1, rate2, rate
            self.rename(asked, first)
            del self.taken[asked]
            value = Value(re.sub(rf"\b{asked}\b", first, value.text))
        if own and asked not in self.taken:
            self.rename(own, asked)
            self.taken[asked] = 1
            return asked
        return own if own == asked else self.add_result(asked, value, comment)

    def rename(self, old: str, new: str) -> None:
        """Give what the program assigned another name; where `old` is a function's name as well, all is read again."""
        word = re.compile(rf"\b{old}\b")
        self.items = [
            (new if name == old else name, word.sub(new, text), comment)
            for name, text, comment in self.items
        ]

    def several_named(self, values: list[Value], comment: str) -> tuple[str, ...]:
        """Return the names of several results, no two the same."""
        assigned = {name for name, _, _ in self.items}
        found: list[str] = []
        for place, value in enumerate(values, 1):
            if value.text in assigned and value.text not in found and not self.result:
                found.append(value.text)
            else:
                name = self.result or "f"
                name = name if place == 1 else f"{name}{place}"
                found.append(self.add_result(name, value, comment))
        return tuple(found)

    def add_result(self, name: str, value: Value, comment: str) -> str:
        if self.result and name in self.taken:
            raise GradgenError(
                f"the result cannot be called `{name}`, which the function calls something else; choose another name"
            )
        name = self.fresh(name)
        self.add(name, value, comment)
        return name

    def free(self, name: str, assigned: Collection[str]) -> bool:
        """Return whether a result may have this name, when what is assigned may get another."""
        try:
            check_identifier(name, "the result's name")
        except GradgenError:
            return False
        taken = name in self.taken and name not in assigned
        taken = taken or name in self.called or name in RESERVED
        return not (taken or is_kept(name) or name in CALLS or name in COMPOSITIONS)

    # Parameters and constants.

    def parameters(self, helper: Helper) -> list[str]:
        """Return a function's parameters; refuse what else its first line may say."""
        function, names = helper.function, helper.names
        args = function.args
        if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs:
            raise names.fail("only plain parameters are allowed", function)
        if getattr(function, "type_params", ()):
            raise names.fail("a generic function is not read", function)
        if helper.defaults is None:  # else it is in hand, as the decorators left it
            for decorator in function.decorator_list:
                self.check_decorator(decorator, helper)
        return [arg.arg for arg in args.args]

    def check_decorator(self, decorator: ast.expr, helper: Helper) -> None:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        scope = Scope(self, helper.names, before=helper.place)
        root, attributes = dotted(called)
        path = None
        if root is not None:
            with contextlib.suppress(GradgenError):
                meaning = scope.meaning(root, called)
                found = scope.path(called) if attributes else meaning
                path = found.path if isinstance(found, Dotted) else None
        if path != _DECORATOR:
            shown = ast.unparse(called)[:60] if root is not None else "this"
            raise helper.names.fail(
                f"the decorator `{shown}` may change what the function returns; leave it out, "
                "or write the function without it and decorate that under another name",
                decorator,
            )
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        for keyword in keywords:
            told = keyword.arg is None or keyword.arg in _TELLING
            if told and helper is not self.helper:
                raise helper.names.fail(
                    f"a function decorated with `{keyword.arg or '**'}` is not called here; decorate it under another name",
                    decorator,
                )

    def defaults(self) -> Mapping[str, str]:
        """Return the defaults of the last parameters, as far as they are numbers."""
        helper = self.helper
        parameters = [arg.arg for arg in helper.function.args.args]
        found: dict[str, str] = {}
        nodes = helper.function.args.defaults
        live = helper.defaults
        for place in range(1, len(nodes) + 1):
            inner = _Reader(helper, self.means, "")
            scope = Scope(inner, helper.names, before=helper.place)
            node = nodes[-place]
            if live is not None:
                node = ast.Constant(live[-place])
                ast.copy_location(node, nodes[-place])
            if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
                break
            if not isinstance(node, _READ):
                break  # it is no number, and so an input without a default
            text = inner.one(node, scope).text
            found[parameters[-place]] = canonical([*inner.items, ("", text, "")])
        return dict(reversed(found.items()))

    def circle(self) -> Value:
        """Return the circle's constant; its value, where an input has its name."""
        if "pi" in (arg.arg for arg in self.helper.function.args.args):
            return Value(repr(math.pi))
        self.called.add("pi")
        return Value("pi")

    def constant(self, name: str, scope: Scope, node: ast.AST) -> Value:
        """Return the value of a constant at the top of a file, after those that it is made of."""
        found = scope.meaning(name, node)
        assert isinstance(found, Constant)
        needed: dict[ast.expr, Constant] = {}
        todo = [found]
        while todo:
            each = todo.pop()
            if each.value in self.constants or each.value in needed:
                continue
            needed[each.value] = each
            for inner in ast.walk(each.value):
                if isinstance(inner, ast.Name):
                    with contextlib.suppress(UnclearError):
                        of = each.names.meaning(inner.id, each.place)
                        todo += [of] if isinstance(of, Constant) else []
        for each in sorted(needed.values(), key=lambda constant: constant.place):
            try:
                value = self.one(each.value, Scope(self, each.names, before=each.place))
            except GradgenError as error:
                said = re.sub(r"^line [0-9]+: ", "", error.message)
                line = getattr(each.value, "lineno", 0)
                raise scope.fail(
                    f"`{name}` is no constant, by line {line}: {said}", node
                ) from None
            if len(value.text) > _LONG:
                value = self.stated(each, value)
            self.constants[each.value] = value
            self.lines[each.name] = getattr(each.value, "lineno", 0)
        return self.constants[found.value]

    def stated(self, constant: Constant, value: Value) -> Value:
        """Make a constant a statement of the program."""
        here = self.at
        name = constant.name.lstrip("_") or "constant"
        if name in CALLS or name in COMPOSITIONS or name in RESERVED:
            name += "_"
        name = self.fresh(name)
        self.go_to(constant.value, constant.names)
        self.add(name, value)
        self.at = here
        return Value(name, whole=value.whole)

    # Statements.

    def go_to(self, node: ast.AST, names: Names) -> None:
        """Take note of the line that what is added comes from."""
        line = getattr(node, "lineno", 1)
        self.at = (line, names.lines[line - 1])

    def add(self, name: str, value: Value, comment: str = "") -> None:
        """Add an assignment to the program."""
        if len(self.items) >= MAX_STATEMENTS:
            line, text = self.at
            raise GradgenError(
                f"line {line}: the function has more than {MAX_STATEMENTS} statements when its loops are unrolled",
                text,
                len(text) - len(text.lstrip()),
            )
        self.count(value)
        self.items.append((name, value.text, comment))
        self.places.append(self.at)

    def count(self, value: Value | list[Value]) -> None:
        """Count what is written out so far."""
        values = value if isinstance(value, list) else [value]
        self.written += sum(len(each.text) for each in values)
        if self.written > MAX_PROGRAM:
            line, text = self.at
            raise GradgenError(
                f"line {line}: the function has more than {MAX_PROGRAM} characters when it is written out",
                text,
                len(text) - len(text.lstrip()),
            )

    def fresh(self, name: str) -> str:
        """Return a name that the program has not assigned yet."""
        name = f"{name}_" if name in self.avoid else name
        found = name
        while found in self.taken:
            self.taken[name] += 1
            found = f"{name}{'_' if name[-1].isdigit() else ''}{self.taken[name]}"
        self.taken[found] = 1
        return found

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

    def one(self, node: ast.expr, scope: Scope) -> Value:
        """Return an expression that has one value."""
        value = translate(node, scope)
        if isinstance(value, list):
            raise scope.fail("this call returns several values", node)
        return value

    def several(self, node: ast.expr, scope: Scope) -> list[Value]:
        """Return the values of a tuple, or of a call of a function that returns one."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return [self.one(element, scope) for element in node.elts]
        value = translate(node, scope)
        if not isinstance(value, list):
            raise scope.fail("this is one value, not several", node)
        return value

    def body(self, helper: Helper, scope: Scope) -> Value | list[Value]:
        """Add a function's statements to the program; return what it returns."""
        function, names = helper.function, helper.names
        statements = list(function.body)
        first = statements[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            statements.pop(0)
        if not statements or not isinstance(statements[-1], ast.Return):
            raise names.fail("the function ends with no `return`", function)
        for statement in statements[:-1]:
            self.statement(statement, scope, helper)
        last = statements[-1]
        value = last.value
        self.go_to(last, names)
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            root, _ = dotted(value.func)
            if root is not None and root not in scope.local:
                with contextlib.suppress(GradgenError):
                    if scope.path(value.func).path in ("numpy.array", "numpy.asarray"):
                        value = value.args[0]  # as in return np.array([u, v])
        if value is None or (
            isinstance(value, (ast.Tuple, ast.List)) and not value.elts
        ):
            raise names.fail("the function returns nothing", last)
        if isinstance(value, (ast.Tuple, ast.List)):
            return self.several(value, scope)
        return translate(value, scope)

    def statement(self, node: ast.stmt, scope: Scope, helper: Helper) -> None:
        if isinstance(node, ast.Pass):
            return
        if isinstance(node, ast.For):
            for turn in self.range_of(node, scope):
                assert isinstance(node.target, ast.Name)
                scope.values[node.target.id] = index(turn)
                for inner in node.body:
                    self.statement(inner, scope, helper)
            return
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            old = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            targets = [node.target]
            value = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
        else:
            raise scope.fail(_refused(node), node)
        self.go_to(node, scope.names)
        comment = self.comment(node, helper)
        unpacked = isinstance(targets[0], (ast.Tuple, ast.List))
        values = self.several(value, scope) if unpacked else [self.one(value, scope)]
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
                name = self.fresh(f"{scope.prefix}{part.id}")
                self.add(name, each, comment)
                scope.values[part.id] = Value(name)
                named.append(Value(name))
            values = named

    def range_of(self, node: ast.For, scope: Scope) -> Iterator[int]:
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
            arguments = [self.one(arg, scope).whole for arg in call.args]
        numbers = [number for number in arguments if number is not None]
        if not 0 < len(numbers) == len(arguments) <= 3:
            raise scope.fail("a loop runs over range(...) of whole numbers", node)
        if len(numbers) == 3 and not numbers[2]:
            raise scope.fail("the step of a range is not 0", node)
        steps = range(*numbers)
        far = max(map(abs, numbers)) > sys.maxsize
        self.turns += 0 if far else len(steps)
        if far or self.turns > MAX_STATEMENTS:
            raise scope.fail(
                f"loops have at most {MAX_STATEMENTS} turns, all together", node
            )
        yield from steps

    def written_out(
        self,
        helper: Helper,
        args: list[Value],
        named: Mapping[str, Value],
        node: ast.Call,
        scope: Scope,
    ) -> Value | list[Value]:
        """Add the statements of a function that is called; return its value."""
        function = helper.function
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
        params = self.parameters(helper)
        given = {**dict(zip(params, args)), **named}
        nodes = function.args.defaults
        for place, name in enumerate(params[len(params) - len(nodes) :]):
            if name in given:
                continue
            default = nodes[place]
            if helper.defaults is not None:
                default = ast.Constant(helper.defaults[place])
                ast.copy_location(default, nodes[place])
            given[name] = self.one(
                default, Scope(self, helper.names, before=helper.place)
            )
        count = len(args) + len(named)
        twice = {*params[: len(args)]} & {*named}
        if {*given} != {*params} or len(args) > len(params) or twice:
            raise scope.fail(
                f"{function.name} takes {len(params)} arguments, {', '.join(params)}, not these {count}",
                node,
            )
        inner = Scope(
            self,
            helper.names,
            local=self.local(function),
            prefix=f"{function.name}_",
        )
        for name in params:
            arg = given[name]
            if not _ATOM.fullmatch(arg.text):
                stage = self.fresh(f"{inner.prefix}{name}")
                self.add(stage, arg)
                arg = Value(stage)
            inner.values[name] = arg
        here = self.at
        value = self.body(helper, inner)
        self.count(value)
        self.at = here
        self.depth -= 1
        return value


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


def _docstring(function: ast.FunctionDef) -> str:
    words = (ast.get_docstring(function) or "").replace('"""', "'''")
    words = "".join(c if c.isprintable() or c == "\n" else " " for c in words)
    return split_docstring(f'"""{words}"""')[0] if words.strip() else ""
