"""The best references of images so far, computed with numpy, faiss-cpu or torch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ._settings import BulkSettings
from ._vectors import Matrix

Positions = np.ndarray[Any, np.dtype[np.int32]]

# A block of products has 4 MiB, so that it stays in the cache while the largest of them are selected.
IMAGES_AT_ONCE = 256
REFERENCES_AT_ONCE = 4096
MAX_REFERENCES = 2**31 - 1


class RunningHeaps(ABC):
    """For each image the references with the largest similarities among those added so far.

    A reference is known by its position: the number of references that were added before it.
    """

    def __init__(self, images: Matrix, capacity: int) -> None:
        self.images = images
        self.capacity = capacity
        self.count = 0
        """The number of references added."""

    def add(self, references: Matrix) -> None:
        """Adds references, (count, dimension)."""
        if references.shape[1] != self.images.shape[1]:
            raise ValueError(
                f"references have the dimension {references.shape[1]} and images {self.images.shape[1]}; "
                "both must be the same"
            )
        if self.count + len(references) > MAX_REFERENCES:
            raise ValueError(f"there are more than {MAX_REFERENCES:,} references")
        if len(references):
            self._add(references)
            self.count += len(references)

    def result(self) -> tuple[Matrix, Positions]:
        """Similarities in falling order and the positions of their references, both (images, min(capacity, count))."""
        similarities, positions = self._sorted()
        used = min(self.count, self.capacity)
        return similarities[:, :used], positions[:, :used]

    @abstractmethod
    def _add(self, references: Matrix) -> None: ...

    @abstractmethod
    def _sorted(self) -> tuple[Matrix, Positions]: ...


class NumpyHeaps(RunningHeaps):
    """Heaps computed with numpy. Of equal similarities those of earlier references are kept, and come first."""

    def __init__(self, images: Matrix, capacity: int) -> None:
        super().__init__(images, capacity)
        self._similarities = np.full((len(images), capacity), -np.inf, dtype=np.float32)
        self._positions = np.full((len(images), capacity), -1, dtype=np.int32)

    def _add(self, references: Matrix) -> None:
        buffer = np.empty(IMAGES_AT_ONCE * REFERENCES_AT_ONCE, dtype=np.float32)
        # Pieces of equal size, because products with few references are slower.
        size = math.ceil(len(references) / math.ceil(len(references) / REFERENCES_AT_ONCE))
        for first in range(0, len(references), size):
            piece = references[first : first + size]
            is_full = self.count + first >= self.capacity
            for start in range(0, len(self.images), IMAGES_AT_ONCE):
                images = self.images[start : start + IMAGES_AT_ONCE]
                products = buffer[: len(images) * len(piece)].reshape(len(images), len(piece))
                np.matmul(images, piece.T, out=products)
                self._select(slice(start, start + len(images)), products, self.count + first, is_full)

    def _select(self, rows: slice, products: Matrix, first: int, is_full: bool) -> None:
        """Merges products, (images, references), into the heaps of some images; `first` is the first position.

        Only products above the lowest similarity of a full heap can enter it. While heaps are not full, only the
        `capacity` largest of these products can, and all products that equal the lowest of them.
        """
        count = products.shape[1]
        if is_full or count <= self.capacity:
            enters = products > self._similarities[rows, -1:]
        else:
            lowest = count - self.capacity
            enters = products >= np.partition(products, lowest, axis=1)[:, lowest : lowest + 1]
        found = np.flatnonzero(enters)
        if not len(found):
            return
        images = found // count
        counts = np.bincount(images, minlength=len(products))
        # A column for each entry of the heap, then for each product that enters, in the order of the references.
        columns = self.capacity + np.arange(len(found)) - (np.cumsum(counts) - counts)[images]
        shape = (len(products), self.capacity + int(counts.max()))
        similarities = np.full(shape, -np.inf, dtype=np.float32)
        positions = np.full(shape, -1, dtype=np.int32)
        similarities[:, : self.capacity] = self._similarities[rows]
        positions[:, : self.capacity] = self._positions[rows]
        similarities[images, columns] = products.reshape(-1)[found]
        positions[images, columns] = found - images * count + first
        self._similarities[rows], self._positions[rows] = largest(similarities, positions, self.capacity)

    def _sorted(self) -> tuple[Matrix, Positions]:
        return self._similarities, self._positions


class FaissHeaps(RunningHeaps):
    """Heaps computed with faiss-cpu. Of equal similarities any can be kept."""

    def __init__(self, images: Matrix, capacity: int) -> None:
        super().__init__(images, capacity)
        try:
            import faiss
        except ImportError:
            raise ImportError("the arithmetic faiss needs faiss-cpu: pip install faiss-cpu") from None
        self._faiss = faiss
        self._similarities = np.full((len(images), capacity), -np.inf, dtype=np.float32)
        self._positions = np.full((len(images), capacity), -1, dtype=np.int32)

    def _add(self, references: Matrix) -> None:
        for start in range(0, len(self.images), REFERENCES_AT_ONCE):
            rows = slice(start, start + REFERENCES_AT_ONCE)
            found, places = self._faiss.knn(
                self.images[rows], references, min(self.capacity, len(references)), self._faiss.METRIC_INNER_PRODUCT
            )
            similarities = np.concatenate([self._similarities[rows], found], axis=1)
            positions = np.concatenate([self._positions[rows], places.astype(np.int32) + self.count], axis=1)
            self._similarities[rows], self._positions[rows] = largest(similarities, positions, self.capacity)

    def _sorted(self) -> tuple[Matrix, Positions]:
        return self._similarities, self._positions


class TorchHeaps(RunningHeaps):
    """Heaps computed with torch, which stay on its device. Of equal similarities any can be kept."""

    def __init__(self, images: Matrix, capacity: int, device: str) -> None:
        super().__init__(images, capacity)
        try:
            import torch
        except ImportError:
            raise ImportError("the arithmetic torch needs torch: pip install 'nnnd[gpu]'") from None
        self._torch = torch
        self._device = torch.device(device)
        if self._device.type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"torch finds no device {device}; without a GPU leave out the device")
        self._on_device = torch.from_numpy(images).to(self._device)
        self._similarities = torch.full((len(images), capacity), -np.inf, device=self._device)
        self._positions = torch.full((len(images), capacity), -1, dtype=torch.int32, device=self._device)
        # A GPU needs larger blocks to be busy.
        self._images_at_once = 8192 if self._device.type == "cuda" else IMAGES_AT_ONCE

    def _add(self, references: Matrix) -> None:
        torch = self._torch
        # TensorFloat-32, which a program can have switched on, has products with errors of 1e-3.
        precision = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.inference_mode():
                vectors = torch.from_numpy(references).to(self._device)
                for start in range(0, len(self.images), self._images_at_once):
                    self._select(slice(start, start + self._images_at_once), vectors)
        finally:
            torch.set_float32_matmul_precision(precision)

    def _select(self, rows: slice, references: Any) -> None:
        torch = self._torch
        found, places = torch.topk(self._on_device[rows] @ references.T, min(self.capacity, len(references)))
        similarities = torch.cat([self._similarities[rows], found], dim=1)
        positions = torch.cat([self._positions[rows], places.to(torch.int32) + self.count], dim=1)
        self._similarities[rows], chosen = torch.topk(similarities, self.capacity)
        self._positions[rows] = positions.gather(1, chosen)

    def _sorted(self) -> tuple[Matrix, Positions]:
        return self._similarities.cpu().numpy(), self._positions.cpu().numpy()


def largest(similarities: Matrix, positions: Positions, capacity: int) -> tuple[Matrix, Positions]:
    """The `capacity` largest similarities of each row in falling order, the first of equal ones first.

    >>> largest(np.float32([[1, 3, 3]]), np.int32([[0, 1, 2]]), 2)
    (array([[3., 3.]], dtype=float32), array([[1, 2]], dtype=int32))

    """
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :capacity]
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(positions, order, 1)


def running_heaps(images: Matrix, settings: BulkSettings) -> RunningHeaps:
    """Empty heaps of images, (rows, dimension), with the arithmetic of the settings."""
    if settings.arithmetic == "faiss":
        return FaissHeaps(images, settings.heap_size)
    if settings.arithmetic == "torch":
        return TorchHeaps(images, settings.heap_size, settings.device)
    return NumpyHeaps(images, settings.heap_size)
