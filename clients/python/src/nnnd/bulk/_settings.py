"""What is computed, and with which library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..client import Client

METRICS = ("cosine", "inner-product")
PRECISIONS = ("float32", "float16")
ARITHMETICS = ("numpy", "faiss", "torch")
REFERENCE_FORMS = ("ids", "hashes")


@dataclass(frozen=True)
class BulkSettings:
    """The settings of a computation. Those with the names of the daemon's settings mean the same.

    Args:
        k: how many of the largest similarities a mean averages; several numbers give several means.
        capacity: the number of references kept per image; by default that of a new store: k + max(8, k / 4), with the
            largest k.
        metric: `cosine`, for which vectors are scaled to length 1, or `inner-product`.
        precision: the type to which the daemon rounds vectors: `float32` or `float16`. Products are always computed in
            float32.
        references: how the output names references: `ids`, or `hashes`, the first 8 bytes of BLAKE2b with 16 bytes as
            a little-endian signed integer.
        arithmetic: the library that computes: `numpy`, `faiss` (faiss-cpu) or `torch`.
        device: the device of torch: `cpu`, `cuda` or `cuda:N`. Any but `cpu` selects torch.

    >>> BulkSettings(k=[16, 128]).heap_size
    160
    >>> BulkSettings(device="cuda").arithmetic
    'torch'

    """

    k: int | Sequence[int] = 128
    capacity: int | None = None
    metric: Literal["cosine", "inner-product"] = "cosine"
    precision: Literal["float32", "float16"] = "float32"
    references: Literal["ids", "hashes"] = "ids"
    arithmetic: Literal["numpy", "faiss", "torch"] = "numpy"
    device: str = "cpu"

    def __post_init__(self) -> None:
        ks = tuple(sorted({index(k) for k in ([self.k] if isinstance(self.k, int) else self.k)}))
        # The class is frozen, so that a task can't change its settings.
        object.__setattr__(self, "k", ks)
        if not ks or ks[0] < 1:
            raise ValueError(f"k is {self.k}; each must be at least 1, and there must be one")
        if self.capacity is not None and index(self.capacity) < ks[-1]:
            raise ValueError(f"the capacity is {self.capacity}; it must be at least k, which is {ks[-1]}")
        for name, value, allowed in (
            ("metric", self.metric, METRICS),
            ("precision", self.precision, PRECISIONS),
            ("references", self.references, REFERENCE_FORMS),
            ("arithmetic", self.arithmetic, ARITHMETICS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; possible are {', '.join(allowed)}")
        if self.device != "cpu":
            object.__setattr__(self, "arithmetic", "torch")

    @property
    def ks(self) -> tuple[int, ...]:
        """The values of k, ascending."""
        assert isinstance(self.k, tuple)
        return self.k

    @property
    def heap_size(self) -> int:
        """The number of references kept per image."""
        largest = self.ks[-1]
        return largest + max(8, largest // 4) if self.capacity is None else index(self.capacity)

    @property
    def result(self) -> list[Any]:
        """The settings on which the result depends, as a JSON value."""
        return [list(self.ks), self.heap_size, self.metric, self.precision, self.references]

    @classmethod
    def of(cls, client: Client, **others: Any) -> BulkSettings:
        """The settings of a daemon: k, capacity, metric and precision, and those given as arguments.

        >>> BulkSettings.of(db, device="cpu").heap_size
        10

        """
        status: dict[str, Any] = dict(client.status())
        names = ("k", "capacity", "metric", "precision")
        return cls(**{**{name: status[name] for name in names}, **others})
