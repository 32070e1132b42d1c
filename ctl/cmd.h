/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.h - the functions behind the table of commands, one file per group.
 *
 * Each takes a session whose command line was checked against the table, and
 * has told the user about everything but success when it returns.
 */
#pragma once

#include "ctl/command.h"

enum outcome cmd_alert_ack(struct session *session);
enum outcome cmd_alert_forward(struct session *session);
enum outcome cmd_alert_list(struct session *session);
enum outcome cmd_alert_resolve(struct session *session);
enum outcome cmd_alert_show(struct session *session);
enum outcome cmd_alert_status(struct session *session);
enum outcome cmd_alert_watch(struct session *session);
enum outcome cmd_allow(struct session *session);
enum outcome cmd_attach(struct session *session);
enum outcome cmd_backup(struct session *session);
enum outcome cmd_block(struct session *session);
enum outcome cmd_capture(struct session *session);
enum outcome cmd_completion(struct session *session);
enum outcome cmd_counters(struct session *session);
enum outcome cmd_crowdsec_resync(struct session *session);
enum outcome cmd_crowdsec_run(struct session *session);
enum outcome cmd_crowdsec_status(struct session *session);
enum outcome cmd_detach(struct session *session);
enum outcome cmd_detect_check(struct session *session);
enum outcome cmd_detect_coverage(struct session *session);
enum outcome cmd_detect_forgive(struct session *session);
enum outcome cmd_detect_hear(struct session *session);
enum outcome cmd_detect_list(struct session *session);
enum outcome cmd_detect_offences(struct session *session);
enum outcome cmd_detect_plan(struct session *session);
enum outcome cmd_detect_release(struct session *session);
enum outcome cmd_detect_reload(struct session *session);
enum outcome cmd_detect_replay(struct session *session);
enum outcome cmd_detect_scores(struct session *session);
enum outcome cmd_detect_status(struct session *session);
enum outcome cmd_detect_test(struct session *session);
enum outcome cmd_doctor(struct session *session);
enum outcome cmd_events(struct session *session);
enum outcome cmd_explain(struct session *session);
enum outcome cmd_feed_accept(struct session *session);
enum outcome cmd_feed_add(struct session *session);
enum outcome cmd_feed_diff(struct session *session);
enum outcome cmd_feed_drop(struct session *session);
enum outcome cmd_feed_enforce(struct session *session);
enum outcome cmd_feed_except(struct session *session);
enum outcome cmd_feed_hits(struct session *session);
enum outcome cmd_feed_hold(struct session *session);
enum outcome cmd_feed_import(struct session *session);
enum outcome cmd_feed_list(struct session *session);
enum outcome cmd_feed_probe(struct session *session);
enum outcome cmd_feed_resume(struct session *session);
enum outcome cmd_feed_rollback(struct session *session);
enum outcome cmd_feed_shadow(struct session *session);
enum outcome cmd_feed_show(struct session *session);
enum outcome cmd_feed_update(struct session *session);
enum outcome cmd_help(struct session *session);
enum outcome cmd_log(struct session *session);
enum outcome cmd_policy_apply(struct session *session);
enum outcome cmd_policy_check(struct session *session);
enum outcome cmd_policy_confirm(struct session *session);
enum outcome cmd_policy_diff(struct session *session);
enum outcome cmd_policy_export(struct session *session);
enum outcome cmd_policy_import(struct session *session);
enum outcome cmd_policy_log(struct session *session);
enum outcome cmd_policy_rollback(struct session *session);
enum outcome cmd_policy_schema(struct session *session);
enum outcome cmd_policy_show(struct session *session);
enum outcome cmd_restore(struct session *session);
enum outcome cmd_set_add(struct session *session);
enum outcome cmd_set_del(struct session *session);
enum outcome cmd_set_drop(struct session *session);
enum outcome cmd_set_export(struct session *session);
enum outcome cmd_set_import(struct session *session);
enum outcome cmd_set_list(struct session *session);
enum outcome cmd_set_new(struct session *session);
enum outcome cmd_set_show(struct session *session);
enum outcome cmd_status(struct session *session);
enum outcome cmd_unblock(struct session *session);
enum outcome cmd_version(struct session *session);
enum outcome cmd_watch(struct session *session);
enum outcome cmd_why(struct session *session);
