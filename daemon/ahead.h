/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ahead.h - memory brought in ahead of its use, by another thread.
 *
 * The first write to a huge page makes the kernel find and clear two MiB, and
 * a hypervisor below it find them too: measured, up to 10 ms on a virtual
 * machine. A verdict must not wait for that, so the pools of the ledger are
 * kept ahead of what they need, and not by the thread that writes verdicts.
 *
 * Threads	event loop
 */
#pragma once

#include "daemon/worker.h"
#include "rules/pool.h"

/* Lets `worker`, which should have nothing else to do, bring in what it is
 * given. */
struct pool_touch ahead_touch(struct worker *worker);
