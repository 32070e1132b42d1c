/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - the files in bpffs that let what we enforce outlive us.
 *
 *	PIN_DIR/links/IFINDEX		exclusive gates (daemon/packet/attach.h)
 *	PIN_DIR/shared/...		shared gates (the same)
 *	PIN_DIR/lasting-vN/NAME		counts, class numbers; N: FW_COUNT_VERSION
 *	PIN_DIR/live/program, live/meta	the generation that judges now
 *	PIN_DIR/live/fallback-in, -out	what it goes back to after a trial
 *
 * Errors	negative errno, -ENOENT when there is no such pin
 * Threads	event loop only
 */
#pragma once

#include <stddef.h>

#include <bpf/libbpf.h>

#include "daemon/packet/maps.h"
#include "xdp/abi.h"

#define PINS_PATH_MAX 256 /* bytes with the NUL */

/* Without the mode everybody may write to a bpffs. */
#define PINS_MOUNT "mount -t bpf -o mode=700 bpf /sys/fs/bpf"

/* 0 when `pin_dir`, or what of it is there already, is on a bpffs;
 * -EMEDIUMTYPE when it is on something else. */
int pins_check_place(const char *pin_dir);

/*
 * Make the directories. With a note -EMEDIUMTYPE when it is no bpffs, and
 * -EPERM when one of them is another user's, or others may write to it: they
 * could take what is pinned away.
 */
int pins_prepare(const char *pin_dir, char note[MAPS_NOTE_MAX]);

/* Path of a lasting map's pin. */
int pins_path(const char *pin_dir, const char *name, char path[PINS_PATH_MAX]);

/* Open a lasting map; -EPROTO with a note when type, sizes or the number of
 * entries are not those of `like`; 0 entries: any number. */
int pins_get_map(const char *pin_dir, const char *name,
		 const struct bpf_map_info *like, int *ret_fd,
		 char note[MAPS_NOTE_MAX]);

/* Pin a lasting map; one that is pinned already stays. */
int pins_put_map(const char *pin_dir, const char *name, int fd);

/* What the live generation says of itself. */
int pins_get_meta(const char *pin_dir, struct fw_meta *ret_meta);

/* Replace program and meta of live. */
int pins_put_live(const char *pin_dir, int program_fd,
		  const struct fw_meta *meta);

/* Hold what the live generation goes back to; see program_begin_trial(). */
int pins_put_fallback(const char *pin_dir, int in_fd, int out_fd);
void pins_del_fallback(const char *pin_dir);
