"""Settings for tests of programs that are built with AddressSanitizer or ThreadSanitizer."""

import os

# Whether the programs are built with a sanitizer. They then need more memory, and tests stop them instead of killing
# them, because LeakSanitizer runs at exit.
SANITIZED = bool(os.environ.get("NNND_TEST_SANITIZED"))

# LeakSanitizer can't check a process that ends while it is traced.
WITHOUT_LEAK_DETECTION = {"LSAN_OPTIONS": "detect_leaks=0"}
# For tests that make all writes of a process fail: ThreadSanitizer matches its suppressions with the help of another
# process, a symboliser, to which it must write.
WITHOUT_RACE_DETECTION = {"TSAN_OPTIONS": "report_bugs=0"}


def sanitizer_reports_to_log():
    """The environment that sends a daemon's sanitizer reports to its log, for the test to check.

    Reports in the usual log files fail the whole run.
    """
    return {name: os.environ.get(name, "") + ":log_path=stderr" for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")}
