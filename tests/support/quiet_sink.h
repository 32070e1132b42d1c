/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quiet_sink.h - for a ledger whose tables nobody looks at.
 */
#pragma once

#include "daemon/merge/ledger.h"

/* Takes everything, keeps nothing. */
extern const struct ledger_sink quiet_sink;
