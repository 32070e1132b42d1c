// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the readers of iptables-save and ipset save: what it
 * makes of them is a policy that keeps its promises, which the export takes
 * and which comes back from there as it was.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/ipset.h"
#include "rules/foreign/iptables.h"
#include "tests/fuzz/policy_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign_report report = {0};
	struct policy policy;
	int r;

	policy_init(&policy);
	r = ipset_read((const char *)data, size, &policy, &report);
	if (r == 0)
		r = iptables_read((const char *)data, size, size % 2 ? 4 : 6,
				  &policy, &report);
	check_read(r, &policy, &report);
	return 0;
}
