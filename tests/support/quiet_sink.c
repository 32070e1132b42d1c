// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/quiet_sink.h"

static int set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)class_id;
	return 0;
}

static void clear(void *arg, const struct prefix *prefix,
		  const struct prefix *cover, uint16_t class_id)
{
	(void)arg;
	(void)prefix;
	(void)cover;
	(void)class_id;
}

static int define(void *arg, uint16_t class_id, const struct class_info *info)
{
	(void)arg;
	(void)class_id;
	(void)info;
	return 0;
}

const struct ledger_sink quiet_sink = {set, clear, define};
