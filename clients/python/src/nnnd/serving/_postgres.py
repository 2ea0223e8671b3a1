"""Searches in a copy in PostgreSQL."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ..sync._postgres_sql import STATE_COLUMNS, Names, code, code_type, text_of
from ..sync._state import CopyError, CopyState, need
from ._result import CopyResult, queries_of, result_of

if TYPE_CHECKING:
    from .._arrays import ArrayLike


class PostgresSearch:
    """Searches a copy in PostgreSQL through one connection, which threads can share."""

    def __init__(self, url: str, name: str = "images") -> None:
        self._names = Names(name)
        self._name = name
        self._lock = threading.Lock()
        self._connection = need("psycopg", "postgres").connect(url, autocommit=True)

    def search(
        self, queries: ArrayLike, top_k: int = 10, alpha: float | None = None, *, ef: int | None = None
    ) -> CopyResult:
        """As `nnnd.serving.search`."""
        with self._lock:
            return rank(self._connection, self._names, self._name, queries, top_k, alpha, ef=ef)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def read_state(connection: Any, names: Names, name: str, lock: bool = False) -> CopyState | None:
    """The state of a copy; None if there is none."""
    sql = need("psycopg", "postgres").sql
    text = "SELECT {columns} FROM {states} WHERE copy = %s" + (" FOR UPDATE" if lock else "")
    columns = sql.SQL(", ").join(map(sql.Identifier, STATE_COLUMNS))
    row = connection.execute(sql.SQL(text).format(columns=columns, states=names.states), [name]).fetchone()
    return None if row is None else CopyState(**dict(zip(STATE_COLUMNS, row)))


def rank(
    connection: Any,
    names: Names,
    name: str,
    queries: ArrayLike,
    top_k: int,
    alpha: float | None,
    *,
    ef: int | None = None,
    ids: list[str] | None = None,
) -> CopyResult:
    """Searches in one snapshot: exactly, or with the index if `ef` is given; among the images `ids` if given."""
    sql = need("psycopg", "postgres").sql
    start = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        exists = cursor.execute("SELECT to_regclass(%s)", [names.states.as_string(None)]).fetchone()[0]
        state = read_state(cursor, names, name) if exists else None
        if state is None:
            raise CopyError(f"there is no copy {name}; 'python -m nnnd sync postgres' makes it")
        weight = state.alpha if alpha is None else alpha
        vectors = queries_of(queries, state)
        order = sql.SQL("(vector <#> %(query)s::vector) + %(alpha)s::float8 * mean")
        if ef is not None:
            if state.index != "hnsw":
                raise CopyError(f"the copy {name} has no index; 'sync --index hnsw' makes one")
            cursor.execute(sql.SQL("SET LOCAL hnsw.ef_search = {}").format(sql.Literal(ef)))
            cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            order = sql.SQL("{} <#> %(code)s::{}").format(code(state), sql.SQL(code_type(state)))
        statement = _statement(cursor, names, order, "" if ids is None else "WHERE id = ANY(%(ids)s)")
        found = []
        for vector in vectors if state.dimension else ():
            text = text_of(vector)
            values = {"query": text, "alpha": weight, "top_k": top_k, "ids": ids, "code": f"{text[:-1]},{weight!r}]"}
            found.append(cursor.execute(statement, values).fetchall())
    if not state.dimension:
        found = [[] for _ in vectors]
    return result_of(found, weight, state, time.perf_counter() - start, exact=ef is None)


# The tables on other servers that `federate` has put under a table.
FOREIGN = """SELECT n.nspname, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' AND i.inhparent = to_regclass(%s) ORDER BY 2"""


def _statement(cursor: Any, names: Names, order: Any, where: str) -> Any:
    """The search in one table, or in several foreign tables, each of which returns only its best rows."""
    sql = need("psycopg", "postgres").sql
    foreign = cursor.execute(FOREIGN, [names.table.as_string(None)]).fetchall()
    text = "SELECT id, -(vector <#> %(query)s::vector) AS similarity, mean FROM {table} {where} ORDER BY {order} "
    selects = [
        sql.SQL(text + "LIMIT %(top_k)s").format(table=table, where=sql.SQL(where), order=order)
        for table in [sql.Identifier(*row) for row in foreign] or [names.table]
    ]
    if len(selects) == 1:
        return selects[0]
    union = sql.SQL(") UNION ALL (").join(selects)
    text = "SELECT * FROM (({union})) found ORDER BY %(alpha)s::float8 * mean - similarity LIMIT %(top_k)s"
    return sql.SQL(text).format(union=union)
