"""Holds the writer lock of an LMDB store, as a process that hangs in a write transaction would."""

import contextlib
import ctypes
import os


@contextlib.contextmanager
def writer_lock(folder):
    """Blocks write transactions on the store in `folder` while the context lasts."""
    lmdb = ctypes.CDLL("liblmdb.so.0")
    for function in (lmdb.mdb_env_create, lmdb.mdb_env_open, lmdb.mdb_txn_begin):
        function.restype = ctypes.c_int
    lmdb.mdb_env_set_mapsize.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lmdb.mdb_env_open.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_uint]
    lmdb.mdb_txn_begin.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p]
    lmdb.mdb_txn_abort.argtypes = lmdb.mdb_env_close.argtypes = [ctypes.c_void_p]
    environment, transaction = ctypes.c_void_p(), ctypes.c_void_p()
    _check(lmdb.mdb_env_create(ctypes.byref(environment)))
    try:
        _check(lmdb.mdb_env_set_mapsize(environment, 1 << 40))
        _check(lmdb.mdb_env_open(environment, os.fsencode(folder), 0, 0o600))
        _check(lmdb.mdb_txn_begin(environment, None, 0, ctypes.byref(transaction)))
        try:
            yield
        finally:
            lmdb.mdb_txn_abort(transaction)
    finally:
        lmdb.mdb_env_close(environment)


def _check(status):
    assert status == 0, f"LMDB says {status}"
