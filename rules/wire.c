// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/wire.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "rules/base.h"

/* A backup only reads, but it keeps the worker busy for as long as it takes
 * and fills a file of the caller's: so it is not for those who may only look.
 * Nor is a comparison of policies: it reads the lists that a document names.
 * Nor is a capture, which shows what is in packets, passwords and all. Nor are
 * events of the host, and alerts: command lines have such too. */
const struct request_spec request_specs[REQ_COUNT] = {
	[REQ_STATUS] = {"status", WIRE_VIEW, false},
	[REQ_DOCTOR] = {"doctor", WIRE_VIEW, false},
	[REQ_ATTACH] = {"attach", WIRE_CHANGE, false},
	[REQ_DETACH] = {"detach", WIRE_CHANGE, false},
	[REQ_ADD] = {"add", WIRE_CHANGE, false},
	[REQ_DEL] = {"del", WIRE_CHANGE, false},
	[REQ_WHY] = {"why", WIRE_VIEW, false},
	[REQ_SET_LIST] = {"set-list", WIRE_VIEW, false},
	[REQ_SET_SHOW] = {"set-show", WIRE_VIEW, false},
	[REQ_SET_NEW] = {"set-new", WIRE_CHANGE, false},
	[REQ_SET_IMPORT] = {"set-import", WIRE_CHANGE, true},
	[REQ_SET_DROP] = {"set-drop", WIRE_CHANGE, false},
	[REQ_COUNTERS] = {"counters", WIRE_VIEW, false},
	[REQ_EVENTS] = {"events", WIRE_VIEW, false},
	[REQ_LOG] = {"log", WIRE_VIEW, false},
	[REQ_BACKUP] = {"backup", WIRE_CHANGE, true},
	[REQ_RESTORE] = {"restore", WIRE_CHANGE, true},
	[REQ_POLICY_APPLY] = {"policy-apply", WIRE_CHANGE, true},
	[REQ_POLICY_CONFIRM] = {"policy-confirm", WIRE_CHANGE, false},
	[REQ_POLICY_ROLLBACK] = {"policy-rollback", WIRE_CHANGE, false},
	[REQ_POLICY_LOG] = {"policy-log", WIRE_VIEW, false},
	[REQ_POLICY_SHOW] = {"policy-show", WIRE_VIEW, true},
	[REQ_POLICY_DIFF] = {"policy-diff", WIRE_CHANGE, true},
	[REQ_EXPLAIN] = {"explain", WIRE_VIEW, false},
	[REQ_CAPTURE] = {"capture", WIRE_CHANGE, true},
	[REQ_FEED_PUT] = {"feed-put", WIRE_CHANGE, true},
	[REQ_FEED_DROP] = {"feed-drop", WIRE_CHANGE, false},
	[REQ_FEED_LIST] = {"feed-list", WIRE_VIEW, false},
	[REQ_FEED_SHOW] = {"feed-show", WIRE_CHANGE, false},
	[REQ_FEED_IMPORT] = {"feed-import", WIRE_CHANGE, true},
	[REQ_FEED_TRIED] = {"feed-tried", WIRE_CHANGE, false},
	[REQ_FEED_DECIDE] = {"feed-decide", WIRE_CHANGE, false},
	[REQ_FEED_HITS] = {"feed-hits", WIRE_VIEW, false},
	[REQ_FEED_PROBE] = {"feed-probe", WIRE_CHANGE, true},
	[REQ_CROWDSEC_TAKE] = {"crowdsec-take", WIRE_CHANGE, true},
	[REQ_CROWDSEC_TRIED] = {"crowdsec-tried", WIRE_CHANGE, false},
	[REQ_CROWDSEC_RESYNC] = {"crowdsec-resync", WIRE_CHANGE, false},
	[REQ_CROWDSEC_STATUS] = {"crowdsec-status", WIRE_VIEW, false},
	[REQ_HOST_EVENTS] = {"host-events", WIRE_CHANGE, false},
	[REQ_DETECT_STATUS] = {"detect-status", WIRE_VIEW, false},
	[REQ_DETECT_RELOAD] = {"detect-reload", WIRE_CHANGE, false},
	[REQ_DETECT_HEAR] = {"detect-hear", WIRE_CHANGE, false},
	[REQ_DETECT_SCORES] = {"detect-scores", WIRE_VIEW, false},
	[REQ_DETECT_RELEASE] = {"detect-release", WIRE_CHANGE, false},
	[REQ_DETECT_OFFENCES] = {"detect-offences", WIRE_VIEW, false},
	[REQ_DETECT_FORGIVE] = {"detect-forgive", WIRE_CHANGE, false},
	[REQ_ALERT_LIST] = {"alert-list", WIRE_CHANGE, false},
	[REQ_ALERT_SHOW] = {"alert-show", WIRE_CHANGE, false},
	[REQ_ALERT_MARK] = {"alert-mark", WIRE_CHANGE, false},
	[REQ_ALERT_WATCH] = {"alert-watch", WIRE_CHANGE, false},
	[REQ_ALERT_STATUS] = {"alert-status", WIRE_VIEW, false},
};

/* The array's length is given by its declaration, so a row left out would not
 * show in it: the enum may not grow without a look here. */
_Static_assert(REQ_COUNT == REQ_ALERT_STATUS + 1, "");

enum request request_from_name(const char *name)
{
	enum request request;

	assert(name);

	for (request = 0; request < REQ_COUNT; request++) {
		if (strcmp(request_specs[request].name, name) == 0)
			break;
	}
	return request;
}

void wire_head_put(uint8_t head[WIRE_HEAD_BYTES], uint32_t len)
{
	uint32_t len_be = htobe32(len);

	memcpy(head, &len_be, sizeof(len_be));
}

uint32_t wire_head_get(const uint8_t head[WIRE_HEAD_BYTES])
{
	uint32_t len_be;

	memcpy(&len_be, head, sizeof(len_be));
	return be32toh(len_be);
}
