/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate_follow.h - what follows from gates and interfaces being there: gates on
 * the way out where the policy needs them, and the names that rules go by.
 *
 * Threads	event loop only
 */
#pragma once

#include "daemon/daemon.h"

/* After a gate, an interface, or the judge has changed. What fails is an alert,
 * and tried again the next time. */
void gate_follow(struct daemon *daemon);

/* Tell one judge the names of all interfaces. */
int gate_follow_names(struct daemon *daemon, struct judge *judge);
