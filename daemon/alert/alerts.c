// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/alerts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct alert *find(struct alerts *alerts, const char *key)
{
	for (size_t i = 0; i < alerts->count; i++)
		if (strncmp(alerts->list[i].key, key, ALERT_KEY_MAX - 1) == 0)
			return &alerts->list[i];
	return NULL;
}

bool alerts_raise(struct alerts *alerts, uint64_t now_s, const char *key,
		  const char *format, ...)
{
	struct alert *alert = find(alerts, key);
	bool is_new = !alert;
	va_list args;

	assert(key);

	if (is_new) {
		if (alerts->count == ALERTS_MAX) {
			alerts->overflow++;
			return true;
		}
		alert = &alerts->list[alerts->count++];
		alert->since_s = now_s;
		(void)snprintf(alert->key, sizeof(alert->key), "%s", key);
	}
	va_start(args, format);
	(void)vsnprintf(alert->text, sizeof(alert->text), format, args);
	va_end(args);
	return is_new;
}

bool alerts_clear(struct alerts *alerts, const char *key)
{
	struct alert *alert = find(alerts, key);

	if (!alert)
		return false;
	alerts->count--;
	memmove(alert, alert + 1,
		(size_t)(&alerts->list[alerts->count] - alert) *
			sizeof(*alert));
	return true;
}
