"""A copy of the corpus in a table of PostgreSQL, with pgvector (`pip install 'nnnd[postgres]'`)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..serving._postgres import rank, read_state
from ._copy import Applied
from ._postgres_sql import MOST_COLUMN, STATE_COLUMNS, Names, code, code_type, copy_rows
from ._state import CENTRE_STEP, CopyChanged, CopyDamaged, CopyError, CopyState, centre_of, need

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..changes import Changes
    from ..results import SearchResult

OLDEST_SERVER, OLDEST_VECTOR = 130000, (0, 8)
# After so many changed rows a table without index is vacuumed, and the centre of an index is compared with the means.
# With HNSW a VACUUM can take minutes: that is left to autovacuum.
VACUUM_ROWS = 20_000


class PostgresCopy:
    """A copy in a table with the columns id, mean and vector. Rows and cursor change in the same transaction.

    Args:
        url: a connection string of libpq.
        name: the table, or schema and table: `SCHEMA.TABLE`.
        partitions: the number of partitions by a hash of the id; 0 for a table that is not partitioned.
        centre: c of the indexed vector [x, c - mean]; by default the mean of the means, rounded. The parts of a corpus
            must have the same c.

    """

    engine = "postgres"

    def __init__(self, url: str, name: str = "images", *, partitions: int = 0, centre: float | None = None) -> None:
        psycopg = need("psycopg", "postgres")
        self.name = name
        self.outages: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InterfaceError)
        self.failures: type[Exception] = psycopg.Error
        self._names = Names(name)
        self._url = url
        self._partitions = partitions
        self._centre = centre
        self._psycopg = psycopg
        self._sql = psycopg.sql
        self._open: Any = None
        self._changed = 0

    def open(self) -> CopyState | None:
        """Connects, checks versions, and returns the state."""
        self.close()
        self._open = self._psycopg.connect(self._url, autocommit=True)
        self._require_versions()
        columns = self._sql.SQL(", ").join(
            self._sql.SQL("{} {} NOT NULL").format(self._sql.Identifier(column), self._sql.SQL(type))
            for column, type in STATE_COLUMNS.items()
        )
        self._run(
            "CREATE TABLE IF NOT EXISTS {states} (copy text PRIMARY KEY, changed timestamptz NOT NULL, {columns})",
            columns=columns,
        )
        state = read_state(self._open, self._names, self.name)
        if state is None and self._table_exists():
            raise CopyError(f"the table {self.name} exists, and was not made by nnnd; name another one")
        return state

    def close(self) -> None:
        """Ends the connection."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def begin(self, state: CopyState, centre: float) -> CopyState:
        """Stores a state from which a snapshot begins."""
        with self._transaction():
            old = read_state(self._open, self._names, self.name, lock=True)
            replaces = old is not None and self._table_exists()
            if old is not None:
                # The index and its encoding stay, until `finish` sees that the centre has moved.
                state = replace(state, dimension=old.dimension, centre=old.centre, index=old.index)
            state = replace(state, replaces=replaces, centre=centre if old is None else old.centre)
            self._run("DROP TABLE IF EXISTS {seen}")
            if replaces:
                self._run('CREATE TABLE {seen} (id text COLLATE "C" PRIMARY KEY)')
            self._save(state)
        return state

    def apply(self, page: Changes, state: CopyState) -> Applied:
        """Applies a page in a transaction."""
        after = state.after(page)
        with self._transaction():
            found = self._run("SELECT cursor FROM {states} WHERE copy = %s FOR UPDATE", [self.name]).fetchone()
            if found is None or found[0] != state.cursor:
                raise CopyChanged(f"another process writes into {self.name} too")
            upserts = int((page.kinds == "upsert").sum())
            if upserts and (page.dimension != state.dimension or not self._table_exists()):
                self._make_table(page.dimension)
                after = replace(after, index="none")
            counts = self._apply_rows(page, after) if len(page) and self._table_exists() else (0, 0, 0)
            if state.snapshot and state.replaces and self._table_exists():
                after = self._follow_snapshot(after, upserts)
            self._save(after)
        return Applied(after, *counts)

    def finish(self, state: CopyState, changed: int, index: str) -> CopyState:
        """Makes the index, and removes dead rows after many changes."""
        if not self._table_exists():
            return state
        self._changed += changed
        if self._changed >= VACUUM_ROWS and state.index == "none":
            self._run("VACUUM (ANALYZE) {table}")
            self._changed = 0
        return self._with_index(state, index)

    def rows(self) -> int:
        """The number of rows of the table."""
        return int(self._run("SELECT count(*) FROM {table}").fetchone()[0]) if self._table_exists() else 0

    def sample(self, count: int) -> tuple[list[str], npt.NDArray[Any], npt.NDArray[Any]]:
        """Some rows, near a random place in the order of ids."""
        text = "SELECT id, vector::real[], mean FROM {table} WHERE id >= %s ORDER BY id LIMIT %s"
        place = self._run("SELECT min(id) FROM (SELECT id FROM {table} TABLESAMPLE SYSTEM (0.01)) s").fetchone()[0]
        rows = self._run(text, [place or "", count]).fetchall() or self._run(text, ["", count]).fetchall()
        vectors = np.array([row[1] for row in rows], dtype=np.float32).reshape(len(rows), -1 if rows else 0)
        return [row[0] for row in rows], vectors, np.array([row[2] for row in rows], dtype=np.float32)

    def rank(self, queries: npt.NDArray[Any], top_k: int, alpha: float, ids: list[str]) -> SearchResult:
        """An exact search among some images."""
        return rank(self._open, self._names, self.name, queries, top_k, alpha, ids=ids)

    def _apply_rows(self, page: Changes, state: CopyState) -> tuple[int, int, int]:
        """Writes the rows of a page; returns the numbers of upserts, means and deletions."""
        self._run(
            "CREATE TEMP TABLE IF NOT EXISTS nnnd_page (kind text, id text, mean real, vector vector) "
            "ON COMMIT DELETE ROWS"
        )
        with self._open.cursor() as cursor, cursor.copy("COPY nnnd_page FROM STDIN (FORMAT binary)") as copy:
            for piece in copy_rows(page):
                copy.write(piece)
        deletes = self._run("DELETE FROM {table} t USING nnnd_page p WHERE p.kind = 'd' AND t.id = p.id").rowcount
        upserts = self._run(
            "INSERT INTO {table} AS t (id, mean, vector) SELECT id, mean, vector FROM nnnd_page WHERE kind = 'u' "
            "ON CONFLICT (id) DO UPDATE SET mean = excluded.mean, vector = excluded.vector "
            "WHERE t.mean <> excluded.mean OR t.vector <> excluded.vector"
        ).rowcount
        missing = self._run(
            "SELECT count(*) FROM nnnd_page p WHERE kind = 'm' AND NOT EXISTS (SELECT FROM {table} t WHERE t.id = p.id)"
        ).fetchone()[0]
        if missing:
            raise CopyDamaged(f"the table {self.name} lacks {missing:,} rows")
        means = self._run(
            "UPDATE {table} t SET mean = p.mean FROM nnnd_page p WHERE p.kind = 'm' AND t.id = p.id "
            "AND t.mean <> p.mean AND abs(t.mean::float8 - p.mean::float8) >= %s",
            [state.eps],
        ).rowcount
        return upserts, means, deletes

    def _follow_snapshot(self, state: CopyState, upserts: int) -> CopyState:
        """Records the ids of the snapshot; at its end, removes the rows that it does not have."""
        if upserts:
            self._run("INSERT INTO {seen} SELECT id FROM nnnd_page WHERE kind = 'u' ON CONFLICT DO NOTHING")
        if state.snapshot:
            return state
        self._run("DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM {seen} s WHERE s.id = t.id)")
        self._run("DROP TABLE {seen}")
        return replace(state, replaces=False)

    def _make_table(self, dimension: int) -> None:
        """Creates the table; replaces it if the dimension of the corpus has changed."""
        if dimension > MOST_COLUMN:
            raise CopyError(f"pgvector stores at most {MOST_COLUMN:,} dimensions, not {dimension:,}")
        self._run("DROP TABLE IF EXISTS {table}")
        columns = f'id text COLLATE "C" PRIMARY KEY, mean real NOT NULL, vector vector({dimension}) NOT NULL'
        if not self._partitions:
            self._run(f"CREATE TABLE {{table}} ({columns})")
            return
        self._run(f"CREATE TABLE {{table}} ({columns}) PARTITION BY HASH (id)")
        for number in range(self._partitions):
            self._run(
                f"CREATE TABLE {{partition}} PARTITION OF {{table}} "
                f"FOR VALUES WITH (MODULUS {self._partitions}, REMAINDER {number})",
                partition=self._names.partition(self.name, number),
            )

    def _with_index(self, state: CopyState, index: str) -> CopyState:
        """Builds the index, or rebuilds it if the mean of the means has moved; drops it if `index` is none."""
        exists = self._exists(self._names.qualified_index)
        if index != "hnsw":
            if exists:
                with self._transaction():
                    state = replace(state, index="none")
                    self._run("DROP INDEX {qualified_index}")
                    self._save(state)
            return state
        if exists and self._changed < VACUUM_ROWS:
            return state
        self._changed = 0
        centre = self._centre
        if centre is None:
            mean = self._run("SELECT avg(mean) FROM {table}").fetchone()[0] or 0.0
            centre = state.centre if abs(mean - state.centre) <= CENTRE_STEP else centre_of(np.array([mean]))
        if exists and centre == state.centre:
            return state
        state = replace(state, centre=centre, index="hnsw")
        # Searches go on with the old index and its centre until the new one is there.
        self._run("DROP INDEX IF EXISTS {qualified_new_index}")
        self._run(
            "CREATE INDEX {new_index} ON {table} USING hnsw ({code} {operators})", code=code(state),
            operators=self._sql.SQL(code_type(state) + "_ip_ops"),
        )  # fmt: skip
        with self._transaction():
            self._run("DROP INDEX IF EXISTS {qualified_index}")
            self._run("ALTER INDEX {qualified_new_index} RENAME TO {index}")
            self._save(state)
        self._run("ANALYZE {table}")
        return state

    def _save(self, state: CopyState) -> None:
        names = list(STATE_COLUMNS)
        values = asdict(state)
        self._run(
            "INSERT INTO {states} (copy, changed, {columns}) VALUES (%s, now(), {places}) ON CONFLICT (copy) "
            "DO UPDATE SET (changed, {columns}) = (excluded.changed, {excluded})",
            [self.name, *(values[name] for name in names)],
            columns=self._sql.SQL(", ").join(map(self._sql.Identifier, names)),
            places=self._sql.SQL(", ").join(self._sql.Placeholder() * len(names)),
            excluded=self._sql.SQL(", ").join(self._sql.Identifier("excluded", name) for name in names),
        )

    def _table_exists(self) -> bool:
        return self._exists(self._names.table)

    def _exists(self, name: Any) -> bool:
        return self._run("SELECT to_regclass(%s)", [name.as_string(None)]).fetchone()[0] is not None

    def _require_versions(self) -> None:
        server = self._open.info.server_version
        if server < OLDEST_SERVER:
            raise CopyError(f"PostgreSQL {server // 10000} is too old; 13 or later is needed")
        try:
            self._run("CREATE EXTENSION IF NOT EXISTS vector")
        except self._psycopg.Error as error:
            raise CopyError(f"PostgreSQL needs the extension pgvector: {error}") from error
        version = self._run("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()[0]
        if tuple(map(int, version.split(".")[:2])) < OLDEST_VECTOR:
            raise CopyError(f"pgvector {version} is too old; 0.8 or later is needed (ALTER EXTENSION vector UPDATE)")

    def _transaction(self) -> Any:
        return self._open.transaction()

    def _run(self, text: str, values: list[Any] | None = None, **pieces: Any) -> Any:
        """Runs a statement; names of `Names` and `pieces` stand in braces."""
        statement = self._sql.SQL(text).format(**{**vars(self._names), **pieces})
        return self._open.execute(statement, values)
