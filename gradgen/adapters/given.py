"""A compiled formula and some of its inputs in; the same formula as a module of a library's arrays, by the other inputs, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradgen.compiled import Compiled
from gradgen.errors import GradgenError
from gradgen.over_rows import adds_rows
from gradgen.pipeline import regenerate


def of_arrays(
    compiled: Compiled,
    target: str,
    wrt: Sequence[str],
    extras: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> Compiled:
    """Return a formula compiled again for a library's arrays, where what raised is nan.

    Args:
        compiled: the formula, in any language.
        target: the language of the library.
        wrt: the inputs whose gradient `backward` returns, in this order.
        extras: what the module has beside `forward` and `backward`.
        rows: the inputs that stay columns of data, of one shape, beside numbers; without, inputs are of any shapes.

    Raises:
        GradgenError: the library lacks a function, or the formula is not written down in its recipe, or adds up rows where there are none.
    """
    adds = adds_rows(compiled.program)
    if adds and not rows and not compiled.recipe.reduce:
        raise GradgenError(
            f"{adds} is over all rows of data, and here the formula is of one row; write what it adds up alone"
        )
    recipe = replace(
        compiled.recipe,
        target=target,
        wrt=tuple(wrt),
        with_=tuple(extras),
        cache="tuple",
        ieee=False,
        strict=False,
        rows=tuple(rows),
        custom_templates=False,
        tests="",
    )
    # Slopes that were asked for are proven already.
    known = compiled.recipe.wrt or compiled.program.inputs
    return regenerate(recipe, proof=not {*wrt} <= {*known})


def free(compiled: Compiled, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the inputs that are not given, in the order of the signature.

    Raises:
        GradgenError: something is given that is no input, or has no value; or nothing is left.
    """
    names = compiled.program.inputs
    for name, value in given.items():
        if name not in names:
            raise GradgenError(
                f"no input is called `{name}`; the inputs are {', '.join(names) or '(none)'}"
            )
        if value is None:
            raise GradgenError(f"`{name}` is given as None, which is no number")
    left = tuple(name for name in names if name not in given)
    if not left:
        raise GradgenError("every input is given; leave out those that are to vary")
    return left


@dataclass(frozen=True)
class Given:
    """A formula of which some inputs are given.

    Attributes:
        names: all inputs, in the order of the signature.
        columns: those that every call gives first.
        parameters: those that vary.
        fixed: the values of the others.
        results: the names of the results.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    parameters: tuple[str, ...]
    fixed: Mapping[str, Any]
    results: tuple[str, ...]

    def inputs(
        self, parameters: Sequence[Any], columns: Sequence[Any] = ()
    ) -> list[Any]:
        """Return all inputs in the order of the signature.

        Raises:
            GradgenError: there are more or fewer parameters.
        """
        if len(parameters) != len(self.parameters):
            raise GradgenError(
                f"there are {len(parameters)} values for {', '.join(self.parameters)}"
            )
        known = {
            **self.fixed,
            **dict(zip(self.columns, columns, strict=True)),
            **dict(zip(self.parameters, parameters)),
        }
        return [known[name] for name in self.names]


def bind(
    compiled: Compiled, given: Mapping[str, Any], columns: Sequence[str] = ()
) -> Given:
    """Return a formula with some inputs given: the parameters are those of `wrt`, else all that are left, in that order.

    Args:
        compiled: the formula.
        given: values by the names of inputs. One that neither `wrt` nor anything else names has its default.
        columns: the inputs that every call gives anew, and that are no parameters.

    Raises:
        GradgenError: a name is no input, or there is no value for an input, or no parameter.
    """
    program = compiled.program
    for name in columns:
        if name in given or columns.count(name) > 1:
            raise GradgenError(f"`{name}` is given twice")
    left = free(compiled, {**dict.fromkeys(columns, 0.0), **given})
    parameters = tuple(n for n in compiled.recipe.wrt or left if n in left)
    fixed = {**dict(compiled.recipe.defaults), **given}
    for name in left:
        if name not in parameters and name not in fixed:
            raise GradgenError(
                f"`{name}` has no value, and is no parameter, as `wrt` leaves it out; give it by its name"
            )
    if not parameters:
        raise GradgenError("every parameter is given; leave out those that are to vary")
    results = tuple(name for name, _ in program.outputs)
    return Given(program.inputs, tuple(columns), parameters, fixed, results)


def only_result(compiled: Compiled, what: str) -> None:
    """Refuse a formula of several results.

    Raises:
        GradgenError: there are several.
    """
    results = [name for name, _ in compiled.program.outputs]
    if len(results) > 1:
        raise GradgenError(
            f"{what} is of one result, and there are {', '.join(results)}; compile it with one of them in `outputs`"
        )
