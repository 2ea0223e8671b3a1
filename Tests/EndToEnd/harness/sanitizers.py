"""What tests must know of programs that are built with a sanitizer, and what these can't do."""

import os

# Whether the programs are: they take memory of their own then, and are stopped at the end of a test, not killed.
SANITIZED = bool(os.environ.get("NNND_TEST_SANITIZED"))

# LeakSanitizer can't look at a process that ends while it is traced.
NO_LEAKS = {"LSAN_OPTIONS": "detect_leaks=0"}
# ThreadSanitizer asks another process for names, by which it knows what is suppressed: it can't where every write fails.
NO_RACES = {"TSAN_OPTIONS": "report_bugs=0"}


def reports_in_the_log():
    """The environment in which a daemon's reports are in its log, where the test looks at them, not among those that fail
    the whole run."""
    return {name: os.environ.get(name, "") + ":log_path=stderr" for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")}
