// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/policy_file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ctl/bulk.h"
#include "rules/document.h"
#include "rules/revision.h"

struct text {
	char *base; /* NULL: empty */
	size_t len;
};

static int map_text(int fd, struct text *ret_text)
{
	struct stat stat;
	void *base;

	if (fstat(fd, &stat) < 0)
		return -errno;
	*ret_text = (struct text){.len = (size_t)stat.st_size};
	if (stat.st_size == 0)
		return 0;
	base = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	ret_text->base = base;
	return 0;
}

static void unmap_text(struct text *text)
{
	if (text->base)
		(void)munmap(text->base, text->len);
}

static enum outcome read_text(struct session *session, const char *path,
			      const struct text *text, struct policy_file *file)
{
	struct document_note note = {0};
	char why[COMPILE_NOTE_MAX] = "";
	int r = document_read(text->base ? text->base : "", text->len,
			      &file->policy, &note);

	if (r == -EINVAL || r == -E2BIG)
		return session_refuse(session, r, "%s:%u:%u: %s", path,
				      note.line, note.column, note.text);
	if (r < 0)
		return session_refuse(session, r, "%s: %s", path, strerror(-r));
	r = compile(&file->policy, &file->compiled, why);
	if (r < 0)
		return session_refuse(session, r, "%s: %s", path,
				      *why ? why : strerror(-r));
	return OUTCOME_DONE;
}

enum outcome policy_file_read(struct session *session, const char *path,
			      struct policy_file *ret_file)
{
	CLEANUP(unmap_text) struct text text = {0};
	int r;

	policy_init(&ret_file->policy);
	ret_file->fd = -1;
	r = bulk_from_file(path, &ret_file->fd);
	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	r = map_text(ret_file->fd, &text);
	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      strerror(-r));
	if (text.len > REVISION_TEXT_MAX)
		return session_refuse(session, -EFBIG,
				      "%s has %zu bytes, at most %u are "
				      "allowed: put members in lists",
				      path, text.len, REVISION_TEXT_MAX);
	return read_text(session, path, &text, ret_file);
}

void policy_file_done(struct policy_file *file)
{
	compiled_free(file->compiled);
	policy_done(&file->policy);
	closep(&file->fd);
}

int policy_file_text(int fd, json_t *answer)
{
	CLEANUP(unmap_text) struct text text = {0};
	int r = map_text(fd, &text);

	if (r < 0)
		return r;
	return json_object_set_new(
		       answer, "text",
		       json_stringn(text.base ? text.base : "", text.len)) < 0
		       ? -EILSEQ
		       : 0;
}
