"""Numbers that an author gave names in; numbers that remember these through arithmetic, and what their names stand for, out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import isfinite, sqrt
from typing import Any, NamedTuple, TypeAlias

from gradgen.core.build import Steps
from gradgen.core.doubles import double
from gradgen.core.program import Program, Step
from gradgen.core.rows import Number, Row, Term

#: A number of more operations is remembered by its digits alone.
_MOST = 60


class Origin(NamedTuple):
    """Where a number comes from.

    Attributes:
        name: what the module calls it; empty for what has no name of its own.
        made: what it is made of; None for a number as it is written.
        size: how many operations that has.
        note: what the author says of it.
        place: its place among the module's constants.
    """

    name: str = ""
    made: Term | None = None
    size: int = 0
    note: str = ""
    place: int = 0


class _Float(float):
    """A double with an origin."""

    origin: Origin

    def __repr__(self) -> str:
        """Equal numbers are one constant only where they come from the same."""
        return f"{float(self)!r} {_said(self.origin)}"


class _Fraction(Fraction):
    """An exact number with an origin."""

    origin: Origin

    def __repr__(self) -> str:
        """Equal numbers are one constant only where they come from the same."""
        return f"{Fraction(self)!r} {_said(self.origin)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _with_origin, (Fraction(self), self.origin)


Constant: TypeAlias = "_Float | _Fraction"


def _said(origin: Origin) -> str:
    return origin.name or repr(origin.made)


def _with_origin(number: Fraction | float, origin: Origin) -> Constant:
    made = (_Fraction if isinstance(number, Fraction) else _Float)(number)
    made.origin = origin
    return made


def origin_of(number: object) -> Origin | None:
    """Return where a number comes from, None where nothing is known of that."""
    return getattr(number, "origin", None)


def plain(number: Fraction | float) -> Fraction | float:
    """Return a number without its origin."""
    return Fraction(number) if isinstance(number, Fraction) else float(number)


def remembered(number: Fraction | float) -> Constant:
    """Return a number as it is written, of which what is made of it will tell."""
    known = isinstance(number, (_Float, _Fraction))
    return number if known else _with_origin(number, Origin())  # type: ignore[return-value]


def named(
    number: Fraction | float, name: str, note: str = "", place: int = 0
) -> Constant:
    """Return a number with a name."""
    made, size = (origin_of(number) or Origin())[1:3]
    return _with_origin(plain(number), Origin(name, made, size, note, place))


def term_of(number: Number) -> Term:
    """Return a number as an operand: by what it is made of, where it has no name."""
    origin = origin_of(number)
    if origin is None or origin.name or origin.made is None:
        return Term("const", data=number)
    return origin.made


def _size(number: object) -> int:
    origin = origin_of(number)
    return 0 if origin is None or origin.name else origin.size


# Arithmetic.


def _computed(op: str, way: Callable[..., Any], *numbers: Any) -> Any:
    result = way(*map(plain, numbers))
    size = 1 + sum(map(_size, numbers))
    if not isinstance(result, (float, Fraction)):
        return result
    long = size > _MOST
    made = None if long else Term(op, tuple(map(term_of, numbers)))
    return _with_origin(result, Origin(made=made, size=size))


def _negative(number: Constant) -> Constant:
    made = number.origin.made
    if made is not None and made.op == "neg" and not number.origin.name:
        inner = made.args[0].data
        if isinstance(inner, (_Float, _Fraction)):
            return inner
    return _computed("neg", operator.neg, number)  # type: ignore[no-any-return]


def _binary(op: str, way: Callable[..., Any], turned: bool) -> Callable[..., Any]:
    def compute(one: Any, other: Any) -> Any:
        if type(other) is int:
            other = Fraction(other)
        if not isinstance(other, (float, Fraction)):
            return NotImplemented
        numbers = (other, one) if turned else (one, other)
        if op == "mul" and one is other:
            return _computed("sqr", lambda x: x * x, one)
        if op == "div" and isinstance(numbers[0], Fraction) and numbers[0] == 1:
            return _computed("inv", lambda x: 1 / x, numbers[1])
        return _computed(op, way, *numbers)

    return compute


def _power(number: Constant, exponent: Any) -> Any:
    if type(exponent) is not int:
        return plain(number) ** exponent
    made = _computed("powi", lambda x: x**exponent, number)
    origin = origin_of(made)
    if origin is None or origin.made is None:
        return made
    args = (*origin.made.args, Term("const", data=Fraction(exponent)))
    return _with_origin(plain(made), origin._replace(made=Term("powi", args)))


for _class in (_Float, _Fraction):
    for _op, _name in (("add", "add"), ("sub", "sub"), ("mul", "mul"), ("div", "truediv")):  # fmt: skip
        _way = getattr(operator, _name)
        setattr(_class, f"__{_name}__", _binary(_op, _way, False))
        setattr(_class, f"__r{_name}__", _binary(_op, _way, True))
    setattr(_class, "__neg__", _negative)  # noqa: B010
    setattr(_class, "__pow__", _power)  # noqa: B010


# What constant expressions come to.


def _rounded(name: str) -> Callable[..., float]:
    """Return a function that is rounded right, so that it gives the same digits on every machine."""

    def compute(*args: float) -> float:
        import mpmath  # which is large, and seldom needed

        with mpmath.workdps(60):
            found = getattr(mpmath, name)(*args)
        return float(found) if isinstance(found, mpmath.mpf) else float("nan")

    return compute


_FUNCTIONS = (
    "hypot exp expm1 log log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc gamma "
    "digamma zeta lambertw beta erfinv besselj bessely besseli besselk"
)
#: Operations whose result every machine rounds alike.
ARITHMETIC: Mapping[str, Callable[..., float]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg")},
    "div": operator.truediv,
    "inv": lambda x: 1.0 / x,
    "sqr": lambda x: x * x,
    "sqrt": sqrt,
}
_RATIONAL = (*ARITHMETIC.keys() - {"sqrt"}, "powi")
_MEANINGS: Mapping[str, Callable[..., float]] = {
    **{name: _rounded(name) for name in _FUNCTIONS.split()},
    **dict.fromkeys(("powr", "expb", "pow"), _rounded("power")),
    "polygamma": lambda n, x: _rounded("psi")(int(n), x),
    "trigamma": lambda x: _rounded("psi")(1, x),
    **ARITHMETIC,
    "powi": lambda x, n: x ** int(n),
}


def value_of(term: Term) -> float | None:
    """Return what a term without parameters comes to, operation by operation in doubles; None where that is not known.

    The recursion is as deep as a term of few operations.
    """
    if term.op == "const":
        data = term.data
        return None if data is None or isinstance(data, bool) else float(double(data))
    args = [value_of(arg) for arg in term.args]
    if term.op not in _MEANINGS or None in args:
        return None
    try:
        found = _MEANINGS[term.op](*args)
    except (ArithmeticError, ValueError):
        return None
    return found if isfinite(found) else None


def operations(term: Term) -> Iterable[str]:
    """Yield the operations of a term."""
    if term.op != "const":
        yield term.op
        for arg in term.args:
            yield from operations(arg)


def as_step(steps: Steps, term: Term) -> int:
    """Return a term as steps that are not folded. The recursion is as deep as the term."""
    args = tuple([as_step(steps, arg) for arg in term.args])
    return steps.append(Step(term.op, args, term.data))


def is_rational(number: object) -> bool:
    """Whether a number is made of rational numbers by the arithmetic that takes these to such."""
    origin = origin_of(number)
    if origin is None or origin.made is None:
        return True
    named = any(isinstance(leaf, str) for leaf in leaves(origin.made))  # as pi is
    return not named and {*operations(origin.made)} <= {*_RATIONAL}


def as_term(steps: Steps, value: int, room: int = _MOST) -> Term | None:
    """Return a value that is made of constants alone by few operations as a term, None for all else."""
    step = steps[value]
    if step.op == "const":
        return term_of(step.data if step.data is not None else 0)
    room -= 1
    if not step.args or step.guard or step.op == "copy" or room < 0:
        return None
    args: list[Term] = []
    for arg in step.args:
        found = as_term(steps, arg, room)
        if found is None:
            return None
        args.append(found)
        room -= sum(1 for _ in operations(found))
    return Term(step.op, tuple(args)) if room >= 0 else None


def as_number(steps: Steps, value: int) -> Constant | None:
    """Return what a value that is made of constants alone comes to; None where that is not known."""
    number = steps.number(value)
    if isinstance(number, (float, Fraction)) and not isinstance(number, bool):
        return remembered(number)
    term = None if number is not None else as_term(steps, value)
    found = None if term is None else value_of(term)
    if term is None or found is None:
        return None
    size = sum(1 for _ in operations(term))
    return _with_origin(found, Origin(made=term, size=size))


# Names.


#: How numbers begin a name.
_PARTS: Mapping[object, str] = {
    Fraction(1, 2): "HALF", Fraction(1, 3): "THIRD", Fraction(1, 4): "QUARTER",
}  # fmt: skip
_WORDS: Mapping[object, str] = {
    2: "TWO", 3: "THREE", 4: "FOUR", 5: "FIVE", 6: "SIX", 7: "SEVEN", 8: "EIGHT", 9: "NINE", 10: "TEN", 1: "ONE", **_PARTS,
}  # fmt: skip
_FORMS = {
    "add": "{}_PLUS_{}", "sub": "{}_MINUS_{}", "mul": "{}_{}", "div": "{}_BY_{}", "neg": "NEG_{}", "inv": "INV_{}",
    "sqr": "{}_SQR", "powi": "{}_POW_{}", "powr": "{}_POW_{}", "pow": "{}_POW_{}", "expb": "{}_POW_{}",
}  # fmt: skip
#: What a name tells is short, and so are the numbers in it.
_LENGTH, _FEW = 24, 5
#: Behind the constants of the author's.
_LAST = 10**6


def _digits(number: float) -> str:
    """Return the digits of a number as they stand in a name: 1P5 of 1.5; nothing where they are many."""
    text = repr(number).removesuffix(".0").replace(".", "P")
    return text if len(text) <= _FEW and text.isalnum() else ""


def _word(term: Term, first: bool) -> str:
    """Return what a term is called inside of a name; nothing where that would say little. The recursion is as deep as the term."""
    if term.op == "const":
        data = term.data
        name, negative = called(data)
        if name:
            return f"NEG_{name}" if negative else name
        if isinstance(data, str):
            return data.upper()
        if not isinstance(data, (Fraction, float)) or data < 0:
            return ""
        word = _WORDS.get(data, "") if first or data < 1 else ""
        return word if word or first else _digits(float(data))
    form = _FORMS.get(term.op, f"{term.op.upper()}_{{}}" if len(term.args) == 1 else "")
    leads = first and form.startswith("{}")
    words = [_word(arg, leads and not i) for i, arg in enumerate(term.args)]
    last = term.args[-1].data
    if term.op == "div" and leads and isinstance(last, Fraction) and 1 / last in _PARTS:
        form, words = "{}_{}", [_PARTS[1 / last], _word(term.args[0], False)]
    elif term.op == "mul" and words[0].isdigit():
        form = "{}{}"  # as in LOG_2PI
    return form.format(*words) if form and all(words) else ""


def _by_value(number: Constant) -> str:
    """Return a name for what can be said in no few words: the first digits of its value, so that it stands for no other one."""
    digits = f"{float(number):.4g}".replace(".", "P").replace("-", "M").replace("+", "")
    return f"C_{digits}".upper()


def is_own(number: object) -> bool:
    """Whether a number has its name from here, and not from its author."""
    origin = origin_of(number)
    return origin is not None and origin.place >= _LAST


def with_names_for_all(program: Program, free: Callable[[str], str]) -> Program:
    """Return a program in which what is made of constants alone has a name as well, also inside of its own functions.

    Args:
        program: the program.
        free: what makes a name one that nothing else has.
    """
    known: dict[str, Constant] = {}

    def name(number: Number | None) -> Number | None:
        origin = origin_of(number)
        made = None if origin is None else origin.made
        if made is None or called(number)[0]:
            return number
        assert isinstance(number, (_Float, _Fraction))
        if repr(number) not in known:
            word = _word(made, True)
            text = free(word if 0 < len(word) <= _LENGTH else _by_value(number))
            known[repr(number)] = named(number, text, place=_LAST + len(known))
        return known[repr(number)]

    exponents = {step.args[1] for step in program.steps if step.op == "powi"}
    steps = [*program.steps]
    for value, step in enumerate(steps):
        if step.op == "const" and value not in exponents:
            given = name(step.data)
            if given is not step.data:
                steps[value] = step._replace(data=given)
    rows = {**program.rows}
    for op in dict.fromkeys(step.op for step in program.steps):
        row = rows.get(op)
        if row is not None and row.own:
            body = _each(row.body, name) or ""
            texts = (row.adjoints, row.precise, row.strict)
            adjoints, precise, strict = (
                tuple([_each(text, name) for text in each]) for each in texts
            )
            rows[op] = replace(row, body=body, adjoints=adjoints, precise=precise, strict=strict)  # type: ignore[arg-type]
    return replace(program, steps=tuple(steps), rows=rows)


def _each(
    text: Term | str | None, name: Callable[[Number | None], Number | None]
) -> Term | str | None:
    """Return a text of a row with names for its numbers. The recursion is as deep as a function's body, which is short."""
    if not isinstance(text, Term):
        return text
    if text.op == "const":
        return replace(text, data=name(text.data))
    args = [_each(arg, name) for arg in text.args]
    if text.op in ("powi", "**"):
        args[1] = text.args[1]
    return replace(text, args=tuple(args))  # type: ignore[arg-type]


def called(number: object) -> tuple[str, bool]:
    """Return the name of a number, or of what it is the negative of, and whether it is that; an empty one if it has none."""
    origin = origin_of(number)
    if origin is None:
        return "", False
    if origin.name or origin.made is None or origin.made.op != "neg":
        return origin.name, False
    inner = origin_of(origin.made.args[0].data)
    return ("" if inner is None else inner.name), True


def reached(numbers: Iterable[object]) -> dict[str, Constant]:
    """Return the constants with names that are some numbers, or that these are made of, in their order."""
    found: dict[str, Constant] = {}
    todo = [*numbers]
    while todo:
        number = todo.pop()
        origin = origin_of(number)
        if origin is not None and origin.name not in found:
            name, made, *_ = origin
            if name:
                found[name] = number  # type: ignore[assignment]
            if made is not None:
                todo += leaves(made)
    in_order = sorted(found.values(), key=lambda number: number.origin.place)
    return {number.origin.name: number for number in in_order}


def leaves(term: Term) -> Iterable[object]:
    """Yield the numbers that a term is made of."""
    if term.op == "const":
        yield term.data
    for arg in term.args:
        yield from leaves(arg)


def constants_in(program: Program) -> dict[str, Constant]:
    """Return the constants with names that a program's lines read, also inside of its own functions."""
    own = {op for op, row in program.rows.items() if row.own}
    used = dict.fromkeys(s.op for s in program.steps if s.op in own) if own else ()
    terms = [term for op in used for term in _texts(program.rows[op])]
    numbers = [step.data for step in program.steps if step.op == "const"]
    return reached([*numbers, *(leaf for term in terms for leaf in leaves(term))])


def _texts(row: Row) -> Iterable[Term]:
    for text in (row.body, *row.adjoints, *row.precise, *row.strict):
        if isinstance(text, Term):
            yield text


def with_names(program: Program) -> Iterable[int]:
    """Yield the constants whose text is a name."""
    for value, step in enumerate(program.steps):
        if step.op == "const" and called(step.data)[0]:
            yield value


def held(program: Program) -> tuple[int, ...]:
    """Return the values whose text is a name: lines, inputs and constants with names."""
    return (*program.lines, *program.signature, *with_names(program))
