/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lock.h - one at a time, of commands that must not run twice.
 *
 * The lock is a file beside the socket that only its owner can open: what others
 * can read they can lock as well.
 */
#pragma once

#include "ctl/session.h"

/* Held until *ret_fd is closed, or the process ends. What fails is told;
 * `taken`: when another one has it. */
enum outcome lock_take(struct session *session, const char *name,
		       const char *taken, int *ret_fd);
