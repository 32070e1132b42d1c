/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle.h - what a policy does with one packet, found by trying its rules
 * one after the other.
 *
 * This is the reference: slow, plain, and with nothing in common with what
 * the packet path does but the policy. It also answers for packets that do
 * not exist yet, like those of a flow under a policy to come.
 *
 *	1. What cannot be read up to its addresses is dropped.
 *	2. What is not IP passes if it is ARP or the policy lets it.
 *	3. Sets decide by themselves: on the way in by the source, on the way
 *	   out those that allow, by the destination.
 *	4. A rule that drops by sets of the source alone, with none before it
 *	   that such a source may match, drops also what cannot be read behind
 *	   the addresses; all else of that kind gets the default.
 *	5. Neighbour discovery passes, also ahead of what would drop in 3 and
 *	   4; then rules are tried in order; then the default holds, but for
 *	   DHCP and multicast listener discovery.
 *
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/packet.h"
#include "rules/policy.h"

/* What the packet meets that is not in the policy. */
struct oracle_world {
	/* Is the address in this set? */
	bool (*is_member)(void *arg, const char *set,
			  const struct prefix *address);
	/* What its sets do by themselves: the strongest, or SET_NONE. */
	enum set_action (*action_of)(void *arg, const struct prefix *address);
	/* Is a rule inside its time windows? Asked of rules that have some. */
	bool (*is_awake)(void *arg, size_t rule);
	/* Is the packet within the limit of a rule? It is charged to it. */
	bool (*is_within)(void *arg, size_t rule, const struct packet *packet);
	/* Is there a service for this SYN, or does this ACK bring a cookie or
	 * belong to a connection? Asked where rules of action syncookie are. */
	bool (*is_welcome)(void *arg, const struct packet *packet);
	void *arg;
};

enum oracle_end {
	ORACLE_MALFORMED,
	ORACLE_NOT_IP,
	ORACLE_ALLOWED, /* by sets' own actions */
	ORACLE_LISTED,
	ORACLE_SHADOWED,
	ORACLE_NEIGHBOUR,
	ORACLE_UNREADABLE,
	ORACLE_RULE,
	ORACLE_LIMIT,
	ORACLE_ANSWERED, /* by a cookie in place of a service */
	ORACLE_COOKIE, /* neither that, nor one brought back */
	ORACLE_ESSENTIAL,
	ORACLE_DEFAULT,
	ORACLE_END_COUNT,
};

struct oracle_answer {
	enum verdict verdict;
	enum oracle_end end;
	size_t rule; /* of ORACLE_RULE, _LIMIT, _ANSWERED and _COOKIE */
	enum oracle_end passed; /* of ORACLE_SHADOWED: what let it through */
};

typedef void oracle_match_fn(void *arg, size_t rule);

/* `matched`, or NULL, is told of each rule that counts the packet, in order,
 * the one that ends it included: those that were met, of limits only those that
 * it is above. */
struct oracle_answer oracle_judge(const struct policy *policy,
				  const struct packet *packet,
				  enum packet_reading reading,
				  const struct oracle_world *world,
				  oracle_match_fn *matched);

/* Does a packet that was read meet all that a rule asks for? Windows are not
 * looked at. */
bool oracle_meets(const struct policy *policy, const struct rule *rule,
		  const struct packet *packet,
		  const struct oracle_world *world);
