/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - the control protocol: what fwctl and fwd say to each other.
 *
 * A stream socket (SOCK_STREAM, AF_UNIX) of frames: a length of four bytes in
 * network order, then that many bytes of one JSON object (RFC 8259). The
 * client sends one request and reads one answer, any number of times.
 *
 *	request	{"do": NAME, "v": WIRE_VERSION, ...arguments}
 *	done	{"ok": true, ...}
 *	refused	{"ok": false, "errno": NUMBER, "error": TEXT}
 *
 * Bulk input (a list, a backup) is not in the frame: the client sends one
 * memfd with SCM_RIGHTS beside the frame's first byte, sealed against writing
 * and shrinking, so the daemon can map it and trust it to hold still.
 *
 * Errors	a frame longer than WIRE_FRAME_MAX is refused by its length,
 *		before a byte of it is read, and ends the connection
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION	1
#define WIRE_FRAME_MAX	(1u << 20) /* bytes of JSON */
#define WIRE_HEAD_BYTES 4
#define WIRE_BULK_MAX	(512u << 20) /* bytes of a memfd */
#define WIRE_PAGE_MAX	4096 /* members, addresses or lines in one frame */
/* Of what another program has heard: bytes of one text, and of all of them in a
 * frame, about which rules are asked in one turn of the loop. */
#define WIRE_HEARD_TEXT_MAX 8192u
#define WIRE_HEARD_MAX	    (64u << 10)

#define WIRE_SOCKET_PATH "/run/portcullis/fwd.sock"

enum request {
	REQ_STATUS,
	REQ_DOCTOR,
	REQ_ATTACH,
	REQ_DETACH,
	REQ_ADD, /* block, allow, set add: members into a set */
	REQ_DEL, /* unblock, set del */
	REQ_WHY,
	REQ_SET_LIST,
	REQ_SET_SHOW, /* one page of members */
	REQ_SET_NEW,
	REQ_SET_IMPORT, /* with a memfd: a plain list */
	REQ_SET_DROP,
	REQ_COUNTERS,
	REQ_EVENTS, /* the drop events after a cursor */
	REQ_LOG, /* one page of the journal */
	REQ_BACKUP, /* with a memfd the daemon writes into: not sealed yet */
	REQ_RESTORE, /* with a memfd */
	REQ_POLICY_APPLY, /* with a memfd: the document */
	REQ_POLICY_CONFIRM,
	REQ_POLICY_ROLLBACK,
	REQ_POLICY_LOG,
	REQ_POLICY_SHOW, /* with a memfd the daemon writes into */
	REQ_POLICY_DIFF, /* with a memfd: the document; or two revisions */
	REQ_EXPLAIN, /* frames, as if they came */
	REQ_CAPTURE, /* with a socket the daemon sends packets to */
	REQ_FEED_PUT, /* with a memfd: the definition */
	REQ_FEED_DROP,
	REQ_FEED_LIST,
	REQ_FEED_SHOW, /* with what a fetcher must know */
	REQ_FEED_IMPORT, /* with a memfd: a version */
	REQ_FEED_TRIED, /* a fetch that brought none */
	REQ_FEED_DECIDE,
	REQ_FEED_HITS,
	REQ_FEED_PROBE, /* with a memfd: a list */
	REQ_CROWDSEC_TAKE, /* with a memfd: a reply of the stream */
	REQ_CROWDSEC_TRIED, /* a poll that brought none */
	REQ_CROWDSEC_RESYNC,
	REQ_CROWDSEC_STATUS,
	REQ_HOST_EVENTS, /* those after a cursor */
	REQ_DETECT_STATUS,
	REQ_DETECT_RELOAD,
	REQ_DETECT_SCORES,
	REQ_DETECT_HEAR, /* what other programs say of this host */
	REQ_DETECT_RELEASE, /* out of quarantine */
	REQ_DETECT_OFFENCES, /* a page of them */
	REQ_DETECT_FORGIVE,
	REQ_ALERT_LIST, /* one page of those that are kept */
	REQ_ALERT_SHOW,
	REQ_ALERT_MARK, /* acknowledged, resolved */
	REQ_ALERT_WATCH, /* those after a cursor, as they come */
	REQ_ALERT_STATUS,
	REQ_COUNT,
};

enum wire_right {
	WIRE_VIEW, /* root, groups portcullis and portcullis-view */
	WIRE_CHANGE, /* root and group portcullis */
};

struct request_spec {
	const char *name;
	enum wire_right right;
	bool takes_fd;
};

extern const struct request_spec request_specs[REQ_COUNT];

/* The request of that name, or REQ_COUNT. */
enum request request_from_name(const char *name);

void wire_head_put(uint8_t head[WIRE_HEAD_BYTES], uint32_t len);
uint32_t wire_head_get(const uint8_t head[WIRE_HEAD_BYTES]);
