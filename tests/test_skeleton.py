"""A module that holds anything more than it may is noticed, whatever made it so."""

from __future__ import annotations

import ast

import pytest

from gradgen import syntax
from gradgen.errors import GradgenError
from gradgen.pipeline import compile
from gradgen.targets import PYTHON
from gradgen.write import module
from gradgen.write.python import skeleton
from gradgen.write.python.aside import set_aside
from gradgen.write.python.skeleton import check_skeleton
from gradgen.write.templates import helpers

SOURCE = compile("x*digamma(y)").source
SIGNATURES = {
    "forward": "x: float, y: float",
    "backward": "cache: tuple[float, ...], df: float=1.0",
}


def check(text: str) -> None:
    check_skeleton(text, ["import math"], helpers(PYTHON), SIGNATURES)


def test_a_generated_module_passes() -> None:
    check(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import math\n", "import math\nimport os\n"),
        ("import math\n", "import math as m\n"),
        ("import math\n", "from math import *\n"),
        ("import math\n", "import math\nprint()\n"),
        ("import math\n", "import math\nx = 1\n"),
        ("import math\n", "import math; exec('1')\n"),
        ("def forward", "@print\ndef forward"),
        ("def forward", "class A: pass\n\n\ndef forward"),
        ("def forward", "def helper() -> None:\n    pass\n\n\ndef forward"),
        ("def forward(x: float, y: float)", "def forward(x: float, y: float = 1.0)"),
        ("def forward(x: float, y: float)", "def forward(y: float, x: float)"),
        ("def forward(x: float, y: float)", "def forward(x: float, y: float, *a: float)"),
        ("def forward(", "async def forward("),
        ("result = 0.0", "result = 1.0"),
        ("    f = x * digammay", "    f = x * digammay; print()"),
        ("    f = x * digammay", "    f = x * digammay\n    print()"),
        ("    f = x * digammay", "    f = print(x)"),
        ("    f = x * digammay", "    f = x * math.__dict__"),
        ("    f = x * digammay", "    f = x * digammay.real"),
        ("    f = x * digammay", "    f = 'x'"),
        ("    f = x * digammay", "    f = [x for x in (1.0,)]"),
        ("    f = x * digammay", "    f = (lambda: 1.0)()"),
        ("    f = x * digammay", "    math.pi = x * digammay"),
        ("    f = x * digammay", "    f = x * other"),
        ("    f = x * digammay", "    if other:\n        f = x * digammay"),
        ("    f = x * digammay", "    if x:\n        f = other"),
        ("    f = x * digammay", "    if x:\n        print()"),
        ("    f = x * digammay", "    if x:\n        return x\n    f = x * digammay"),
        ("    f = x * digammay", "    if x:\n        f = 1.0\n    else:\n        import os"),
        ("    f = x * digammay", "    while x:\n        f = x * digammay"),
        ("    f = x * digammay", "    f = (g := x)"),
        ("    f = x * digammay", "    f = max(x, key=y)"),
        ("    f = x * digammay", "    return x\n    f = x * digammay"),
        ("    f = x * digammay", "    f = x \\\n    f = x * digammay"),
        ("    f = x * digammay", "    f = (\n    f = x * digammay"),
        ("    f = x * digammay", "  f = x\n    f = x * digammay"),
        ("    f = x * digammay", "\n\nf = 1\n    f = x * digammay"),
        ("def backward", "def backwards"),
        ('"""f(x, y)', 'print()\n"""f(x, y)'),
    ],
)  # fmt: skip
def test_anything_more_is_refused(old: str, new: str) -> None:
    assert old in SOURCE
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check(SOURCE.replace(old, new, 1))


def test_both_functions_are_needed_once() -> None:
    for text in (
        SOURCE.partition("\n\n\ndef backward")[0] + "\n",
        SOURCE + SOURCE.partition("\n\n\n")[2],
        "",
        "x = (",
        "\0",
    ):
        with pytest.raises(GradgenError):
            check(text)


def written_out(formula: str) -> str:
    """Return a module that calls no helper for what it has often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_OFTEN", 1000)
        return compile(formula, proof=False).source


BROKEN = written_out("logsumexp(x, y, z, u, v)")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    ) * df", "    ) * other"),
        ("    ) * df", "    ); print()"),
        ("    ) * df", "    )\n    print()"),
        ("    ) * df", "    )\n        * df"),
        ("    ) * df", "    ) * [df][0]"),
        ("    ) * df", "    ) * (lambda: df)()"),
        ("    ) * df", "    ) * (df"),
        ("        if logaddexpz", "        if x := logaddexpz"),
        ("        else math.exp(", "        else math.__exp("),
        ("        else math.exp(", "        else exec("),
        ("        else math.exp(", "        #\n        else print("),
        ("        else math.exp(", "        else 'x'.join("),
        ("    # logaddexp\n", "    # logaddexp\r    print()\n"),
        ("    ) * df", "    # ) * df"),
    ],
)
def test_anything_more_in_a_broken_line_is_refused(old: str, new: str) -> None:
    check_broken(BROKEN)
    assert old in BROKEN
    with pytest.raises(GradgenError, match="is not what a generated module must be"):
        check_broken(BROKEN.replace(old, new, 1))


def check_broken(text: str) -> None:
    signatures = {
        "forward": ", ".join(f"{name}: float" for name in "uvxyz"),
        "backward": SIGNATURES["backward"],
    }
    check_skeleton(text, ["import math"], {}, signatures)


def test_lines_of_one_kind_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree of a large module takes a hundred times the memory of its text."""
    parse = syntax.parse_python
    read = 0

    def counted(text: str) -> ast.Module:
        nonlocal read
        read += len(text.splitlines())
        return parse(text)

    monkeypatch.setattr(skeleton, "parse_python", counted)
    lines = []
    for count in (40, 80):
        names = [f"x{i}" for i in range(10, 10 + count)]
        read = 0
        text = written_out(f"logsumexp({', '.join(names)}) + pass_")
        lines.append((len(text.splitlines()), read))
    (before, few), (after, many) = lines
    # The lists of names, which are one tuple each, are read as they are.
    assert many - few < (after - before) / 3


@pytest.mark.parametrize("name", ["é", "xé", "éx", "变量", "x"])
def test_an_assignment_is_set_aside_as_a_whole_or_not_at_all(name: str) -> None:
    """Also where it begins with letters of other kinds than it goes on with."""
    names = [f"{name}{i}" * 9 for i in range(4)]
    text = compile(f"logsumexp({', '.join(names)}, u) + u*exp(u)", proof=False).source
    short, runs, _ = set_aside(text)
    assert "\n    pass\n" in short
    for run in runs:
        syntax.parse_python("if True:\n" + run.text)
    syntax.parse_python(short)
