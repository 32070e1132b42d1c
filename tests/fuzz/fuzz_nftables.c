// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of nftables rulesets: what it makes of them is
 * a policy that keeps its promises, which the export takes and which comes
 * back from there as it was. Built for libFuzzer, or with -DFUZZ_STANDALONE as
 * a program that reads each file given as an argument.
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
	assert(r == 0 || r == -E2BIG);
	if (r == 0) {
		check_policy(&policy, &report);
		check_export(&policy);
	}
	foreign_report_done(&report);
	policy_done(&policy);
	return 0;
}

#ifdef FUZZ_STANDALONE
int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "re");
		size_t size;

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		size = fread(data, 1, sizeof(data), file);
		(void)fclose(file);
		(void)LLVMFuzzerTestOneInput(data, size);
	}
	return 0;
}
#endif
