# SPDX-License-Identifier: GPL-2.0-or-later
"""hold_store.py STATE_DIR - nobody else writes to the store while this runs.

Says "held" once it is so.
"""
import ctypes
import signal
import sys

NOTLS = 0x200000

lmdb = ctypes.CDLL("liblmdb.so.0")


def check(code):
    if code != 0:
        sys.exit(f"lmdb: error {code}")


env = ctypes.c_void_p()
txn = ctypes.c_void_p()
check(lmdb.mdb_env_create(ctypes.byref(env)))
check(lmdb.mdb_env_open(env, sys.argv[1].encode(), NOTLS, 0o600))
check(lmdb.mdb_txn_begin(env, None, 0, ctypes.byref(txn)))
print("held", flush=True)
signal.pause()
