"""The section "Where nnnd loses": the rows of the other sections in which a peer is faster than nnnd."""

import re

TITLE = "Where nnnd loses"
PEERS = ("faiss-cpu", "usearch", "nnn-retrieval")
# The cells of a row: its name, nnnd, what it is compared with, the ratio of the medians.
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([\d.,]+)(?: \([^|]*)? \|")
# A pair of times "own / other" of the table of sizes.
PAIR = re.compile(r"([\d.,]+) / ([\d.,]+)")


def number(text):
    return float(text.replace(",", ""))


def losses_of(text):
    """The rows in which a peer is faster, as (name, nnnd, the peer, ratio)."""
    for line in text.splitlines():
        row, pairs = ROW.match(line), PAIR.findall(line)
        if row and any(peer in row[3] for peer in PEERS) and number(row[4]) > 1:
            yield row[1], re.sub(r" \(.*", "", row[2]), row[3], number(row[4])
        elif not row and line.startswith("|"):
            name = " with ".join(cell.strip() for cell in line.split("|")[1:3])
            for own, other in pairs:
                if number(own) > number(other):
                    yield name, f"{own} ms", f"{other} ms, faiss-cpu", number(own) / number(other)


def text(sections):
    """The text of the section. `sections`: title -> title of a subsection -> text."""
    lines = [
        f"| {title}{': ' if kind else ''}{kind} | {name} | {own} | {other} | {ratio:.3g} |"
        for title, subsections in sections.items()
        for kind, body in subsections.items()
        for name, own, other, ratio in losses_of(body)
    ]
    if not lines:
        return "No row of this document has a peer that is faster.\n"
    head = ["The rows of this document in which a peer is faster.", "", "| table | row | nnnd | peer | ratio |",
            "|---|---|---|---|---|"]
    return "\n".join([*head, *lines]) + "\n"
