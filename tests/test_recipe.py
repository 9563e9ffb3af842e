"""A header says all that is needed to make the file again, and nothing else."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields

import pytest

from gradgen.errors import GradgenError
from gradgen.files.recipe import MARKER, Recipe, digest, read_artifact
from gradgen.options import read_request
from gradgen.pipeline import compile, regenerate
from gradgen.settings import GIVEN, RECORDED, Request

OPTIONS: list[dict[str, object]] = [
    {},
    {"name": "loss"},
    {"inputs": "y, x, unused"},
    {"wrt": "y"},
    {"wrt": ""},
    {"as_written": True},
    {"precise": True},
    {"ieee": True},
    {"strict": True},
    {"target": "scipy"},
    {"name": "h", "target": "scipy", "precise": True, "wrt": "x"},
    {"name": "g", "inputs": "y, x", "wrt": "y, x", "as_written": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option_survives_the_header(options: dict[str, object]) -> None:
    compiled = compile("x/(1 + exp(-y))", **options)  # type: ignore[arg-type]
    found = read_artifact(compiled.source)
    assert found is not None and found.intact
    assert found.recipe == compiled.recipe
    assert regenerate(found.recipe).source == compiled.source


def test_the_header_is_plain() -> None:
    lines = compile("x*y", name="g", wrt="x").source.splitlines()
    assert lines[:4] == [MARKER, "# source: x*y", "# name: g", "# wrt: x"]
    assert lines[4].startswith("# digest: ") and len(lines[4]) == 26


def test_defaults_are_left_out() -> None:
    header = Recipe("x").header("")
    assert header == f"{MARKER}\n# source: x\n# digest: {digest('')}\n"
    found = read_artifact(header)
    assert found is not None and found.recipe == Recipe("x")


def test_one_line_per_item_whatever_the_text() -> None:
    assert compile("x\n + y\t*z").source.splitlines()[1] == "# source: x  + y *z"


def test_any_edit_of_the_body_shows() -> None:
    text = compile("x*y").source
    body = text.index('"""')
    for at in range(body, len(text), 7):
        found = read_artifact(
            text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        )
        assert found is not None and not found.intact


def test_foreign_and_damaged_files() -> None:
    assert read_artifact("") is None
    assert read_artifact("import math\n") is None
    for damaged in (
        MARKER,
        f"{MARKER}\n# source: x\n",
        f"{MARKER}\n# digest: 0\n",
        f"{MARKER}\n# source: x\n# exec: y\n# digest: 0\n",
    ):
        with pytest.raises(GradgenError, match="damaged"):
            read_artifact(damaged)


def test_a_recipe_never_runs_a_template_that_it_names() -> None:
    with pytest.raises(GradgenError, match="--templates"):
        regenerate(Recipe("x", custom_templates=True))


def test_digest() -> None:
    assert digest("") == "e3b0c44298fc1c14"


def test_options_are_told_once() -> None:
    """What Python takes is what there is; all else is made of that."""
    asked = {option.name for option in fields(Request)}
    assert asked == {*inspect.signature(compile).parameters} - {"source"}
    assert {*RECORDED} - {*GIVEN} == {"defaults"}  # which a function's signature says
    assert {*GIVEN} - {*RECORDED} == {"params", "const"}  # which go into the formula
    given = {n: p.default for n, p in inspect.signature(compile).parameters.items()}
    del given["source"]
    request = read_request(**given)
    assert request == Request()
    with pytest.raises(FrozenInstanceError):
        request.name = "g"  # type: ignore[misc]
