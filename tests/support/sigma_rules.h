/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sigma_rules.h - detection rules in tests.
 */
#pragma once

#include "rules/detect/folder.h"

/* The rules of SigmaHQ below PORTCULLIS_DATA; where that is not set, prints why
 * they are missing and returns false. */
bool sigma_rules_real(uint32_t kinds, struct detect_folder *ret_folder);

/* Those of the tests' own data. */
void sigma_rules_own(uint32_t kinds, struct detect_folder *ret_folder);

/* Those that are installed. */
void sigma_rules_shipped(struct detect_folder *ret_folder);

/* Read one from its text; fails the test if it is refused. */
struct detect_rule *sigma_rules_of(const char *text);

/* Only a detection and a log source, like "category: file_event": the head is
 * written for it. */
struct detect_rule *sigma_rules_for(const char *source, const char *detection);
