"""Heaps of images that were computed elsewhere, for `add_images(..., heaps=...)` and files NAME.heaps.npz."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class ReferenceChecksum:
    """Tells the daemon whether heaps were computed from the references that it has.

    It is the sum of all vectors of references as the daemon stores them, each multiplied by a weight that its id
    decides. With c, the CRC-32 of the id in UTF-8, the weight is 1 + (c mod 2^31) / 2^31, and negative if c >= 2^31.

    >>> checksum = ReferenceChecksum()
    >>> checksum.add(["a", "b"], np.float32([[1, 0], [0, 1]]))
    >>> checksum.count, checksum.sums.round(3).tolist()
    (2, [-1.818, 1.889])

    """

    def __init__(self) -> None:
        self.count = 0
        self.sums: npt.NDArray[np.float64] = np.zeros(0)

    def add(self, ids: Sequence[str], vectors: npt.NDArray[np.float32]) -> None:
        """Adds references; the vectors are (n, dimension): of length 1 under the metric cosine."""
        checksums = np.array([zlib.crc32(id.encode()) for id in ids], dtype=np.int64)
        weights = (1 + (checksums & 0x7FFFFFFF) / 2**31) * np.where(checksums >> 31, -1, 1)
        sums = weights @ vectors.astype(np.float64)
        self.sums = sums if self.count == 0 else self.sums + sums
        self.count += len(checksums)


@dataclass(frozen=True, eq=False)
class Heaps:
    """The best references of some images, in the order of the images.

    The daemon uses them instead of comparing the images with all references. It computes the similarities itself, and
    all of some heaps. If they are not those of the images and its references, it rejects the images.
    """

    references: npt.NDArray[np.uint32]
    """(n, K): positions in `reference_ids`. K must exceed the daemon's k, or be the number of all references."""
    similarities: npt.NDArray[np.float32]
    """(n, K): the inner products of the stored vectors, falling in each row."""
    reference_ids: Sequence[str]
    """The ids of references that occur here."""
    reference_count: int
    """The number of references that the images were compared with: all that the daemon has."""
    reference_checksum: npt.NDArray[np.float64]
    """`ReferenceChecksum.sums` of all these references."""

    def __post_init__(self) -> None:
        for name, dtype in (("references", np.uint32), ("similarities", np.float32)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=dtype))
        if self.references.ndim != 2 or self.references.shape != self.similarities.shape:
            raise ValueError(
                f"references and similarities have the shapes {self.references.shape} and {self.similarities.shape}; "
                "both must be (number of images, K)"
            )

    def __len__(self) -> int:
        """The number of images."""
        return len(self.references)

    @property
    def row_bytes(self) -> int:
        """The bytes of one heap."""
        return int(self.references.shape[1]) * 8

    def slice(self, start: int, stop: int) -> Heaps:
        """The heaps of some of the images."""
        if (start, stop) == (0, len(self)):
            return self
        used, places = np.unique(self.references[start:stop], return_inverse=True)
        ids = [self.reference_ids[position] for position in used]
        references = places.reshape(stop - start, -1).astype(np.uint32)
        return Heaps(references, self.similarities[start:stop], ids, self.reference_count, self.reference_checksum)

    def save(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        """Writes a file of heaps, NAME.heaps.npz for the shard NAME.npy."""
        ids = [id.encode() for id in self.reference_ids]
        if any(id.endswith(b"\0") for id in ids):
            raise ValueError("an id of a reference ends in the character 0, which a file of heaps can't have")
        arrays: dict[str, Any] = {
            "references": self.references,
            "similarities": self.similarities,
            "reference_ids": np.array(ids, dtype=np.bytes_) if ids else np.empty(0, dtype="S1"),
            "reference_count": np.uint64(self.reference_count),
            "reference_checksum": np.asarray(self.reference_checksum, dtype=np.float64),
        }
        np.savez(file, **arrays)

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> Heaps:
        """Reads a file of heaps."""
        with np.load(file) as arrays:
            ids = [id.decode() if isinstance(id, bytes) else id for id in arrays["reference_ids"].tolist()]
            return cls(
                arrays["references"], arrays["similarities"], ids, int(arrays["reference_count"]),
                arrays["reference_checksum"],
            )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The content of a file of heaps."""
        file = io.BytesIO()
        self.save(file)
        return file.getvalue()
