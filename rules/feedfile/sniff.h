/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sniff.h - what a text is, from its first bytes.
 *
 * Threads	no state; any thread
 */
#pragma once

#include "rules/feedfile/feedfile.h"
#include "rules/feedfile/span.h"

/* FEED_INSTEAD_NONE if it may be JSON, or text if that is expected. */
enum feed_instead sniff(struct span text, bool expects_json);
