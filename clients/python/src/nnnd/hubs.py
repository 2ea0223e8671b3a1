"""Which images appear in most searches, and which have suspicious biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ._evaluation_parts import plain
from ._html import table as html_table
from .documents import HeapEntry

if TYPE_CHECKING:
    import pandas as pd

LISTS = ("by_mean", "by_appearances", "suspicious")


@dataclass(frozen=True)
class HubImage:
    """An image, how often it appears in the top 10 of the queries, and what makes its bias.

    The N_10 of an image is the number of queries that have it in their top 10.
    """

    id: str
    mean: float
    """The mean of its k largest similarities to references."""
    bias: float
    """alpha x mean."""
    z: float
    """The robust z-score of the mean: (mean - median) / deviation."""
    appearances_before: int
    """N_10 without correction."""
    appearances: int
    """N_10 with the daemon's k and alpha."""
    references: tuple[HeapEntry, ...]
    """The references that are most similar to it, at most 5."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> HubImage:
        """The image of a document."""
        return plain(cls, document, references=tuple(document["references"]))


@dataclass(frozen=True)
class BiasChange:
    """An image whose bias new references have changed."""

    id: str
    mean: float
    """The mean of its k largest similarities to references."""
    mean_before: float
    """The mean that the references without the new ones give."""
    bias_change: float
    """alpha x (mean - mean_before)."""
    new_references: int
    """How many of the k references of the mean are new."""
    references: tuple[HeapEntry, ...]
    """The new references among them with the largest similarities, at most 5."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> BiasChange:
        """The image of a document."""
        return plain(cls, document, references=tuple(document["references"]))


@dataclass(frozen=True)
class BiasChanges:
    """The images whose biases new references have changed most: those that arrived after a generation or a time.

    References that were removed since then are not known.

    >>> generation = db.status()["generation"]
    >>> _ = db.add_references([[0.1, 0.0, 0.9]], ["new"])
    >>> changes = db.hubs(since=generation).changes
    >>> changes.new_references, changes.images[0].id
    (1, 'car')
    >>> _ = db.delete_references(["new"])

    """

    new_references: int
    """The number of references that arrived, or were replaced, since then."""
    images: tuple[BiasChange, ...]
    """The images with the largest changes in either direction, largest first."""
    generation: int | None = None
    """The generation that was asked for; None if it was a time."""
    time: datetime | None = None
    """The time that was asked for, to a millisecond, in UTC; None if it was a generation."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> BiasChanges:
        """The changes of a document."""
        text = document.get("time")
        # Before Python 3.11 `fromisoformat` does not know Z.
        time = None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))
        return plain(cls, document, images=tuple(map(BiasChange.parse, document["images"])), time=time)

    @property
    def title(self) -> str:
        """What the images are, in words."""
        since = f"generation {self.generation:,}" if self.time is None else f"{self.time:%Y-%m-%d %H:%M:%S} UTC"
        count = "1 new reference" if self.new_references == 1 else f"{self.new_references:,} new references"
        return f"Biases that changed most since {since}, because of {count}"

    def to_pandas(self) -> pd.DataFrame:
        """The images as a table, with the columns rank (from 1) and the fields of `BiasChange`.

        `references` has the ids of the new references.
        """
        import pandas as pd

        rows = [
            {**vars(image), "rank": rank, "references": [reference["id"] for reference in image.references]}
            for rank, image in enumerate(self.images, 1)
        ]
        columns = ["rank", "id", "bias_change", "mean", "mean_before", "new_references", "references"]
        table: pd.DataFrame = pd.DataFrame(rows, columns=columns)
        return table

    def __repr__(self) -> str:
        """A short description; `to_pandas()` has the images."""
        return f"<BiasChanges: {self.title}, {len(self.images)} images>"

    def _repr_html_(self) -> str:
        """The images as a table, for notebooks."""
        columns = ["id", "change of the bias", "mean", "mean before", "new of k", "new references"]
        rows = [
            [
                image.id,
                f"{image.bias_change:+.3f}",
                f"{image.mean:.3f}",
                f"{image.mean_before:.3f}",
                f"{image.new_references:,}",
                _similarities(image.references),
            ]
            for image in self.images
        ]
        return html_table(columns, rows, [f"{self.title}."])


@dataclass(frozen=True, eq=False)
class Hubs:
    """The images that appear most, and those with suspicious biases. The names are those of `nnnctl hubs --json`.

    >>> hubs = db.hubs(limit=1)
    >>> (hubs.source, len(hubs.by_mean), hubs.suspicious_count)
    ('references', 1, 0)

    """

    document: Mapping[str, Any] = field(repr=False)
    """The JSON document of the daemon, as `nnnctl hubs --json` prints it."""
    generation: int
    queries: int
    """The number of queries whose top 10 were counted."""
    source: str
    """Whether `queries` or `references` were the queries."""
    k: int
    alpha: float
    median_mean: float
    """The median of the means of all images."""
    deviation: float
    """A robust standard deviation of the means: 1.4826 x the median distance from the median."""
    by_mean: tuple[HubImage, ...]
    """The images with the largest means."""
    by_appearances: tuple[HubImage, ...]
    """The images with the largest N_10 without correction."""
    suspicious: tuple[HubImage, ...]
    """The images with a robust z-score above 3.5, largest first."""
    suspicious_count: int
    """The number of all images with a robust z-score above 3.5."""
    changes: BiasChanges | None = None
    """The images whose biases have changed most since a moment; None if none was asked for."""

    def to_pandas(self) -> pd.DataFrame:
        """The three lists as one table, with the columns list, rank (from 1), and the fields of `HubImage`.

        `references` has the ids of the most similar references. `changes.to_pandas()` is a table of its own.
        """
        import pandas as pd

        rows = [
            {
                "list": name,
                "rank": rank,
                "id": image.id,
                "mean": image.mean,
                "bias": image.bias,
                "z": image.z,
                "appearances_before": image.appearances_before,
                "appearances": image.appearances,
                "references": [reference["id"] for reference in image.references],
            }
            for name in LISTS
            for rank, image in enumerate(getattr(self, name), 1)
        ]
        columns = ["list", "rank", "id", "mean", "bias", "z", "appearances_before", "appearances", "references"]
        table: pd.DataFrame = pd.DataFrame(rows, columns=columns)
        return table

    def __repr__(self) -> str:
        """A short description; `to_pandas()` has the images."""
        changes = "" if self.changes is None else f"{len(self.changes.images)} with changed biases, "
        return (
            f"<Hubs: {len(self.by_appearances)} images by N_10 over {self.queries:,} {self.source}, "
            f"{self.suspicious_count:,} suspicious, {changes}generation {self.generation}>"
        )

    def _repr_html_(self) -> str:
        """The images with the largest N_10 and the suspicious ones as a table, and the changes, for notebooks."""
        columns = ["", "id", "N_10 without NNN", "N_10 with NNN as set", "bias", "z", "most similar references"]
        rows = [
            [
                name,
                image.id,
                f"{image.appearances_before:,}",
                f"{image.appearances:,}",
                f"{image.bias:.3f}",
                f"{image.z:.1f}",
                _similarities(image.references),
            ]
            for name, images in (("most frequent", self.by_appearances), ("suspicious", self.suspicious))
            for image in images
        ]
        table = html_table(columns, rows, [f"Counted over {self.queries:,} {self.source}."])
        return table + ("" if self.changes is None else self.changes._repr_html_())


def _similarities(references: Sequence[HeapEntry]) -> str:
    """References with their similarities, for a cell of a table."""
    return ", ".join(f"{reference['id']} {reference['similarity']:.3f}" for reference in references)


def parse_hubs(document: Mapping[str, Any]) -> Hubs:
    """The hubs of a JSON document; fields that a newer daemon adds are in `document` only."""
    lists = {name: tuple(map(HubImage.parse, document[name])) for name in LISTS}
    changes = BiasChanges.parse(document["changes"]) if "changes" in document else None
    return plain(Hubs, document, document=document, changes=changes, **lists)
