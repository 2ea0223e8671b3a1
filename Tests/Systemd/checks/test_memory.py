"""A corpus larger than the memory that the unit may have."""

import threading

import numpy as np
import pytest

from harness.waiting import wait_until
from machine import Service

# A commit takes up to 64 MiB of shards, and three to four times as much memory of its own; see "Memory" in docs/architecture.md.
LIMIT = 448 << 20
DIMENSION = 512
# As float32: 420 MiB of vectors and 105 MiB of codes.
SHARDS, ROWS = 42, 5120


@pytest.fixture
def service(users):
    service = Service("nnnd@memory")
    with open("/etc/nnnd/memory.yaml", "w") as file:
        file.write("finished-shards: delete\n")
    service.set(MemoryMax=LIMIT)
    yield service
    service.forget_drop_ins()
    service.do("stop")


def test_memory_max_holds_and_searches_go_on(service, rng):
    process = service.process

    def check_alive():
        assert service.process == process, f"it was ended: {figures(service)}, {service.journal()[-8:]}"

    service.spool.alive = check_alive
    query = rng.standard_normal((1, DIMENSION)).astype(np.float32)
    end, failed, answered = threading.Event(), [], []

    def search():
        while not end.is_set():
            try:
                with service.client() as client:
                    answered.append(len(client.search(query, top_k=5)["results"][0]))
            except Exception as error:
                failed.append(repr(error))
                return

    # The dimension is known once there is a shard.
    service.spool.drop_and_wait("references", "r.npy", rng.standard_normal((256, DIMENSION)).astype(np.float32))
    searcher = threading.Thread(target=search)
    searcher.start()
    for number in range(SHARDS):
        service.spool.drop("images", f"{number}.npy", rng.standard_normal((ROWS, DIMENSION)).astype(np.float32))
    for number in range(SHARDS):
        service.spool.wait_receipt("images", f"{number}.npy")
    count = len(answered)
    wait_until(lambda: failed or len(answered) > count + 20, "answers")
    end.set()
    searcher.join()
    status = service.status()
    assert status["images"] == SHARDS * ROWS
    assert (service.store / "data.mdb").stat().st_size > LIMIT
    assert failed == []
    # Nothing was killed, and memory that was wanted beyond the limit came from pages that could be dropped.
    assert (service.process, service.restarts, service.show("OOMPolicy")) == (process, 0, "stop")
    peak, met, killed = figures(service)
    assert peak <= LIMIT and met > 0 and killed == 0
    print(f"most memory {peak >> 20} MiB of {LIMIT >> 20}, limit met {met} times")
    assert service.check_biases() == SHARDS * ROWS


def figures(service):
    """The most memory that there was at once, how often the limit was met, and how many processes were killed for it."""
    events = service.memory("memory.events")
    if events is not None:
        counts = dict(line.split() for line in events.splitlines())
        return int(service.memory("memory.peak") or service.memory("memory.current")), int(counts["max"]), int(counts["oom_kill"])
    control = dict(line.split() for line in service.memory("memory.oom_control").splitlines())
    return int(service.memory("memory.max_usage_in_bytes")), int(service.memory("memory.failcnt")), int(control["oom_kill"])
