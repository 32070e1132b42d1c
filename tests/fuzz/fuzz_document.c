// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the reader of firewall.yml: what it lets in can be
 * printed, read back and printed again as the same text; what it refuses has
 * a note.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct policy *policy, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	assert(out);
	assert(document_print(policy, out) == 0);
	assert(fclose(out) == 0);
	return text;
}

static void check_policy(const struct policy *policy)
{
	struct document_note note;
	struct policy back;
	size_t len, again_len;
	char *text = print(policy, &len);
	char *again;
	int r = document_read(text, len, &back, &note);

	/* what was written shortly can be too long when written out */
	if (r == -E2BIG && len > 1 << 20) {
		free(text);
		return;
	}
	assert(r == 0);
	again = print(&back, &again_len);
	assert(len == again_len && memcmp(text, again, len) == 0);
	assert(back.rule_count == policy->rule_count);
	assert(back.limit_count == policy->limit_count);
	policy_done(&back);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_note note = {.line = 0};
	struct policy policy;
	int r = document_read((const char *)data, size, &policy, &note);

	assert(r == 0 || r == -EINVAL || r == -E2BIG);
	if (r < 0) {
		assert(note.line > 0 && note.column > 0);
		assert(memchr(note.text, '\0', sizeof(note.text)));
		assert(note.text[0] != '\0');
		return 0;
	}
	check_policy(&policy);
	policy_done(&policy);
	return 0;
}
