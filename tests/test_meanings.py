"""What inputs and results mean stands where callers ask for it, whoever said it and however, and survives being made again."""

from __future__ import annotations

import ast
import inspect
import math
from pathlib import Path

import pytest

import gradgen
from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.recipe import MARKER, read_artifact
from gradgen.pipeline import Compiled, compile, regenerate
from gradgen.sources import compile_function

PROGRAM = '''"""Level of a drug."""
inputs: t,  # time [h]
        a   # dose [mg]
inputs: k, V
decay = exp(-k*t)
level = a/V*decay  # concentration [mg/l]'''


def docs(compiled: Compiled, function: str = "forward") -> str:
    """Return a function's docstring without its first line, and prove that the header makes the module again."""
    found = read_artifact(compiled.source)
    assert found is not None and found.intact
    assert regenerate(found.recipe).source == compiled.source
    tree = ast.parse(compiled.source)
    (node,) = (n for n in tree.body if getattr(n, "name", "") == function)
    assert isinstance(node, ast.FunctionDef)
    return (ast.get_docstring(node) or "").partition("\n\n")[2]


def test_a_program_says_what_its_inputs_and_results_are() -> None:
    compiled = compile(PROGRAM)
    assert compiled.program.inputs == ("t", "a", "k", "V")
    args = "Args:\n    t: time [h]\n    a: dose [mg]"
    assert docs(compiled) == f"{args}\n\nReturns:\n    level: concentration [mg/l]"
    returns = "Returns:\n    dt: by t, time [h]\n    da: by a, dose [mg]"
    assert docs(compiled, "backward") == f"In this order: by t, a, k, V.\n\n{returns}"
    assert "\n#     inputs: a  # dose [mg]\n#     inputs: k, V\n" in compiled.source
    # The list of inputs says the order; an option goes before it.
    assert compile(PROGRAM, inputs="V, a, k, t").program.inputs[0] == "V"
    assert compile(PROGRAM, params="t").program.inputs == ("a", "k", "V", "t")
    assert compile(PROGRAM, wrt="V").value_and_grad(0.0, 2.0, 1.0, 2.0)[1] == (-0.5,)


def test_what_has_one_meaning_is_listed_together() -> None:
    compiled = compile("inputs: x, y # place [m]\ninputs: z # height [m]\nx*y*z")
    assert docs(compiled) == "Args:\n    x, y: place [m]\n    z: height [m]"
    returns = "Returns:\n    dx, dy: by x, y, place [m]\n    dz: by z, height [m]"
    assert docs(compiled, "backward").endswith(returns)


def test_nothing_is_listed_where_nobody_said_anything() -> None:
    for text in ("x*y", "inputs: x, y\nu = x*y", "p = x*y # beside\nu = p*p"):
        compiled = compile(text)
        assert docs(compiled) == "" and "Returns:" not in compiled.source


def test_inputs_may_have_the_names_of_constants() -> None:
    assert compile("inputs: E, pi\nE*pi").value_and_grad(2.0, 3.0)[1] == (3.0, 2.0)
    assert compile("inputs: x; x**2").forward(3.0)[0] == 9.0
    first = compile("u = a*b\ninputs: b, x # the two\na = x + 1")
    assert first.program.inputs == ("b", "x") and first.forward(2.0, 3.0)[0] == 8.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inputs: x, y+1\nu = x", "line 1: inputs are listed by their names alone"),
        ("inputs: x,\nu = x", "line 2: inputs are listed by their names alone"),
        ("inputs:\nu = x", "line 1: inputs are listed by their names alone"),
        ("inputs: x\ninputs: x\nu = x", "line 2: `x` is listed twice"),
        ("inputs: x\nx = 3\nu = x", "line 2: `x` is an input; it cannot be assigned"),
        ("inputs: for\nu = 3", "line 1: the input `for` is a Python keyword"),
        ("inputs: x # a\ninputs: y # b", "the program has no statement"),
        ("inputs: x\nu = x*y", "`y` is used but not among the inputs x"),
    ],
)
def test_lists_of_anything_else_are_refused(text: str, message: str) -> None:
    with pytest.raises(GradgenError) as error:
        compile(text)
    assert message in str(error.value)


def test_an_option_says_it_too_and_goes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "level.py"
    ask = ["compile", PROGRAM, "--doc", "V: volume: all of it [l]", "--doc", "t: time  [s]", "-o", str(path)]  # fmt: skip
    assert main(ask) == 0
    text = path.read_text()
    assert "# doc:\n#     V: volume: all of it [l]\n#     t: time [s]\n# digest" in text
    made = compile(PROGRAM, doc={"V": "volume: all of it [l]", "t": "time [s]"})
    assert made.source == text
    args = "t: time [s]\n    a: dose [mg]\n    V: volume: all of it [l]"
    assert docs(made).startswith(f"Args:\n    {args}\n\n")
    for command in (["check"], ["update"], ["verify"]):
        assert main([*command, str(path)]) == 0
    assert path.read_text() == text
    capsys.readouterr()
    for wrong, message in (
        (["--doc", "z: height"], "`z`, whose meaning is given, is no input and no result; these are t, a, k, V, level"),
        (["--doc", "t"], "`t` gives no meaning; write it as in --doc \"t: time [s]\""),
        (["--doc", "t: a", "--doc", "t: b"], "--doc gives two meanings for `t`"),
        (["--doc", "t: \x1b[2J"], "the meaning of `t` holds an invisible character"),
        (["--doc", "t: " + "x" * 401], "the meaning of `t` has more than 400 characters"),
    ):  # fmt: skip
        assert main(["compile", PROGRAM, *wrong]) == 2
        assert message in capsys.readouterr().err


def test_a_project_says_it_in_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = '[[tool.gradgen.modules]]\noutput = "m.py"\nsource = "a*t"\ntest = true\n'
    project = tmp_path / "pyproject.toml"
    monkeypatch.chdir(tmp_path)
    project.write_text(entry + 'doc = { t = "time [s]", f = "what is left" }\n')
    assert main(["build"]) == 0 == main(["build", "--check"]) == main(["check", "."])
    made = compile("a*t", doc={"t": "time [s]", "f": "what is left"})
    assert (tmp_path / "m.py").read_text() == made.source
    project.write_text(entry + "doc = { t = 3 }\n")
    capsys.readouterr()
    assert main(["build"]) == 2
    assert (
        'is not a table of texts, as in { t = "time [s]" }' in capsys.readouterr().err
    )


@pytest.mark.parametrize("target", ["c", "javascript"])
def test_other_languages_say_it_in_comments(target: str) -> None:
    compiled = compile(PROGRAM, target=target, doc={"a": "dose */ [mg]"})
    mark = {"c": "//", "javascript": " *"}[target]
    dose = {"c": "dose */ [mg]", "javascript": "dose *\\/ [mg]"}[target]
    args = f"{mark} Args:\n{mark}     t: time [h]\n{mark}     a: {dose}\n{mark}\n"
    assert args in compiled.source
    sets = {"c": "Sets", "javascript": "Returns"}[target]
    assert (
        f"{mark} {sets}:\n{mark}     level: concentration [mg/l]\n" in compiled.source
    )
    assert f"{mark}     da: by a, {dose}\n" in compiled.source
    found = read_artifact(compiled.source)
    assert found is not None and regenerate(found.recipe).source == compiled.source


def test_words_cannot_leave_a_docstring() -> None:
    doc = {"x": 'a """ and \\', "y": "\\N{DASH} '''", "f": '"""'}
    compiled = compile("x*y", doc=doc)
    for words in doc.values():
        assert f": {words}" in docs(compiled)
    assert compiled.value_and_grad(2.0, 3.0) == (6.0, (3.0, 2.0))


GOOGLE = '''
    """Level of a drug.

    Args:
        t (float): time since the dose [h].
        a: dose [mg],
            given at once
        other: nobody's.

    Returns:
        float: the concentration [mg/l].

    Raises:
        ValueError: never.
    """'''
NUMPY = '''
    """Level of a drug.

    Parameters
    ----------
    t : float
        Time since the dose [h].
    a, k : float, optional
        Dose [mg]
        and rate.

    Returns
    -------
    float
        The concentration [mg/l].
    """'''
SPHINX = '''
    """Level of a drug.

    :param t: time since the dose [h]
    :type t: float
    :param float a: dose [mg],
        given at once
    :return: the concentration [mg/l]
    :rtype: float
    """'''


#: Sections that say nothing to the caller of a module, in the style of each.
FURTHER = {
    GOOGLE: [
        "Example:\n        >>> level(1.0, 2.0, 3.0)\n        0.1",
        "References:\n        Somebody, 1979.",
        ">>> level(1.0, 2.0, 3.0)\n    0.1",
    ],
    NUMPY: [
        "Notes\n    -----\n    Beware of the dog.\n\n    Twice.",
        "Examples\n    --------\n    >>> level(1.0, 2.0, 3.0)\n    0.1",
        "References\n    ----------\n    .. [1] Somebody, 1979.",
        "See Also\n    --------\n    other : a function",
    ],
    SPHINX: [
        ".. figure:: level.png\n        :scale: 30 %",
        ".. [1] Somebody,\n        1979.",
        ".. plot:: level.py",
    ],
}


@pytest.mark.parametrize("docstring", FURTHER)
def test_further_sections_stay_with_the_function(docstring: str) -> None:
    body = "    decay = math.exp(-k*t)\n    return a*decay\n"
    head = "import math\ndef level(t, a, k):"
    plain = compile_function(f"{head}{docstring}\n{body}", "level").source
    for count in range(1, len(FURTHER[docstring]) + 1):
        more = "\n\n    ".join(FURTHER[docstring][:count])
        longer = docstring.removesuffix('"""').rstrip() + f'\n\n    {more}\n    """'
        longer = longer.replace("Level of a drug.", "Level of a drug [1]_.")
        assert compile_function(f"{head}{longer}\n{body}", "level").source == plain


@pytest.mark.parametrize(
    ("docstring", "args"),
    [
        (GOOGLE, ["t: time since the dose [h]", "a: dose [mg], given at once", "the concentration [mg/l]"]),
        (NUMPY, ["t: Time since the dose [h]", "a, k: Dose [mg] and rate", "The concentration [mg/l]"]),
        (SPHINX, ["t: time since the dose [h]", "a: dose [mg], given at once", "the concentration [mg/l]"]),
    ],
)  # fmt: skip
def test_a_functions_docstring_says_it(docstring: str, args: list[str]) -> None:
    body = "    decay = math.exp(-k*t)\n    return a*decay\n"
    text = f"import math\ndef level(t, a, k):{docstring}\n{body}"
    compiled = compile_function(text, "level")
    *inputs, result = args
    said = "\n    ".join(["Args:", *inputs])
    assert docs(compiled) == f"{said}\n\nReturns:\n    level: {result}"
    first = ast.get_docstring(ast.parse(compiled.source)) or ""
    assert first.startswith("Level of a drug.\n\nlevel of t, a, k:\n\n    decay = ")
    assert compiled.value_and_grad(0.0, 2.0, 1.0)[0] == 2.0
    # What the options say goes first, and what is no input or result is nobody's.
    other = compile_function(text, "level", doc={"a": "mass"}, const={"k": 1})
    assert "a: mass\n" in docs(other) and "k:" not in docs(other).replace("ask:", "")
    assert "decay: " not in docs(compile_function(text, "level", outputs="decay"))
    short = compile_function(f"def g(t):{docstring}\n    return t*t\n", "g", name="w")
    assert f"Returns:\n    w: {result}" in docs(short)


def test_several_results_are_told_apart() -> None:
    google = "Returns:\n        x: to the east [m]\n        y: to the north [m]"
    numpy = "Returns\n    -------\n    x : float\n        to the east [m]\n    y : float\n        to the north [m]"
    for said in (google, numpy):
        text = f'def hand(q):\n    """A hand.\n\n    {said}\n    """\n    x = q*q\n    y = q + 1\n    return x, y\n'
        wanted = "Returns:\n    x: to the east [m]\n    y: to the north [m]"
        assert docs(compile_function(text, "hand")) == wanted
    both = 'def hand(q):\n    """A hand.\n\n    :returns: both\n    """\n    return q*q, q + 1\n'
    assert docs(compile_function(both, "hand")) == ""


def test_a_decorated_function_keeps_its_meanings() -> None:
    @gradgen.differentiate(doc={"k": "rate [1/h]"})
    def level(t: float, k: float) -> float:
        """Decay.

        Args:
            t: time [h]
        """
        return math.exp(-k * t)

    compiled: Compiled = level
    assert docs(compiled) == "Args:\n    t: time [h]\n    k: rate [1/h]"
    assert "time [h]" in (inspect.getdoc(compiled.module.forward) or "")


@pytest.mark.parametrize(
    "lines",
    ["#     t", "#     t:", "#     2: time", "#     t: ", "#", "# doc: t: time", "#     t: time\n#\n#     a: dose"],
)  # fmt: skip
def test_damaged_lists_are_refused(lines: str) -> None:
    item = lines if lines.startswith("# doc") else f"# doc:\n{lines}"
    with pytest.raises(GradgenError, match="the header is damaged: .*doc"):
        read_artifact(f"{MARKER}\n# source: t*a\n{item}\n# digest: 0\n")
