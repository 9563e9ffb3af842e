"""The text of a query that adds rows up in its parts, in; the proof that it reads one table, calls what is known, and does no more, out."""

from __future__ import annotations

from gradgen.write.check.sql import Query, named, refused
from gradgen.write.sql.names import own


class SumsQuery(Query):
    """Checks one query, whose levels are of rows or of what all rows share."""

    def check(self) -> None:
        """Pass over its levels, and over what it gives in the end."""
        tokens = self.tokens
        tokens.take("WITH")
        base = named(tokens)
        self.inputs()
        #: The levels so far.
        self.sources = {base.casefold(): base}
        tokens.take(",")
        given = self._named()
        self._given(base)
        self.sources[given.casefold()] = given
        source = given
        while tokens.took(","):
            source = self._named()
            tokens.take("AS", "(", "SELECT")
            self._level()
            tokens.take(")")
            self.sources[source.casefold()] = source
        tokens.take("SELECT")
        self._results()
        tokens.take("FROM", source, ";")

    def _named(self) -> str:
        """Pass over the name of a level, which no other has, nor the table."""
        name = named(self.tokens)
        if name.casefold() in {*self.sources, self.table.casefold()}:
            raise refused(f"it has two levels `{name[:40]}`")
        return name

    def _given(self, base: str) -> None:
        """Pass over the level of what is given, and of how many rows there are."""
        tokens, rows = self.tokens, own("rows", self.dialect)
        tokens.take("AS", "(", "SELECT")
        for text in self.parts["given"]:
            tokens.passed(text)
            tokens.take(",")
            self.declare(text.rpartition(" AS ")[2])
        tokens.passed(f"(SELECT count(*) FROM {base}) AS {rows}")
        self.declare(rows)
        for name in self.named_constants():
            if name.strip('"').casefold() not in self.known:
                raise refused(f"it has a constant `{name[:40]}`")
        tokens.take(")")

    def _level(self) -> None:
        """Pass over a level: columns with what joins them, sums over rows, or all of one or two levels with more columns."""
        tokens, dialect = self.tokens, self.dialect
        stars, joined = list[str](), list[str]()
        summed = plain = False
        while True:
            found = self._star()
            if found:
                stars.append(found)
            elif self._joined():
                joined.append(tokens.found[tokens.place - 3][1])
            elif self.total():
                summed = True
                tokens.take("AS")
                self.declare(named(tokens))
            else:
                plain = True
                self.expression(("AS",))
                tokens.take("AS")
                self.declare(named(tokens))
            if not tokens.took(","):
                break
        tokens.take("FROM")
        self._source()
        second = self._source() if tokens.took("CROSS", "JOIN") else ""
        if summed and (stars or joined or plain or second):
            raise refused("it has sums beside rows")
        if not summed and not stars:
            raise refused("a level leaves out what it is on")
        if any(one != second for one in joined):
            raise refused("it reads another level than those that it joins")
        tokens.passed(dialect.fence)

    def _source(self) -> str:
        name = self.tokens.next
        if name.casefold() not in self.sources:
            raise refused(f"it reads `{name[:40]}`")
        self.tokens.take(name)
        return name

    def _star(self) -> str:
        """Pass over all columns of a level, or of all that come from, if these come next."""
        tokens = self.tokens
        if tokens.took("*"):
            return "*"
        for name in self.sources.values():
            if tokens.took(name, ".", "*"):
                return name
        return ""

    def _joined(self) -> bool:
        """Pass over a column of a level, if one comes next."""
        tokens = self.tokens
        for name in self.sources.values():
            if tokens.took(name, "."):
                column = tokens.taken("name", "quoted")
                if column.strip('"').casefold() not in self.known:
                    raise refused(f"it reads a column `{column[:40]}`")
                return True
        return False

    def _results(self) -> None:
        """Pass over what the query gives."""
        tokens, rows = self.tokens, own("rows", self.dialect)
        found = list[str]()
        while not tokens.took(rows, ","):
            whole = tokens.next
            self.expression((",", "AS"))
            found.append(named(tokens) if tokens.took("AS") else whole)
            tokens.take(",")
        if found != [*self.parts["results"]]:
            raise refused("it gives something else")
        tokens.passed(f"(SELECT count(*) FROM {self.table}) - {rows} AS left_out")
