"""Values of which some are no numbers in; what Python says of them by `is`, `==`, `in` and `isinstance`, where that is known, out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from gradgen.errors import GradgenError
from gradgen.read.python.arrays.places import places_in
from gradgen.read.python.flow.conditions import both, either
from gradgen.read.python.terms.cells import Cells
from gradgen.read.python.terms.rows import HELD, constant, row_of
from gradgen.read.python.terms.subscripts import same
from gradgen.read.python.terms.value import Value, denied, equality, truth

Fail = Callable[[str, ast.AST], GradgenError]
#: What no number and no condition is ever an instance of.
NEVER = ("str", "list", "tuple", "dict", "set")
#: The types that `isinstance` may name.
_ABSTRACT = ("numbers.Number", "numbers.Complex", "numbers.Real")
_TYPES = (*(f"builtins.{n}" for n in (*NEVER, "bool", "int", "float", "complex")), "numpy.ndarray", *_ABSTRACT)  # fmt: skip


#: What a sequence of whatever kind may be an instance of.
_SEQUENCES = ("list", "tuple", "ndarray", "set", "dict")

#: Types of packages' own; no float is one.
FOREIGN = frozenset("""
    astropy.units.Quantity astropy.units.quantity.Quantity decimal.Decimal fractions.Fraction numpy.matrix
    numpy.ma.MaskedArray pandas.DataFrame pandas.Series sympy.Basic sympy.Expr sympy.Symbol torch.Tensor
    pandas.DatetimeIndex pandas.Index pandas.Timedelta pandas.TimedeltaIndex pandas.Timestamp datetime.date datetime.datetime
    datetime.time datetime.timedelta xarray.DataArray xarray.Dataset pint.Quantity uncertainties.UFloat dask.array.Array
    mpmath.mpf mpmath.mpc scipy.sparse.spmatrix astropy.time.Time numpy.datetime64 numpy.timedelta64
    numpy.polynomial.Polynomial numpy.polynomial.polynomial.Polynomial
    """.split())  # noqa: SIM905 # fmt: skip


def compared(
    node: ast.Compare, operands: list[Value], fail: Fail, cells: Cells
) -> Value | None:
    """Return what a comparison comes to; None where it is one of numbers, or has no place."""
    op, left, *others = node.ops[0], *operands
    if len(node.ops) > 1:
        return None
    if isinstance(op, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        pair = (left, others[0])
        of = next((each.absent for each in pair if each.absent is not None), None)
        if of is not None and any(each.is_none for each in pair):
            return of if isinstance(op, (ast.Is, ast.Eq)) else denied(of)
        if of is not None:
            return _unless(pair, node, fail)
        same = _same(left, others[0], node, fail, cells)
        wanted = isinstance(op, (ast.Is, ast.Eq))
        return None if same is None else truth(same is wanted)
    if not isinstance(op, (ast.In, ast.NotIn)):
        return None
    if any(each.absent is not None for each in operands):
        raise fail("a value that may be None is compared here; ask `is None` above", node)  # fmt: skip
    found = _within(node, left, others, fail, cells)
    if found is None or isinstance(op, ast.In):
        return found
    return (
        truth(not found.truth)
        if found.truth is not None
        else Value(f"not ({found.text})", condition=True)
    )


def _unless(pair: tuple[Value, Value], node: ast.Compare, fail: Fail) -> Value:
    """Return whether two values are equal of which one may be None, which is equal to no number."""
    plain = all(each.is_number for each in pair) and any(each.absent is None for each in pair)  # fmt: skip
    if not plain or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        raise fail("a value that may be None is compared here; ask `is None` above", node)  # fmt: skip
    absent = next(each.absent for each in pair if each.absent is not None)
    found = both(denied(absent), equality(*pair))
    return found if isinstance(node.ops[0], ast.Eq) else denied(found)


def _same(
    one: Value, other: Value, node: ast.Compare, fail: Fail, cells: Cells
) -> bool | None:
    """Return whether two values are the same; None where both are numbers, or that is not known."""
    rows = [row for row in map(row_of, (one, other)) if row is not None]
    identical = isinstance(node.ops[0], (ast.Is, ast.IsNot))
    if not identical and any(row.is_object for row in rows):
        raise fail(HELD, node)
    if not identical and any(row.kind in ("array", "sequence") for row in rows):
        return None
    if len(rows) == 2:
        found = None if identical else same(one, other, cells)
        if found is None:
            raise fail("whether these are equal depends on numbers here; compare them one by one", node)  # fmt: skip
        return found
    if not identical and any(places_in(each) is not None for each in (one, other)):
        return None
    if one.known is not None and other.known is not None:
        known = one.known.value, other.known.value
        return type(known[0]) is type(known[1]) and known[0] == known[1]
    if one.truth is not None and other.truth is not None:
        return one.truth is other.truth
    if one.known is None and other.known is None:
        return None
    known_, rest = (one, other) if one.known is not None else (other, one)
    text = known_.known.value if known_.known is not None else None
    if isinstance(text, str) and rest.is_number:
        raise fail(
            f"a number is compared with text here; say which text `{rest.text}` is by --const {rest.text}={text}",
            node,
        )
    return False


def _within(
    node: ast.Compare, left: Value, others: list[Value], fail: Fail, cells: Cells
) -> Value | None:
    """Return whether a value is one of those that are listed, or a text is part of another."""
    among = row_of(others[0]) if len(others) == 1 else None
    if among is not None and among.kind == "record":
        raise fail(HELD, node)
    if among is not None:
        others = (
            [*map(constant, among.keys)] if among.kind == "dict" else [*among.items]
        )
        if among.kind == "array":
            return None
    elif not isinstance(node.comparators[0], (ast.Tuple, ast.List, ast.Set)):
        known = [each.known and each.known.value for each in (left, others[0])]
        part, whole = known
        if isinstance(part, str) and isinstance(whole, str):
            return truth(part in whole)
        return None
    if left.is_number and all(each.is_number for each in others):
        found = truth(False)
        for each in others:
            found = either(found, equality(left, each))
        return found
    same = [_same(left, each, node, fail, cells) for each in others]
    if True in same:
        return truth(True)
    return None if None in same else truth(False)


def is_instance(value: Value, path: str, inputs: Collection[str]) -> bool | None:
    """Return whether a value is of a type; None where that depends on who calls."""
    name = path.removeprefix("builtins.")
    if path not in _TYPES or value.absent is not None:
        return None
    name = "ndarray" if name == "numpy.ndarray" else name
    row = row_of(value)
    if row is not None:
        if row.kind in ("iterator", "sequence", "record"):
            return None if name in _SEQUENCES else False
        return name == ("ndarray" if row.kind == "array" else row.kind)
    if places_in(value) is not None:
        return None
    if value.known is not None:
        return isinstance(value.known.value, str) and name == "str"
    if value.condition:
        return name in ("bool", "int", *_ABSTRACT)
    if name in (*NEVER, "ndarray", "bool", "complex"):
        return False
    if value.index:
        return name in ("int", *_ABSTRACT)
    if name in _ABSTRACT:
        return True
    # A caller gives floats.
    return None if name == "int" or value.text not in inputs else name == "float"
