"""Searches that run during commits: each sees exactly one generation, with all of a shard or none of it."""

import collections
import dataclasses
import threading

import numpy as np

from harness.oracle import Oracle
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

DIMENSION = 24
ROWS = 40
SHARDS = 36
SEARCHERS = 8


@dataclasses.dataclass
class Answer:
    """The answer of a search that returns all images."""

    # The shards that had receipts before the search began.
    receipts: frozenset
    generation: int
    # The number of images found, by shard.
    found: collections.Counter
    # The bias of each image, by id.
    biases: dict


class Searchers:
    """Threads that search for all images without pause while the context lasts."""

    def __init__(self, daemon, query, receipts):
        self.daemon = daemon
        self.query = query
        self.receipts = receipts
        self.answers = [[] for _ in range(SEARCHERS)]
        self.errors = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(answers,)) for answers in self.answers]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self, answers):
        try:
            with self.daemon.client() as client:
                while not self.stopping.is_set():
                    receipts = frozenset(self.receipts)
                    result = client.search(self.query, top_k=100_000, alpha=1)
                    (ids,) = result.ids
                    found = collections.Counter(id.partition("/")[0] for id in ids)
                    biases = dict(zip(ids, result.biases[0].tolist(), strict=True))
                    assert len(biases) == len(ids), "an image is in the answer twice"
                    answers.append(Answer(receipts, result.generation, found, biases))
        except BaseException as error:
            self.errors.append(error)


def test_each_search_sees_all_of_a_shard_or_none_of_it(make_daemon, rng):
    daemon = make_daemon(k=5, capacity=9, alpha=1).start()
    shards = []
    for number in range(SHARDS):
        kind = IMAGES if rng.random() < 0.5 else REFERENCES
        name = f"{kind}-{number:03}"
        ids = [f"{name}/{row}" for row in range(ROWS)]
        shards.append((kind, name, ids, rng.standard_normal((ROWS, DIMENSION)).astype(np.float32)))
    # Some shards replace all ids of an earlier one.
    for number in range(SHARDS // 4):
        kind, name, ids, _ = shards[int(rng.integers(0, SHARDS))]
        shards.append((kind, f"{name}-again-{number}", ids, rng.standard_normal((ROWS, DIMENSION)).astype(np.float32)))

    # Receipts by shard, added as soon as they exist, so that searchers know which shards an answer must contain.
    receipts = {}
    query = rng.standard_normal((1, DIMENSION))
    with Searchers(daemon, query, receipts) as searchers:
        for start in range(0, len(shards), 3):
            for kind, name, ids, vectors in shards[start : start + 3]:
                daemon.spool.drop(kind, f"{name}.npy", vectors, ids)
            for kind, name, _, _ in shards[start : start + 3]:
                receipts[name] = daemon.spool.wait_receipt(kind, f"{name}.npy")
    assert not searchers.errors, searchers.errors

    states = states_by_generation(shards, receipts)
    answers = [answer for of_thread in searchers.answers for answer in of_thread]
    assert len({answer.generation for answer in answers}) > 3, "the searches saw too few generations"
    for answer in answers:
        for name in answer.receipts:
            assert receipts[name]["generation"] <= answer.generation, f"{name} is missing though its receipt existed"
        images, biases = states[answer.generation]
        assert answer.found == images, f"generation {answer.generation} has a part of a shard"
        assert answer.biases.keys() == biases.keys()
        for id, bias in answer.biases.items():
            assert abs(bias - biases[id]) <= 1e-5, f"generation {answer.generation}: the bias of {id} is wrong"
    for of_thread in searchers.answers:
        generations = [answer.generation for answer in of_thread]
        assert generations == sorted(generations), "the generation decreased on one connection"


def states_by_generation(shards, receipts):
    """For each generation the expected number of images by shard, and the expected bias by image."""
    oracle = Oracle(k=5, alpha=1)
    by_generation = collections.defaultdict(list)
    for shard in shards:
        by_generation[receipts[shard[1]]["generation"]].append(shard)
    states = {0: (collections.Counter(), {})}
    for generation in sorted(by_generation):
        for kind, _, ids, vectors in in_commit_order(by_generation[generation], receipts):
            oracle.put(kind, ids, vectors)
        found = collections.Counter(id.partition("/")[0] for id in oracle.images)
        states[generation] = (found, oracle.biases() if oracle.images else {})
    return states


def in_commit_order(shards, receipts):
    """The shards of one commit in the order in which they were received."""
    return sorted(shards, key=lambda shard: receipts[shard[1]]["received"])


def test_a_search_after_a_receipt_sees_the_shard(daemon, rng):
    """Drops 60 shards one by one, and searches on a new connection as soon as each receipt exists."""
    for number in range(60):
        kind = REFERENCES if number % 3 == 2 else IMAGES
        daemon.spool.drop(kind, f"{number}.npy", rng.standard_normal((2, 6)))
        receipt = daemon.spool.wait_receipt(kind, f"{number}.npy")
        result = daemon.search(np.ones((1, 6)), top_k=1000)
        assert result.generation >= receipt["generation"]
        if kind == IMAGES:
            assert {f"{number}:0", f"{number}:1"} <= set(result.ids[0])


def test_the_generation_never_decreases_on_one_connection(daemon, client, rng):
    daemon.spool.drop(IMAGES, "first.npy", rng.standard_normal((4, 6)))
    generations = [0]

    def reached_ten():
        generations.append(client.search(np.ones((1, 6))).generation)
        generations.append(client.status()["generation"])
        return generations[-1] >= 10

    for number in range(10):
        daemon.spool.drop(REFERENCES, f"{number}.npy", rng.standard_normal((4, 6)))
        daemon.spool.wait_receipt(REFERENCES, f"{number}.npy")
        reached_ten()
    wait_until(reached_ten, "ten generations", alive=daemon.check_alive)
    assert generations == sorted(generations)
