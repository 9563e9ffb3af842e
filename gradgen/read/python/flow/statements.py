"""A statement of a Python function in; its parts out, or why it has no place in one."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradgen.errors import GradgenError, NowhereError
from gradgen.read.python.bound import (  # fmt: skip
    Constant,
    Dotted,
    Helper,
    either,
    plain,
    ways,
)
from gradgen.read.python.draft import WORD
from gradgen.read.python.expression import translate
from gradgen.read.python.flow.ways import End, Form, Returned, returns, taken_apart
from gradgen.read.python.meanings import SILENCING, told
from gradgen.read.python.scope import Names, UnclearError
from gradgen.read.python.simpler.first_lines import BY_NAME
from gradgen.read.python.terms.operators import number_of
from gradgen.read.python.terms.value import Known, Value
from gradgen.read.python.tree import bindings, dotted
from gradgen.read.python.values import Scope

#: What warns, or says which warnings are shown.
_WARNING = ("warnings.warn", "warnings.simplefilter", "warnings.filterwarnings")
#: What shows or notes something, and changes no value, and what makes a logger.
_LEVELS = ("debug", "info", "warning", "warn", "error", "critical", "exception", "log")
_SHOWING = ("builtins.print", *(f"{of}.{name}" for of in ("logging", "loguru.logger") for name in _LEVELS))  # fmt: skip
_LOGGER = "logging.getLogger"
_DOING = (
    *(ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
#: What makes a text of a value, whatever it is.
_TEXT_OF = ("builtins.str", "builtins.repr")
#: What is said where a function returns None, and a number elsewhere.
NOTHING = "the function returns None"
#: What an author says of the edge of the domain is cut there.
_SAID = 120


class Texts:
    """What statements say beside what they do; each is asked once."""

    def __init__(self) -> None:
        self.own: dict[ast.AST, tuple[str, ...]] = {}
        self.comments: dict[ast.FunctionDef, dict[int, str]] = {}

    def names_of(self, node: ast.AST, parts: Sequence[ast.stmt]) -> tuple[str, ...]:
        """Return the names that a statement's parts may assign."""
        if node not in self.own:
            self.own[node] = (*dict.fromkeys(name for name, _ in bindings(parts)),)
        return self.own[node]

    def comment(self, node: ast.stmt, helper: Helper, end: int | None = None) -> str:
        """Return what stands on a line of its own above a statement, and at its end."""
        if helper.function not in self.comments:
            self.comments[helper.function] = helper.names.comments(helper.function)
        comments = self.comments[helper.function]
        above = comments.get(node.lineno - 1, "")
        if above and helper.names.lines[node.lineno - 2].split("#")[0].strip():
            above = ""
        beside = comments.get(end or node.end_lineno or node.lineno, "")
        return f"{above} {beside}".strip()


def returned(node: ast.Return, scope: Scope) -> tuple[list[Value], Form]:
    """Return the values behind `return`, and the sequences that they are in."""
    if node.value is None:
        return [Value("", known=Known(None))], None
    value = translate(node.value, scope)
    values, form = taken_apart(value, scope.constants.draft.cells)
    scope.constants.draft.cells.hand_on(value, f"returned in line {node.lineno}")
    if not values:
        raise scope.fail("the function returns nothing", node)
    for each in values:
        if (
            not value.is_none
            and each.known is not None
            and (form is None or scope.prefix == "")
        ):
            number_of(each, node.value, scope)
    return values, form


def nothing_of(function: ast.FunctionDef) -> Returned:
    """Return how a function ends that goes on to its end, where it gives None."""
    end = ast.copy_location(ast.Return(None), function.body[-1])
    return Returned((Value("", known=Known(None)),), None, "", end)


def returns_of(function: ast.FunctionDef) -> Iterator[ast.Return]:
    """Yield each `return` of a function; those of functions in it are theirs."""
    todo: list[ast.AST] = [*function.body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            todo += ast.iter_child_nodes(node)


def returns_some(pair: tuple[Value, End]) -> bool:
    """Whether an end that ways come to is a `return`, in one of them."""
    return next(returns(pair[1]), None) is not None


def ends_once(function: ast.FunctionDef) -> bool:
    """Whether a function ends behind its last statement alone, or where it raises."""
    return all(node is function.body[-1] for node in returns_of(function))


def whole_of(node: ast.stmt) -> ast.expr | None:
    """Return the expression that is all that a statement does, or that it gives names, or returns."""
    plain = isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return))
    return node.value if plain else None  # type: ignore[attr-defined]


def assignment(node: ast.stmt, scope: Scope) -> tuple[list[ast.expr], ast.expr]:
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


def is_silent(node: ast.stmt, scope: Scope) -> bool:
    """Whether a statement does nothing: `pass`, a text, or an annotation of a name that has values elsewhere."""
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return isinstance(node.target, ast.Name) and node.target.id in scope.local
    words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return words or isinstance(node, ast.Pass)


def is_import(node: ast.stmt) -> bool:
    """Whether a statement imports, also under `try`, where nothing else is done but to raise, or to name what is lacking None."""
    if not isinstance(node, ast.Try):
        return isinstance(node, (ast.Import, ast.ImportFrom))
    known = (ast.Import, ast.ImportFrom, ast.Pass, ast.Raise, ast.Assign)
    bound = {name for name, _ in bindings([node])}
    names = {name for each in ways(node) for name, _ in bindings([each]) if isinstance(each, known[:2])}  # fmt: skip
    # What is assigned to items and attributes binds no name, and is done.
    targets = [t for each in ways(node) if isinstance(each, ast.Assign) for t in each.targets]  # fmt: skip
    plain_ = all(isinstance(target, ast.Name) for target in targets)
    return bool(names) and plain_ and bound == names and all(isinstance(each, known) for each in ways(node))  # fmt: skip


def path_of(node: ast.expr, scope: Scope) -> str:
    """Return what a name means by its whole name; empty where that is nothing imported, or one of several."""
    try:
        found = scope.followed(scope.path(node), node)
    except GradgenError:
        return ""
    plain = isinstance(found, Dotted) and not found.others
    return told(found.path, scope.constants.means) if plain else ""  # type: ignore[union-attr]


def within(node: ast.With, scope: Scope) -> Sequence[ast.stmt]:
    """Return the statements in a `with` that changes what is said of errors, and no value."""
    for item in node.items:
        call = item.context_expr
        path = path_of(call.func, scope) if isinstance(call, ast.Call) else ""
        if path not in SILENCING or item.optional_vars is not None:
            raise scope.fail("of `with`, numpy.errstate(...) and warnings.catch_warnings() are read", node)  # fmt: skip
    return node.body


def is_warning(call: ast.Call, scope: Scope) -> bool:
    """Whether a call on a line of its own warns, says which warnings are shown, prints or logs, and changes no value."""
    if not isinstance(call.func, (ast.Name, ast.Attribute)):
        return False
    inner = [n for arg in (*call.args, *call.keywords) for n in ast.walk(arg)]
    plain = not any(_may_do_more(n, scope) for n in inner)
    strict = _makes_errors(scope.names.text) or any(
        isinstance(n, ast.Constant) and n.value == "error" for n in inner
    )
    path = path_of(call.func, scope)
    if path in _SHOWING or _is_logged(call.func, scope):
        if plain:
            return True
        raise scope.fail("what is shown here may do more than that; give it a name on a line above, and show that", call)  # fmt: skip
    return plain and not strict and path in _WARNING


@lru_cache(maxsize=256)
def _makes_errors(text: str) -> bool:
    """Whether a file has warnings raise."""
    if "error" not in text or "filter" not in text:
        return False
    calls = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call))
    filters = (n for n in calls if dotted(n.func)[1][-1:] in (("simplefilter",), ("filterwarnings",)) or dotted(n.func)[0] in ("simplefilter", "filterwarnings"))  # fmt: skip
    return any(isinstance(a, ast.Constant) and a.value == "error" for n in filters for a in (*n.args, *(k.value for k in n.keywords)))  # fmt: skip


def is_bound(node: ast.Name, scope: Scope) -> bool:
    """Whether a name has a value in any case."""
    held = scope.held(node.id)
    if held is None:
        return bool(path_of(node, scope))
    return held.absent is None and _has_some(held, scope)


def _has_some(held: Value, scope: Scope) -> bool:
    """Whether what a name stands for has some value in every way."""
    texts = {name: text for name, text, _ in scope.constants.draft.items}
    lacking = {edge.text for edge in scope.constants.edges.values()}
    words = WORD.findall(texts.get(held.text, held.text))
    return not held.unclear and lacking.isdisjoint(words)


def _is_logged(node: ast.expr, scope: Scope) -> bool:
    """Whether a function is one by which a logger logs that a file has a name for."""
    if not isinstance(node, ast.Attribute) or node.attr not in _LEVELS:
        return False
    try:
        found = scope.meaning(node.value.id, node.value) if isinstance(node.value, ast.Name) else scope.followed(scope.path(node.value), node.value)  # fmt: skip
    except GradgenError:
        return False
    made = found.value if isinstance(found, Constant) else None
    if not isinstance(found, Constant) or not isinstance(made, ast.Call):
        return False
    beside = Scope(scope.constants, found.names, before=found.place)
    return path_of(made.func, beside) == _LOGGER


def _may_do_more(node: ast.AST, scope: Scope) -> bool:
    """Whether what is shown may raise, go through what is gone through once, or do anything else beside."""
    if isinstance(node, ast.BinOp):
        text = isinstance(node.left, (ast.Constant, ast.JoinedStr)) and isinstance(getattr(node.left, "value", ""), str)  # fmt: skip
        quotient = isinstance(node.op, (ast.Div, ast.FloorDiv)) or (isinstance(node.op, ast.Mod) and not text)  # fmt: skip
        by = getattr(node.right, "value", 0)
        return isinstance(node.op, ast.Pow) or (quotient and not (isinstance(by, (int, float)) and by))  # fmt: skip
    if isinstance(node, ast.Name):
        return not _is_there(node, scope)
    return isinstance(node, _DOING) or (isinstance(node, ast.Call) and not _is_shown(node, scope))  # fmt: skip


def _is_there(node: ast.Name, scope: Scope) -> bool:
    """Whether a name has some value here, whatever that is."""
    if scope.holder(node.id) is not None:
        held = scope.held(node.id)
        return held is not None and (held.known is not None or _has_some(held, scope))
    try:
        return scope.names.binds(node.id) or hasattr(builtins, node.id)
    except UnclearError:
        return True


def _is_shown(node: ast.AST, scope: Scope) -> bool:
    """Whether a call makes a text of values."""
    func = node.func if isinstance(node, ast.Call) else None
    if isinstance(func, ast.Name):
        return path_of(func, scope) in _TEXT_OF
    return isinstance(func, ast.Attribute) and func.attr == "format"


def imports(node: ast.stmt, scope: Scope) -> dict[str, Value]:
    """Return what an import in a function binds.

    Raises:
        GradgenError: it may be something else in another way.
    """
    found = plain(node, 0, scope.names) or either(node, scope.names)
    if {name for name, _, _ in found} != {name for name, _ in bindings([node])}:
        raise scope.fail(_refused(node), node)
    return {name: Value("", known=Known(meant)) for name, _, meant in found}


def words_of(node: ast.Raise | ast.Assert) -> str:
    """Return what an author says of the edge of the domain: the message, behind the error where it is no ValueError."""
    error: ast.expr | None = None
    said: ast.expr | None = None
    if isinstance(node, ast.Assert):
        error, said = ast.Name("AssertionError"), node.msg
    elif node.exc is not None:
        error = node.exc
        if isinstance(error, ast.Call):
            said = error.args[0] if error.args else None
            error = error.func
    name = dotted(error)[1][-1:] or (dotted(error)[0],) if error is not None else ()
    called = name[0] or "" if name else ""
    text = said.value if isinstance(said, ast.Constant) else None
    if not isinstance(text, str):
        text = "" if said is None else ast.unparse(said)
        text = text[2:-1] if isinstance(said, ast.JoinedStr) else text
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    words = words if len(words) <= _SAID else f"{words[:_SAID]}..."
    if called in ("", "ValueError"):
        return words or called or "an error"
    return f"{called}: {words}" if words else called


def goes_on(function: ast.FunctionDef) -> tuple[str, ast.AST]:
    """Return what is wrong with a function whose ways do not all end with `return`, and the statement after which one goes on."""
    body = function.body
    while isinstance(body[-1], ast.If):
        last = body[-1]
        if not last.orelse:
            break
        ends = isinstance(last.body[-1], (ast.Return, ast.Raise))
        body = last.orelse if ends else last.body
    last_ = body[-1]
    if last_ in function.body and not isinstance(last_, ast.If):
        return "the function ends with no `return`", function
    return (
        "the function ends with no `return` in a way that goes on from here, and gives None; return a value there, or raise",
        last_,
    )


def alike(
    end: End, function: ast.FunctionDef, scope: Scope, told: str
) -> list[Returned]:
    """Return the ends that are a `return`, if there are any, and all return as many values; `told` is what is settled."""
    found = [*returns(end)]
    if not found:
        nothing = next((each for each in returns_of(function) if each.value is None or (isinstance(each.value, ast.Constant) and each.value.value is None)), None)  # fmt: skip
        if nothing is not None:
            raise scope.fail("the function returns nothing", nothing)
        why = "no way ends with a `return`; one has to"
        if told:
            why = f"every way raises, {told.lower()[:1]}{told[1:-1]}; give other values by --const, or list variables in --inputs"
        raise NowhereError.of(scope.fail(why, function))
    first = found[0]
    for other in found:
        if other.form != first.form:
            beside = ", of other lengths or keys" * (other.shape == first.shape)
            raise scope.fail(
                f"this returns {other.shape}, and line {first.node.lineno} {first.shape}{beside}; return as many values in every way",
                other.node,
            )
    return found


def check_result(found: Returned, names: Names, rows: bool) -> tuple[int, ...]:
    """Refuse what is returned where it is no sequence of numbers, nor one of such; of rows, where they are wanted, return their lengths."""
    kind, _, inner = found.form or ("", (), ())
    plain = ("list", "tuple", "array")
    deep = [each and each[0] in plain and each[2] and not any(each[2]) for each in inner]  # fmt: skip
    if rows and kind in plain and inner and all(deep):
        return tuple(len(each[2]) for each in inner if each)
    if rows and any(inner):
        raise names.fail("sequences in sequences are not returned; return one tuple of numbers", found.node)  # fmt: skip
    todo = [found.form] if rows or not keys_of(found) else []
    while todo:
        form = todo.pop()
        if form is not None and form[0] in ("dict", "set", "range", "record"):
            raise names.fail(f"a {form[0]} is not returned; return a tuple of numbers", found.node)  # fmt: skip
        todo += form[2] if form is not None else ()
    return ()


def keys_of(found: Returned) -> tuple[str, ...]:
    """Return the keys of a dict of numbers that is returned, as far as all are texts; none of anything else."""
    kind, keys, inner = found.form or ("", (), ())
    plain = kind == "dict" and not any(inner)
    texts = (*(key for key in keys if isinstance(key, str)),)
    return texts if plain and len(texts) == len(keys) else ()


def check_given(
    helper: Helper,
    params: Sequence[str],
    given: Sequence[str],
    count: int,
    named: Sequence[str],
    node: ast.AST,
    scope: Scope,
) -> None:
    """Refuse a call that does not give each parameter one value.

    Args:
        helper: the function that is called.
        params: its parameters.
        given: those that have a value by the call, or by default.
        count: how many arguments are given by position.
        named: those that are given by name.
        node: the call.
        scope: where it stands.
    """
    twice = {*params[:count]} & {*named}
    args = helper.function.args.args
    named_alone = any(arg.type_comment == BY_NAME for arg in args[:count])
    if {*given} != {*params} or count > len(args) or twice or named_alone:
        raise scope.fail(
            f"{helper.function.name} takes {len(params)} arguments, {', '.join(params)}, not these {count + len(named)}",
            node,
        )


def _refused(node: ast.stmt) -> str:
    """Return why a statement has no place in a function, and what to do."""
    return "only assignments, `if`, loops, functions, `try`, `with`, `raise`, `assert` and `return` are allowed"
