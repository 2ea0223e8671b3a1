"""What a copy of the corpus in another engine is: the state that is kept beside its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NnndError

if TYPE_CHECKING:
    from ..changes import Changes
    from ..documents import Status

# Default centres are multiples of this, so that copies of parts mostly choose the same; `--centre` makes it certain.
CENTRE_STEP = 1 / 32


class CopyError(NnndError):
    """A copy cannot be made or searched: the engine lacks something, or is not what it should be."""


class CopyDamaged(NnndError):
    """The copy lacks rows that it should have: somebody else has deleted them. A snapshot repairs it."""


class CopyChanged(NnndError):
    """Another process has changed the copy meanwhile. It is opened again."""


@dataclass(frozen=True)
class CopyState:
    """The state of a copy. It is stored with the rows, so that a sync can continue at any point."""

    metric: str
    """cosine or inner-product: that of the corpus. Vectors are normalised under cosine, and queries must be."""
    alpha: float
    """The daemon's setting, the default of searches."""
    index: str = "none"
    """The index that searches can use: none or hnsw."""
    part: str = "1/1"
    """I/N: the copy has those images whose hash modulo N is I - 1."""
    eps: float = 0.0
    """Each mean differs by less than this from the corpus; 0 if they are equal."""
    cursor: str = "start"
    generation: int = 0
    """The generation of the page that was applied last."""
    k: int = 0
    dimension: int = 0
    centre: float = 0.0
    """c of the encoding [x, c - mean] . [q, alpha] = score + alpha c."""
    snapshot: bool = True
    """Whether images of the first pages are still missing."""
    replaces: bool = False
    """Whether this snapshot replaces an older copy, whose other rows are removed at its end."""
    complete: bool = False
    """Whether the copy is the corpus of `generation`, within `eps`."""

    def after(self, page: Changes) -> CopyState:
        """The state after a page."""
        return replace(
            self, cursor=page.cursor, generation=page.generation, k=page.k, dimension=page.dimension or self.dimension,
            snapshot=self.snapshot and page.initial, complete=not page.more,
        )  # fmt: skip

    def fits(self, other: CopyState) -> bool:
        """Whether a copy with this state can go on as one with the options of `other`."""
        same = (self.metric, self.part) == (other.metric, other.part)
        return same and self.eps <= other.eps


@dataclass(frozen=True)
class CopyOptions:
    """What a copy shall be: the arguments of `nnnd.sync.sync`."""

    eps: float = 0.0
    index: str = "none"
    part: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        part, parts = self.part
        if not 1 <= part <= parts:
            raise ValueError(f"part is {part}/{parts}; it must be I/N with I from 1 to N")
        if not 0 <= self.eps < float("inf"):
            raise ValueError(f"eps is {self.eps}; it must be a number that is not negative")
        if self.index not in ("none", "hnsw"):
            raise ValueError(f"index is {self.index!r}; it must be none or hnsw")

    def state(self, status: Status) -> CopyState:
        """The state of a new copy of a daemon's corpus."""
        part = "{}/{}".format(*self.part)
        return CopyState(metric=status["metric"], alpha=status["alpha"], part=part, eps=self.eps)


def centre_of(means: Any) -> float:
    """The centre for an array of means: about their mean."""
    return float(np.round(np.mean(means) / CENTRE_STEP) * CENTRE_STEP) if len(means) else 0.0


def need(module: str, extra: str) -> Any:
    """Imports a module that an extra installs."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is missing ({error}): pip install 'nnnd[{extra}]'") from error
