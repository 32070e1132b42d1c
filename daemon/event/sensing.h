/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensing.h - the sensor in the kernel: loaded, attached, its rings and counts.
 *
 * Nothing is pinned: with its owner it is gone, so a daemon that ends leaves
 * nothing behind that costs.
 *
 * Owns		the programs, the maps and the links
 * Errors	negative errno, with a note for people
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "xdp/sensor.h"

#define SENSING_NOTE_MAX 256 /* bytes with the NUL */

struct sensing_config {
	uint32_t security_bytes; /* of the ring; 0: as the program has it */
	uint32_t volume_bytes;
	uint64_t window_ns; /* in which the same is told once; 0: likewise */
	const char *const *watched; /* a path; with a slash at its end all that
				     * is below */
	size_t watched_count;
	bool has_hostnames; /* learn names of peers from packets of DNS */
	const char *cgroup_root; /* where control groups are mounted; NULL: the
				  * ports of TCP connects are not known, nor
				  * names */
};

struct sensing;

/* The programs are loaded, and do not run yet. */
int sensing_load(const struct sensing_config *config,
		 struct sensing **ret_sensing, char note[SENSING_NOTE_MAX]);

/* They run. Where all but those at the root of control groups do, it is 0 with a
 * note. */
int sensing_attach(struct sensing *sensing, char note[SENSING_NOTE_MAX]);

void sensing_free(struct sensing *sensing);
DEFINE_CLEANUP(struct sensing *, sensing_free)

/* Return 0 to go on, or a negative number to stop behind this record. */
typedef int sensing_record_fn(void *arg, void *bytes, size_t len);

/* What takes the records of each ring, once; `arg` is lent until the end. Those
 * of the third are struct fw_dns. */
int sensing_listen(struct sensing *sensing, sensing_record_fn *security_fn,
		   sensing_record_fn *volume_fn, sensing_record_fn *dns_fn,
		   void *arg);

/* Readable when records wait that should not. */
int sensing_security_fd(const struct sensing *sensing);
int sensing_volume_fd(const struct sensing *sensing);

/* Take records until there are none or `fn` stops; errors that are not its. */
int sensing_take_security(struct sensing *sensing);
int sensing_take_volume(struct sensing *sensing);
int sensing_take_dns(struct sensing *sensing);

/* 0: packets of DNS are seen; -ENODATA: nobody asked for it; else why not. */
int sensing_dns_state(const struct sensing *sensing);
uint64_t sensing_dns_lost(const struct sensing *sensing);

/* Sums over all processors, read from the kernel now. */
int sensing_counts(const struct sensing *sensing,
		   struct fw_sensor_counts *ret_counts);

/* Whose a flow is. -ENOENT: nobody's that is known. */
int sensing_talk(const struct sensing *sensing, const struct fw_talk_key *key,
		 struct fw_talk *ret_talk);

/* Names of the places where it is attached, NULL behind the last. */
const char *const *sensing_places(const struct sensing *sensing);
