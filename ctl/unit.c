// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/unit.h"

#include <inttypes.h>
#include <stdio.h>

#include "rules/base.h"

const char *unit_bytes(int64_t bytes, char buf[UNIT_TEXT_MAX])
{
	static const char *const names[] = {"B",   "KiB", "MiB",
					    "GiB", "TiB", "PiB"};
	double amount = (double)bytes;
	size_t unit = 0;

	while (amount >= 1024 && unit + 1 < ARRAY_LEN(names)) {
		amount /= 1024;
		unit++;
	}
	snprintf(buf, UNIT_TEXT_MAX, "%.*f %s", unit ? 1 : 0, amount,
		 names[unit]);
	return buf;
}

const char *unit_span_us(double span_us, char buf[UNIT_TEXT_MAX])
{
	if (span_us < 10)
		snprintf(buf, UNIT_TEXT_MAX, "%.1f us", span_us);
	else if (span_us < 1000)
		snprintf(buf, UNIT_TEXT_MAX, "%.0f us", span_us);
	else if (span_us < 1e6)
		snprintf(buf, UNIT_TEXT_MAX, "%.2f ms", span_us / 1e3);
	else
		snprintf(buf, UNIT_TEXT_MAX, "%.2f s", span_us / 1e6);
	return buf;
}
