// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/sigma_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/detect/sigma.h"

static void read_folder(const char *path, uint32_t kinds,
			struct detect_folder *ret_folder)
{
	int r = detect_folder_read(path, kinds, ret_folder);

	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
}

bool sigma_rules_real(uint32_t kinds, struct detect_folder *ret_folder)
{
	const char *data = getenv("PORTCULLIS_DATA");
	char path[4096];

	if (!data) {
		(void)printf("PORTCULLIS_DATA is not set: no real rules\n");
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/sigma-linux", data);
	read_folder(path, kinds, ret_folder);
	return true;
}

void sigma_rules_own(uint32_t kinds, struct detect_folder *ret_folder)
{
	read_folder(TEST_DATA_DIR "/sigma", kinds, ret_folder);
}

void sigma_rules_shipped(struct detect_folder *ret_folder)
{
	read_folder(TEST_DATA_DIR "/../../rules/default/detect",
		    DETECT_KINDS_KERNEL, ret_folder);
}

struct detect_rule *sigma_rules_of(const char *text)
{
	struct detect_rule *rule = NULL;
	struct detect_note note;
	int r = sigma_read(text, strlen(text), DETECT_KINDS_ALL, &rule, &note);

	if (r < 0)
		fail_msg("%d at %u:%u: %s", r, note.at.line, note.at.column,
			 note.at.text);
	return rule;
}

struct detect_rule *sigma_rules_for(const char *source, const char *detection)
{
	char text[8192];

	(void)snprintf(text, sizeof(text),
		       "title: T\n"
		       "logsource:\n"
		       "  product: linux\n"
		       "  %s\n"
		       "detection:\n"
		       "%s\n",
		       source, detection);
	return sigma_rules_of(text);
}
