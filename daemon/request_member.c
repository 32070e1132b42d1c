// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about a few members: add, del. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/json.h"
#include "daemon/log.h"
#include "daemon/members.h"
#include "daemon/requests.h"

#define UNTIL_MAX 40 /* bytes with the NUL */

#define TABLE_ALERT_KEY "table" /* until a member is taken again */

struct edit_call {
	struct daemon *daemon;
	struct call *call;
	struct edits edits;
	char set_name[SET_NAME_MAX];
	uint64_t worst_ns;
};

static void edit_call_free(struct edit_call *edit)
{
	if (!edit)
		return;
	edits_done(&edit->edits);
	free(edit);
}

static int add_part(void *arg, const struct prefix *prefix)
{
	return edits_add(arg, prefix);
}

/* An entry as a person writes it: prefix, or FIRST-LAST. */
static int parse_entry(struct edits *edits, const char *text)
{
	const char *dash = strchr(text, '-');
	struct prefix first, last;
	int r;

	if (!dash) {
		r = prefix_from_text(text, strlen(text), &first);
		return r < 0 ? r : edits_add(edits, &first);
	}
	r = prefix_from_text(text, (size_t)(dash - text), &first);
	if (r == 0)
		r = prefix_from_text(dash + 1, strlen(dash + 1), &last);
	return r < 0 ? r : prefix_each_in_range(&first, &last, add_part, edits);
}

static int parse_members(struct call *call, struct edits *edits)
{
	json_t *list = json_object_get(call->args, "members");
	size_t i;
	json_t *item;

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > WIRE_PAGE_MAX) {
		call_refuse(call, -EINVAL,
			    "\"members\": expected a list of 1 to %d "
			    "addresses",
			    WIRE_PAGE_MAX);
		return -EINVAL;
	}
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		int r = text ? parse_entry(edits, text) : -EINVAL;

		if (r == 0)
			continue;
		call_refuse(call, r,
			    r == -E2BIG ? "\"%.100s\" and those before it are "
					  "more than 65536 prefixes: import "
					  "them as a list"
					: "\"%.100s\" is not an address, "
					  "network or range of them",
			    text ? text : "(not a text)");
		return r;
	}
	return 0;
}

/* What no set may hold, and what no set that drops may cover. */
static int check_prefix(struct daemon *daemon, struct call *call,
			const struct set *set, const struct prefix *prefix)
{
	const struct guard_entry *entry = NULL;
	char text[GUARD_TEXT_MAX];

	if (set_is_guarded(set) || prefix_has_all_v4(prefix))
		entry = guard_find(daemon->guard, prefix);
	if (!entry)
		return 0;
	call_refuse(call, -EPERM, "set %s: %s", set->name,
		    guard_explain(prefix, entry, text));
	return -EPERM;
}

static int check_all(struct daemon *daemon, struct call *call,
		     const struct set *set, const struct edits *edits)
{
	size_t fresh = 0;

	for (size_t i = 0; i < edits->count; i++) {
		struct evidence old;
		int r = check_prefix(daemon, call, set, &edits->list[i].prefix);

		if (r < 0)
			return r;
		fresh += ledger_get(daemon->ledger, set->id,
				    &edits->list[i].prefix, &old) < 0;
	}
	if (ledger_set_count(daemon->ledger, set->id) + fresh <= set->capacity)
		return 0;
	call_refuse(call, -ENOSPC,
		    "set %s is full: %zu of %u members, %zu more asked for",
		    set->name, ledger_set_count(daemon->ledger, set->id),
		    set->capacity, fresh);
	return -ENOSPC;
}

static int read_evidence(struct call *call, struct edits *edits)
{
	const char *reason = args_text(call, "reason", REASON_MAX - 1, "");
	struct evidence *evidence = &edits->evidence;
	uint64_t now_s = clock_wall_s();

	if (!reason)
		return -EINVAL;
	if (!reason_is_valid(reason)) {
		call_refuse(call, -EINVAL,
			    "\"reason\": expected one line of text");
		return -EINVAL;
	}
	if (args_number(call, "expires", UINT32_MAX, 0, &evidence->expires_s) <
	    0)
		return -EINVAL;
	if (evidence->expires_s && evidence->expires_s <= now_s) {
		call_refuse(call, -ERANGE, "\"expires\": %" PRIu64 " is past",
			    evidence->expires_s);
		return -ERANGE;
	}
	evidence->origin = ORIGIN_OPERATOR;
	evidence->uid = call->uid;
	evidence->created_s = now_s;
	evidence->reason = strdup(reason);
	return evidence->reason ? 0 : -ENOMEM;
}

static void refuse_failed(struct daemon *daemon, struct call *call, int r,
			  const struct edits *edits, size_t failed)
{
	char text[PREFIX_TEXT_MAX];
	struct table_usage usage = table_usage(daemon->table);

	(void)prefix_to_text(&edits->list[failed].prefix, text);
	if (r == -E2BIG) {
		call_refuse(call, r,
			    "%s: all %d class numbers are taken, one for each "
			    "combination of sets: nothing was changed; restart "
			    "fwd, which gives back those that no member needs",
			    text, CLASS_MAX);
		return;
	}
	if (r != -ENOSPC) {
		call_refuse(call, r, "%s could not be stored: %s", text,
			    strerror(-r));
		return;
	}
	(void)alerts_raise(&daemon->alerts, clock_wall_s(), TABLE_ALERT_KEY,
			   "the address table is full: a member was refused");
	call_refuse(call, r,
		    "%s: the address table is full (hosts %u of %u, blocks "
		    "%u of %u, IPv6 %u of %u): nothing was added; raise "
		    "hosts4, blocks4 or entries6 and restart fwd",
		    text, usage.v4.hosts, usage.v4.hosts_capacity,
		    usage.v4.blocks, usage.v4.blocks_capacity, usage.v6.entries,
		    usage.v6.entries_capacity);
}

static void answer(struct edit_call *edit)
{
	const struct edits *edits = &edit->edits;
	json_int_t had = 0, endless = 0;
	json_int_t rest;

	for (size_t i = 0; i < edits->count; i++) {
		had += edits->list[i].had;
		endless += edits->list[i].had &&
			   edits->list[i].old.expires_s != 0 &&
			   edits->evidence.expires_s == 0;
	}
	rest = (json_int_t)edits->count - had;
	call_done(edit->call,
		  edits->is_removal ? json_pack("{s:I, s:I}", "removed", had,
						"absent", rest)
				    : json_pack("{s:I, s:I, s:I, s:f}", "added",
						rest, "renewed", had, "endless",
						endless, "enforced_us",
						(double)edit->worst_ns / 1000));
}

static void committed(void *arg, int r)
{
	struct edit_call *edit = arg;

	if (r < 0)
		members_undo(edit->daemon, &edit->edits);
	members_settle(edit->daemon, &edit->edits);
	if (r < 0) {
		call_refuse(edit->call, r,
			    "set %s: the change could not be stored (%s), so "
			    "it was taken back",
			    edit->set_name, strerror(-r));
	} else {
		answer(edit);
	}
	edit_call_free(edit);
}

/* How many are changes, and the first of them. A removal of what was not there
 * is none; if all are that, the store may still hold what the table had no room
 * for, and all count. */
static size_t count_changes(const struct edits *edits, size_t *ret_first)
{
	size_t count = 0;

	for (size_t i = edits->count; i-- > 0;) {
		if (edits->is_removal && !edits->list[i].had)
			continue;
		*ret_first = i;
		count++;
	}
	return count ? count : edits->count;
}

/* " until 2026-12-01T18:00:00Z", or nothing for what does not end. */
static const char *until(const struct edits *edits, char text[UNTIL_MAX])
{
	time_t end = (time_t)edits->evidence.expires_s;
	struct tm utc;

	text[0] = '\0';
	if (end && gmtime_r(&end, &utc))
		(void)strftime(text, UNTIL_MAX, " until %FT%TZ", &utc);
	return text;
}

static void commit(struct edit_call *edit)
{
	const struct edits *edits = &edit->edits;
	char first[PREFIX_TEXT_MAX], more[32] = "", end[UNTIL_MAX];
	struct change *changes;
	size_t at = 0;
	size_t count = count_changes(edits, &at);

	changes = members_changes(edits);
	members_await(edit->daemon, &edit->edits);
	if (!changes) {
		committed(edit, -ENOMEM);
		return;
	}
	if (count > 1)
		(void)snprintf(more, sizeof(more), " and %zu more", count - 1);
	commit_submit(
		edit->daemon,
		&(struct commit_order){
			.changes = changes,
			.count = edits->count,
			.uid = edit->call->uid,
			.done = committed,
			.arg = edit,
		},
		"%s %s: %s%s%s%s%s", edits->is_removal ? "del" : "add",
		edit->set_name, prefix_to_text(&edits->list[at].prefix, first),
		more, until(edits, end),
		edits->evidence.reason && *edits->evidence.reason ? ": " : "",
		edits->evidence.reason ? edits->evidence.reason : "");
}

static struct edit_call *begin(struct daemon *daemon, struct call *call,
			       const struct set **ret_set)
{
	const struct set *set = args_set(daemon, call, true);
	struct edit_call *edit;

	if (!set)
		return NULL;
	edit = calloc(1, sizeof(*edit));
	if (!edit) {
		call_refuse(call, -ENOMEM, "out of memory");
		return NULL;
	}
	edit->daemon = daemon;
	edit->call = call;
	edit->edits.set_id = set->id;
	memcpy(edit->set_name, set->name, sizeof(edit->set_name));
	if (parse_members(call, &edit->edits) < 0) {
		edit_call_free(edit);
		return NULL;
	}
	*ret_set = set;
	return edit;
}

/* Who is taken out of what detection found may be talked to as well. */
static void forgive(const struct edit_call *edit)
{
	if (!edit->edits.is_removal ||
	    strcmp(edit->set_name, BLOCKING_SET) != 0)
		return;
	for (size_t i = 0; i < edit->edits.count; i++)
		acting_forgive(edit->daemon, &edit->edits.list[i].prefix);
}

static void apply(struct edit_call *edit)
{
	size_t failed = 0;
	int r = members_apply(edit->daemon, &edit->edits,
			      edit->call->decoded_ns, &edit->worst_ns, &failed);

	if (r < 0) {
		refuse_failed(edit->daemon, edit->call, r, &edit->edits,
			      failed);
		edit_call_free(edit);
		return;
	}
	if (!edit->edits.is_removal)
		(void)alerts_clear(&edit->daemon->alerts, TABLE_ALERT_KEY);
	forgive(edit);
	commit(edit);
}

void request_add(struct daemon *daemon, struct call *call)
{
	const struct set *set;
	struct edit_call *edit = begin(daemon, call, &set);

	if (!edit)
		return;
	if (read_evidence(call, &edit->edits) < 0 ||
	    check_all(daemon, call, set, &edit->edits) < 0) {
		edit_call_free(edit);
		return;
	}
	apply(edit);
}

void request_del(struct daemon *daemon, struct call *call)
{
	const struct set *set;
	struct edit_call *edit = begin(daemon, call, &set);

	if (!edit)
		return;
	edit->edits.is_removal = true;
	apply(edit);
}
