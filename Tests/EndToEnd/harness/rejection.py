"""What every rejection of a shard must be like."""

from .waiting import wait_until


def check_rejection(daemon, api_document, failure, kind, name, code, rows):
    """Holds a reason from failed/ against what it should be, and that the status tells of it."""
    api_document.validate(failure, "ShardFailure")
    assert (failure["name"], failure["kind"], failure["code"], failure["rows"]) == (name, kind, code, rows), failure
    for text in (failure["message"], failure["advice"]):
        assert text.endswith(".") and "\n" not in text
    # The status tells of it once the file is put away.
    wait_until(lambda: daemon.status()["last_failures"][:1] == [failure], "it in the status", alive=daemon.check_alive)
