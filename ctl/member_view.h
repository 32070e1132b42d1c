/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * member_view.h - members with their evidence, as rows.
 */
#pragma once

#include "ctl/printer.h"

/* Of `set show`. */
extern const struct item_view member_view;

/* Of `why`: with the set and its action in front. */
extern const struct item_view claim_view;
