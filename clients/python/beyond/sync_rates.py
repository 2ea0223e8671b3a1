"""Measures copies of 50,000 images: the traffic of the feed, what engines take to apply it, recall and times.

docs/engines.md and docs/scale.md have the figures. Run it with NNND_TEST_DATA naming the larger data.
"""

import gzip
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psycopg

from milvus_server import Milvus
from nnnd.serving import connect
from nnnd.sync import MilvusCopy, PostgresCopy, federate, sync
from postgres_server import PostgresServer
from sync_scenario import Scenario

ALPHAS = (0, 0.5, 0.75)


def main():
    print("load", os.getloadavg())
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(Path(folder), None, [])
        servers = [PostgresServer(["shared_buffers=512MB", "maintenance_work_mem=1GB"]).start() for _ in range(3)]
        try:
            parts = {"traffic": lambda: traffic(scenario), "postgres": lambda: postgres(scenario, servers[0]),
                     "several": lambda: several(scenario, servers),
                     "lite": lambda: milvus(scenario, str(Path(folder) / "milvus.db")),
                     "milvus": lambda: milvus_server(scenario, Path(folder) / "milvus")}  # fmt: skip
            for part in sys.argv[1:] or parts:
                parts[part]()
        finally:
            scenario.close()
            for server in servers:
                server.remove()


def traffic(scenario):
    """The rows and bytes of the feed for commits of references."""
    print("| references of a commit | means | NDJSON, bytes a mean | gzip | changes of 0.001 or more | 0.01 |")
    db = scenario.db
    for count in (1, 10, 100, 1000):
        rows, sizes, zipped, large, larger = [], [], [], [], []
        for number in range(3):
            before = {change.id: change.mean for page in db.new_changes("start", 10_000) for change in page}
            cursor = db.changes("now").cursor
            start = 10_000 + 4 * count + number * count
            db.add_references(scenario.references[start : start + count])
            page = [change for page in db.new_changes(cursor, 10_000) for change in page]
            raw = "".join(f'{{"change":"mean","id":"{c.id}","mean":{c.mean:.8g}}}\n' for c in page).encode()
            differences = np.array([abs(change.mean - before[change.id]) for change in page])
            rows.append(len(page))
            sizes.append(len(raw) / len(page))
            zipped.append(len(gzip.compress(raw)) / len(page))
            large.append((differences >= 0.001).sum())
            larger.append((differences >= 0.01).sum())
        figures = [np.mean(values) for values in (rows, sizes, zipped, large, larger)]
        print("| {:,} | {:,.0f} | {:.0f} | {:.0f} | {:,.0f} | {:,.0f} |".format(count, *figures))


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def wal(url):
    with psycopg.connect(url) as connection:
        return int(connection.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()[0])


def changes_of(scenario, count):
    """Commits references, and returns the number of means that changed."""
    cursor = scenario.db.changes("now").cursor
    start = int(scenario.rng.integers(len(scenario.references) - count))
    scenario.db.add_references(scenario.references[start : start + count])
    return sum(len(page) for page in scenario.db.new_changes(cursor, 10_000))


def postgres(scenario, server):
    db, url = scenario.db, server.url()
    print("snapshot", f"{timed(lambda: sync(db, PostgresCopy(url), once=True)):.1f} s")
    for count in (10, 300):
        update_rate(scenario, url, "none", count)
    print("index", f"{timed(lambda: sync(db, PostgresCopy(url), once=True, index='hnsw')):.1f} s")
    ranking(scenario, url, (40, 100, 200))
    update_rate(scenario, url, "hnsw", 10)
    update_rate(scenario, url, "hnsw", 100, eps=0.001)
    ranking(scenario, url, (40, 100, 200))
    with psycopg.connect(url, autocommit=True) as connection:
        print("rebuilt index", f"{timed(lambda: connection.execute('REINDEX INDEX images_nnnd_hnsw')):.1f} s")
        sizes = "SELECT pg_table_size('images'), pg_relation_size('images_nnnd_hnsw'), (SELECT centre FROM nnnd_sync)"
        print("bytes of table and index, centre", connection.execute(sizes).fetchone())
    ranking(scenario, url, (40, 100, 200))


def update_rate(scenario, url, index, count, eps=0.0):
    means, before = changes_of(scenario, count), wal(url)
    with psycopg.connect(url) as connection:
        old = dict(connection.execute("SELECT id, mean FROM images"))
    seconds = timed(lambda: sync(scenario.db, PostgresCopy(url), once=True, index=index, eps=eps))
    with psycopg.connect(url) as connection:
        written = sum(old.get(id) != mean for id, mean in connection.execute("SELECT id, mean FROM images"))
    each = (wal(url) - before) / max(1, written)
    print(f"index {index}, {count} references, eps {eps}: {means:,} means, {written:,} written in {seconds:.2f} s, "
          f"{each:,.0f} bytes of WAL each")  # fmt: skip


def ranking(scenario, url, efs):
    with connect(url) as searcher:
        searcher.search(scenario.queries)
        for alpha in ALPHAS:
            exact = searcher.search(scenario.queries, alpha=alpha)
            expected = scenario.db.search(scenario.queries, alpha=alpha)
            difference = np.abs(exact.scores - expected.scores).max()
            print(f"alpha {alpha}: same ids {(exact.ids == expected.ids).mean():.4f}, scores within {difference:.1e}")
            line = [f"exact {10 * exact.took:.1f} ms"]
            for ef in efs:
                fast = searcher.search(scenario.queries, alpha=alpha, ef=ef)
                shared = [len(set(a) & set(b)) / 10 for a, b in zip(exact.ids.tolist(), fast.ids.tolist())]
                line.append(f"ef {ef}: recall {np.mean(shared):.3f} in {10 * fast.took:.1f} ms")
            print(f"alpha {alpha}:", "; ".join(line))


def several(scenario, servers):
    urls = [server.database("part") for server in servers]
    for number, url in enumerate(urls, 1):
        sync(scenario.db, PostgresCopy(url, centre=0.3125), once=True, part=(number, 3), index="hnsw")
    whole = servers[0].database("whole")
    federate(whole, urls)
    print("three servers")
    ranking(scenario, whole, (100,))


def milvus_server(scenario, folder):
    server = Milvus(folder).start()
    try:
        milvus(scenario, server.url)
    finally:
        server.kill()


def milvus(scenario, url):
    db = scenario.db
    print("milvus", url)
    print("snapshot", f"{timed(lambda: sync(db, MilvusCopy(url), once=True)):.1f} s")
    means = changes_of(scenario, 10)
    print(f"{means:,} means in {timed(lambda: sync(db, MilvusCopy(url), once=True)):.2f} s")
    for alpha in ALPHAS:
        with connect(url) as searcher:
            exact, expected = (place.search(scenario.queries, alpha=alpha) for place in (searcher, db))
        difference = np.abs(exact.scores - expected.scores).max()
        print(f"alpha {alpha}: same ids {(exact.ids == expected.ids).mean():.4f}, within {difference:.1e}, "
              f"{10 * exact.took:.1f} ms")  # fmt: skip
    print("index", f"{timed(lambda: sync(db, MilvusCopy(url), once=True, index='hnsw')):.1f} s")
    for alpha in ALPHAS:
        for ef in (40, 100, 200):
            with connect(url) as searcher:
                fast, exact = (
                    searcher.search(scenario.queries, alpha=alpha, ef=ef),
                    db.search(scenario.queries, alpha=alpha),
                )
            shared = [len(set(a) & set(b)) / 10 for a, b in zip(exact.ids.tolist(), fast.ids.tolist())]
            print(f"alpha {alpha}, ef {ef}: recall {np.mean(shared):.3f} in {10 * fast.took:.1f} ms")


if __name__ == "__main__":
    main()
