"""Which images appear in most searches, and which have suspicious biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    def to_pandas(self) -> pd.DataFrame:
        """The three lists as one table, with the columns list, rank (from 1), and the fields of `HubImage`.

        `references` has the ids of the most similar references.
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
        return (
            f"<Hubs: {len(self.by_appearances)} images by N_10 over {self.queries:,} {self.source}, "
            f"{self.suspicious_count:,} suspicious, generation {self.generation}>"
        )

    def _repr_html_(self) -> str:
        """The images with the largest N_10 and the suspicious ones as a table, for notebooks."""
        columns = ["", "id", "N_10 without NNN", "N_10 with NNN as set", "bias", "z", "most similar references"]
        rows = [
            [
                name,
                image.id,
                f"{image.appearances_before:,}",
                f"{image.appearances:,}",
                f"{image.bias:.3f}",
                f"{image.z:.1f}",
                ", ".join(f"{reference['id']} {reference['similarity']:.3f}" for reference in image.references),
            ]
            for name, images in (("most frequent", self.by_appearances), ("suspicious", self.suspicious))
            for image in images
        ]
        return html_table(columns, rows, [f"Counted over {self.queries:,} {self.source}."])


def parse_hubs(document: Mapping[str, Any]) -> Hubs:
    """The hubs of a JSON document; fields that a newer daemon adds are in `document` only."""
    lists = {name: tuple(map(HubImage.parse, document[name])) for name in LISTS}
    return plain(Hubs, document, document=document, **lists)
