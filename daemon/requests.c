// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/requests.h"

#include <errno.h>
#include <string.h>

#include "daemon/apply.h"
#include "daemon/expire.h"
#include "daemon/feeds.h"

typedef void request_fn(struct daemon *daemon, struct call *call);

static request_fn *const functions[] = {
	[REQ_STATUS] = request_status,
	[REQ_DOCTOR] = request_doctor,
	[REQ_ATTACH] = request_attach,
	[REQ_DETACH] = request_detach,
	[REQ_ADD] = request_add,
	[REQ_DEL] = request_del,
	[REQ_WHY] = request_why,
	[REQ_SET_LIST] = request_set_list,
	[REQ_SET_SHOW] = request_set_show,
	[REQ_SET_NEW] = request_set_new,
	[REQ_SET_IMPORT] = request_set_import,
	[REQ_SET_DROP] = request_set_drop,
	[REQ_COUNTERS] = request_counters,
	[REQ_EVENTS] = request_events,
	[REQ_LOG] = request_log,
	[REQ_BACKUP] = request_backup,
	[REQ_RESTORE] = request_restore,
	[REQ_POLICY_APPLY] = request_policy_apply,
	[REQ_POLICY_CONFIRM] = request_policy_confirm,
	[REQ_POLICY_ROLLBACK] = request_policy_rollback,
	[REQ_POLICY_LOG] = request_policy_log,
	[REQ_POLICY_SHOW] = request_policy_show,
	[REQ_POLICY_DIFF] = request_policy_diff,
	[REQ_EXPLAIN] = request_explain,
	[REQ_CAPTURE] = request_capture,
	[REQ_FEED_PUT] = request_feed_put,
	[REQ_FEED_DROP] = request_feed_drop,
	[REQ_FEED_LIST] = request_feed_list,
	[REQ_FEED_SHOW] = request_feed_show,
	[REQ_FEED_IMPORT] = request_feed_import,
	[REQ_FEED_TRIED] = request_feed_tried,
	[REQ_FEED_DECIDE] = request_feed_decide,
	[REQ_FEED_HITS] = request_feed_hits,
	[REQ_FEED_PROBE] = request_feed_probe,
	[REQ_CROWDSEC_TAKE] = request_crowdsec_take,
	[REQ_CROWDSEC_TRIED] = request_crowdsec_tried,
	[REQ_CROWDSEC_RESYNC] = request_crowdsec_resync,
	[REQ_CROWDSEC_STATUS] = request_crowdsec_status,
	[REQ_HOST_EVENTS] = request_host_events,
	[REQ_DETECT_STATUS] = request_detect_status,
	[REQ_DETECT_RELOAD] = request_detect_reload,
	[REQ_DETECT_HEAR] = request_detect_hear,
	[REQ_DETECT_SCORES] = request_detect_scores,
	[REQ_DETECT_RELEASE] = request_detect_release,
	[REQ_DETECT_OFFENCES] = request_detect_offences,
	[REQ_DETECT_FORGIVE] = request_detect_forgive,
	[REQ_ALERT_LIST] = request_alert_list,
	[REQ_ALERT_SHOW] = request_alert_show,
	[REQ_ALERT_MARK] = request_alert_mark,
	[REQ_ALERT_WATCH] = request_alert_watch,
	[REQ_ALERT_STATUS] = request_alert_status,
};
_Static_assert(ARRAY_LEN(functions) == REQ_COUNT, "");

static bool changes_sets(enum request request)
{
	return request == REQ_ADD || request == REQ_DEL ||
	       request == REQ_SET_NEW || request == REQ_SET_IMPORT ||
	       request == REQ_SET_DROP || request == REQ_FEED_PUT ||
	       request == REQ_FEED_DROP || request == REQ_FEED_IMPORT ||
	       request == REQ_FEED_TRIED || request == REQ_FEED_DECIDE ||
	       request == REQ_CROWDSEC_TAKE;
}

void requests_handle(void *arg, struct call *call)
{
	struct daemon *daemon = arg;

	expire_flush(daemon);
	if (daemon->is_stopping)
		call_refuse(call, -ESHUTDOWN, "fwd is stopping");
	else if (daemon->is_stale && changes_sets(call->request))
		call_refuse(call, -ESTALE,
			    "what is stored does not judge yet: restart fwd, "
			    "or restore again");
	else
		functions[call->request](daemon, call);
}

const struct set *args_set(struct daemon *daemon, struct call *call,
			   bool change)
{
	const char *name = args_text(call, "set", SET_NAME_MAX - 1, NULL);
	const struct set *set;

	if (!name || (change && args_untried(daemon, call, name) < 0))
		return NULL;
	set = ledger_set_named(daemon->ledger, name);
	if (!set) {
		call_refuse(call, -ENOENT,
			    "no set is called \"%s\" (fwctl set list shows "
			    "those there are)",
			    name);
		return NULL;
	}
	if (change && feeds_find(&daemon->feeds, name)) {
		call_refuse(call, -EPERM,
			    "set %s is what feed %s lists: fwctl feed except "
			    "takes an address out, fwctl feed drop all",
			    name, name);
		return NULL;
	}
	if (change && set->kind == SET_GEO && call->request != REQ_SET_DROP) {
		call_refuse(call, -EPERM,
			    "set %s is what a database lists: what a rule is "
			    "to treat otherwise goes into a set of its own",
			    name);
		return NULL;
	}
	if (change && daemon->is_importing[set->id]) {
		call_refuse(call, -EBUSY,
			    "set %s: an import is under way, try again when "
			    "it is done",
			    name);
		return NULL;
	}
	return set;
}

int args_untried(struct daemon *daemon, struct call *call, const char *name)
{
	if (!apply_tries_set(daemon, name))
		return 0;
	call_refuse(call, -EALREADY,
		    "set %s is on trial: confirm the policy or roll it back "
		    "first",
		    name);
	return -EALREADY;
}

int args_settled(struct daemon *daemon, struct call *call)
{
	if (!daemon->is_importing[0])
		return 0;
	call_refuse(call, -EBUSY,
		    "a restore is under way, try again when it is done");
	return -EBUSY;
}

const char *args_text(struct call *call, const char *name, size_t max,
		      const char *fallback)
{
	json_t *value = json_object_get(call->args, name);

	if (!value && fallback)
		return fallback;
	if (!json_is_string(value)) {
		call_refuse(call, -EINVAL, "\"%s\": expected a text", name);
		return NULL;
	}
	if (json_string_length(value) > max ||
	    strlen(json_string_value(value)) != json_string_length(value)) {
		call_refuse(call, -EINVAL,
			    "\"%s\": expected at most %zu bytes, none of them "
			    "zero",
			    name, max);
		return NULL;
	}
	return json_string_value(value);
}

int args_number(struct call *call, const char *name, uint64_t max,
		uint64_t fallback, uint64_t *ret_number)
{
	json_t *value = json_object_get(call->args, name);
	json_int_t number;

	if (!value) {
		*ret_number = fallback;
		return 0;
	}
	number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || (uint64_t)number > max) {
		call_refuse(call, -EINVAL,
			    "\"%s\": expected a whole number from 0 to %llu",
			    name, (unsigned long long)max);
		return -EINVAL;
	}
	*ret_number = (uint64_t)number;
	return 0;
}

int args_prefix(struct call *call, const char *name, struct prefix *ret_prefix)
{
	const char *text = args_text(call, name, PREFIX_TEXT_MAX + 16, NULL);

	if (!text)
		return -EINVAL;
	if (prefix_from_text(text, strlen(text), ret_prefix) < 0) {
		call_refuse(call, -EINVAL,
			    "\"%s\" is not an address or network (like "
			    "192.0.2.1, 192.0.2.0/24, 2001:db8::/32)",
			    text);
		return -EINVAL;
	}
	return 0;
}
