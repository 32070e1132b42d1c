/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - what the daemon is told: defaults, fwd.yml, command line, in
 * this order; one table of items gives parsing, range checks and help.
 *
 * The file is one YAML mapping of item names to scalars; anything else in it
 * (unknown names, lists, anchors, a name twice) is refused with file, line
 * and what would be accepted. On reload only items marked `live` change.
 *
 * Errors	-EINVAL with a note for people; *ret_config is untouched
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/log.h"

#define CONFIG_PATH	"/etc/portcullis/fwd.yml"
#define CONFIG_PATH_MAX 200 /* bytes with the NUL */
#define CONFIG_NOTE_MAX 400

struct config {
	char state_dir[CONFIG_PATH_MAX]; /* LMDB */
	char pin_dir[CONFIG_PATH_MAX]; /* on a bpffs */
	char socket[CONFIG_PATH_MAX];
	char resolvers[CONFIG_PATH_MAX]; /* list that no feed may block */
	char change_group[CONFIG_PATH_MAX];
	char view_group[CONFIG_PATH_MAX];
	char alert_file[CONFIG_PATH_MAX]; /* or "none"; "-": stdout */
	char alert_syslog[CONFIG_PATH_MAX]; /* the same */
	uint32_t store_mib; /* most LMDB may take */
	uint32_t hosts4; /* addresses the table has room for */
	uint32_t blocks4;
	uint32_t entries6;
	uint32_t events_per_second; /* drop events let through */
	uint32_t captured_per_second; /* packets copied for a capture */
	uint32_t cpu_latency_us; /* CPU_LATENCY_ANY: as the kernel likes */
	enum log_level log_level;
	bool allow_shared; /* keep CAP_SYS_ADMIN for libxdp's dispatcher */
	bool realtime; /* ask for SCHED_FIFO */
	bool sandbox; /* seccomp */
	bool alert_journal; /* tell alerts to the journal */
	bool sensor; /* see what processes do */
	bool sensor_hostnames; /* by which names they know their peers, too */
	char sensor_paths[CONFIG_PATH_MAX]; /* with commas, or "none" */
	bool detect_block; /* do what detection rules say, not only tell */
	bool detect_shipped; /* take the rules that are shipped, too */
	bool detect_logs; /* and those about lines of logs */
	char exec_denylist[CONFIG_PATH_MAX]; /* or "none" */
	char exec_denylist_places[CONFIG_PATH_MAX]; /* with commas */
	uint32_t detect_steps; /* enum detect_step: what a block may do */
	uint32_t detect_blocks_per_minute; /* peers that rules may add */
	char detect_rules[CONFIG_PATH_MAX]; /* folder of this site's rules */
};

extern const struct config config_defaults;

/* Apply a file's items to *config. With `only_live`, others that differ are
 * left as they are and named in `note`, which is no error. */
int config_read(const char *path, bool only_live, struct config *config,
		char note[CONFIG_NOTE_MAX]);

/* Apply one "name=value" of the command line. */
int config_set(const char *assignment, struct config *config,
	       char note[CONFIG_NOTE_MAX]);

/* A line for each item: name, default, meaning. */
void config_help(FILE *out);
