"""A compiled formula and a point in; a page that explains it, in one file that asks for nothing else, out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from gradgen.core.program import Program
from gradgen.draw.svg import STYLE
from gradgen.errors import GradgenError
from gradgen.page.flow import Brought, Stage, backward, stages
from gradgen.page.formula import formula
from gradgen.page.live import LIVE, Live, chain_of, live
from gradgen.page.picture import Picture, are_taken, picture
from gradgen.page.source import Said, said
from gradgen.page.values import Evaluator, Values, evaluated
from gradgen.targets import PYTHON
from gradgen.trace import Trace
from gradgen.write.target import template_folder

if TYPE_CHECKING:
    from gradgen.compiled import Compiled

#: No page is larger, in bytes.
LARGEST = 150_000
_FORMULA = "the typeset formula"
#: Nobody reads an explanation of more inputs and stages.
MOST = 300


@dataclass(frozen=True)
class Row:
    """A line with its numbers.

    Attributes:
        place: its place.
        stage: what it says, of an input or a stage.
        value: its value; nothing where it is not evaluated.
        slope: the gradient of the first result by it; nothing where there is none.
    """

    place: int
    stage: Stage
    value: float | bool | None
    slope: float | None


@dataclass(frozen=True)
class View:
    """What the template shows.

    Attributes:
        title: the results as functions of the inputs.
        inputs: the inputs.
        wrt: the places of those whose gradient is asked for.
        differences: the central difference by each input.
        results: the results.
        seeds: the names of their upstream gradients.
        stages: the forward lines.
        lines: the backward lines, each with its local derivative, what it brings and what there is with that.
        source: the lines of the author's.
        typeset: the formula in MathML.
        circuit: the circuit.
        listing: the module in Python.
        missing: what there is no room for, in words.
        style: the page's style.
        script: its script, with the functions that it calls.
        allowed: the digest of that, by which a browser runs no other.
    """

    title: str
    inputs: tuple[Row, ...]
    wrt: frozenset[int]
    differences: tuple[float, ...]
    results: tuple[Row, ...]
    seeds: tuple[str, ...]
    stages: tuple[Row, ...]
    lines: tuple[tuple[Brought, Row, Row, tuple[float, float, float]], ...]
    source: tuple[Said, ...]
    typeset: Markup
    circuit: Picture
    listing: str
    missing: str
    style: Markup
    script: Markup
    allowed: str


def shown(value: float | bool | None) -> str:
    """Return a number in six digits, as the page's script does."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return str(value)
    return f"{value + 0.0:.6g}".replace("-", "\N{MINUS SIGN}")


def exact(value: float | bool | None) -> str:
    """Return a number in as many digits as tell it from all others."""
    return "" if value is None else repr(value).removesuffix(".0")


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder() / "page"),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: name is not None and ".html" in name,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"shown": shown, "exact": exact}
    return made


def page(compiled: Compiled, listing: str, given: Mapping[str, float]) -> str:
    """Return the page of a formula that was compiled for JavaScript.

    Args:
        compiled: the formula.
        listing: its module in the language of the reader's.
        given: the inputs that have values, by their names in the formula; all others get some.

    Raises:
        GradgenError: there is no value at the point, or more than a page can show.
    """
    program = compiled.program
    if len(program.names) > MOST:
        raise GradgenError(
            f"there are {len(program.names)} inputs and stages; a page explains at most {MOST}, as nobody would read more"
        )
    tracer = Trace(program, replace(PYTHON, ieee=True))  # where nothing raises
    values = evaluated(Evaluator(tracer), given)
    view = _view(compiled, values, listing)
    template = _environment().get_template("page.html.jinja")
    for smaller in (view, *_smaller(view)):
        text = template.render(page=smaller)
        if len(text.encode()) <= LARGEST:
            return text
    raise GradgenError(
        f"the page would have {len(text.encode())} bytes, and a page has at most {LARGEST}; explain parts of the formula"
    )


def _smaller(view: View) -> Iterator[View]:
    """Yield a view without some of what may be left out, which it says: the least that is missed first."""
    for typeset, circuit in (
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ):
        missing = ["the module"]
        kept = replace(view, listing="")
        if not typeset or not view.typeset:
            missing.append(_FORMULA)
            kept = replace(kept, typeset=Markup())
        if not circuit:
            missing.append("the circuit")
            kept = replace(kept, circuit=Picture("", 0.0))
        yield replace(kept, missing=" and ".join(missing))


def _view(compiled: Compiled, values: Values, listing: str) -> View:
    program = compiled.program
    found = stages(program)
    rows = (*_rows(found, values),)
    lines = backward(program, chain_of(program, LIVE))
    results = [rows[[*program.names].index(value)] for _, value in program.outputs]
    typeset = formula(program)
    script = _script(f"\n{rendered(live(program))}\n{_text('page.js')}")
    return View(
        title=_title(program),
        inputs=tuple(row for row in rows if row.stage.is_input),
        wrt=frozenset(program.wrt),
        differences=values.differences,
        results=tuple(results),
        seeds=tuple(row.stage.adjoint for row in results),
        stages=tuple(row for row in rows if not row.stage.is_input),
        lines=tuple(
            (line, rows[line.source], rows[line.into], numbers)
            for line, numbers in zip(lines, values.lines)
        ),
        source=said(program, compiled.recipe.source),
        typeset=Markup(typeset),
        circuit=picture(compiled, found, values),
        listing=listing,
        missing="" if typeset else _FORMULA,
        style=Markup(_text("page.css") + STYLE),
        script=script,
        allowed=b64encode(sha256(script.encode()).digest()).decode(),
    )


def rendered(functions: Live) -> str:
    """Return the text of the functions that a page calls."""
    return _environment().get_template("live.js.jinja").render(live=functions)


def _rows(found: Sequence[Stage], values: Values) -> Iterator[Row]:
    taken = are_taken(found, values)
    for place, stage in enumerate(found):
        value = values.values[place] if taken[place] else None
        moves = stage.moves and taken[place]
        yield Row(place, stage, value, values.slopes[place] if moves else None)


def _title(program: Program) -> str:
    names = program.names
    results = ", ".join(names[value] for _, value in program.outputs)
    inputs = ", ".join(names[value] for value in program.signature)
    several = len(program.outputs) > 1
    return f"{results} of {inputs}" if several else f"{results}({inputs})"


def _text(name: str) -> str:
    """Return a text that is no template."""
    environment = _environment()
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return source


def _script(text: str) -> Markup:
    """Return a script as it stands in a page: nothing in it ends the element that it is in."""
    assert not any(sign in text.lower() for sign in ("</", "<!--", "<script"))
    return Markup(text)
