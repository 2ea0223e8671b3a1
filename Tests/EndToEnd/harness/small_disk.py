"""Small tmpfs file systems that a test can fill."""

import contextlib
import os
import subprocess


def can_mount():
    """Whether this process can mount file systems."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """Mounts a file system of this size at `folder` while the context lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "nnnd-test", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


class SmallDisk:
    def __init__(self, folder):
        self.folder = folder
        self._ballast = folder / ".ballast"

    def fill(self, leaving=0):
        """Fills the file system until `leaving` bytes are free."""
        with open(self._ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        size = self._ballast.stat().st_size
        os.truncate(self._ballast, size - size % 4096 - leaving)

    def free(self):
        """Frees the space that `fill` took."""
        self._ballast.unlink()

    def forbid_writes(self):
        """Remounts read-only; no process may have a file open for writing."""
        self._remount("ro")

    def allow_writes(self):
        self._remount("rw")

    def _remount(self, option):
        subprocess.run(["mount", "-o", f"remount,{option}", self.folder], check=True)
