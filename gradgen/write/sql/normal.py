"""A program in; what the sums of its slopes over rows are called, and those of the normal equations of least squares, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

from gradgen.core.program import Program
from gradgen.errors import GradgenError
from gradgen.write.sql.names import KEYWORDS, RESULTS, keys
from gradgen.write.target import Target


def _free(names: Sequence[str], program: Program, by: Sequence[str]) -> list[str]:
    """Return names that neither case nor anything else of a program's takes for another."""
    taken = {*KEYWORDS, *RESULTS}
    others = (*program.names.values(), *program.adjoints.values())
    taken |= {n.casefold() for n in (*others, *keys(program, by).values())}
    found = []
    for name in names:
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        found.append(name)
    return found


def slopes_of(program: Program, by: Sequence[str] = ()) -> Sequence[Sequence[str]]:
    """Return what the slopes of each result are called: as in a gradient of one, as in a Jacobian of several."""
    names = program.names
    if len(program.outputs) == 1:
        return [[program.adjoints[i] for i in program.wrt]]
    width = len(program.wrt)
    found = _free(
        [f"d{names[v]}_d{names[i]}" for _, v in program.outputs for i in program.wrt],
        program,
        by,
    )
    return [found[r * width : (r + 1) * width] for r in range(len(program.outputs))]


def normal_of(
    program: Program, by: Sequence[str] = ()
) -> tuple[str, Sequence[str], Sequence[str]]:
    """Return what the sum of the squares is called, J'r, and the upper triangle of J'J, row by row."""
    names = [program.names[i] for i in program.wrt]
    pairs = combinations_with_replacement(names, 2)
    wanted = ["squares", *(f"jtr_{n}" for n in names), *(f"jtj_{a}_{b}" for a, b in pairs)]  # fmt: skip
    squares, *rest = _free(wanted, program, by)
    return squares, rest[: len(names)], rest[len(names) :]


def check_normal(program: Program, target: Target) -> None:
    """Refuse what is to be fitted and has no parameter.

    Raises:
        GradgenError: it is.
    """
    if target.normal and not program.wrt:
        raise GradgenError(
            'gauss_newton is by the parameters, and there are none: name the inputs that are columns, as in --rows "x, y"'
        )


def normal_sums(
    program: Program, slopes: Sequence[Sequence[str]], target: Target
) -> Iterator[str]:
    """Yield the texts of what is added up over rows for the normal equations, in the order of `normal_of`.

    Args:
        program: the program, each result of which is a residual.
        slopes: the texts of the slopes of each, empty where one is 0.
        target: the language.
    """
    called, zero = target.called or str, target.language.digits(0.0)
    results = [called(program.names[value]) for _, value in program.outputs]
    columns = [[row[place] for row in slopes] for place in range(len(program.wrt))]
    products = [(results, results)]
    products += [(results, column) for column in columns]
    products += combinations_with_replacement(columns, 2)
    for one, other in products:
        terms = [f"{a} * {b}" for a, b in zip(one, other) if a and b]
        yield " + ".join(terms) or zero
