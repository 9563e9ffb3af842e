"""A class at the top of a Python file and a name behind a dot in; the constant or the function that it holds out, or why that may be another one."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from gradgen.read.python.bound import Constant, Dotted, Helper
from gradgen.read.python.changes import FUNCTIONS, SETTERS
from gradgen.read.python.scope import UnclearError
from gradgen.read.python.tree import bindings, dotted, walk

if TYPE_CHECKING:
    from gradgen.read.python.scope import Names

#: What gets at attributes that no assignment names.
_WILD = frozenset((*SETTERS, *FUNCTIONS, "__dict__", "vars", "globals", "locals", "exec", "eval", "mock", "monkeypatch"))  # fmt: skip
#: What gives a class without its name.
_ASKING = ("__class__", "type(", "getattr(", "__subclasses__")
#: What a class may be made by that leaves what it holds by its name as it is, and the options that do.
_DATACLASS = "dataclasses.dataclass"
_PLAIN = ("frozen", "eq", "order", "repr", "init", "unsafe_hash", "kw_only")
_REMEDY = "write it at the top of the file, by a plain assignment or a `def`"


def member(names: Names, name: str, attribute: str, before: int | None = None) -> Constant | Helper | None:  # fmt: skip
    """Return what a class of a file holds; None where the name is none of a class.

    Args:
        names: the file.
        name: the class.
        attribute: what is asked of it.
        before: the statement that reads it; None for the body of a function.

    Raises:
        UnclearError: it does not mean one thing for certain; the text says why.
    """
    found = _class_at(names, name, before)
    if found is None:
        return None
    node, place = found
    shown = f"`{name}.{attribute}`"
    own = {n for n, _ in bindings(node.body)}
    at = [s for s in node.body if attribute in {n for n, _ in bindings([s])}]
    private = attribute.startswith("__")  # which Python calls after the class
    if private or len(at) != 1 or not _is_plain(node, names):
        raise UnclearError(f"what {shown} is, the class in line {node.lineno} does not say plainly; {_REMEDY}")  # fmt: skip
    _check_change(names, name, attribute)
    held = at[0]
    if isinstance(held, ast.FunctionDef):
        arguments = (*held.args.defaults, *held.args.kw_defaults, *held.decorator_list)
        spoken = {n.id for each in arguments if each is not None for n in ast.walk(each) if isinstance(n, ast.Name)}  # fmt: skip
        static = [d.id if isinstance(d, ast.Name) else "" for d in held.decorator_list]
        if static not in ([], ["staticmethod"]) or spoken & own or _is_mangled(held):
            raise UnclearError(f"{shown} is no function that stands for itself; {_REMEDY}")  # fmt: skip
        return Helper(held, names, place)
    value = held.value if isinstance(held, (ast.Assign, ast.AnnAssign)) else None
    targets = held.targets if isinstance(held, ast.Assign) else [getattr(held, "target", None)]  # fmt: skip
    alone = all(isinstance(each, ast.Name) for each in targets)
    spoken = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} if value else set()  # fmt: skip
    if value is None or not alone or spoken & own:
        raise UnclearError(f"{shown} is no plain constant; {_REMEDY}")
    return Constant(attribute, value, names, place, name)


def _class_at(names: Names, name: str, before: int | None) -> tuple[ast.ClassDef, int] | None:  # fmt: skip
    """Return the class at the top of a file that a name is, with its place; None where it is none, or not for certain."""
    found = names.bound.names.get(name, [])
    node = names.module.body[found[0].place] if len(found) == 1 else None
    if not isinstance(node, ast.ClassDef) or names.live is not None:
        return None
    star, place, changes = names.bound.star, found[0].place, names.changes
    sure = (star is None or star[0] < place) and (before is None or place < before)
    changing = changes.anything or name in changes.named or name in changes.stored or changes.itself  # fmt: skip
    return (node, place) if sure and not changing else None


def _is_plain(node: ast.ClassDef, names: Names) -> bool:
    """Whether a class holds by its names what its statements bind, and nothing else has a hand in it."""
    bases = [dotted(base) for base in node.bases]
    if bases and names.binds("object"):
        return False
    if node.keywords or any(base != ("object", ()) for base in bases):
        return False
    for each in node.decorator_list:
        made = each.func if isinstance(each, ast.Call) else each
        root, attributes = dotted(made)
        options = each.keywords if isinstance(each, ast.Call) else []
        args = each.args if isinstance(each, ast.Call) else []
        try:
            found = names.meaning(str(root))
        except UnclearError:
            return False
        path = found.inner(attributes).path if isinstance(found, Dotted) else ""
        if path != _DATACLASS or args or not all(o.arg in _PLAIN for o in options):  # fmt: skip
            return False
    kinds = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.Pass)
    return all(isinstance(s, kinds) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in node.body)  # fmt: skip


def _is_mangled(function: ast.FunctionDef) -> bool:
    """Whether a function speaks of names that Python calls after the class around it."""
    said = (getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(function))
    return any(name.startswith("__") and not name.endswith("__") for name in said)


def _check_change(names: Names, name: str, attribute: str) -> None:
    """Refuse what a file that speaks of the class may assign to: this one, or one that runs when it is imported."""
    files = names.modules
    beyond = files.beyond if files is not None else None
    others = beyond.mentioning(name) if beyond is not None else ()
    each_of = (names, *others)
    handed = any(_is_handed_on(each.text, name) for each in each_of)
    for each in each_of:
        assigned, of_objects, wild = _assigned(each.text)
        line = assigned.get(attribute) or wild
        line = line or (of_objects.get(attribute, 0) if handed else 0)
        if line:
            where = f" of {each.home}" if each is not names and each.home else ""
            raise UnclearError(f"`{name}.{attribute}` may change: line {line}{where} assigns to an attribute of that name, or gets at any; {_REMEDY}")  # fmt: skip
    # What is handed on, or asked for by an object or a text, needs no name.
    for each in beyond.mentioning(attribute) if beyond is not None else ():
        line = _assigned(each.text)[0].get(attribute, 0)
        if line and (handed or any(word in each.text for word in _ASKING)):
            raise UnclearError(f"`{name}.{attribute}` may change: line {line} of {each.home} assigns to an attribute of that name; {_REMEDY}")  # fmt: skip


@lru_cache(maxsize=256)
def _assigned(text: str) -> tuple[dict[str, int], dict[str, int], int]:
    """Return the attributes that a file assigns, with their lines, those that methods assign to their own object by themselves, and the line of what may assign to any; 0 where none does."""
    found: dict[str, int] = {}
    of_objects: dict[str, int] = {}
    wild = 0
    nodes = [*walk(ast.parse(text))]
    methods = [m for n in nodes if isinstance(n, ast.ClassDef) for m in n.body if _is_of_object(m)]  # fmt: skip
    own = {part for method in methods for part in ast.walk(method)}
    for node in nodes:
        said = getattr(node, "id", getattr(node, "attr", ""))
        if said in _WILD:
            wild = wild or getattr(node, "lineno", 1)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            on_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            held = of_objects if on_self and node in own else found
            held.setdefault(node.attr, node.lineno)
    return found, of_objects, wild


def _is_of_object(node: ast.stmt) -> bool:
    """Whether a statement of a class is a method whose `self` is what it is called of, throughout: an object, unless a class is handed to it."""
    if not isinstance(node, ast.FunctionDef):
        return False
    spoken = [getattr(n, "id", getattr(n, "attr", "")) for d in node.decorator_list for n in ast.walk(d)]  # fmt: skip
    plain = all(name in ("", "property", "setter", "deleter", node.name) for name in spoken)  # fmt: skip
    given = [n.arg for n in ast.walk(node) if isinstance(n, ast.arg)].count("self")
    bound = any(isinstance(n, ast.Name) and n.id == "self" and not isinstance(n.ctx, ast.Load) for n in ast.walk(node))  # fmt: skip
    first = [a.arg for a in (*node.args.posonlyargs, *node.args.args)][:1]
    return plain and first == ["self"] and given == 1 and not bound


@lru_cache(maxsize=256)
def _is_handed_on(text: str, name: str) -> bool:
    """Whether a file does more with a class than to call it, and to ask it for what stands behind a dot."""
    nodes = [*walk(ast.parse(text))]
    plain: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            plain.add(node.func)
            if isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass"):  # fmt: skip
                plain |= {n for each in node.args[1:] for n in ast.walk(each)}
        elif isinstance(node, ast.Attribute):
            plain.add(node.value)
        elif isinstance(node, ast.ClassDef):
            plain |= {*node.bases}
        elif isinstance(node, ast.alias) and node.name == name and node.asname:
            return True
        note = getattr(node, "annotation", None) or getattr(node, "returns", None)
        plain |= {*ast.walk(note)} if note is not None else set()
    said = (n for n in nodes if isinstance(n, (ast.Name, ast.Attribute)) and n not in plain)  # fmt: skip
    return any(name in (getattr(n, "id", ""), getattr(n, "attr", "")) for n in said)
