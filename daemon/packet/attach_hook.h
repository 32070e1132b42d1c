/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach_hook.h - what runs on the XDP hook of an interface right now, and the
 * words for people about it. Private to attach*.c and doctor*.c.
 *
 * Errors	negative errno
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/packet/attach.h"

#define HOOK_NAME_MAX 16 /* BPF_OBJ_NAME_LEN: the kernel cuts names */

struct hook {
	uint32_t program_id; /* 0: nobody is attached */
	enum attach_mode mode; /* never ATTACH_AUTO; only with a program_id */
};

/* -ENODEV when there is no such interface. */
int hook_read(int ifindex, struct hook *ret_hook);

/* The id of a loaded program. */
int hook_program_id(int program_fd, uint32_t *ret_id);

/* The name of any program, or "" where the kernel does not say: that takes
 * CAP_SYS_ADMIN, which a daemon in service does not have. */
void hook_program_name(uint32_t program_id, char name[HOOK_NAME_MAX]);

/* "'xdpfilt', id 7" or "id 7". Returns `text`. */
const char *hook_program_text(uint32_t program_id, char text[64]);

/* The XDP_FLAGS_ for a mode that is not ATTACH_AUTO. */
uint32_t hook_flags(enum attach_mode mode);

/* Say that somebody else holds `ifname`, and what would work. Returns -EBUSY,
 * so callers end with it. */
int hook_refuse_foreign(const char *ifname, uint32_t program_id,
			char note[GATE_NOTE_MAX]);

/* Say why attaching failed with `error` and what to do. Returns `error`. */
int hook_explain(const char *ifname, enum attach_mode mode, int error,
		 char note[GATE_NOTE_MAX]);

/* Is `error`, from native mode, one that generic mode may not have? */
bool hook_may_fall_back(int error);

__attribute__((format(printf, 2, 3))) void note_set(char note[GATE_NOTE_MAX],
						    const char *format, ...);
