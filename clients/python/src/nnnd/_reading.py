"""The part of `Client` that reads images and references, and searches by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _messages as messages
from ._arrays import Ids
from .changes import Changes, parse_changes
from .documents import ImageLine, ImageReport, Kind, ReferenceLine
from .results import SearchResult, parse_search

if TYPE_CHECKING:
    from ._messages import Response
    from ._transport import Transport


class Reading:
    """The methods of `Client` that read images and references."""

    _transport: Transport

    def search_by_id(
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
        """Finds images that are like images of the corpus, or like references.

        The stored vectors are the queries. An image is not among its own hits.

        >>> db.search_by_id("cat", top_k=1, alpha=0).ids
        array([['dog']], dtype='<U3')

        Args:
            ids: one id, or at most 4,096; the result has the hits of each of them.
            top_k: how many images to find for each id.
            alpha: the weight of the bias; by default the daemon's setting.
            kind: "references" for ids of references.
            min_score: leaves out images with a lower score.
            recall: the share of the best images to find on average, as for `search`.
            rescore: the number of rows to score exactly, as for `search`.

        Raises:
            UnknownId: one of the ids does not exist.

        """
        request = messages.search_by_id_request(ids, kind, top_k, alpha, min_score, recall, rescore)
        return parse_search(self._transport.send(request))

    def explain(self, id: str | int) -> ImageReport:
        """The bias of an image, and the references with the largest similarities to it.

        Raises:
            UnknownId: there is no image with this id.

        """
        return cast(ImageReport, self._transport.send(messages.explain_request(str(id))).json())

    def image(self, id: str | int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The stored vector of an image, (dimension,) in float32."""
        return vector_in(self._transport.send(messages.explain_request(str(id), vector=True)))

    def reference(self, id: str | int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The stored vector of a reference, (dimension,) in float32."""
        return vector_in(self._transport.send(messages.reference_request(str(id))))

    def list_images(self, after: str | int = "", page: int = messages.PAGE_LINES) -> Iterator[ImageLine]:
        """All images after the id `after`, in the order of the bytes of their ids.

        They are read in pages, each of which reflects one generation. An image that exists all the time comes once.

        >>> [image["id"] for image in db.list_images()]
        ['car', 'cat', 'dog']

        Args:
            after: an id, which need not exist; by default the list begins with the first image.
            page: the number of images that are read at once, at most 10,000.

        """
        return cast("Iterator[ImageLine]", self._list("images", str(after), page))

    def list_references(self, after: str | int = "", page: int = messages.PAGE_LINES) -> Iterator[ReferenceLine]:
        """All references after the id `after`, as `list_images` lists images."""
        return cast("Iterator[ReferenceLine]", self._list("references", str(after), page))

    def changes(self, since: str, limit: int = messages.PAGE_LINES, *, vectors: bool = False) -> Changes:
        """A page of the images that have changed since a cursor, in their latest state.

        Each page is from one generation. With the cursor of each page for the next one, nothing is lost or sent twice,
        whatever is added or removed between them.

        >>> cursor = db.changes("now").cursor
        >>> _ = db.delete_images(["car"])
        >>> [(change.kind, change.id) for change in db.changes(cursor)]
        [('delete', 'car')]

        Args:
            since: the cursor of the page before; "start" for all images; "now" for the present cursor alone.
            limit: the most changes of the page, at most 10,000.
            vectors: whether images that were added or replaced have their vectors; the page then ends at 16 MiB.

        Raises:
            CursorGone: the daemon no longer has the changes since the cursor, or it is of another store. Begin again
                with "start", and remove from the copy what the new pages do not have.

        """
        return parse_changes(self._transport.send(messages.changes_request(since, limit, vectors)))

    def new_changes(self, since: str, limit: int = messages.PAGE_LINES, *, vectors: bool = False) -> Iterator[Changes]:
        """The pages of changes since a cursor, until no more follow: at least one, as `changes` returns it.

        After the last page the consumer knows the whole corpus of its generation.

        >>> sum(len(page) for page in db.new_changes("start", limit=2))
        3

        """
        while True:
            page = self.changes(since, limit, vectors=vectors)
            yield page
            if not page.more:
                return
            since = page.cursor

    def _list(self, kind: Kind, after: str, page: int) -> Iterator[dict[str, Any]]:
        while True:
            lines = lines_in(self._transport.send(messages.listing_request(kind, after, page)))
            yield from lines
            if len(lines) < page:
                return
            after = lines[-1]["id"]


def vector_in(response: Response) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The vector in a response with an image or a reference."""
    return np.array(response.json()["vector"], dtype=np.float32)


def lines_in(response: Response) -> list[dict[str, Any]]:
    """The lines of a page of a listing."""
    return [json.loads(line) for line in response.content().splitlines()]
