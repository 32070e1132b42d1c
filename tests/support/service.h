/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - something that listens, in a sandbox, for rules that ask the
 * machine's sockets.
 *
 * Every failure fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/packet.h"

/* SYN cookies at any time (2), only in a flood (1), or never (0). */
void service_allow_cookies(int when);

#define SERVICE_PORT  443 /* one listens here, of both families, */
#define SERVICE_PORT4 80 /* and one here, of IPv4 alone; at any address */

/* Start both, and end them. */
void service_start(void);
void service_stop(void);

/* Is a SYN for one of them? As the oracle asks it, of packets that bring no
 * cookie. */
bool service_welcomes(void *arg, const struct packet *packet);
