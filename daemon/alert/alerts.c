// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/alerts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where it is, or alerts->count. */
static size_t find(const struct alerts *alerts, const char *key)
{
	size_t i = 0;

	while (i < alerts->count &&
	       strncmp(alerts->list[i].key, key, ALERT_KEY_MAX - 1) != 0)
		i++;
	return i;
}

bool alerts_raise(struct alerts *alerts, uint64_t now_s, const char *key,
		  const char *format, ...)
{
	size_t at = find(alerts, key);
	struct alert *alert = &alerts->list[at];
	bool is_new = at == alerts->count;
	va_list args;

	assert(key);

	if (is_new) {
		if (alerts->count == ALERTS_MAX) {
			alerts->overflow++;
			return true;
		}
		alerts->count++;
		alert->since_s = now_s;
		(void)snprintf(alert->key, sizeof(alert->key), "%s", key);
	}
	va_start(args, format);
	(void)vsnprintf(alert->text, sizeof(alert->text), format, args);
	va_end(args);
	return is_new;
}

bool alerts_have(const struct alerts *alerts, const char *key)
{
	return find(alerts, key) < alerts->count;
}

bool alerts_clear(struct alerts *alerts, const char *key)
{
	size_t at = find(alerts, key);

	if (at == alerts->count)
		return false;
	alerts->count--;
	memmove(&alerts->list[at], &alerts->list[at + 1],
		(alerts->count - at) * sizeof(alerts->list[0]));
	return true;
}
