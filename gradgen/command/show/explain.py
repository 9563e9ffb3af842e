"""A formula or a generated file, and a point, in; a page that explains it, printed or in a file, out."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradgen.command.formulas import ordered, read_point
from gradgen.command.show.draw import compiled_of, put
from gradgen.command.terminal import path_of, show_time
from gradgen.errors import GradgenError

if TYPE_CHECKING:
    from gradgen.compiled import Compiled


def explain(options: argparse.Namespace) -> int:
    """Write a page that explains a formula."""
    path = None if options.output in (None, "-") else path_of(options.output)
    if path is not None and path.suffix != ".html":
        raise GradgenError(f"a page is a file that ends in .html, and not `{options.output}`")  # fmt: skip
    compiled = compiled_of(options)
    inputs = compiled.program.inputs
    point = read_point(",".join(options.at or ()))
    ordered(
        {**dict.fromkeys(inputs, 0.0), **point}, inputs, "--at"
    )  # none is of another
    with show_time("explaining"):
        text = page_of(compiled, point)
    return put(path, text, options.force)


def page_of(compiled: Compiled, point: Mapping[str, float]) -> str:
    """Return the page of a formula, whatever it is compiled for.

    Args:
        compiled: the formula.
        point: the inputs' values; where there are none, they get some.

    Raises:
        GradgenError: it is over rows of data, or no formula that JavaScript has words for.
    """
    from gradgen.over_rows import is_over_rows
    from gradgen.page.page import page
    from gradgen.pipeline import regenerate

    recipe = compiled.recipe
    if is_over_rows(recipe, compiled.program):
        raise GradgenError("a page explains a formula of numbers, and this one is over rows of data")  # fmt: skip
    if compiled.imports:
        raise GradgenError(
            f"this calls functions of {', '.join(compiled.imports)}, which a page cannot carry"
        )
    plain = replace(recipe.of_numbers, ieee=False, target="javascript", with_=())
    plain = replace(plain, style="textbook", cache="tuple")
    try:
        made = regenerate(plain)
    except GradgenError as error:
        said = str(error).partition("; compile with")[0]
        raise GradgenError(
            f"the values on a page are worked out in JavaScript: {said}; `gradgen eval` and `gradgen draw` do without"
        ) from None
    listing = compiled.source if compiled.recipe.target == "python" else made.source
    given = {**dict(recipe.defaults), **point}
    return page(made, listing, given)
