// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/policy_warn.h"

#include <errno.h>
#include <stdio.h>

#include "rules/lint.h"

struct warned {
	json_t *list;
	const char *path;
	bool quiet;
};

static int warn(void *arg, const struct lint_warning *warning)
{
	struct warned *warned = arg;
	json_t *item = json_pack("{s:s, s:s, s:I, s:s, s:s*}", "kind",
				 lint_kind_name((enum lint_kind)warning->kind),
				 warning->what, warning->id, "line",
				 (json_int_t)warning->line, "text",
				 warning->text, "by", warning->by);

	if (!warned->quiet)
		(void)fprintf(stderr, "warning: %s:%u: %s %s: %s\n",
			      warned->path, warning->line, warning->what,
			      warning->id, warning->text);
	return json_array_append_new(warned->list, item) < 0 ? -ENOMEM : 0;
}

json_t *policy_warn(const struct policy *policy, const char *path, bool quiet)
{
	struct warned warned = {json_array(), path, quiet};

	if (lint(policy, warn, &warned) < 0) {
		json_decref(warned.list);
		return NULL;
	}
	return warned.list;
}
