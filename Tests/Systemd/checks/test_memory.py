"""A corpus larger than the unit's MemoryMax."""

import threading

import numpy as np
import pytest

from harness.waiting import wait_until
from machine import DEADLINE, Service

# A commit has up to 64 MiB of shards and needs three to four times as much memory; see "Memory" in
# docs/architecture.md.
LIMIT = 448 << 20
DIMENSION = 512
# As float32: 420 MiB of vectors and 105 MiB of codes.
SHARDS, ROWS = 42, 5120
# At the limit each search reads the codes from disk. A client that searches all the time would slow the shards down.
SEARCHES_A_SHARD, LATER_SEARCHES = 3, 20


@pytest.fixture
def service(users):
    service = Service("nnnd@memory")
    with open("/etc/nnnd/memory.yaml", "w") as file:
        file.write("finished-shards: delete\n")
    service.set(MemoryMax=LIMIT)
    yield service
    service.remove_drop_ins()
    service.do("stop")


def test_ingestion_and_searches_succeed_below_memory_max(service, rng):
    process = service.process

    def check_alive():
        is_alive = service.process == process
        assert is_alive, f"the service was killed: {memory_figures(service)}, {service.journal()[-8:]}"

    service.spool.alive = check_alive
    query = rng.standard_normal((1, DIMENSION)).astype(np.float32)
    permits, stopping, failures, hit_counts = threading.Semaphore(0), threading.Event(), [], []

    def search():
        while permits.acquire() and not stopping.is_set():
            try:
                with service.client() as client:
                    hit_counts.append(client.search(query, top_k=5).ids.size)
            except Exception as error:
                failures.append(repr(error))
                return

    # The first shard sets the dimension, which searches need.
    with service.client() as client:
        client.add_references(rng.standard_normal((256, DIMENSION)).astype(np.float32), timeout=DEADLINE)
    searcher = threading.Thread(target=search)
    searcher.start()
    for number in range(SHARDS):
        service.spool.drop("images", f"{number}.npy", rng.standard_normal((ROWS, DIMENSION)).astype(np.float32))
        permits.release(SEARCHES_A_SHARD)
    for number in range(SHARDS):
        service.spool.wait_receipt("images", f"{number}.npy")
    permits.release(LATER_SEARCHES)
    wait_until(lambda: failures or len(hit_counts) == SHARDS * SEARCHES_A_SHARD + LATER_SEARCHES, "answers")
    stopping.set()
    permits.release()
    searcher.join()
    status = service.status()
    assert status["images"] == SHARDS * ROWS
    assert (service.store / "data.mdb").stat().st_size > LIMIT
    assert failures == []
    # No process was killed; when the limit was reached, the kernel evicted pages of the map.
    assert (service.process, service.restarts, service.show("OOMPolicy")) == (process, 0, "stop")
    peak, reached, killed = memory_figures(service)
    assert peak <= LIMIT and reached > 0 and killed == 0
    print(f"peak memory {peak >> 20} MiB of {LIMIT >> 20}, limit reached {reached} times")
    assert service.check_biases() == SHARDS * ROWS


def memory_figures(service):
    """The peak memory in bytes, how often the limit was reached, and how many processes were killed for it."""
    events = service.memory("memory.events")
    if events is not None:
        counts = dict(line.split() for line in events.splitlines())
        peak = service.memory("memory.peak") or service.memory("memory.current")
        return int(peak), int(counts["max"]), int(counts["oom_kill"])
    control = dict(line.split() for line in service.memory("memory.oom_control").splitlines())
    peak, reached = service.memory("memory.max_usage_in_bytes"), service.memory("memory.failcnt")
    return int(peak), int(reached), int(control["oom_kill"])
