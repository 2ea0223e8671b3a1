"""The part of `AsyncClient` that reads images and references, and searches by their ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any, cast

import numpy as np

from . import _messages as messages
from ._arrays import Ids
from ._messages import Request, Response
from ._reading import lines_in, vector_in
from .changes import Changes, parse_changes
from .documents import ImageLine, ImageReport, Kind, ReferenceLine
from .results import SearchResult, parse_search


class AsyncReading(ABC):
    """The methods of `AsyncClient` that read images and references."""

    @abstractmethod
    async def _send(self, request: Request, timeout: float | None = None) -> Response: ...

    async def search_by_id(
        self,
        ids: str | int | Ids,
        top_k: int = 10,
        alpha: float | None = None,
        *,
        kind: Kind = "images",
        min_score: float | None = None,
        recall: float | None = None,
        rescore: int | None = None,
    ) -> SearchResult:
        """Finds images that are like images of the corpus or references, as `Client.search_by_id`."""
        request = messages.search_by_id_request(ids, kind, top_k, alpha, min_score, recall, rescore)
        return parse_search(await self._send(request))

    async def explain(self, id: str | int) -> ImageReport:
        """The bias of an image, as `Client.explain`."""
        return cast(ImageReport, (await self._send(messages.explain_request(str(id)))).json())

    async def image(self, id: str | int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The stored vector of an image, as `Client.image`."""
        return vector_in(await self._send(messages.explain_request(str(id), vector=True)))

    async def reference(self, id: str | int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The stored vector of a reference, as `Client.reference`."""
        return vector_in(await self._send(messages.reference_request(str(id))))

    async def list_images(self, after: str | int = "", page: int = messages.PAGE_LINES) -> AsyncIterator[ImageLine]:
        """All images after the id `after`, as `Client.list_images`, for `async for`."""
        async for line in self._list("images", str(after), page):
            yield cast(ImageLine, line)

    async def list_references(
        self, after: str | int = "", page: int = messages.PAGE_LINES
    ) -> AsyncIterator[ReferenceLine]:
        """All references after the id `after`, as `Client.list_references`, for `async for`."""
        async for line in self._list("references", str(after), page):
            yield cast(ReferenceLine, line)

    async def changes(self, since: str, limit: int = messages.PAGE_LINES, *, vectors: bool = False) -> Changes:
        """A page of the images that have changed since a cursor, as `Client.changes`."""
        return parse_changes(await self._send(messages.changes_request(since, limit, vectors)))

    async def new_changes(
        self, since: str, limit: int = messages.PAGE_LINES, *, vectors: bool = False
    ) -> AsyncIterator[Changes]:
        """The pages of changes since a cursor, as `Client.new_changes`, for `async for`."""
        while True:
            page = await self.changes(since, limit, vectors=vectors)
            yield page
            if not page.more:
                return
            since = page.cursor

    async def _list(self, kind: Kind, after: str, page: int) -> AsyncIterator[dict[str, Any]]:
        while True:
            lines = lines_in(await self._send(messages.listing_request(kind, after, page)))
            for line in lines:
                yield line
            if len(lines) < page:
                return
            after = lines[-1]["id"]
