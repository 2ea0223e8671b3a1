"""Writes to LMDB environments through the system's liblmdb, without nnnd."""

import contextlib
import ctypes

_CREATE = 0x40000


class _Value(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_char_p))


def put_in_lmdb(folder, database, key, value):
    """Sets one key in a named database of the environment in `folder`; creates what is missing."""
    key_value, data_value = _Value(len(key), key), _Value(len(value), value)
    with _opened(folder, database) as (call, transaction, handle):
        call("mdb_put", transaction, handle, ctypes.byref(key_value), ctypes.byref(data_value), 0)


def drop_from_lmdb(folder, database):
    """Removes a named database."""
    with _opened(folder, database) as (call, transaction, handle):
        call("mdb_drop", transaction, handle, 1)


@contextlib.contextmanager
def _opened(folder, database):
    """Opens a database in a write transaction, and commits at the end of the context.

    Gives a function that calls liblmdb and checks the status, the transaction, and the database handle.
    """
    lmdb = ctypes.CDLL("liblmdb.so.0")
    environment, transaction, handle = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint()

    def call(function, *arguments):
        code = getattr(lmdb, function)(*arguments)
        assert code == 0, (function, code)

    call("mdb_env_create", ctypes.byref(environment))
    call("mdb_env_set_maxdbs", environment, 64)
    call("mdb_env_set_mapsize", environment, ctypes.c_size_t(1 << 30))
    call("mdb_env_open", environment, str(folder).encode(), 0, 0o600)
    try:
        call("mdb_txn_begin", environment, None, 0, ctypes.byref(transaction))
        call("mdb_dbi_open", transaction, database.encode(), _CREATE, ctypes.byref(handle))
        yield call, transaction, handle
        call("mdb_txn_commit", transaction)
    finally:
        lmdb.mdb_env_close(environment)
