"""Demonstrates nnnd with real data: a reverse dictionary, with and without Nearest Neighbor Normalization (NNN).

It starts the daemon on temporary folders, renames the WordNet shards into its spool and waits for their receipts. Then
it searches for the words that 1,000 glosses (definitions) define, and prints recall without and with NNN. At the end
nnnctl writes a report with pictures. The exit status is 0 only if recall has the expected values. The program needs
only Python's standard library.
"""

import argparse
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDNET = Path(__file__).resolve().parent / "wordnet"
ALPHA = 0.75
# Recall at 1, 5 and 10 on these data with k = 128, by alpha: of nnn-retrieval 1.0.1, and as expected of nnnd. They
# differ in one answer of 1,000: noun.00319825 and noun.13324710 have the same vector, and nnnd puts the one with the
# lower row first.
AUTHORS = {0.0: (0.340, 0.513, 0.573), ALPHA: (0.366, 0.545, 0.600)}
EXPECTED = {0.0: (0.341, 0.513, 0.573), ALPHA: (0.366, 0.545, 0.600)}
DEADLINE = 120


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def wait_for(condition, what, daemon):
    """Waits until condition() is true; exits if the daemon ends, or after DEADLINE seconds. `what` is for messages."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if daemon.poll() is not None:
            sys.exit(f"nnnd ended with status {daemon.returncode} before {what}")
        if time.monotonic() > end:
            sys.exit(f"no {what} after {DEADLINE} s")
        time.sleep(0.01)


def drop(source, folder):
    """Copies a file into a folder so that it appears complete: writes a hidden file and renames it."""
    temporary = folder / f".{source.name}"
    shutil.copyfile(source, temporary)
    temporary.rename(folder / source.name)


def search(connection, alpha):
    """The ids of the 10 best images for each of the 1,000 queries, best first."""
    connection.request(
        "POST", f"/v1/search?top_k=10&alpha={alpha}", (WORDNET / "queries.npy").read_bytes(),
        {"Content-Type": "application/x-npy"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200:
        sys.exit(f"the search failed: {answer['detail']}")
    return [[hit["id"] for hit in hits] for hits in answer["results"]]


def write_report(binaries, socket_path, path):
    """Lets nnnctl write a report on the 1,000 queries to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(binaries / "nnnctl"), "report", "--socket", str(socket_path), "--out", str(path),
        "--queries", str(WORDNET / "queries.npy"), "--answers", str(WORDNET / "queries.ids"),
        "--texts", str(WORDNET / "texts.tsv"), "--baselines", "--reference-curve",
    ]
    print("\nDoes NNN help on these data?", flush=True)
    subprocess.run(command, check=True, timeout=DEADLINE)


def show(results, right, words, glosses):
    """Prints recall and some queries that NNN improves.

    `results`: ids of the hits of each query, by alpha. `right`: the id of the right answer of each query. `words` and
    `glosses`: texts by id. Returns (R@1, R@5, R@10) by alpha.
    """
    recall = {
        alpha: tuple(sum(a in ids[:n] for a, ids in zip(right, found)) / len(right) for n in (1, 5, 10))
        for alpha, found in results.items()
    }
    print("\n                              R@1    R@5    R@10    nnn-retrieval 1.0.1")
    for name, alpha in (("without NNN", 0.0), (f"NNN, k = 128, alpha = {ALPHA}", ALPHA)):
        own = "  ".join(f"{value:.3f}" for value in recall[alpha])
        peer = " ".join(f"{value:.3f}" for value in AUTHORS[alpha])
        print(f"{name:28}  {own}   {peer}")
    print("(The right answer of one query has the same vector as another image; this tie can change R@1 by 0.001.)")

    print("\nWords found for a gloss, without and with NNN:")
    improved = [
        i for i, answer in enumerate(right) if results[0.0][i][0] != answer and results[ALPHA][i][0] == answer
    ]
    for i in improved[:5]:
        print(f"  \"{glosses[right[i]]}\"")
        for name, alpha in (("without", 0.0), ("with", ALPHA)):
            print(f"    {name:8} {' | '.join(words[id] for id in results[alpha][i][:3])}")
    return recall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=Path(".build/release"), help="the folder with nnnd and nnnctl")
    parser.add_argument("--report", type=Path, default=Path("nnnd-report.html"), help="the file of the report to write")
    options = parser.parse_args()
    binaries = options.bin
    table = [line.split("\t") for line in (WORDNET / "texts.tsv").read_text().splitlines()]
    words = {row[0]: row[1] for row in table}
    glosses = {row[0]: row[2] for row in table}
    right = (WORDNET / "queries.ids").read_text().split()

    home = Path(tempfile.mkdtemp(prefix="nnnd-demo-"))
    spool, socket_path = home / "spool", home / "nnnd.sock"
    command = [
        str(binaries.resolve() / "nnnd"), "serve", "--spool", str(spool), "--data", str(home / "data"),
        "--socket", str(socket_path), "--log-level", "warning",
    ]
    daemon = subprocess.Popen(command)
    try:
        wait_for(socket_path.exists, "socket", daemon)
        start = time.monotonic()
        receipts = []
        for kind in ("images", "references"):
            for shard in sorted((WORDNET / kind).glob("*.npy")):
                drop(shard.with_suffix(".ids"), spool / kind)
                drop(shard, spool / kind)
                receipts.append(spool / "done" / kind / f"{shard.name}.receipt.json")
        wait_for(lambda: all(receipt.exists() for receipt in receipts), "receipts", daemon)
        print(f"5,000 images and 8,000 references in {len(receipts)} shards: {time.monotonic() - start:.2f} s"
              " from drop to receipt.")
        connection = UnixConnection(socket_path)
        results = {alpha: search(connection, alpha) for alpha in EXPECTED}
        recall = show(results, right, words, glosses)
        connection.close()
        write_report(binaries, socket_path, options.report)
    finally:
        daemon.send_signal(signal.SIGTERM)
        status = daemon.wait(timeout=DEADLINE)
        shutil.rmtree(home)

    print(f"""
To continue by hand:
  mkdir -p /tmp/nnnd && {binaries}/nnnd serve --spool /tmp/nnnd/spool --data /tmp/nnnd/data \\
      --socket /tmp/nnnd/nnnd.sock &
  export NNND_SOCKET=/tmp/nnnd/nnnd.sock
  {binaries}/nnnctl ingest --kind images --wait Examples/wordnet/images/*.npy
  {binaries}/nnnctl ingest --kind references --wait Examples/wordnet/references/*.npy
  {binaries}/nnnctl search --queries Examples/wordnet/queries.npy --top-k 3 | head
  {binaries}/nnnctl evaluate --queries Examples/wordnet/queries.npy --answers Examples/wordnet/queries.ids
README.md has the next steps.""")
    wrong = [
        (alpha, n) for alpha, expected in EXPECTED.items()
        for n, value, target in zip((1, 5, 10), recall[alpha], expected)
        if abs(value - target) > 1e-9
    ]
    if wrong or status != 0:
        sys.exit(f"unexpected: recall at (alpha, n) {wrong}, exit status {status}")


if __name__ == "__main__":
    main()
