"""A library for LD_PRELOAD that gives the daemon a clock that jumps."""

import os
import subprocess

_CLOCK = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) {
        char text[32] = {0};
        int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
            close(file);
        }
    }
    return result;
}
"""


class JumpingClock:
    """A wall clock for the daemon that `jump` sets forward or back."""

    def __init__(self, folder):
        self._path = folder / "clock"
        self.environment = _preloaded(folder, "clock", _CLOCK) | {"TEST_CLOCK": str(self._path)}
        self.jump(0)

    def jump(self, seconds):
        """Sets the clock to the real time plus `seconds`, which can be negative."""
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(str(seconds))
        unfinished.rename(self._path)


def _preloaded(folder, name, source):
    """Builds a library, and returns the environment that preloads it after those already in LD_PRELOAD."""
    library = folder / f"{name}.so"
    if not library.exists():
        text = folder / f"{name}.c"
        text.write_text(source)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, text, "-ldl"], check=True)
    return {"LD_PRELOAD": ":".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))}
