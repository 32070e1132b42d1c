// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/watched.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 64 /* of a path below, with what stands around it */

const char *const watched_of_system[] = {
	"/etc/shadow",
	"/etc/shadow-",
	"/etc/gshadow",
	"/etc/gshadow-",
	"/etc/sudoers",
	"/etc/sudoers.d/",
	"/etc/ssh/",
	"/etc/ssl/private/",
	"/etc/krb5.keytab",
	"/etc/kubernetes/",
	"/etc/portcullis/",
	"/run/secrets/",
	"/var/lib/portcullis/",
};
const size_t watched_of_system_count = ARRAY_LEN(watched_of_system);

const char *const watched_of_user[] = {
	".ssh/",
	".gnupg/",
	".aws/",
	".azure/",
	".config/gcloud/",
	".kube/",
	".docker/config.json",
	".netrc",
	".pgpass",
	".npmrc",
	".git-credentials",
	".vault-token",
	".mozilla/",
	".config/google-chrome/",
	".config/chromium/",
	".config/BraveSoftware/",
	".claude/.credentials.json",
	".codex/auth.json",
	".gemini/oauth_creds.json",
};
const size_t watched_of_user_count = ARRAY_LEN(watched_of_user);

/* Places in a pattern that as much of another as was read can have led to. */
struct places {
	bool at[PATH_BYTES + 1];
};

/* WILD_ANY may be nothing. */
static void pass_any(const char *path, size_t len, struct places *places)
{
	for (size_t i = 0; i < len; i++)
		if (places->at[i] && path[i] == WILD_ANY)
			places->at[i + 1] = true;
}

static struct places step(const char *path, size_t len, char byte,
			  const struct places *from)
{
	struct places to = {{false}};
	bool is_on = false;

	for (size_t i = 0; i <= len; i++) {
		is_on = is_on || from->at[i];
		if (byte == WILD_ANY)
			to.at[i] = is_on;
		else if (!from->at[i] || i == len)
			continue;
		else if (path[i] == WILD_ANY)
			to.at[i] = true;
		else if (byte == WILD_ONE || path[i] == byte)
			to.at[i + 1] = true;
	}
	pass_any(path, len, &to);
	return to;
}

/* Is there a text that both the test and the path are met by? */
static bool meet(const struct detect_node *test, const char *path)
{
	const size_t len = strlen(path);
	struct places places = {.at = {true}};

	for (uint32_t i = 0; i < test->len; i++)
		places = step(path, len, test->text[i], &places);
	return places.at[len];
}

static bool could_meet(const struct detect_node *test, const char *before,
		       const char *path)
{
	const char any[] = {WILD_ANY, '\0'};
	char pattern[PATH_BYTES];
	bool is_folder = path[strlen(path) - 1] == '/';
	int len = snprintf(pattern, sizeof(pattern), "%s%s%s", before, path,
			   is_folder ? any : "");

	assert(len > 0 && (size_t)len < sizeof(pattern));
	return meet(test, pattern);
}

/* Homes are where they mostly are; another is known by what it is asked for. */
static bool could_meet_in_home(const struct detect_node *test, const char *path)
{
	static const char home[] = {'/', 'h',	   'o', 'm', 'e',
				    '/', WILD_ANY, '/', '\0'};
	char below[PATH_BYTES];
	int len = snprintf(below, sizeof(below), "/%s", path);

	assert(len > 0 && (size_t)len < sizeof(below));
	return could_meet(test, "/root/", path) ||
	       could_meet(test, home, path) ||
	       memmem(test->text, test->len, below, (size_t)len);
}

bool watched_could_meet(const struct detect_node *test)
{
	assert(test->op == DETECT_TEST);
	assert(test->match == DETECT_EQUALS || test->match == DETECT_WILD);

	for (size_t i = 0; i < watched_of_system_count; i++)
		if (could_meet(test, "", watched_of_system[i]))
			return true;
	for (size_t i = 0; i < watched_of_user_count; i++)
		if (could_meet_in_home(test, watched_of_user[i]))
			return true;
	return false;
}
