"""A library that is loaded in front of LMDB, to make of it what a test can't otherwise have: a small map."""

import subprocess

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
int mdb_env_set_mapsize(void *environment, size_t size) {
    int (*real)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
    const char *wanted = getenv("TEST_MAP_BYTES");
    return real(environment, wanted ? strtoul(wanted, 0, 10) : size);
}
"""


def small_map(folder, size):
    """The environment in which the daemon's map has so many bytes instead of 1 TiB."""
    library = folder / "small_map.so"
    if not library.exists():
        source = folder / "small_map.c"
        source.write_text(_SOURCE)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "TEST_MAP_BYTES": str(size)}
