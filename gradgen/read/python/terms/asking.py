"""A call that asks what a number is like in, or an attribute; the condition that says so, or what stands there, out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gradgen.read.python.arrays.places import places_in
from gradgen.read.python.bound import CALLEES, Dotted
from gradgen.read.python.terms.arrays import each, leaves_of, shape, turned
from gradgen.read.python.terms.builtin import Called
from gradgen.read.python.terms.rows import (
    BOXED,
    HELD,
    Attribute,
    Row,
    RowError,
    SizeError,
    cuts,
    literal,
    place_at,
    row_of,
)
from gradgen.read.python.terms.value import (
    COMPARISON,
    OR,
    SUM,
    Known,
    Value,
    index,
    number,
    truth,
)

if TYPE_CHECKING:
    from gradgen.read.python.values import Scope

_LARGEST = "1.7976931348623157e308"
#: What numbers of Python's and numpy's have by a name; no float has any other.
OF_NUMBERS = frozenset("""
    T all any argmax argmin argsort as_integer_ratio astype base byteswap choose clip compress conj conjugate copy cumprod
    cumsum data denominator device diagonal dtype dump dumps fill flags flat flatten fromhex from_number getfield hex imag is_integer
    item itemset itemsize max mean min nbytes ndim newbyteorder nonzero numerator prod ptp put ravel real repeat reshape resize
    round searchsorted setfield setflags shape size sort squeeze std strides sum swapaxes take to_device tobytes tofile tolist
    tostring trace transpose var view
    """.split())  # noqa: SIM905 # fmt: skip

#: What arrays have by a name; of some, only in some versions of numpy.
OF_ARRAYS = OF_NUMBERS - {"as_integer_ratio", "denominator", "from_number", "fromhex", "hex", "is_integer", "numerator"} | {"__getitem__", "__iter__", "__len__", "argpartition", "ctypes", "dot", "partition"}  # fmt: skip
_IN_SOME = ("device", "itemset", "mT", "newbyteorder", "ptp", "to_device", "tostring")
#: What Python makes sequences by; of one that a caller gives, what it may be beside an array.
_KINDS: Mapping[str, Sequence[Callable[[], object]]] = {
    "list": (list,), "tuple": (tuple,), "dict": (dict,), "set": (set,), "range": (partial(range, 0),), "sequence": (list, tuple)
}  # fmt: skip


def attribute(scope: Scope, name: str, value: Value) -> Value:
    """Return what an array says of itself by a name, or an object of a caller's holds."""
    row = row_of(value)
    if row is not None and row.kind == "record":
        return row.items[place_at(row, Attribute(name))]
    held = places_in(value)
    if name == "size" and held is not None and row is None:
        return held.count
    if value.is_number and row is None and name in ("real", "imag"):
        return value if name == "real" else index(0)
    # A parameter that is asked this is one of numpy's numbers: Python's own have no shape.
    plain = value.is_number and scope.constants.draft.first(value.text) in scope.constants.inputs  # fmt: skip
    if not plain and (row is None or row.kind not in ("array", "sequence")):
        raise RowError("only what modules hold is read with a dot")
    if name == "T":
        return turned(scope, value)
    sizes = [number(size) for size in shape(value)]
    leaves = leaves_of(value)
    of = leaves[0].text if leaves else ""
    found = {
        "shape": Row("tuple", (*sizes,), sizes_of=of).value,
        "ndim": number(len(sizes)),
    }
    found["size"] = number(len(leaves))
    if name == "dtype" and (row is None or (row.kind == "array" and not cuts(row))):  # fmt: skip
        return Value("", known=Known(Dotted("numpy.float64")))
    if name not in found and plain and name not in OF_ARRAYS:
        error = SizeError("only an object is asked for an attribute of its own", value)
        error.key = Attribute(name)
        raise error
    if name not in found:
        raise RowError(f"`{name}` of an array is not read")
    return found[name]


def _alone(test: Callable[[Value], Value]) -> Called:
    """Return what is asked of one number; of an array of each."""

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        if len(args) != 1 or named:
            raise RowError(f"this takes 1 argument, not {len(args) + len(named)}")
        row = row_of(args[0])
        if row is None:
            return test(_number(args[0]))
        return each(scope, args, lambda at: test(_number(at[0])))

    return called


def _number(value: Value) -> Value:
    if value.known is not None:
        raise RowError(value.known.refusal)
    if value.condition:
        raise RowError("a comparison is not a number; choose by it, as in `1.0 if x > 0 else 0.0`")  # fmt: skip
    return value


def _is_nan(value: Value) -> Value:
    if literal(value) is not None:
        return truth(False)
    return Value(f"{value.inside(SUM)} != {value.inside(SUM)}", COMPARISON, condition=True)  # fmt: skip


def _is_infinite(value: Value) -> Value:
    if literal(value) is not None:
        return truth(False)
    return Value(f"abs({value.text}) > {_LARGEST}", COMPARISON, condition=True)


def _is_finite(value: Value) -> Value:
    if literal(value) is not None:
        return truth(True)
    return Value(f"abs({value.text}) <= {_LARGEST}", COMPARISON, condition=True)


def _absolute(test: Callable[[Value], Value]) -> Called:
    inner = _alone(test)

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value | None:  # fmt: skip
        scope.constants.called.add("abs")
        return inner(scope, args, named)

    return called


def _close(relative: str, absolute: str, largest: bool) -> Called:
    """Return whether numbers are near each other, as `math` says it, by the larger one, or as numpy does, by the second."""
    names = ("rel_tol", "abs_tol") if largest else ("rtol", "atol")

    def called(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
        most = 2 if largest else 4
        if not 2 <= len(args) <= most or {*named} - {*names}:
            raise RowError("of this, the numbers and the tolerances are read")
        given = {**dict(zip(names, args[2:])), **named}
        known = {name: literal(_number(value)) for name, value in given.items()}
        if any(value is None or value < 0 for value in known.values()):
            raise RowError("tolerances are numbers that are known when compiling")
        one, other = map(_number, args[:2])
        if any(row_of(value) is not None for value in (one, other)):
            raise RowError("this is read of numbers alone; go through the values")
        by, least = (given[n].text if n in given else t for n, t in zip(names, (relative, absolute)))  # fmt: skip
        scope.constants.called |= {"abs"}
        apart = f"abs({one.inside(SUM)} - {other.inside(SUM + 1)})"
        equal = f"{one.inside(SUM)} == {other.inside(SUM)}"
        if largest:
            scope.constants.called |= {"max", "min"}
            bound = f"max({by} * abs({one.text}), {by} * abs({other.text}), {least})"
            text = f"{equal} or {apart} <= min({bound}, {_LARGEST})"
        else:
            bound = f"{least} + {by} * abs({other.text})"
            text = f"{equal} or {apart} <= {bound} and abs({other.text}) <= {_LARGEST}"
        return Value(text, OR, condition=True)

    return called


def _check_kind(scope: Scope, value: Value) -> None:
    if value.absent is not None:
        raise RowError("a value that may be None is asked here; ask `is None` above")
    if scope.constants.draft.may_box(value) or places_in(value) is not None:
        raise RowError(BOXED)


def _is_scalar(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:  # fmt: skip
    if len(args) != 1 or named:
        raise RowError("`isscalar` takes 1 argument")
    value = args[0]
    _check_kind(scope, value)
    if row_of(value) is not None:
        return truth(False)
    held = value.known.value if value.known is not None else ""
    return truth(isinstance(held, str))


def _has(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    held = [arg.known.value if arg.known is not None else None for arg in args]
    if len(args) != 2 or named or not isinstance(held[1], str):
        raise RowError("`hasattr` takes a value, and a name")
    value, name = args[0], held[1]
    _check_kind(scope, value)
    row = row_of(value)
    if row is not None:
        found = {hasattr(kind(), name) for kind in _KINDS.get(row.kind, ())}
        if row.kind in ("array", "sequence") and name not in _IN_SOME:
            sure = name in OF_ARRAYS or not name.startswith("_")
            found |= {name in OF_ARRAYS} if sure else {True, False}
        elif row.kind == "sequence":
            return _unclear(name)
        if len(found) == 1:
            return truth(found.pop())
    elif value.known is not None and not isinstance(held[0], CALLEES):
        return truth(hasattr(held[0], name))
    elif value.known is None:
        of_float = hasattr(0.0, name)  # which a caller gives; any other may be whole
        sure = of_float is hasattr(0, name) and (of_float or name not in OF_NUMBERS)
        if value.text in scope.constants.inputs or sure:
            return truth(of_float)
    return _unclear(name)


def _get(scope: Scope, args: Sequence[Value], named: Mapping[str, Value]) -> Value:
    """Return what a value has by a name, or else what is given for it."""
    name = args[1].known.value if len(args) > 1 and args[1].known is not None else None
    if not 2 <= len(args) <= 3 or named or not isinstance(name, str):
        raise RowError("`getattr` takes a value, a name, and what else it is")
    row = row_of(args[0])
    if row is not None and row.is_object and len(args) > 2 and Attribute(name) not in row.keys:  # fmt: skip
        raise RowError(HELD)
    if len(args) > 2 and not (row is not None and row.is_object) and _has(scope, args[:2], {}).truth is False:  # fmt: skip
        return args[2]
    return attribute(scope, name, args[0])


def _unclear(name: str) -> Value:
    raise RowError(f"whether this has a `{name}` depends on who calls; leave that test to the caller")  # fmt: skip


_ISNAN, _ISINF, _ISFINITE = _alone(_is_nan), _absolute(_is_infinite), _absolute(_is_finite)  # fmt: skip
#: By the whole name of each function, what a call of it comes to.
CALLS: Mapping[str, Called] = {
    **{f"{module}.isnan": _ISNAN for module in ("math", "numpy")},
    **{f"{module}.isinf": _ISINF for module in ("math", "numpy")},
    **{f"{module}.isfinite": _ISFINITE for module in ("math", "numpy")},
    "math.isclose": _close("1e-09", "0.0", True),
    "numpy.isclose": _close("1e-05", "1e-08", False),
    "numpy.allclose": _close("1e-05", "1e-08", False),
    "numpy.isscalar": _is_scalar,
    "builtins.hasattr": _has,
    "builtins.getattr": _get,
}
