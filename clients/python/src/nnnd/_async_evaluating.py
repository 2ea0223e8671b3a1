"""The part of `AsyncClient` that evaluates searches, and chooses and sets k and alpha."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from . import _evaluation_requests as requests
from ._arrays import ArrayLike
from ._evaluating import NO_LIMIT, NOTHING_TO_APPLY
from ._evaluation_requests import Answers, EvaluationLines, Groups, Since
from ._messages import READY, Request, Response
from ._report_program import report_program
from .documents import Settings
from .evaluation import Evaluation
from .hubs import Hubs, parse_hubs
from .report import Report


class AsyncEvaluating(ABC):
    """The methods of `AsyncClient` for evaluations and settings."""

    @property
    @abstractmethod
    def socket(self) -> str:
        """The path of the socket."""

    @abstractmethod
    async def _send(self, request: Request, timeout: float | None = None) -> Response: ...

    @abstractmethod
    async def _stream_lines(self, request: Request, take: Callable[[bytes], Any], timeout: float | None) -> None: ...

    async def evaluate(
        self,
        queries: ArrayLike | None = None,
        answers: Answers | None = None,
        *,
        groups: Groups | None = None,
        group_sizes: Sequence[int] | None = None,
        baselines: bool = False,
        reference_curve: bool = False,
        ks: Sequence[int] | None = None,
        alphas: Sequence[float] | None = None,
        repeats: int | None = None,
        seed: int | None = None,
        timeout: float = NO_LIMIT,
        progress: bool | None = None,
    ) -> Evaluation:
        """Measures what the correction changes, as `Client.evaluate`; the daemon ends it if the task is cancelled."""
        request = requests.evaluate_request(
            queries, answers, groups, group_sizes, baselines, reference_curve, ks, alphas, repeats, seed
        )
        with requests.progress_bar(progress) as bar:
            lines = EvaluationLines(bar)
            await self._stream_lines(request, lines.take, timeout)
        return lines.evaluation()

    async def tune(
        self,
        queries: ArrayLike | None = None,
        answers: Answers | None = None,
        *,
        apply: bool = False,
        ks: Sequence[int] | None = None,
        alphas: Sequence[float] | None = None,
        repeats: int | None = None,
        seed: int | None = None,
        timeout: float = NO_LIMIT,
        progress: bool | None = None,
    ) -> Evaluation:
        """Chooses k and alpha by queries with answers, or proposes them by hubness, as `Client.tune`."""
        if apply and answers is None:
            raise ValueError(NOTHING_TO_APPLY)
        evaluation = await self.evaluate(
            queries,
            answers,
            ks=ks,
            alphas=alphas,
            repeats=repeats,
            seed=seed,
            timeout=timeout,
            progress=progress,
        )
        tuning = evaluation.tuning
        if not apply or tuning is None or not tuning.is_better_than_current:
            return evaluation
        return replace(evaluation, applied=await self.change_settings(k=tuning.k, alpha=tuning.alpha))

    async def hubs(
        self,
        queries: ArrayLike | None = None,
        *,
        limit: int = 10,
        sample: int | None = None,
        since: Since | None = None,
        timeout: float = NO_LIMIT,
    ) -> Hubs:
        """Lists the images that appear most, and those with suspicious biases, as `Client.hubs`."""
        return parse_hubs((await self._send(requests.hubs_request(queries, limit, sample, since), timeout)).json())

    async def report(
        self,
        queries: ArrayLike | None = None,
        answers: Answers | None = None,
        *,
        texts: Mapping[Any, Any] | None = None,
        groups: Groups | None = None,
        group_sizes: Sequence[int] | None = None,
        baselines: bool = False,
        reference_curve: bool = False,
        ks: Sequence[int] | None = None,
        alphas: Sequence[float] | None = None,
        repeats: int | None = None,
        seed: int | None = None,
    ) -> Report:
        """Shows all of it on one page with pictures, as `Client.report`; nnnctl ends if the task is cancelled."""
        (await self._send(READY)).content()
        with report_program(
            self.socket,
            queries,
            answers,
            texts,
            groups,
            group_sizes,
            baselines,
            reference_curve,
            ks,
            alphas,
            repeats,
            seed,
        ) as program:
            return await program.run_async()

    async def settings(self) -> Settings:
        """The k and alpha in force, as `Client.settings`."""
        return cast(Settings, (await self._send(requests.SETTINGS)).json())

    async def change_settings(
        self, *, k: int | None = None, alpha: float | None = None, timeout: float = NO_LIMIT
    ) -> Settings:
        """Changes k, alpha or both, as `Client.change_settings`."""
        return cast(Settings, (await self._send(requests.settings_request(k, alpha), timeout)).json())
