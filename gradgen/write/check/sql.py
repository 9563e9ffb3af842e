"""The text of a query in; the proof that it reads one table, calls what is known, and does no more, out: token by token."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from gradgen.errors import GradgenError
from gradgen.write.check.tokens import Tokens
from gradgen.write.sql.dialect import Dialect
from gradgen.write.sql.names import constant_of, own
from gradgen.write.target import Skeleton

_TOKENS = r"""(?P<blank>[ \n]+|--[^\n\r]*(?=\n))
    |(?P<constant>{constants})
    |(?P<number>{number})
    |(?P<whole>\d+(?![\w.]))
    |(?P<quoted>{quoted})
    |(?P<string>'[^'\n\r]*')
    |(?P<parameter>{parameter})
    |(?P<name>{prefix}[^\W\d]\w*)
    |(?P<sign><=|>=|<>|-(?!-)|/(?![/*])|[+*<>=(),.;])"""
_BINARY = frozenset("+ - * / < > <= >= = <> AND OR".split())  # noqa: SIM905
#: What stands for the operand of a sum.
_SUMMED = "summed"
#: What has a value by itself.
_VALUES = frozenset({"TRUE", "FALSE"})
#: The words of a choice: which may follow which.
_CHOICE = {"WHEN": ("THEN",), "THEN": ("WHEN",), "ELSE": ("THEN",)}
_WORDS = frozenset("SELECT FROM WHERE WITH AS CASE WHEN THEN ELSE END AND OR NOT CAST TRUE FALSE".split())  # fmt: skip # noqa: SIM905


def _quoted(dialect: Dialect) -> str:
    """Return the pattern of a name in quotes."""
    mark, escape = re.escape(dialect.quote), re.escape(dialect.escape)
    pairs = f"{escape}{escape}|{escape}{mark}" if escape else mark * 2
    return rf"{mark}(?:[^{mark}{escape}\n\r]|{pairs})+{mark}"


@cache
def _token(dialect: Dialect) -> re.Pattern[str]:
    """Return the pattern of a token."""
    names = (
        dialect.constants[name] for name in ("inf", "nan") if name in dialect.constants
    )
    named = dialect.parameter.format("NAME")
    return re.compile(
        _TOKENS.format(
            constants="|".join(re.escape(text) for text in names) or "(?!)",
            number=dialect.number,
            quoted=_quoted(dialect),
            parameter=re.escape(named).replace("NAME", r"[^\W\d]\w*"),
            prefix=f"(?:{re.escape(dialect.prefix)}(?=gradgen_))?",
        ),
        re.VERBOSE,
    )


def check(
    text: str,
    skeleton: Skeleton,
    called: frozenset[str],
    dialect: Dialect,
    sums: type[Query],
) -> None:
    """Prove that a file is comments, known macros, and one query: levels of plain expressions over columns of one table and parameters.

    Args:
        text: the file.
        skeleton: what it may hold.
        called: what expressions may call beside macros.
        dialect: the dialect that it is in.
        sums: what checks a query that adds rows up in its parts.

    Raises:
        GradgenError: the file is anything else.
    """
    if dialect.driven and any("%(" in part for part in skeleton.signatures["inputs"]):
        header, _, _ = text.partition("\n\n")
        if "%" in header:
            raise GradgenError(
                f"a driver of {dialect.engine} takes each % for a parameter, also in comments: write mod(x, y) for x % y, and no % in what names mean"
            )
    query = _behind(text, skeleton)
    for token in _token(dialect).finditer(query):
        name = token["name"] or token["quoted"] or ""
        if len(name.strip(dialect.quote).encode()) > dialect.longest:
            raise GradgenError(
                f"{dialect.engine} cuts names off after {dialect.longest} bytes, and may take two for one: `{name.strip(dialect.quote)}` is longer; give inputs and results shorter names"
            )
    tokens = Tokens(query, _token(dialect), refused)
    helpers = {f"{dialect.prefix}{name}" for name in skeleton.helpers}
    kind = sums if skeleton.signatures["whole"] else Query
    known = kind(tokens, called | helpers, skeleton, dialect)
    known.check()
    tokens.ended()


def _behind(text: str, skeleton: Skeleton) -> str:
    """Return what follows the comments and the macros that a file begins with."""
    helpers = dict(skeleton.helpers)
    while True:
        text = text.lstrip("\n")
        found = next(
            (n for n, t in helpers.items() if text.startswith(t.strip("\n"))), ""
        )
        if found:
            text = text.removeprefix(helpers.pop(found).strip("\n"))
        elif text.startswith("--"):
            line, _, text = text.partition("\n")
            if "\r" in line:
                raise refused("a comment ends inside its line")
        else:
            return text


def refused(reason: str) -> GradgenError:
    return GradgenError(
        f"the query is not what a generated query must be, so it is not written: {reason}; please report the formula"
    )


def named(tokens: Tokens) -> str:
    """Pass over a name that is no word of the language, and return it."""
    if tokens.next in _WORDS:
        raise refused(f"it has `{tokens.next[:40]}` where a name stands")
    return tokens.taken("name", "quoted")


class Parts:
    """Checks parts of a query."""

    def __init__(
        self,
        tokens: Tokens,
        callables: Collection[str],
        skeleton: Skeleton,
        dialect: Dialect,
    ) -> None:
        self.tokens = tokens
        self.callables = callables
        self.parts = skeleton.signatures
        self.dialect = dialect
        self.constants = {constant_of(name, dialect) for name in skeleton.constants}
        self.choice = {**_CHOICE, "END": dialect.ends}
        (self.table,) = skeleton.signatures["table"]
        #: The columns that an expression may read, without regard to case.
        self.known: set[str] = set()

    def named_constants(self) -> Iterator[str]:
        """Pass over constants, and yield their names."""
        tokens = self.tokens
        while tokens.took(","):
            tokens.took("-")
            if tokens.kind != "number":
                raise refused("a constant is no number")
            tokens.take(tokens.next, "AS")
            name = named(tokens)
            if name not in self.constants:
                raise refused(f"it has a constant `{name[:40]}`")
            yield name

    def total(self) -> bool:
        """Pass over a sum or a mean over all rows, if one comes next."""
        tokens = self.tokens
        place = tokens.place
        for how in self.parts["totals"]:
            before, *between = self.dialect.total.format(how, _SUMMED).split(_SUMMED)
            found = tokens.passes(before)
            for text in between:
                if found:
                    self.expression((")",))
                    found = tokens.passes(text)
            if found:
                return True
            tokens.place = place
        return False

    def declare(self, name: str) -> None:
        plain = name.strip('"').casefold()
        if plain in self.known:
            raise refused(f"it has two columns `{name[:40]}`")
        self.known.add(plain)

    def expression(self, ends: Collection[str]) -> None:
        """Pass over an expression: operands that are known, with operators between them, up to a token outside of brackets."""
        tokens, operand = self.tokens, True
        opened: list[str] = []
        while opened or operand or tokens.next not in ends:
            kind, text, top = tokens.kind, tokens.next, opened[-1] if opened else ""
            if not text:
                raise refused("it ends in the middle of an expression")
            tokens.take(text)
            if operand:
                operand = self._operand(kind, text, opened)
            elif text in self.choice:
                if top not in self.choice[text]:
                    raise refused(f"`{text}` stands outside of its choice")
                opened[-1:] = [] if text == "END" else [text]
                operand = text != "END"
            elif text == ")" and top in ("(", "call"):
                opened.pop()
            elif text in _BINARY or (text == "," and top == "call"):
                operand = True
            else:
                raise refused(f"it has `{text[:40]}` for an operator")

    def _operand(self, kind: str, text: str, opened: list[str]) -> bool:
        """Pass over an operand, or what begins one; return whether one is still to come."""
        tokens = self.tokens
        if text in ("-", "NOT"):
            return True
        if text == "(":
            opened.append("(")
            return True
        if text == "CASE":
            opened.append("CASE")
            tokens.take("WHEN")
            opened[-1] = "WHEN"
            return True
        if kind == "constant":
            return False
        if kind == "name" and tokens.next == "(":
            if text not in self.callables:
                raise refused(f"it calls `{text[:40]}`")
            tokens.take("(")
            if tokens.took(")"):
                return False
            opened.append("call")
            return True
        known = kind in ("number", "whole") or text in _VALUES
        column = kind in ("name", "quoted") and text not in _WORDS
        if known or (column and text.strip('"').casefold() in self.known):
            return False
        raise refused(f"it has `{text[:40]}` for an operand")


class Query(Parts):
    """Checks one query."""

    def check(self) -> None:
        tokens = self.tokens
        tokens.take("WITH")
        source = named(tokens)
        self.inputs()
        names = {source.casefold()}
        while tokens.took(","):
            name = named(tokens)
            if name.casefold() in names | {self.table.casefold()}:
                raise refused(f"it has two levels `{name[:40]}`")
            names.add(name.casefold())
            tokens.take("AS", "(", "SELECT")
            star = self.dialect.star.format(source)
            if self.parts["keys"] and not tokens.passes(star):
                self._groups(source, name)
                return
            if not self.parts["keys"]:
                tokens.passed(star)
            while tokens.took(","):
                self.expression(("AS",))
                tokens.take("AS")
                self.declare(named(tokens))
            tokens.take("FROM", source)
            tokens.passed(self.dialect.fence)
            tokens.take(")")
            source = name
        tokens.take("SELECT")
        self._final(source)
        tokens.take(";")

    def inputs(self) -> None:
        """Pass over the level that reads the table."""
        tokens, given = self.tokens, self.parts["inputs"]
        tokens.take("AS", "(", "SELECT")
        for place, text in enumerate(given):
            if place:
                tokens.take(",")
            tokens.passed(text)
            self.declare(text.rpartition(" AS ")[2])
        for name in self.named_constants():
            self.declare(name)
        tokens.take("FROM")
        tokens.passed(self.table)
        for place, text in enumerate(self.parts["where"]):
            tokens.take("AND" if place else "WHERE")
            tokens.passed(text)
        tokens.passed(self.dialect.fence)
        tokens.take(")")

    def _groups(self, source: str, name: str) -> None:
        """Pass over the level of the sums of groups, and what the query gives of each."""
        tokens, parts = self.tokens, self.parts
        keys, apart = ", ".join(parts["keys"]), parts["apart"]
        columns = ", ".join(apart[: len(parts["keys"])])
        self._final(source)
        tokens.passed(f"GROUP BY {keys} UNION ALL SELECT {', '.join(apart)}")
        tokens.passed(f"FROM {self.table} WHERE NOT ({parts['taken'][0]})")
        tokens.passed(f"GROUP BY {columns})")
        order = " NULLS LAST, ".join(parts["keys"])
        tokens.passed(f"SELECT {', '.join(parts['grouped'])} FROM {name}")
        tokens.passed(f"GROUP BY {keys} ORDER BY {order} NULLS LAST;")

    def _final(self, source: str) -> None:
        """Pass over what the query gives of a level: rows or sums, and counts."""
        tokens, found = self.tokens, list[str]()
        counted = "count", "(", "*", ")", "AS", own("rows", self.dialect), ","
        while not self._left_out():
            if tokens.took(*counted):
                continue
            if self.total():
                tokens.take("AS")
                found.append(named(tokens))
            else:
                whole = tokens.next
                self.expression((",", "AS"))
                found.append(named(tokens) if tokens.took("AS") else whole)
            tokens.take(",")
        if {*found} != {*self.parts["results"]}:
            raise refused("it gives something else")
        tokens.take("FROM", source)

    def _left_out(self) -> bool:
        """Pass over the count of the rows that are left out, if it comes next; of groups they are counted apart."""
        tokens = self.tokens
        if self.parts["keys"]:
            return tokens.took("0", "AS", "left_out")
        if not tokens.took("(", "SELECT", "count", "(", "*", ")", "FROM"):
            return False
        tokens.passed(self.table)
        if tokens.took(")", "-"):
            tokens.take("count", "(", "*", ")")
        else:
            tokens.take("WHERE", "NOT", "(")
            tokens.passed(*self.parts["taken"])
            tokens.take(")", ")")
        tokens.take("AS", "left_out")
        return True
