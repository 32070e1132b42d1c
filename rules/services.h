/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * services.h - well-known names of ports, protocols and ICMP messages.
 *
 * An own table: what a policy means must not depend on the /etc/services of
 * the machine it is read on. A port has one number whatever the protocol.
 * Several names may stand for one number; the first is the one that is given
 * back.
 *
 * Threads	constants; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct numbered_name {
	const char *name;
	uint16_t number;
};

struct numbered_names {
	const struct numbered_name *names;
	size_t count;
};

extern const struct numbered_names services; /* IANA service names */
extern const struct numbered_names protocols; /* IANA protocol numbers */
extern const struct numbered_names icmp_types; /* RFC 792 and after */
extern const struct numbered_names icmpv6_types; /* RFC 4443 and after */

/* -ENOENT if it is not there. */
int numbered_find(const struct numbered_names *names, const char *name,
		  uint16_t *ret_number);

/* NULL if it has none. */
const char *numbered_name(const struct numbered_names *names, uint16_t number);
