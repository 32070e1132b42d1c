/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watched.h - the work of work.h with nobody watching, with the real fwd, and
 * with the real auditd, in turn.
 *
 *	overhead/WORK/percent			what the processors do more for
 *						the same work, with fwd
 *	overhead/WORK/daemon/percent		what fwd itself takes beside, of
 *						the time of that work alone
 *	overhead/auditd/WORK/percent ...	the same of auditd
 *	overhead/mib				what is resident of fwd, after
 *						its work
 *
 * fwd has its sensor, detects by all shipped rules and those for Linux of
 * SigmaHQ below PORTCULLIS_DATA, and writes alerts to a file; it has no feeds.
 * A value is the percent of the medians, its spread that of the rounds.
 *
 * Errors	negative errno; what went wrong is on standard error
 */
#pragma once

#include <stdbool.h>

#include "perf/support/report.h"

/* This process and its loopback are in a namespace of their own then, so it
 * comes after everything else. auditd leaves traces in the kernel (auditd.h),
 * so only `has_auditd` has it. */
int watched_measure(struct report *report, bool has_auditd);
