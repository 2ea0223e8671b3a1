"""Other users of the machine."""

import os


def let_others_reach(folder):
    """Opens a folder of a test, and those of pytest above it, for all users to pass through and to list."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path.name.startswith(("pytest-", "popen-", "test_")):
            path.chmod(0o755)
