/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cookies.h - does the kernel make the SYN cookies that rules answer with?
 *
 * It makes them at any time if net.ipv4.tcp_syncookies is 2, which is the
 * administrator's to set. Without it such rules drop: a policy that has some is
 * refused, and while one judges an alert says so.
 *
 * Threads	cookies_check(): any; cookies_follow(): event loop only
 */
#pragma once

#include <stdint.h>

#include "daemon/daemon.h"
#include "daemon/judge.h"

/* -EINVAL, and why, if a policy has rules that would only drop. */
int cookies_check(const struct policy *policy, char why[JUDGE_NOTE_MAX]);

/* The alert, as of now. To be called now and then. */
void cookies_follow(struct daemon *daemon, uint64_t now_s);
