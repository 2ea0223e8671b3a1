"""References that follow the traffic: a store with references of some topics, and searches of the other topics.

    NNND_TEST_DATA=... python Benchmarks/drift.py --write docs

It compares R@1 without sampling and with `sample-queries` at three rates with that of references of all topics, and
reads how well the references match the queries from the status. The data is WordNet: images are words, references and
queries are definitions. Prints a table; with --write also writes docs/traffic.svg.
"""

import argparse
import re
import time
from pathlib import Path

import numpy as np

from datasets import load, test_data
from harness import Daemon, wait_for

# Lexicographer files of animals, body, food, objects, plants and substances: the topics of the given references.
GIVEN_TOPICS = {"5", "8", "13", "17", "20", "27"}
RATES = (1, 5, 20)
CHECKPOINTS = (500, 2000, 5000, 10_000, 20_000)
KS = (128, 16)
ALPHA = 0.75
GIVEN = 4000
TESTED = 4000
BATCH = 8
MEASUREMENT_TIMEOUT = 240  # seconds until a measurement must have come


class Data:
    """Vectors, and definitions with the row of their right image, in random order."""

    def __init__(self, seed):
        folder = test_data("wordnet-large")
        if folder is None:
            raise SystemExit("NNND_TEST_DATA must name a folder with wordnet-large/")

        def ids(name):
            return (folder / f"{name}.ids").read_text().split()

        self.images, self.image_ids = load(folder / "images.npy"), ids("images")
        row_of = {id: row for row, id in enumerate(self.image_ids)}
        topics = dict(line.split("\t") for line in (folder / "topics.tsv").read_text().splitlines())
        texts = np.concatenate([load(folder / "references.npy"), load(folder / "queries.npy")])
        right = np.array([row_of.get(id, -1) for id in ids("references") + ids("queries")])
        self.random = np.random.default_rng(seed)
        order = self.random.permutation(np.flatnonzero(right >= 0))
        self.texts, self.right = texts[order], right[order]
        given = np.array([topics[self.image_ids[row]] in GIVEN_TOPICS for row in self.right])
        other = np.flatnonzero(~given)
        self.given, self.tested, self.pool = np.flatnonzero(given)[:GIVEN], other[:TESTED], other[TESTED:]
        share = int(GIVEN * len(other) / len(self.right))
        self.mixed = np.concatenate([self.pool[:share], self.given[: GIVEN - share]])
        self.traffic = self.random.choice(self.pool, CHECKPOINTS[-1])


def firsts(daemon, data, alpha=ALPHA):
    """For each tested query whether its right image comes first."""
    right = np.array(data.image_ids)[data.right[data.tested]]
    found = []
    for start in range(0, TESTED, 500):
        answer = daemon.client.search(data.texts[data.tested[start : start + 500]], 1, alpha, sample=False)
        found.append(answer.ids[:, 0])
    return np.concatenate(found) == right


def by_k(daemon, data):
    """What `firsts` returns for each of KS; the last one set is the first."""
    found = {}
    for k in reversed(KS):
        daemon.client.change_settings(k=k)
        found[k] = firsts(daemon, data)
    return found


def search(daemon, vectors):
    for start in range(0, len(vectors), BATCH):
        daemon.client.search(vectors[start : start + BATCH], 10, ALPHA)


def sampled(daemon):
    """Waits until the sampled queries are references; returns their number."""
    pattern = re.compile(r'^nnnd_sampled_queries_total\{outcome="sampled"\} (\d+)', re.M)

    def is_done():
        wanted = int(pattern.search(daemon.client.metrics()).group(1))
        return daemon.client.status()["sampled_references"] == wanted

    wait_for(is_done, 0.2)
    return daemon.client.status()["sampled_references"]


def match(daemon, queries, generation):
    """Waits for the measurement of this number of queries in this generation or a later one; returns it."""
    end = time.monotonic() + MEASUREMENT_TIMEOUT

    def is_done():
        found = daemon.client.status().get("reference_match")
        if found and found["generation"] >= generation and found["queries"] >= queries:
            return True
        if time.monotonic() > end:
            raise TimeoutError(found)
        return False

    wait_for(is_done, 0.2)
    return daemon.client.status()["reference_match"]


def fill(daemon, data, references):
    daemon.drop("references", "given", data.texts[references])
    daemon.drop("images", "images", data.images, data.image_ids)


def followed(base, data, rate):
    """The results at each checkpoint of a daemon that samples: searches -> references, matches and firsts."""
    flags = ("--sample-queries", f"{rate}%", "--sample-delay", "1s", "--sample-client-share", "100%",
             "--max-sampled-references", "20000")
    found = {}
    with base.copy(*flags) as daemon:
        done = 0
        for count in CHECKPOINTS:
            search(daemon, data.texts[data.traffic[done:count]])
            done = count
            references = sampled(daemon)
            firsts_by_k = by_k(daemon, data)
            # Further queries of the same kind cause a measurement of the present references.
            generation = daemon.client.status()["generation"]
            daemon.client.search(data.texts[data.random.choice(data.pool, 64)], 10, ALPHA)
            found[count] = (references, match(daemon, min(count, 512), generation), firsts_by_k)
            print(f"{rate}% {count:,}: {references:,} sampled, {found[count][1]}, "
                  f"{({k: round(100 * float(v.mean()), 2) for k, v in firsts_by_k.items()})}", flush=True)
    return found


def interval(first, second):
    """Half of the 95% interval of the difference of two means over the same queries."""
    difference = first.astype(float) - second
    return 1.96 * difference.std() / np.sqrt(len(difference))


def line(name, references, measured, firsts_by_k, none, mixed):
    cells = [name, f"{references:,}", "" if measured is None else f"{measured['farther']:.3f}"]
    for k in KS:
        gain = 100 * (firsts_by_k[k].mean() - none.mean())
        best = 100 * (mixed[k].mean() - none.mean())
        error = 100 * interval(firsts_by_k[k], none)
        cells += [f"{100 * firsts_by_k[k].mean():.1f}", f"{gain:+.2f} ± {error:.2f}", f"{100 * gain / best:.0f}%"]
    return "| " + " | ".join(cells) + " |"


def table(data, none, states, rates):
    """The table of the document, as lines."""
    mixed = states["references of all topics"][1]
    heads = [f"{what}, k {k}" for k in KS for what in ("R@1", "gain", "of the mixed set's")]
    yield "| references | number | farther | " + " | ".join(heads) + " |"
    yield "|---" * (3 + len(heads)) + "|"
    yield f"| no correction | 0 | | {100 * none.mean():.1f} | | | {100 * none.mean():.1f} | | |"
    for name, (measured, found) in states.items():
        yield line(name, GIVEN, measured, found, none, mixed)
    for rate, found in rates.items():
        references, measured, by_k = found[CHECKPOINTS[-1]]
        name = f"given, and {rate}% of {CHECKPOINTS[-1]:,} searches"
        yield line(name, GIVEN + references, measured, by_k, none, mixed)


def draw(path, none, states, rates):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "nnnd", "font.size": 9})
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
    for panel, k in zip(panels, KS):
        panel.axhline(100 * none.mean(), color="tab:gray", linestyle=":", label="no correction")
        for (name, (_, found)), color in zip(states.items(), ("tab:red", "tab:green")):
            panel.axhline(100 * found[k].mean(), color=color, linestyle="--", label=name)
        for rate, found in rates.items():
            values = [100 * found[count][2][k].mean() for count in CHECKPOINTS]
            panel.plot(CHECKPOINTS, values, marker="o", markersize=4, label=f"{rate}% of the queries sampled")
        panel.set_title(f"R@1 in percent, k = {k}", fontsize=9)
    for (_, (measured, _)), color in zip(states.items(), ("tab:red", "tab:green")):
        panels[2].axhline(measured["farther"], color=color, linestyle="--")
    for found in rates.values():
        panels[2].plot(CHECKPOINTS, [found[count][1]["farther"] for count in CHECKPOINTS], marker="o", markersize=4)
    panels[2].set_title("share of pairs with the query farther", fontsize=9)
    for panel in panels:
        panel.set_xlabel("searches")
        panel.grid(True, alpha=0.3)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=Path(".build/release"), help="the folder with nnnd")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="the folder for traffic.svg")
    options = parser.parse_args()
    data = Data(options.seed)
    states = {}
    first = data.texts[data.traffic[:500]]
    with Daemon(options.bin) as daemon:
        fill(daemon, data, data.mixed)
        search(daemon, first)
        states["references of all topics"] = (match(daemon, 500, 1), by_k(daemon, data))
        none = firsts(daemon, data, alpha=0)
    with Daemon(options.bin) as base:
        fill(base, data, data.given)
        search(base, first)
        states = {"references of other topics": (match(base, 500, 1), by_k(base, data)), **states}
        for name, (measured, _) in states.items():
            print(name, measured, flush=True)
        rates = {rate: followed(base, data, rate) for rate in RATES}
    print("\n".join(table(data, none, states, rates)))
    if options.write:
        draw(options.write / "traffic.svg", none, states, rates)


if __name__ == "__main__":
    main()
