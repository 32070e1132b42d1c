// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/policy_file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ctl/bulk.h"
#include "rules/document.h"
#include "rules/revision.h"

static int map_text(int fd, struct policy_text *ret_text)
{
	struct stat stat;
	void *base;

	if (fstat(fd, &stat) < 0)
		return -errno;
	*ret_text = (struct policy_text){.len = (size_t)stat.st_size};
	if (stat.st_size == 0)
		return 0;
	base = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	ret_text->base = base;
	return 0;
}

void policy_text_done(struct policy_text *text)
{
	if (text->base)
		(void)munmap(text->base, text->len);
}

static enum outcome read_text(struct session *session, const char *path,
			      const struct policy_text *text,
			      struct policy_file *file)
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
	CLEANUP(policy_text_done) struct policy_text text = {0};
	int r;

	policy_init(&ret_file->policy);
	ret_file->fd = -1;
	session->file = path;
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

enum outcome policy_file_current(struct session *session,
				 struct policy_file *ret_file)
{
	CLEANUP(policy_text_done) struct policy_text text = {0};
	CLEANUP(json_decrefp) json_t *answer = NULL;
	enum outcome outcome;
	int r;

	policy_init(&ret_file->policy);
	ret_file->fd = -1;
	r = bulk_new(&ret_file->fd);
	if (r < 0)
		return session_refuse(session, r, "no memory file: %s",
				      strerror(-r));
	outcome = session_ask(session, REQ_POLICY_SHOW, json_object(),
			      ret_file->fd, &answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r = map_text(ret_file->fd, &text);
	if (r < 0)
		return session_refuse(session, r, "the document: %s",
				      strerror(-r));
	return read_text(session, "the policy in force", &text, ret_file);
}

enum outcome policy_text_read(struct session *session, const char *path,
			      struct policy_text *ret_text)
{
	CLEANUP(closep) int fd = -1;
	int r = bulk_from_file(path, &fd);

	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      bulk_error(r));
	r = map_text(fd, ret_text);
	return r < 0 ? session_refuse(session, r, "cannot read %s: %s", path,
				      strerror(-r))
		     : OUTCOME_DONE;
}

void policy_file_done(struct policy_file *file)
{
	compiled_free(file->compiled);
	policy_done(&file->policy);
	closep(&file->fd);
}

int policy_file_text(int fd, json_t *answer)
{
	CLEANUP(policy_text_done) struct policy_text text = {0};
	int r = map_text(fd, &text);

	if (r < 0)
		return r;
	return json_object_set_new(
		       answer, "text",
		       json_stringn(text.base ? text.base : "", text.len)) < 0
		       ? -EILSEQ
		       : 0;
}
