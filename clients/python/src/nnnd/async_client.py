"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import _messages as messages
from ._arrays import ArrayLike, Ids
from ._async_evaluating import AsyncEvaluating
from ._async_reading import AsyncReading
from ._connections import default_socket, socket_address
from ._evaluating import NO_LIMIT
from ._messages import Request, Response
from ._producer import SHARD_BYTES, Batches
from ._retry import Retries
from .client import Client
from .documents import Kind, Status, VerifyReport
from .errors import NotReachable, RequestTimeout
from .heaps import Heaps
from .ingestion import Ingestion
from .results import SearchResult, parse_search

if TYPE_CHECKING:
    import httpx

Self = TypeVar("Self", bound="AsyncClient")


class AsyncClient(AsyncEvaluating, AsyncReading):
    """A client for the daemon on a Unix socket, for one event loop of asyncio. It needs httpx: `nnnd[async]`.

    The child of a fork can use it on an event loop of its own, where it opens connections of its own.

    >>> async def nearest():
    ...     async with AsyncClient(db.socket) as client:
    ...         found = await asyncio.gather(*(client.search([1.0, 0.1, y], 1, 0) for y in (0.0, 9.0)))
    ...     return [result.ids.item(0) for result in found]
    >>> asyncio.run(nearest())
    ['cat', 'car']

    The methods are those of `Client` as coroutines, and listings for `async for`, but for
    `search_in_batches`, `spool`, `submit` and `submit_deletion`. `aclose` closes it, and `wait` waits for an
    `Ingestion`. `add_images`, `add_references` and `backup` show no progress. Files are read and written in threads.
    """

    def __init__(
        self, socket: str | os.PathLike[str] | None = None, *, timeout: float | None = 60.0, retry_seconds: float = 5.0
    ) -> None:
        try:
            from ._async_connections import AsyncConnections
        except ImportError:
            raise ImportError("AsyncClient needs httpx: pip install 'nnnd[async]'") from None
        self._blocking = Client(socket or default_socket(), timeout=timeout, retry_seconds=retry_seconds)
        self._retries = Retries(retry_seconds)
        self._resources = ExitStack()
        address = self._resources.enter_context(socket_address(self._blocking.socket))
        self._connections = AsyncConnections(address, timeout)

    @property
    def socket(self) -> str:
        """The path of the socket."""
        return self._blocking.socket

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. The daemon continues to run."""
        await self._connections.http.aclose()
        self._blocking.close()
        self._resources.close()

    async def search(
        self,
        queries: ArrayLike,
        top_k: int = 10,
        alpha: float | None = None,
        min_score: float | None = None,
        *,
        recall: float | None = None,
        rescore: int | None = None,
        sample: bool = True,
    ) -> SearchResult:
        """Finds the best images for each query, as `Client.search`."""
        request = messages.search_request(queries, top_k, alpha, min_score, recall, sample, rescore)
        return parse_search(await self._send(request))

    async def add_images(
        self,
        vectors: Batches,
        ids: Ids | None = None,
        *,
        name: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        shard_bytes: int = SHARD_BYTES,
        heaps: Heaps | None = None,
    ) -> Ingestion:
        """Adds or replaces images, as `Client.add_images`."""
        return await self._add("images", vectors, ids, name, wait, timeout, shard_bytes, heaps)

    async def add_references(
        self,
        vectors: Batches,
        ids: Ids | None = None,
        *,
        name: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        shard_bytes: int = SHARD_BYTES,
    ) -> Ingestion:
        """Adds or replaces references, as `Client.add_references`."""
        return await self._add("references", vectors, ids, name, wait, timeout, shard_bytes)

    async def delete_images(self, ids: Ids, *, wait: bool = True, timeout: float | None = None) -> Ingestion:
        """Deletes images, as `Client.delete_images`."""
        return await self._delete("images", ids, wait, timeout)

    async def delete_references(self, ids: Ids, *, wait: bool = True, timeout: float | None = None) -> Ingestion:
        """Deletes references, as `Client.delete_references`."""
        return await self._delete("references", ids, wait, timeout)

    async def wait(self, ingestion: Ingestion, timeout: float | None = None) -> Ingestion:
        """Waits for the receipts of an ingestion, as `Ingestion.wait`."""
        async for pause in _pauses(ingestion, timeout):
            await asyncio.sleep(pause)
        ingestion.raise_rejections()
        return ingestion

    async def status(self) -> Status:
        """The sizes of the corpus, the settings, and the newest receipts and rejections."""
        return cast(Status, (await self._send(messages.STATUS)).json())

    async def verify(self, sample: int | None = None, *, timeout: float | None = None) -> VerifyReport:
        """Compares the stored means and vectors with a computation from scratch, as `Client.verify`."""
        response = await self._send(messages.verify_request(sample), NO_LIMIT if timeout is None else timeout)
        return cast(VerifyReport, response.json())

    async def ready(self) -> bool:
        """Asks whether the daemon can answer searches; raises `NotReachable` or `Unavailable` if not."""
        (await self._send(messages.READY)).content()
        return True

    async def metrics(self) -> str:
        """The metrics in Prometheus' text format."""
        return (await self._send(messages.METRICS)).content().decode()

    async def backup(self, folder: str | os.PathLike[str]) -> Path:
        """Copies the store into a new folder, as `Client.backup`."""
        return await asyncio.to_thread(self._blocking.backup, folder, progress=False)

    async def _add(
        self,
        kind: Kind,
        vectors: Batches,
        ids: Ids | None,
        name: str | None,
        wait: bool,
        timeout: float | None,
        shard_bytes: int,
        heaps: Heaps | None = None,
    ) -> Ingestion:
        ingestion = await asyncio.to_thread(
            self._blocking.submit, kind, vectors, ids, name, not wait, shard_bytes, False, heaps
        )
        return await self.wait(ingestion, timeout) if wait else ingestion

    async def _delete(self, kind: Kind, ids: Ids, wait: bool, timeout: float | None) -> Ingestion:
        ingestion = await asyncio.to_thread(self._blocking.submit_deletion, kind, ids, not wait)
        return await self.wait(ingestion, timeout) if wait else ingestion

    async def _send(self, request: Request, timeout: float | None = None) -> Response:
        return await self._repeat(lambda: self._attempt(request, timeout))

    async def _stream_lines(self, request: Request, take: Callable[[bytes], Any], timeout: float | None) -> None:
        """Sends a request, and passes each line of the response to `take` when it arrives.

        It is not sent again after the response has begun.
        """
        async with AsyncExitStack() as stack:
            answers: list[httpx.Response] = []

            async def begin() -> Response:
                answer = await stack.enter_async_context(self._connections.http.stream(**_arguments(request, timeout)))
                answers.append(answer)
                body = b"" if answer.status_code == 200 else await answer.aread()
                return Response(answer.status_code, body, answer.headers.get("Retry-After"))

            (await self._repeat(begin)).content()
            await self._pass_lines(answers[-1], take)

    async def _repeat(self, attempt: Callable[[], Awaitable[Response]]) -> Response:
        """The response of the last of the attempts at a request."""
        attempts = self._retries.attempts()
        while True:
            try:
                with self._translated_errors():
                    response = await attempt()
            except NotReachable as error:
                delay = attempts.delay_after_error(error)
            else:
                again = attempts.delay_after(response)
                if again is None:
                    return response
                delay = again
            await asyncio.sleep(delay)

    async def _attempt(self, request: Request, timeout: float | None) -> Response:
        answer = await self._connections.http.request(**_arguments(request, timeout))
        headers = answer.headers
        return Response(answer.status_code, answer.content, headers.get("Retry-After"), headers.get("Content-Type"))

    async def _pass_lines(self, answer: httpx.Response, take: Callable[[bytes], Any]) -> None:
        """Passes each line of a response to `take` when it arrives."""
        rest = b""
        with self._translated_errors():
            async for piece in answer.aiter_bytes():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    take(line)
        if rest:
            take(rest)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turns the exceptions of httpx into those of this package."""
        import httpx

        try:
            yield
        except httpx.TimeoutException as error:
            raise RequestTimeout(f"no answer in time on {self.socket}") from error
        except httpx.TransportError as error:
            raise NotReachable(f"no daemon answers on {self.socket}: {error!r}") from error


def _arguments(request: Request, timeout: float | None) -> dict[str, Any]:
    """The arguments of httpx for a request; infinity means no timeout, None that of the client."""
    arguments: dict[str, Any] = {
        "method": request.method,
        "url": request.target,
        "content": request.body,
        "headers": request.headers,
    }
    if timeout is not None:
        arguments["timeout"] = None if timeout == float("inf") else timeout
    return arguments


async def _pauses(ingestion: Ingestion, timeout: float | None) -> AsyncIterator[float]:
    """The pauses of `Ingestion.pauses`, whose looks into folders run in a thread."""
    pauses = ingestion.pauses(0, timeout, lambda rows: None)
    while (pause := await asyncio.to_thread(next, pauses, None)) is not None:
        yield pause
