"""Evaluations that are wrong, interrupted, or come while another one runs."""

import asyncio
import os
import signal
from datetime import datetime

import numpy as np
import pytest

import nnnd
from conftest import THREE, daemon_pid, evaluates, evaluation_has_begun, wait_until
from nnnd import _evaluation_requests as requests
from nnnd._progress import Progress


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"answers": ["cat"]}, "answers need queries"),
        ({"queries": THREE, "answers": ["cat"]}, "answers for 1 queries, and 3 queries"),
        ({"queries": THREE, "answers": ["cat", [], "dog"]}, "query 1 has no answer"),
        ({"queries": np.zeros((0, 3)), "answers": []}, "at least one row"),
    ],
)
def test_wrong_arguments_are_rejected_before_anything_is_sent(filled_db, arguments, message):
    with pytest.raises(ValueError, match=message):
        filled_db.evaluate(**arguments)


def test_answers_that_are_no_ids_are_rejected(filled_db):
    for answers in ("cat", [1.5, 2.5, 3.5], [None, "cat", "dog"]):
        with pytest.raises(TypeError):
            filled_db.evaluate(THREE, answers)


def test_a_rejection_by_the_daemon_is_an_exception_with_its_code(filled_db):
    def code(kind, call, **arguments):
        with pytest.raises(kind) as caught:
            call(**arguments)
        return caught.value.code

    evaluate, change = filled_db.evaluate, filled_db.change_settings
    assert code(nnnd.InvalidRequest, evaluate, queries=THREE, answers=["cat", "dog", "unicorn"]) == "unknown_images"
    assert code(nnnd.InvalidRequest, evaluate, queries=THREE[:, :2]) == "wrong_dimension"
    assert code(nnnd.InvalidRequest, evaluate, ks=[5000]) == "bad_ks"
    assert code(nnnd.InvalidRequest, evaluate, queries=THREE, baselines=True) == "missing_field"
    assert code(nnnd.InvalidRequest, evaluate, queries=THREE, groups={"cat": "a"}) == "bad_groups"
    assert code(nnnd.InvalidRequest, filled_db.hubs, limit=0) == "bad_limit"
    assert code(nnnd.InvalidRequest, filled_db.hubs, since="yesterday") == "bad_since"
    with pytest.raises(ValueError, match="a time needs its zone"):
        filled_db.hubs(since=datetime(2026, 11, 28))
    with pytest.raises(TypeError):
        filled_db.hubs(since=1.5)
    assert code(nnnd.InvalidRequest, change, alpha=-1) == "bad_alpha"
    assert code(nnnd.Conflict, change, k=100_000) == "bad_k"


def test_an_empty_corpus_is_a_conflict(db):
    for call in (db.evaluate, db.tune, db.hubs):
        with pytest.raises(nnnd.Conflict) as caught:
            call()
        assert caught.value.code == "no_images"


def test_an_interrupt_ends_the_evaluation_and_a_second_one_meanwhile_fails_at_once(large_db, long_sweep, monkeypatch):
    found = []

    class Interrupted(requests.EvaluationLines):
        def take(self, line):
            super().take(line)
            with nnnd.Client(large_db.socket, retry_seconds=10_000) as other:
                found.append(evaluates(other))
                with pytest.raises(nnnd.Unavailable):
                    other.hubs()
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("nnnd._evaluating.EvaluationLines", Interrupted)
    # The traceback, which a notebook keeps, has the frames that hold the response.
    with pytest.raises(KeyboardInterrupt) as caught:
        large_db.evaluate(**long_sweep)
    wait_until(lambda: not evaluates(large_db), "the end of the evaluation")
    assert found == [True] and caught.tb is not None


def test_a_cancelled_task_ends_the_evaluation(large_db, long_sweep):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(large_db.socket) as client:
            task = asyncio.ensure_future(client.evaluate(**long_sweep))
            while not await asyncio.to_thread(evaluation_has_begun, large_db):
                assert not task.done(), task.result()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(wait_until, lambda: not evaluates(large_db), "the end of the evaluation")

    asyncio.run(main())


def test_a_daemon_that_ends_during_an_evaluation_is_not_reachable(large_db, long_sweep, monkeypatch):
    class Killed(requests.EvaluationLines):
        def take(self, line):
            super().take(line)
            os.kill(pid, signal.SIGKILL)

    pid = daemon_pid(large_db)
    monkeypatch.setattr("nnnd._evaluating.EvaluationLines", Killed)
    with pytest.raises(nnnd.NotReachable):
        large_db.evaluate(**long_sweep)
    monkeypatch.undo()
    assert large_db.evaluate(ks=[1], alphas=[0]).images == 40_000


def test_progress_shows_the_steps(filled_db, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(Progress, "show", lambda self, step, percent: shown.append((step, percent)))
    filled_db.evaluate(THREE, ["cat", "dog", "car"])
    assert "ranking" in [step for step, _ in shown] and all(0 <= percent <= 100 for _, percent in shown)
    assert capsys.readouterr().err == ""


def test_a_bar_shows_the_step_and_its_share(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr("nnnd._progress.DELAY_SECONDS", 0)
    with Progress("evaluate", 100, "%", show=True) as bar:
        bar._bar.mininterval = 0
        bar.show("ranking", 50)
        bar.show("measuring", 25)
    printed = capsys.readouterr().err
    assert "ranking:  50%" in printed and "measuring:  25%" in printed
