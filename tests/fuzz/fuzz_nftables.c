// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of nftables rulesets: what it makes of them is
 * a policy that keeps its promises, which the export takes and which comes
 * back from there as it was.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/nftables.h"
#include "tests/fuzz/policy_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign_report report = {0};
	struct policy policy;
	int r;

	policy_init(&policy);
	r = nftables_read((const char *)data, size, &policy, &report);
	check_read(r, &policy, &report);
	return 0;
}
