"""docs/benchmarks-history.md: the main figures of each release, a row for each version, machine and kind of data."""

from pathlib import Path

KEY = ("version", "machine", "data")
FIGURES = {
    "search 1": "search, 1 query, 200,000 x 512",
    "search 16": "16 queries at once",
    "search 100": "100 queries at once",
    "search 1,000": "1,000 queries at once",
    "rescored": "rows scored exactly, 1 query",
    "images": "200,000 images dropped on 4,096 references",
    "reference": "1 reference dropped on 200,000 images",
    "references": "1,000 references dropped on 20,000",
    "million": "a million images: search, 1 query",
    "million reference": "a million images: 1 reference dropped",
}
COLUMNS = (*KEY, "date", *FIGURES.values())
INTRODUCTION = """\
# History of the benchmarks

The main figures of each release; [benchmarks.md](benchmarks.md) says what they mean. `make bench` adds a row for the
current version and machine, or replaces the figures that it has measured again. It changes no other row. Times of
different machines cannot be compared; ratios can. The column "machine" has the kernels that nnnd used.
"""


def rows_of(text):
    """The rows of the table: a list of column -> cell. A column that COLUMNS doesn't have is kept."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row)) for row in cells[2:]]


def text_of(rows):
    columns = list(dict.fromkeys([*COLUMNS, *(column for row in rows for column in row)]))
    lines = [columns, ["---"] * len(columns), *([row.get(column, "") for column in columns] for row in rows)]
    return INTRODUCTION + "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def update(path, version, machine, date, measured):
    """Adds the measured figures to the file.

    `measured`: (title of the kind of data, a key of FIGURES) -> text. Rows of other versions, machines and kinds stay.
    """
    path = Path(path)
    rows = rows_of(path.read_text()) if path.exists() else []
    for (kind, figure), words in measured.items():
        key = dict(zip(KEY, (version, machine, kind)))
        row = next((row for row in rows if all(row.get(name) == value for name, value in key.items())), None)
        if row is None:
            row = key
            rows.append(row)
        row |= {"date": date, FIGURES[figure]: words}
    path.write_text(text_of(rows))
