/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * windows.h - rules that hold at certain times of the week, put to sleep and
 * woken.
 *
 * Times	local time of the machine, looked at again in each second: so a
 *		clock that is set, or changes to summer time, is followed
 * Threads	event loop only
 */
#pragma once

#include "daemon/daemon.h"

/* As of this moment of the wall clock. */
void windows_follow(struct daemon *daemon, uint64_t now_s);

/* The same for a judge that is about to take over. */
void windows_set(struct judge *judge, uint64_t now_s);
