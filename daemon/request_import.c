// SPDX-License-Identifier: GPL-2.0-or-later
/* The request that brings a whole list. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bulk.h"
#include "daemon/clock.h"
#include "daemon/import.h"
#include "daemon/json.h"
#include "daemon/log.h"
#include "daemon/requests.h"

static json_t *notes_of(const struct plain_report *report)
{
	json_t *notes = json_array();

	for (uint32_t i = 0; i < report->note_count; i++) {
		const struct plain_note *note = &report->notes[i];

		(void)json_array_append_new(
			notes, json_pack("{s:I, s:s, s:s}", "line",
					 (json_int_t)note->line, "why",
					 note->why, "text", note->text));
	}
	return notes;
}

static double span_us(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) / 1000;
}

static void imported(struct import *import, int r, const char *why)
{
	const struct plain_report *report = &import->report;
	struct call *call = import->arg;

	if (r < 0) {
		call_refuse(call, r, "%s", why);
		return;
	}
	log_notice("set %s: imported added=%zu renewed=%zu removed=%zu "
		   "kept=%zu rejects=%u guarded=%zu took_us=%.0f",
		   import->set.name, import->added, import->renewed,
		   import->removes.count, import->kept, report->rejects,
		   import->guarded.count,
		   span_us(import->started_ns, import->applied_ns));
	call_done(
		call,
		json_pack(
			"{s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:I, s:I, s:I, "
			"s:f, s:f, s:f}",
			"lines", (json_int_t)report->lines, "entries",
			(json_int_t)report->entries, "rejects",
			(json_int_t)report->rejects, "notes", notes_of(report),
			"guarded", (json_int_t)import->guarded.count,
			"guarded_by", guarded_json(&import->guarded), "added",
			(json_int_t)import->added, "removed",
			(json_int_t)import->removes.count, "kept",
			(json_int_t)import->kept + (json_int_t)import->renewed,
			"members",
			(json_int_t)ledger_set_count(import->daemon->ledger,
						     import->set.id),
			"parse_us",
			span_us(import->started_ns, import->planned_ns),
			"commit_us",
			span_us(import->planned_ns, import->committed_ns),
			"apply_us",
			span_us(import->committed_ns, import->applied_ns)));
}

/* "source: reason" is what every member of the list is listed for. */
static char *make_reason(const char *source, const char *reason)
{
	char text[REASON_MAX];

	(void)snprintf(text, sizeof(text), "%s%s%s", source,
		       *source && *reason ? ": " : "", reason);
	return reason_is_valid(text) ? strdup(text) : NULL;
}

static int read_evidence(struct call *call, struct import *import)
{
	const char *source = args_text(call, "source", 100, "");
	const char *reason = source ? args_text(call, "reason", 150, "") : NULL;
	struct evidence *evidence = &import->evidence;

	if (!reason)
		return -EINVAL;
	if (args_number(call, "expires", UINT32_MAX, 0, &evidence->expires_s) <
	    0)
		return -EINVAL;
	evidence->origin = ORIGIN_IMPORT;
	evidence->uid = call->uid;
	evidence->created_s = clock_wall_s();
	evidence->reason = make_reason(source, reason);
	if (evidence->reason)
		return 0;
	call_refuse(call, -EINVAL,
		    "\"source\" and \"reason\": expected one line of text");
	return -EINVAL;
}

static int read_mode(struct call *call, bool *ret_is_replacing)
{
	const char *mode = args_text(call, "mode", 16, "replace");

	if (!mode)
		return -EINVAL;
	if (strcmp(mode, "replace") != 0 && strcmp(mode, "add") != 0) {
		call_refuse(call, -EINVAL,
			    "\"mode\": \"%s\" is not replace or add", mode);
		return -EINVAL;
	}
	*ret_is_replacing = *mode == 'r';
	return 0;
}

void request_set_import(struct daemon *daemon, struct call *call)
{
	const struct set *set = args_set(daemon, call, true);
	struct import *import;
	bool is_replacing;

	if (!set || read_mode(call, &is_replacing) < 0)
		return;
	if (import_new(daemon, set, &import) < 0) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	import->is_replacing = is_replacing;
	import->entry.uid = call->uid;
	import->finished = imported;
	import->arg = call;
	if (read_evidence(call, import) < 0 ||
	    bulk_map(call, "list", &import->text, &import->text_bytes) < 0) {
		import_cancel(import);
		return;
	}
	import_start(import);
}
