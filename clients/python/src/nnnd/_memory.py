"""How much memory processes of this machine or container can use."""

from __future__ import annotations

import os
from pathlib import Path

# The folder and the file with the limit: version 2 of control groups has no name of a controller, see cgroups(7).
_LIMITS = {"": ("/sys/fs/cgroup", "memory.max"), "memory": ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")}


def memory_limit(root: str | os.PathLike[str] = "/") -> int:
    """The smaller of the machine's memory and the lowest limit of the process's control groups, in bytes.

    The daemon computes its limits from the same value. `root` is the folder that has `proc` and `sys`.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for line in _text(Path(root, "proc/self/cgroup")).splitlines():
        _, _, rest = line.partition(":")
        controller, _, group = rest.partition(":")
        if controller not in _LIMITS:
            continue
        top, name = _LIMITS[controller]
        folder = Path(root, top.lstrip("/"))
        names = [part for part in group.split("/") if part]
        for count in range(len(names) + 1):
            text = _text(folder.joinpath(*names[:count], name)).strip()
            # Without a limit the text is "max".
            if text.isdigit():
                limits.append(int(text))
    return min(limits)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
