/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notices.h - notices for tests: numbered ones of one rule.
 */
#pragma once

#include "daemon/alert/notices.h"

/* An execution whose command line has the number in it, put. */
void notices_put_numbered(struct notices *notices, uint64_t number);

/* A new one of a fixed boot and host; the test fails if that does. */
struct notices *notices_new_fixed(void);
