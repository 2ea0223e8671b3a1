"""One table over the parts of a corpus on several PostgreSQL servers, with postgres_fdw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ._postgres_sql import STATE_COLUMNS, Names
from ._state import CopyError, need

# How the state of the whole follows from those of the parts.
WHOLE = {
    "part": "'1/1'", "cursor": "''", "eps": "max(eps)", "generation": "min(generation)",
    "dimension": "max(dimension)", "snapshot": "bool_or(snapshot)", "replaces": "bool_or(replaces)",
    "complete": "bool_and(complete) AND min(generation) = max(generation)",
}  # fmt: skip


def federate(url: str, parts: Sequence[str], name: str = "images", *, ef: int = 100) -> None:
    """Makes a table on one server that has the rows of copies on others, so that a search there searches in all.

    The copies are those of `python -m nnnd sync postgres ... --part I/N`, and must exist. Each server orders its own
    rows. The table is made anew if it exists. Its server can be one of the others, but the database must be another.

    Args:
        url: the connection string of the server, for a role that can create extensions and servers.
        parts: the connection strings of the copies, as this server reaches them.
        name: the table, here and there.
        ef: `hnsw.ef_search` on the other servers, for searches with the index.

    Raises:
        CopyError: the copies do not fit together.

    """
    psycopg = need("psycopg", "postgres")
    states = [_state(psycopg, part, name) for part in parts]
    _check(states, name)
    with psycopg.connect(url) as connection:
        _Federation(psycopg, connection, name, states).make(parts, ef)


class _Federation:
    def __init__(self, psycopg: Any, connection: Any, name: str, states: list[dict[str, Any]]) -> None:
        self._psycopg = psycopg
        self._sql = psycopg.sql
        self._connection = connection
        self._name = name
        self._names = Names(name)
        self._dimension = states[0]["dimension"]
        *schema, self._table = name.split(".")
        self._schema = schema[0] if schema else None

    def make(self, parts: Sequence[str], ef: int) -> None:
        """Makes the servers, the tables, and the view with the state."""
        for extension in ("vector", "postgres_fdw"):
            self._run(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        kind = self._connection.execute(
            "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", [self._names.states.as_string(None)]
        ).fetchone()
        if kind is not None and kind[0] != "v":
            raise CopyError("this database has copies of its own; federate in another one")
        self._run("DROP VIEW IF EXISTS {states}")
        self._run("DROP TABLE IF EXISTS {table} CASCADE")
        columns = f'(id text COLLATE "C" NOT NULL, mean real NOT NULL, vector vector({self._dimension}) NOT NULL)'
        self._run(f"CREATE TABLE {{table}} {columns}")
        selects = []
        for number, part in enumerate(parts, 1):
            selects.append(self._add_part(part, number, ef))
        pieces = [f"{WHOLE.get(column, f'min({_quoted(column)})')} AS {_quoted(column)}" for column in STATE_COLUMNS]
        self._run(
            f"CREATE VIEW {{states}} AS SELECT {{name}}::text AS copy, {', '.join(pieces)} FROM ({{selects}}) parts",
            name=self._sql.Literal(self._name), selects=self._sql.SQL(" UNION ALL ").join(selects),
        )  # fmt: skip

    def _add_part(self, part: str, number: int, ef: int) -> Any:
        """Adds a server and its tables; returns the SELECT of its state."""
        options = self._psycopg.conninfo.conninfo_to_dict(part)
        role = {key: options.pop(key) for key in ("user", "password") if key in options}
        server = self._sql.Identifier(f"{self._name}_{number}")
        # The operators of pgvector are computed there, and all servers at the same time.
        options |= {"extensions": "vector", "async_capable": "true"}
        options["options"] = f"-c hnsw.ef_search={ef} -c hnsw.iterative_scan=strict_order"
        self._run("DROP SERVER IF EXISTS {server} CASCADE", server=server)
        self._run("CREATE SERVER {server} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({options})", server=server,
                  options=self._options(options))  # fmt: skip
        self._run("CREATE USER MAPPING FOR CURRENT_USER SERVER {server} OPTIONS ({options})", server=server,
                  options=self._options(role))  # fmt: skip
        columns = ", ".join(f"{_quoted(column)} {type}" for column, type in STATE_COLUMNS.items())
        self._add_table(f"{self._table}_{number}", self._table, server, "() INHERITS ({table})")
        states = self._add_table(f"nnnd_sync_{self._table}_{number}", "nnnd_sync", server, f"(copy text, {columns})")
        text = "SELECT * FROM {states} WHERE copy = {name}"
        return self._sql.SQL(text).format(states=states, name=self._sql.Literal(self._name))

    def _add_table(self, here: str, there: str, server: Any, columns: str) -> Any:
        """Adds a foreign table, and returns its name."""
        name = self._sql.Identifier(*([self._schema] if self._schema else []), here)
        options = {"table_name": there, **({"schema_name": self._schema} if self._schema else {})}
        self._run(
            f"CREATE FOREIGN TABLE {{here}} {columns} SERVER {{server}} OPTIONS ({{options}})", here=name,
            server=server, options=self._options(options),
        )  # fmt: skip
        return name

    def _options(self, options: dict[str, Any]) -> Any:
        pairs = [
            self._sql.SQL("{} {}").format(self._sql.Identifier(key), self._sql.Literal(str(value)))
            for key, value in options.items()
        ]
        return self._sql.SQL(", ").join(pairs)

    def _run(self, text: str, **pieces: Any) -> Any:
        return self._connection.execute(self._sql.SQL(text).format(**{**vars(self._names), **pieces}))


def _state(psycopg: Any, url: str, name: str) -> dict[str, Any]:
    from ..serving._postgres import read_state

    with psycopg.connect(url) as connection:
        state = read_state(connection, Names(name), name)
    if state is None or not state.dimension:
        raise CopyError(f"a server has no copy {name} with images yet; sync into it first")
    return asdict(state)


def _check(states: list[dict[str, Any]], name: str) -> None:
    """Checks that copies are the parts of one corpus, and that one search serves all of them."""
    wanted = sorted(f"{number}/{len(states)}" for number in range(1, len(states) + 1))
    if sorted(state["part"] for state in states) != wanted:
        found = ", ".join(state["part"] for state in states)
        raise CopyError(f"the copies {name} are the parts {found}, not {', '.join(wanted)}")
    for field in ("metric", "dimension", "index"):
        if len({state[field] for state in states}) > 1:
            raise CopyError(f"the copies {name} differ in {field}")
    if states[0]["index"] == "hnsw" and len({state["centre"] for state in states}) > 1:
        raise CopyError(f"the indexes of the copies {name} have different centres; sync with the same --centre")


def _quoted(column: str) -> str:
    return f'"{column}"'
