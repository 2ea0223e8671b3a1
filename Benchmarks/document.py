"""The text of docs/benchmarks.md: its introduction, and its sections with a subsection for each kind of data."""

from datasets import KINDS

TITLES = [kind.title for kind in KINDS.values()]

INTRODUCTION = """\
# Benchmarks

`make bench` writes this document; [Benchmarks/](../Benchmarks) has the code. nnnd and another program (the *peer*) are
measured alternately in one run, on the same vectors. They must give the same results: scores and biases within 1e-5.
[benchmarks-history.md](benchmarks-history.md) has the main figures of each release.

Most tables exist for three kinds of data:

- *Random directions*. Their similarities are close together, which is hard for thresholds.
- *CLIP-like*: vectors of [cliplike.py](../Benchmarks/cliplike.py), which have the statistics of CLIP's embeddings of
  photographs and captions: a narrow cone, a few dominating dimensions, and a steep spectrum.
- *WordNet*: words as images, their glosses as references and queries, embedded by all-MiniLM-L6-v2. The set is small,
  so its tables have fewer rows and no targets that need more. Examples/wordnet has 5,000 images; a larger set is used
  where `NNND_TEST_DATA` names it.

Peers:

- *faiss-cpu*, called in the process of the benchmark on all cores. It does what nnn-retrieval, the package of NNN's
  authors, does: it computes biases with an `IndexFlatIP` over the references, and searches an `IndexFlatIP` over
  vectors that have minus the bias as one more component.
- *faiss-cpu PQ*: an `IndexPQFastScan` over the same vectors, whose best rows an `IndexRefineFlat` scores again in
  float32. Its results are not exact; its recall@10 stands beside its time.
- *usearch*: its exact search of the same vectors.
- *nnn-retrieval* with torch, where torch is installed.

Figures:

- nnnd is measured as a client sees it. The time of a search is from the start of the request to the end of the response
  over the Unix socket. The time of a shard is from its rename into the spool (its *drop*) to its receipt, after a
  commit with a full sync. The threads of a peer have 50 ms to end before the next program is measured.
- The figures are medians, with quartiles in brackets. *ratio* is the median of nnnd (or of what the row names first)
  divided by the median of what it is compared with; the brackets have the quartiles of the ratios of single pairs of
  measurements.
- *target* is a limit that the ratio or the figure must keep.
- *N queries at once* are N queries in one request.
- k = 128, alpha = 0.75, top 10.
- *Limits* are what this machine reached in the same run: reading memory, int8 and float32 products on registers. They
  are measured several times, because other load on the machine changes them. A row compares with the best values so
  far; the table below has those of the first measurement.
- Bytes written and read are those that /proc/PID/io counts for nnnd.
- The line below a table says when it was measured, and with which sources. A table can be older than others.
"""


def table_of(pairs):
    return ["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in pairs]


def parts_of(text, mark):
    """The text before the first heading, and the text below each heading: title -> text.

    `mark`: the characters before a title, "## " or "### ".
    """
    first, *others = f"\n{text}".split(f"\n{mark}")
    found = {"": first.strip()}
    for part in others:
        title, _, body = part.partition("\n")
        found[title] = body.strip()
    return found


def sections_of(text):
    """The sections of a document: title -> subsection ("" for what is before the first) -> text."""
    sections = parts_of(text, "## ")
    del sections[""]
    return {title: {sub: f"{body}\n" for sub, body in parts_of(text, "### ").items() if body}
            for title, text in sections.items()}


def text_of(machine, sections):
    """The whole document. `machine`: pairs of a name and a value."""
    text = INTRODUCTION + "\n" + "\n".join(table_of(machine)) + "\n"
    for title, subsections in sections.items():
        text += f"\n## {title}\n"
        for kind in dict.fromkeys(["", *TITLES, *subsections]):
            if kind in subsections:
                text += (f"\n### {kind}\n" if kind else "") + f"\n{subsections[kind]}"
    return text
