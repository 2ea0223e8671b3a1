"""File permissions for tests that run programs as other users."""

import os


def make_accessible_to_all_users(folder):
    """Lets all users list and enter the folder of a test and pytest's folders above it."""
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path.name.startswith(("pytest-", "popen-", "test_")):
            path.chmod(0o755)
