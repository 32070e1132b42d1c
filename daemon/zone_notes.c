// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/zone_notes.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct notes {
	const struct daemon *daemon;
	json_t *texts;
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void note(struct notes *notes,
						       const char *format, ...)
{
	char text[256];
	va_list args;

	if (++notes->count >= ZONE_NOTES_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)json_array_append_new(notes->texts, json_string(text));
}

/* On the interface, or NULL: on any. */
static bool has_gate(const struct daemon *daemon, const char *ifname)
{
	const struct gate_keep *keep = &daemon->keep;

	for (size_t i = 0; i < keep->count; i++)
		if (keep->wishes[i].ifindex &&
		    (!ifname ||
		     strcmp(keep->wishes[i].attachment.ifname, ifname) == 0))
			return true;
	return false;
}

static void note_interface(struct notes *notes, const struct zone *zone,
			   const char *ifname)
{
	if (has_gate(notes->daemon, ifname))
		return;
	if (if_nametoindex(ifname) == 0)
		note(notes, "zone %s: there is no interface %s", zone->name,
		     ifname);
	else
		note(notes,
		     "zone %s: %s has no gate, so nothing there is judged: "
		     "fwctl attach %s",
		     zone->name, ifname, ifname);
}

void zone_notes(const struct daemon *daemon, const struct policy *policy,
		json_t *texts)
{
	struct notes notes = {.daemon = daemon, .texts = texts};

	if (!has_gate(daemon, NULL))
		note(&notes, "no interface has a gate, so nothing is judged: "
			     "fwctl attach");
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		for (size_t k = 0; k < zone->interface_count; k++)
			note_interface(&notes, zone, zone->interfaces[k]);
	}
	if (notes.count >= ZONE_NOTES_MAX) {
		char text[64];

		(void)snprintf(text, sizeof(text),
			       "zones: %zu more interfaces without a gate",
			       notes.count - ZONE_NOTES_MAX + 1);
		(void)json_array_append_new(texts, json_string(text));
	}
}
