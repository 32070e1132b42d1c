// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/hush.h"

#include <stdbool.h>
#include <string.h>

static bool is_over(uint64_t told_ns, uint64_t now_ns)
{
	return now_ns >= told_ns + HUSH_NS;
}

static struct hush_file *find(struct hush *hush,
			      const struct file_digest *digest)
{
	for (size_t i = 0; i < hush->count; i++)
		if (memcmp(&hush->files[i].digest, digest, sizeof(*digest)) ==
		    0)
			return &hush->files[i];
	return NULL;
}

/* A place for another file: one of which nothing is hushed. NULL: there is
 * none. */
static struct hush_file *place(struct hush *hush, uint64_t now_ns)
{
	if (hush->count < HUSH_FILES)
		return &hush->files[hush->count++];
	for (size_t i = 0; i < hush->count; i++)
		if (is_over(hush->files[i].told_ns, now_ns) &&
		    hush->files[i].waiting == 0)
			return &hush->files[i];
	return NULL;
}

/* What waits of files that have not come again is told with the others, and
 * their places are free from then on. */
static void sweep(struct hush *hush, uint64_t now_ns)
{
	for (size_t i = 0; i < hush->count; i++) {
		struct hush_file *file = &hush->files[i];

		if (!is_over(file->told_ns, now_ns))
			continue;
		hush->others += file->waiting;
		file->waiting = 0;
	}
}

static struct hush_answer hear_other(struct hush *hush, uint64_t now_ns)
{
	struct hush_answer answer = {0};

	sweep(hush, now_ns);
	hush->others++;
	if (hush->others_ns && !is_over(hush->others_ns, now_ns))
		return answer;
	answer.others = hush->others;
	hush->others = 0;
	hush->others_ns = now_ns;
	return answer;
}

struct hush_answer hush_hear(struct hush *hush,
			     const struct file_digest *digest, uint64_t now_ns)
{
	struct hush_file *file = find(hush, digest);
	struct hush_answer answer = {0};

	if (!file) {
		file = place(hush, now_ns);
		if (!file)
			return hear_other(hush, now_ns);
		*file = (struct hush_file){*digest, now_ns, 0};
		answer.count = 1;
		return answer;
	}
	file->waiting++;
	if (!is_over(file->told_ns, now_ns))
		return answer;
	answer.count = file->waiting;
	file->waiting = 0;
	file->told_ns = now_ns;
	return answer;
}
