"""A finished module's text in; nothing out, but an error where it holds anything beyond what a generated module may."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from gradgen.errors import GradgenError
from gradgen.syntax import parse_expression, parse_python
from gradgen.write.python.aside import DIGITS, NAME, Run, set_aside

#: The functions of Python's own that lines may call.
CALLABLE = ("abs", "max", "min", "float", "round")


def check_skeleton(
    text: str,
    imports: Sequence[str],
    helpers: Mapping[str, str],
    signatures: Mapping[str, str],
    own: Sequence[str] = (),
    constants: Sequence[str] = (),
    above: str = "",
    loops: bool = False,
) -> None:
    """Prove that a module is a docstring, imports, helpers and the functions, each plain assignments, in branches or not, and a return.

    Args:
        text: the module.
        imports: the import lines that it may have.
        helpers: the helper functions that it may carry, by name, each with its exact text.
        signatures: the functions that it must have, in order, each with the text of its parameters.
        own: the lines that import functions of the user's.
        constants: the names of the constants that it may declare.
        above: the line above each function; empty where there is none.
        loops: whether it may have loops over lists, which put into others.

    Raises:
        GradgenError: the module is anything else. No input is known that leads here.
    """
    short, runs, kinds = set_aside(text)
    if runs:
        try:
            _check_module(
                short, runs, imports, helpers, signatures, own, constants, above, loops
            )
            _check_kinds(kinds, _modules(imports))
        except GradgenError:
            pass  # what is wrong is said of the whole text, and where
        else:
            return
    _check_module(text, (), imports, helpers, signatures, own, constants, above, loops)


def _check_module(
    text: str,
    aside: Sequence[Run],
    imports: Sequence[str],
    helpers: Mapping[str, str],
    signatures: Mapping[str, str],
    own: Sequence[str],
    constants: Sequence[str],
    above: str,
    loops: bool,
) -> None:
    """Check a module in which `pass` stands for these runs of assignments, in order, but for their kinds."""
    try:
        module = parse_python(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _refused(f"it is no valid Python ({type(error).__name__})") from None
    runs = [*reversed(aside)]
    _docstring(module, "the module")
    wanted = list(signatures)
    called = {word for line in own for word in re.findall(r"\w+(?=,|$)", line)}
    kept = {*called, *helpers, *signatures, *CALLABLE, *_modules(imports)}
    declared: set[str] = set()
    for node in module.body[1:]:
        if isinstance(node, ast.Assign) and ast.unparse(node) in imports:
            continue  # what the type of inputs is called
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if ast.unparse(node) not in (*imports, *own):
                raise _refused(f"it has the line `{ast.unparse(node)[:60]}`")
        elif isinstance(node, ast.Assign) and len(wanted) == len(signatures):
            (name,) = _names(node.targets, node)
            if name not in constants or name in kept | declared:
                raise _refused(f"it has a constant `{name[:60]}`")
            modules = _modules(imports)
            _check_expressions([node.value], {*declared, *modules}, modules)
            declared.add(name)
        elif isinstance(node, ast.ClassDef) and len(wanted) == len(signatures):
            _check_cache(node, signatures["backward"], loops)
            declared.add(node.name)
        elif not isinstance(node, ast.FunctionDef):
            raise _refused(f"line {node.lineno} is no function")
        elif node.name in helpers:
            (carried,) = parse_python(helpers[node.name]).body
            if ast.dump(node) != ast.dump(carried):
                raise _refused(f"its `{node.name}` is not the known one")
        elif not wanted or node.name != wanted.pop(0):
            raise _refused(f"it has a function `{node.name[:60]}`")
        else:
            callables = {*helpers, *called, *declared}
            parts = [ast.dump(one) for one in node.decorator_list]
            if parts != [*map(ast.dump, _decorators(above))]:
                raise _refused(f"`{node.name}` has another decorator")
            _check_function(
                node, signatures[node.name], imports, callables, runs, loops
            )
    if wanted:
        raise _refused(f"it has no function `{wanted[0]}`")
    if runs:
        raise _refused("some of its lines are in no function")


def _decorators(line: str) -> list[ast.expr]:
    """Return what the line above each function says."""
    return [parse_expression(line[1:])] if line else []


def _modules(imports: Sequence[str]) -> set[str]:
    return {line.split()[-1] for line in imports}


def _check_cache(node: ast.ClassDef, parameters: str, loops: bool) -> None:
    """Check the class of a cache: names of numbers, or of lists of them, and no more."""
    types = {"float", *["list[float]", "Sequence[float]"] * loops}
    fields = node.body[1:]
    plain = all(
        isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and field.value is None
        and ast.unparse(field.annotation) in types
        for field in fields
    )
    head = ast.unparse(node).partition("\n")[0]
    expected = (
        parameters.startswith("cache: Cache") and head == "class Cache(NamedTuple):"
    )
    if node.decorator_list or not (expected and plain):
        raise _refused(f"it has a class `{node.name[:60]}`")
    _docstring(node, "the cache's class")


def _check_function(
    function: ast.FunctionDef,
    parameters: str,
    imports: Sequence[str],
    callables: set[str],
    runs: list[Run],
    loops: bool,
) -> None:
    if ast.unparse(function.args) != parameters:
        raise _refused(f"the signature of `{function.name}` is another")
    modules = _modules(imports)
    given = (arg.arg for arg in function.args.args)
    known = {*given, *modules, *CALLABLE, *callables, *["len"] * loops}
    if function.name == "jacobian":
        known.add("forward")
    _docstring(function, f"`{function.name}`")
    expressions: list[ast.expr] = []
    named: set[str] = set()
    lists: set[str] = set()
    todo = [*reversed(function.body[1:])]
    while todo:
        line = todo.pop()
        last = line is function.body[-1]
        if isinstance(line, ast.If) and not last:
            expressions.append(line.test)
            todo += [*reversed(line.orelse), *reversed(line.body)]
            continue
        if loops and not last and (found := _of_loops(line, known, lists)) is not None:
            expressions += found
            todo += [*reversed(line.body)] if isinstance(line, ast.For) else []
            continue
        if isinstance(line, ast.Assign) and not last:
            first, *others = line.targets
            if others and not isinstance(line.value, ast.Constant):
                raise _refused(f"line {line.lineno} gives names what is no number")
            known |= set(_names([*_targets(first), *others], line))
        elif isinstance(line, ast.AugAssign) and not last:
            list(_names([line.target], line))
        elif isinstance(line, ast.Pass) and runs and not last:
            run = runs.pop()
            named |= run.names
            known |= run.sets
            continue
        elif not (isinstance(line, ast.Return) and last):
            raise _refused(f"line {line.lineno} is no assignment")
        if line.value is not None:
            expressions.append(line.value)
    _check_expressions(expressions, known, modules)
    if not known.issuperset(named):
        raise _refused("it names what is not known")


def _of_loops(
    line: ast.stmt, known: set[str], lists: set[str]
) -> list[ast.expr] | None:
    """Return the expressions in a loop's head, in the declaration of a list or in what puts a number into one; None for all else."""
    if isinstance(line, ast.For) and not line.orelse:
        through = [line.iter]
        if isinstance(line.iter, ast.Call):
            if [ast.unparse(word) for word in line.iter.keywords] != ["strict=True"]:
                return None
            through = [*line.iter.args]
        head = f"zip({', '.join(map(ast.unparse, through))}, strict=True)"
        if ast.unparse(line.iter) != (head if len(through) > 1 else ast.unparse(through[0])):  # fmt: skip
            return None
        known |= {*_names([*_targets(line.target)], line)}
        return through if all(isinstance(one, ast.Name) for one in through) else None
    if isinstance(line, ast.AnnAssign):
        plain = ast.unparse(line).partition(": ")[2] == "list[float] = []"
        lists |= {*_names([line.target], line)} if plain else set()
        known |= lists
        return [] if plain else None
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
        call = line.value
        name = ast.unparse(call.func).removesuffix(".append")
        plain = len(call.args) == 1 and not call.keywords and name in lists
        plain = plain and isinstance(call.func, ast.Attribute)
        return [call.args[0]] if plain else None
    return None


def _check_kinds(kinds: Sequence[str], modules: set[str]) -> None:
    """Check what assignments are but for the names and numbers in them, each kind once."""
    values = []
    for kind in kinds:
        try:
            # By itself, so that none begins or ends another.
            text = kind.replace(NAME, "x").replace(DIGITS, "1")
            lines = parse_python(text).body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise _refused(f"it is no valid Python ({type(error).__name__})") from None
        if len(lines) != 1 or not isinstance(lines[0], (ast.Assign, ast.AugAssign)):
            raise _refused("a line is no assignment")
        line = lines[0]
        targets = line.targets if isinstance(line, ast.Assign) else [line.target]
        if len(targets) != 1 or not isinstance(targets[0], ast.Name):
            raise _refused("a line assigns to no plain name")
        values.append(line.value)
    _check_expressions(values, {"x"}, modules)


def _check_expressions(
    expressions: list[ast.expr], known: Collection[str], modules: set[str]
) -> None:
    while expressions:
        node = expressions.pop()
        inner = _inner(node, known, modules)
        if inner is None:
            raise _refused(f"line {node.lineno} is no plain arithmetic")
        expressions += inner


def _inner(
    node: ast.expr, known: Collection[str], modules: set[str]
) -> Sequence[ast.expr] | None:
    """Return the expressions in one that a line may have; None for all others.

    There is no lambda, comprehension, string, star, `await` or walrus among them.
    """
    if isinstance(node, ast.Name):
        return () if node.id in known else None
    if isinstance(node, ast.BinOp):
        return node.left, node.right
    if isinstance(node, ast.Constant):
        return () if isinstance(node.value, (bool, int, float)) else None
    if isinstance(node, ast.Call):
        plain = isinstance(node.func, (ast.Name, ast.Attribute)) and not node.keywords
        return (node.func, *node.args) if plain else None
    if isinstance(node, ast.Attribute):
        plain = isinstance(node.value, ast.Name) and node.value.id in modules
        return () if plain and not node.attr.startswith("_") else None
    if isinstance(node, ast.UnaryOp):
        plain = isinstance(node.op, (ast.USub, ast.Not))
        return (node.operand,) if plain else None
    if isinstance(node, ast.Compare):
        return node.left, *node.comparators
    if isinstance(node, ast.IfExp):
        return node.test, node.body, node.orelse
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Tuple):
        return node.elts
    if isinstance(node, ast.Subscript):
        plain = isinstance(node.value, ast.Call)
        plain = plain and isinstance(node.slice, ast.Constant)
        return (node.value, node.slice) if plain else None
    return None


def _targets(target: ast.expr) -> Iterator[ast.expr]:
    """Yield what is assigned to: of a tuple what is in it, and in the tuples in it."""
    inner = target.elts if isinstance(target, ast.Tuple) else [target]
    for one in inner:
        yield from one.elts if isinstance(one, ast.Tuple) else [one]


def _names(targets: Sequence[ast.expr], line: ast.stmt) -> Iterator[str]:
    for target in targets:
        if not isinstance(target, ast.Name):
            raise _refused(f"line {line.lineno} assigns to no plain name")
        yield target.id


def _docstring(node: ast.Module | ast.FunctionDef | ast.ClassDef, what: str) -> None:
    first = node.body[0] if node.body else None
    if not (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        raise _refused(f"{what} starts with no docstring")


def _refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the module is not what a generated module must be, so it is not written: {reason}; please report the formula"
    )
