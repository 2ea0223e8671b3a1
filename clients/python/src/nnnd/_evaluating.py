"""The part of `Client` that evaluates searches, and chooses and sets k and alpha."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from . import _evaluation_requests as requests
from ._arrays import ArrayLike
from ._evaluation_requests import Answers, EvaluationLines, Groups, Since
from ._messages import READY
from ._report_program import report_program
from .documents import Settings
from .evaluation import Evaluation
from .hubs import Hubs, parse_hubs
from .report import Report

if TYPE_CHECKING:
    from ._transport import Transport

NO_LIMIT = float("inf")
NOTHING_TO_APPLY = "apply=True needs answers: without them tune() only proposes a pair; set it by change_settings()"


class Evaluating:
    """The methods of `Client` for evaluations and settings."""

    _transport: Transport

    def evaluate(
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
        """Measures what the correction changes, and which k and alpha are best, all in one snapshot of the corpus.

        It reads every image and takes a while. The daemon ends it if this call is interrupted. If the daemon ends
        meanwhile, that is an exception; the evaluation is not repeated.

        >>> evaluation = db.evaluate([[1.0, 0.1, 0.0], [0.6, 0.8, 0.1]], answers=["cat", ["dog"]])
        >>> evaluation.method("current").recall
        {1: 1.0, 5: 1.0, 10: 1.0}
        >>> evaluation.hubness["current"].lorenz.shape
        (101,)

        Args:
            queries: (n_queries, dimension), at most 32,768 and about 48 MiB. Without queries, half of the references,
                at most 5,000, are the queries; they are left out of the biases meanwhile.
            answers: for each query the ids of its right images, or one id for each query. Without answers only
                hubness and groups are measured, and a pair is proposed by hubness.
            groups: image id -> label, with at least two labels, to measure how evenly queries that ask for no label
                find them.
            group_sizes: the numbers of first images for group measures (6 and 10).
            baselines: whether to compare with other methods against hubness; needs answers.
            reference_curve: whether to measure the gain with parts of the references; needs answers.
            ks: the values of k to try, at most the capacity (16 values from 1 to the capacity).
            alphas: the values of alpha to try (0, 0.125, ..., 2).
            repeats: how often the queries are divided into random halves, of which one chooses a pair (100).
            seed: the seed of all random choices (0).
            timeout: seconds without any news from the daemon; by default there is no limit.
            progress: whether to show a progress bar; by default on a terminal and in a notebook.

        Raises:
            InvalidRequest: for example an unknown id (`unknown_images`) or a k above the capacity (`bad_ks`).
            Conflict: the corpus has no images or references.
            Unavailable: another evaluation runs (`evaluation_running`), or the daemon is overloaded.

        """
        request = requests.evaluate_request(
            queries, answers, groups, group_sizes, baselines, reference_curve, ks, alphas, repeats, seed
        )
        with requests.progress_bar(progress) as bar:
            lines = EvaluationLines(bar)
            self._transport.stream_lines(request, lines.take, timeout)
        return lines.evaluation()

    def tune(
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
        """Chooses k and alpha by queries with answers, or proposes them by hubness.

        With answers `tuning` of the result has the choice, what it gains, and whether the data can tell it from the
        current settings. Without answers `unlabelled` has the proposal; it assumes that each image is about as likely
        to be asked for. The other arguments are those of `evaluate`.

        >>> tuned = db.tune([[1.0, 0.1, 0.0], [0.6, 0.8, 0.1]], ["cat", "dog"], ks=[1, 2], alphas=[0, 0.5])
        >>> (tuned.tuning.k, tuned.tuning.alpha, tuned.tuning.is_better_than_current)
        (1, 0.0, False)

        With `apply` the chosen pair is set in the daemon, if it is better than the current one. `applied` of the result
        has the settings then, and is None if nothing was set.

        """
        if apply and answers is None:
            raise ValueError(NOTHING_TO_APPLY)
        evaluation = self.evaluate(
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
        return replace(evaluation, applied=self.change_settings(k=tuning.k, alpha=tuning.alpha))

    def hubs(
        self,
        queries: ArrayLike | None = None,
        *,
        limit: int = 10,
        sample: int | None = None,
        since: Since | None = None,
        timeout: float = NO_LIMIT,
    ) -> Hubs:
        """Lists the images that appear most in the top 10 of queries, and those with suspicious biases.

        >>> [image.id for image in db.hubs(np.eye(3), limit=1).by_appearances]
        ['cat']

        Args:
            queries: (n_queries, dimension). Without queries a sample of the references is taken.
            limit: the maximum number of images in each list.
            sample: the number of references to take (1,000).
            since: a generation, or a time with its zone (a `datetime`, or text in ISO 8601). `changes` of the result
                then has the images whose biases have changed most because of references that arrived later.
            timeout: seconds for the response; by default there is no limit.

        Raises:
            Conflict: the corpus has no images or references.
            Unavailable: an evaluation runs (`evaluation_running`).

        """
        return parse_hubs(self._transport.send(requests.hubs_request(queries, limit, sample, since), timeout).json())

    def report(
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
        """Shows whether the correction helps, the choice of k and alpha, and the hubs, on one page with pictures.

        The program nnnctl makes the page, as `nnnctl report` does; it shows no progress. A notebook shows the page.

        >>> db.report(seed=1).html[:15]
        '<!DOCTYPE html>'

        Args:
            queries: as for `evaluate`.
            answers: as for `evaluate`.
            texts: id -> text to show beside an image or a reference.
            groups: as for `evaluate`, as are the other arguments.
            group_sizes: the numbers of first images for group measures.
            baselines: whether to compare with other methods.
            reference_curve: whether to measure the gain with parts of the references.
            ks: the values of k to try.
            alphas: the values of alpha to try.
            repeats: how often the queries are divided into random halves.
            seed: the seed of all random choices.

        Raises:
            DaemonFailed: the program nnnctl was not found.
            ApiError: the exceptions of `evaluate`.

        """
        self._transport.send(READY).content()
        with report_program(
            self._transport.pool.path,
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
            return program.run()

    def settings(self) -> Settings:
        """The k and alpha in force, and the largest k that the store allows.

        >>> settings = db.settings()
        >>> settings["k"] <= settings["capacity"]
        True

        """
        return cast(Settings, self._transport.send(requests.SETTINGS).json())

    def change_settings(
        self, *, k: int | None = None, alpha: float | None = None, timeout: float = NO_LIMIT
    ) -> Settings:
        """Changes k, alpha or both; each search that starts afterwards uses them.

        Another k changes the means of all images, in one commit after the shards that are being ingested. The store
        keeps the values, except those that `set_by` of the result names: they last until the daemon's next start.

        >>> db.change_settings(alpha=0.5)["alpha"]
        0.5
        >>> db.change_settings(alpha=0.75)["set_by"]
        {'k': '--k'}

        Args:
            k: the number of references that a bias averages, from 1 to `capacity`; None leaves it as it is.
            alpha: the weight of the bias in searches that name none; None leaves it as it is.
            timeout: seconds for the response; by default there is no limit. The change happens even after it.

        Raises:
            Conflict: k exceeds the capacity of the store (`bad_k`).
            InvalidRequest: a value is wrong (`bad_k`, `bad_alpha`).
            Forbidden: this is neither root nor the user of the daemon.

        """
        return cast(Settings, self._transport.send(requests.settings_request(k, alpha), timeout).json())
