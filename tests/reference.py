"""What of `gradgen/docs/reference/` follows from tables, limits, options, languages and docstrings: `python -m tests.reference` writes it anew."""

from __future__ import annotations

import argparse
import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import gradgen
from gradgen.command.arguments import COMMANDS
from gradgen.command.parser import described
from gradgen.core.rows import ANY, Raise, Row, Term, Worded
from gradgen.core.table import ROWS
from gradgen.files.artifact import LARGEST
from gradgen.passes.blocks.place import MAX_BRANCHES
from gradgen.passes.branches.needs import MAX_STEPS as BRANCHED
from gradgen.read.calls import MAX_ORDER
from gradgen.read.compositions import COMPOSITIONS
from gradgen.read.formula import _LONGEST as LONGEST_NAME
from gradgen.read.formula import FORMS
from gradgen.read.operands import MAX_DIGITS
from gradgen.read.programs import MAX_FUNCTIONS
from gradgen.read.python.draft import MAX_STATEMENTS
from gradgen.read.python.flow.body import MAX_DEPTH
from gradgen.read.python.flow.called import MAX_CALLS
from gradgen.read.python.flow.turns import MAX_NESTED
from gradgen.read.python.follow.modules import MAX_CHARACTERS, MAX_FILES
from gradgen.read.python.terms.cells import MAX_MADE
from gradgen.read.python.terms.rows import MAX_DEEP, MAX_HELD
from gradgen.read.reader import MAX_LENGTH, MAX_NESTING, MAX_OPERATIONS, MAX_PROGRAM
from gradgen.read.sympy.expand import MAX_NODES, MAX_TERMS
from gradgen.read.sympy.table import CALLS
from gradgen.sympy_program import MAX_PARTS
from gradgen.targets import TARGETS
from gradgen.write.module import MAX_WRITTEN
from tests.benchmarks.table import put
from tests.conftest import ROOT
from tests.rows import called as in_a_formula
from tests.rows import has_text

FOLDER = ROOT / "gradgen" / "docs" / "reference"
_SIGN = (
    "This page is written by `python -m tests.reference`, and a test holds it to that."
)
#: The names of each operation in a formula, its own first.
NAMES: Mapping[str, Sequence[str]] = {
    op: sorted((name for name, row in CALLS.items() if row.name == op), key=lambda name: name != op)
    for op in ROWS
}  # fmt: skip


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', '¦') for cell in line)} |" for line in lines]  # fmt: skip


def _when(row: Row, one: Raise) -> str:
    when = one.when
    if isinstance(when, Worded):
        when = when.words.format(*row.params)
    last = row.params[-1]
    if one.exponent_below is not None:
        when += f", for {last} < {one.exponent_below:g}"
    if one.base_at_most is not None:
        when += f", for {row.params[0]} <= {one.base_at_most:g}"
    if one.partial not in (None, ANY) and row.arity > 1:
        when += f" (by {row.params[one.partial or 0]})"
    return when + (", but nan without `--strict`" if one.missing else "")


def _raises(row: Row, slopes: bool) -> str:
    """Return where the value, or its slopes, may raise at finite operands."""
    said: dict[str, list[str]] = {}
    for one in row.raises:
        if one.step_only or (one.partial is not None) is not slopes:
            continue
        said.setdefault(one.error, []).append(_when(row, one))
    return "; ".join(f"{error}: {' or '.join(where)}" for error, where in said.items())


def _slope(row: Row, place: int) -> str:
    text = row.adjoints[place] if row.adjoints else ""
    if text is None:
        return f"{row.params[place]}: none, a constant"
    if text == "":
        return f"{row.params[place]}: 0"
    assert isinstance(text, str), row.name
    precise = row.precise[place] if row.precise else text
    assert not isinstance(precise, Term), row.name
    more = f", with `--precise` `{precise}`" if precise != text else ""
    return f"{row.params[place]}: `{text}`{more}"


def _kink(row: Row) -> str:
    return row.kink.format(*row.params)


def _bounds(row: Row) -> str:
    value, slopes = row.ulp
    if row.boolean:
        return "exact"
    if not row.sample:
        return ""
    where = ", ".join(f"{name} in {low:g}..{high:g}" for name, (low, high) in zip(row.params, row.sample))  # fmt: skip
    return f"{value:g}, {slopes:g}; {where}"


def _operation(row: Row) -> Sequence[str]:
    head = f"`{in_a_formula(row, row.params)}`"
    others = [name for name in NAMES[row.name] if name != row.name]
    if others:
        head += f", also {', '.join(f'`{name}`' for name in others)}"
    if isinstance(row.body, str) and row.body:
        head += f" = `{row.body}`"
    slopes = [] if row.boolean else [_slope(row, i) for i in range(row.arity) if i not in row.truths]  # fmt: skip
    return [
        head,
        _raises(row, slopes=False),
        "; ".join(slopes),
        _raises(row, slopes=True),
        _kink(row),
        _bounds(row),
    ]


def operations() -> str:
    """Return the page of all operations."""
    head = ("operation", "raises", "slopes", "slopes raise", "kink", "ulp")
    rows = [row for row in ROWS.values() if not row.helper]
    functions = [row for row in rows if NAMES[row.name] and not row.level]
    level = [[f"`{row.name}(x)`", "all rows" if row.level == "whole" else "each row"] for row in rows if row.level]  # fmt: skip
    others = [row for row in rows if not NAMES[row.name]]
    composed = [[f"`{name}({', '.join(row.params)})`", f"`{row.body}`"] for name, row in COMPOSITIONS.items()]  # fmt: skip
    return "\n".join(
        [
            "# Operations",
            "",
            f"{_SIGN} The rows are those of `gradgen/core/table.py`.",
            "",
            "*raises* is where a module in Python raises at finite operands; modules of other languages, and with `--ieee`, give inf or nan there. *slopes* is what",
            "the upstream gradient `d` brings to each operand, where `out` is the operation's value; a slope that is nan there raises with `--strict`. *kink* is the convention where the slope jumps. *ulp* is",
            "the largest error of the value and of the slopes, in units in the last place, that is allowed in the sample behind it; tests measure it against 50 digits.",
            "",
            "## Functions",
            "",
            *_table(head, map(_operation, functions)),
            "",
            "## Operators, and forms that gradgen makes of others",
            "",
            *_table(head, map(_operation, others)),
            "",
            "## Over rows of data, with `--rows`",
            "",
            *_table(("operation", "one number of"), level),
            "",
            "## Written out in others",
            "",
            *_table(("call", "stands for"), composed),
            "",
            "## Calls with tuples",
            "",
            *_table(("call", "takes"), ([f"`{name}`", text] for name, text in FORMS.items())),
            "",
        ]
    )  # fmt: skip


def _option(action: argparse.Action) -> Sequence[str]:
    value = (
        ""
        if action.nargs == 0
        else f" {action.metavar or '|'.join(action.choices or ())}"
    )
    names = ", ".join(action.option_strings) or action.metavar
    return [f"`{names}{value if action.option_strings else ''}`", str(action.help)]  # fmt: skip


def options() -> str:
    """Return the page of all commands with their options."""
    commands = {name: described(name) for name in COMMANDS}
    own = {
        name: [_option(action) for action in command if action.dest != "help"]
        for name, command in commands.items()
    }
    having = {tuple(o): [n for n, all_of in own.items() if o in all_of] for of in own.values() for o in of}  # fmt: skip
    shared = [list(option) for option, names in having.items() if set(names) >= {"compile", "eval", "verify"}]  # fmt: skip
    lines = ["# Commands and options", "", _SIGN, ""]
    lines += ["## Options of a formula", "", f"Taken by {', '.join(f'`{n}`' for n in having[tuple(shared[0])])}.", ""]  # fmt: skip
    lines += [*_table(("option", "meaning"), shared), ""]
    for name, (_, text, example) in COMMANDS.items():
        rest = [option for option in own[name] if option not in shared]
        lines += [f"## gradgen {name}", "", f"{text[0].upper()}{text[1:]}.", "", "```sh"]  # fmt: skip
        lines += [line.strip() for line in example.splitlines()] + ["```", ""]
        if rest:
            more = ", and those of a formula" if len(rest) < len(own[name]) else ""
            lines += [*_table((f"option{more}", "meaning"), rest), ""]
    return "\n".join(lines)


def languages() -> str:
    """Return the page of the languages, with what each lacks."""
    rows = []
    needed = [row for op, row in ROWS.items() if NAMES[op]]
    for name, target in TARGETS.items():
        lacks = [row.name for row in needed if not row.level and not has_text(row, target.language.words)]  # fmt: skip
        rows.append(
            [
                f"`{name}`",
                target.says,
                f"`{target.suffix}`",
                "raise; with `--ieee` inf and nan" if target.raises else "inf and nan",
                target.needs or "nothing",
                ", ".join(f"`{op}`" for op in lacks) or "nothing",
            ]
        )
    head = ("--target", "what it is", "files", "overflow and poles", "needs", "lacks")
    return "\n".join(["# Languages", "", _SIGN, "", *_table(head, rows), "", "A function that a language lacks is refused, with its name.", ""])  # fmt: skip


def _parameters(of: ast.arguments) -> Iterator[str]:
    """Yield the texts of a function's parameters, in order, with the signs between their kinds."""

    def text(arg: ast.arg, default: ast.expr | None = None) -> str:
        said = (
            f"{arg.arg}: {ast.unparse(arg.annotation)}" if arg.annotation else arg.arg
        )
        return f"{said} = {ast.unparse(default)}" if default else said

    plain = [*of.posonlyargs, *of.args]
    defaults = [*[None] * (len(plain) - len(of.defaults)), *of.defaults]
    for place, (arg, default) in enumerate(zip(plain, defaults)):
        if arg.arg != "self":
            yield text(arg, default)
        if place + 1 == len(of.posonlyargs):
            yield "/"
    if of.vararg:
        yield f"*{text(of.vararg)}"
    elif of.kwonlyargs:
        yield "*"
    yield from map(text, of.kwonlyargs, of.kw_defaults)
    if of.kwarg:
        yield f"**{text(of.kwarg)}"


def _signature(node: ast.FunctionDef) -> list[str]:
    returns = ast.unparse(node.returns) if node.returns else ""
    if any("property" in ast.unparse(one) for one in node.decorator_list):
        return ["```python", f"{node.name}: {returns}", "```", ""]
    given, end = [*_parameters(node.args)], f" -> {returns}" if returns else ""
    short = f"{node.name}({', '.join(given)}){end}"
    long = [f"{node.name}(", *(f"    {one}," for one in given), f"){end}"]
    return ["```python", *([short] if len(short) <= 88 else long), "```", ""]


def _sections(docstring: str) -> Iterator[str]:
    """Yield a docstring's lines, the parts of its sections as items."""
    inside = example = False
    for line in docstring.splitlines():
        if line.rstrip() in ("Args:", "Attributes:", "Raises:", "Returns:"):
            inside = True
            yield f"*{line.rstrip(':')}*"
            yield ""
        elif line.startswith((">>>", "Example:")):
            example = True
            yield "```python"
            if line[0] == ">":
                yield line
        elif inside and line.startswith("    ") and not line.startswith("     "):
            name, colon, rest = line.strip().partition(": ")
            yield f"- `{name}`: {rest}" if colon and " " not in name.replace(", ", "") else f"- {line.strip()}"  # fmt: skip
        elif example and line.startswith("    "):
            yield line[4:]
        else:
            inside = inside and line.startswith(" ")
            yield line
    if example:
        yield "```"


def _described(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    head = [] if isinstance(node, ast.ClassDef) else _signature(node)
    return [*head, *_sections(ast.get_docstring(node) or ""), ""]


def _public(tree: ast.Module | ast.ClassDef) -> dict[str, ast.FunctionDef | ast.ClassDef]:  # fmt: skip
    """Return what is for callers: the functions and classes without an underscore that say what they are."""
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and ast.get_docstring(node)
    }


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def _methods(of: type) -> Iterator[ast.FunctionDef]:
    for base in reversed(of.__mro__):
        if base.__module__.partition(".")[0] == "gradgen":
            node = _public(_tree(Path(inspect.getfile(base))))[base.__name__]
            assert isinstance(node, ast.ClassDef)
            yield from (m for m in _public(node).values() if isinstance(m, ast.FunctionDef) and m.name not in _INNER)  # fmt: skip


def api() -> str:
    """Return the page of what Python code may import, from the docstrings."""
    lines = ["# Python: what there is", "", _SIGN, ""]
    for name in sorted(gradgen.__all__, key=str.lower):
        found = getattr(gradgen, name)
        node = _public(_tree(Path(inspect.getfile(inspect.unwrap(found)))))[name]
        lines += [f"## gradgen.{name}", "", *_described(node)]
        if isinstance(found, type) and found.__name__ == "Compiled":
            for method in _methods(found):
                lines += [f"### Compiled.{method.name}", "", *_described(method)]
    rooms: dict[str, Sequence[str]] = {"gradgen.verify": ("verify", "Report")}
    for file in sorted((ROOT / "gradgen" / "adapters").glob("*.py")):
        names = [name for name, node in _public(_tree(file)).items() if name in _HANDED]
        if names and file.stem not in _INNER:
            rooms[f"gradgen.adapters.{file.stem}"] = names
    for room, handed in rooms.items():
        tree = _public(_tree(ROOT.joinpath(*room.split(".")).with_suffix(".py")))
        for name in handed:
            lines += [f"## {room}.{name}", "", *_described(tree[name])]
    return "\n".join(lines).rstrip("\n") + "\n"


def names() -> str:
    """Return the page on names, with the tables of what operations are called and of what languages keep."""
    rows = [
        [f"`{in_a_formula(row, row.params)}`", f"`{row.fragment.format(*row.params)}`", f"`{row.role}`" if row.role else ""]
        for row in ROWS.values()
        if not row.helper and (row.role or row.fragment != row.name + "".join(f"{{{i}}}" for i in range(row.arity)))
    ]  # fmt: skip
    kept = [[f"`{name}`", ", ".join(f"`{word}`" for word in sorted(target.reserved) if word[0] != "_")] for name, target in TARGETS.items() if target.reserved]  # fmt: skip
    lines = [
        "A stage of another operation is called by the operation's own name and its operands' names, `sinx`.",
        "",
        *_table(("operation", "in full", "by what it is"), rows),
        "",
        "Names that a module keeps for itself, so that an input of that name gets an underscore behind it, and a result of that name is refused; and",
        "those of helpers, which begin with an underscore:",
        "",
        *_table(("--target", "names"), kept),
    ]
    return put("\n".join(lines), (FOLDER / "names.md").read_text("utf-8"), "tables")


def _counted(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def limits() -> str:
    """Return the page on limits, with the table of those that are numbers."""
    each, more = BRANCHED
    found: Mapping[str, int | str] = {
        "characters of a formula": MAX_LENGTH,
        "characters of a program": MAX_PROGRAM,
        "operations of either": MAX_OPERATIONS,
        "brackets, signs and powers of powers in each other (brackets that hold nothing but brackets do not count)": MAX_NESTING,
        "characters of a number": MAX_DIGITS,
        "characters of a name": LONGEST_NAME,
        "terms of a series": MAX_TERMS,
        "parts of all series and compositions of a formula, written out": MAX_NODES,
        "order of a polygamma": MAX_ORDER,
        "stages of all branches together": f"{each} for each operation, and {_counted(more)}",
        "branches that the lines of a function stand in, each counted with those around it": MAX_BRANCHES,
        "operations of a module's lines, each line counted as three more and each number in a Jacobian's rows as one; not of SymPy expressions": MAX_WRITTEN,
        "bytes of a generated file that is read": LARGEST,
        "parts of a SymPy expression that stands in the header as text": MAX_PARTS,
        "functions that a program declares": MAX_FUNCTIONS,
        "statements of a Python function, its loops unrolled": MAX_STATEMENTS,
        "`if`, `for` and `while` in each other, in all functions together": MAX_DEPTH,
        "calls of functions in each other": MAX_CALLS,
        "`for` in each other in comprehensions": MAX_NESTED,
        "values of a sequence, with those in it": MAX_HELD,
        "sequences in each other": MAX_DEEP,
        "values put into sequences, all together": MAX_MADE,
        "files read for one Python function": MAX_FILES,
        "characters of these together": MAX_CHARACTERS,
    }  # fmt: skip
    rows = [[what, _counted(most) if isinstance(most, int) else most] for what, most in found.items()]  # fmt: skip
    return put("\n".join(_table(("limit", "at most"), rows)), (FOLDER / "limits.md").read_text("utf-8"), "table")  # fmt: skip


#: What rooms of adapters hand to callers; rooms and methods that serve others.
_HANDED = ("objective", "residuals", "model", "system", "function", "fit", "Fit", "FitError")  # fmt: skip
_INNER = ("given", "rows", "levenberg", "runner", "release", "tracer")

PAGES: Mapping[str, Callable[[], str]] = {
    "operations": operations,
    "options": options,
    "languages": languages,
    "api": api,
    "names": names,
    "limits": limits,
}


def main() -> None:
    """Write the pages of today."""
    for topic, text in PAGES.items():
        (FOLDER / f"{topic}.md").write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
