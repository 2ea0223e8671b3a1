"""Checks that hold for every rejected shard."""

from .waiting import wait_until


def check_rejection(daemon, api_document, failure, kind, name, code, rows):
    """Checks the error document of a rejected shard, and that the daemon's status shows it."""
    api_document.validate(failure, "ShardFailure")
    assert (failure["name"], failure["kind"], failure["code"], failure["rows"]) == (name, kind, code, rows), failure
    for text in (failure["message"], failure["advice"]):
        assert text.endswith(".") and "\n" not in text
    # The status shows the rejection only after the file has been moved.
    wait_until(
        lambda: daemon.status()["last_failures"][:1] == [failure], "the failure in the status", alive=daemon.check_alive
    )
