/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusing.h - peers that the processes of this host may not talk to.
 *
 * Programs at the root of the control groups are asked by connect(), by
 * send calls that name their peer, and for who is in quarantine by bind() too.
 * They answer EPERM.
 *
 *	1. Loopback is never refused, but to who is in quarantine.
 *	2. A peer ends by itself: the kernel's side looks at its clock. That it
 *	   still has a place is only a matter of refusing_tick().
 *	3. Full means refused: no peer goes before its end for another one.
 *
 * IPv4 addresses inside IPv6 are IPv4. The longest prefix that has not ended
 * counts, as long as not more than FW_NESTED_MAX around one address have.
 *
 * Owns		programs, maps and links; nothing is pinned, so it is all gone
 *		with its owner
 * Needs	CAP_BPF and CAP_NET_ADMIN, at the start and later
 * Times	CLOCK_BOOTTIME
 * Errors	negative errno; a failed call has changed nothing
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/prefix.h"
#include "xdp/refuse.h"

#define REFUSING_NOTE_MAX 256 /* bytes with the NUL */

struct refusing_config {
	int root; /* directory of the group whose processes are asked */
	int quarantine; /* that of the quarantine; -1: there is none */
	uint64_t quarantine_id;
	const struct prefix *allowed; /* who is in quarantine may talk to */
	size_t allowed_count;
};

struct refusing;

/* Load and attach. What `config` points to is borrowed for the call. */
int refusing_new(const struct refusing_config *config,
		 struct refusing **ret_refusing, char note[REFUSING_NOTE_MAX]);
void refusing_free(struct refusing *refusing);
DEFINE_CLEANUP(struct refusing *, refusing_free)

/*
 * From now until `until_ns`, or until its end from before if that is later.
 * One that is `is_tied` to a cause of the caller's stays so. -EINVAL when all of IPv4 or IPv6 would be in it, or when loopback is;
 * -ENOSPC when there are as many as there may be.
 */
int refusing_add(struct refusing *refusing, const struct prefix *peer,
		 uint64_t until_ns, bool is_tied);

/* Is there still cause to refuse it? */
typedef bool refusing_keeps_fn(void *arg, const struct prefix *peer,
			       bool is_tied);

/* No longer, nor all inside it for whom there is no cause of their own; prefixes
 * around it stay. Some thousands are looked at: the rest is left to
 * refusing_tick(). `keeps` NULL: for none there is. */
int refusing_forgive(struct refusing *refusing, const struct prefix *peer,
		     refusing_keeps_fn *keeps, void *arg);

/* A few times a second: look at some peers, and take out whose time is over
 * and for whom there is no cause. `keeps` NULL: for all there is. */
void refusing_tick(struct refusing *refusing, uint64_t now_ns,
		   refusing_keeps_fn *keeps, void *arg);

/* It, or a prefix around it, as far as the longest one says. */
bool refusing_has(struct refusing *refusing, const struct prefix *peer,
		  uint64_t now_ns);

struct refusing_info {
	size_t peers4, peers6; /* with those that ended a moment ago */
	struct fw_refusal gates[FW_GATE_COUNT];
};

/* Counts are read from the kernel now. */
int refusing_info(const struct refusing *refusing,
		  struct refusing_info *ret_info);
