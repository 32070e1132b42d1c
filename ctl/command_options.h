/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command_options.h - the options that commands take, a list for each kind of
 * command; command_table.c says whose they are.
 *
 * Threads	constant
 */
#pragma once

#include "ctl/command.h"

extern const struct option attach_options[];
extern const struct option add_options[];
extern const struct option alert_forward_options[];
extern const struct option alert_list_options[];
extern const struct option alert_mark_options[];
extern const struct option alert_watch_options[];
extern const struct option apply_options[];
extern const struct option crowdsec_run_options[];
extern const struct option detect_options[];
extern const struct option foreign_options[];
extern const struct option rollback_options[];
extern const struct option block_options[];
extern const struct option unblock_options[];
extern const struct option capture_options[];
extern const struct option events_options[];
extern const struct option explain_options[];
extern const struct option feed_add_options[];
extern const struct option feed_except_options[];
extern const struct option feed_import_options[];
extern const struct option feed_update_options[];
extern const struct option help_options[];
extern const struct option log_options[];
extern const struct option import_options[];
extern const struct option new_options[];
extern const struct option show_options[];
extern const struct option watch_options[];
