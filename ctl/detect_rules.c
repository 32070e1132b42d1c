// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/detect_rules.h"

#include <string.h>

#include "rules/detect/sigma.h"

enum outcome detect_rules_read(struct session *session, const char *path,
			       struct detect_folder *ret_folder)
{
	uint32_t kinds = session_has(session, OPTION_LOGS)
				 ? DETECT_KINDS_ALL
				 : DETECT_KINDS_KERNEL;
	int r = detect_folder_read(path, kinds, ret_folder);

	if (r < 0)
		return session_refuse(session, r, "cannot read %s: %s", path,
				      strerror(-r));
	return OUTCOME_DONE;
}

enum outcome detect_rules_read_loud(struct session *session, const char *path,
				    struct detect_folder *ret_folder)
{
	enum outcome outcome = detect_rules_read(session, path, ret_folder);
	const struct detect_file *first = NULL;
	size_t refused = 0;

	if (outcome != OUTCOME_DONE)
		return outcome;
	for (size_t i = 0; i < ret_folder->file_count; i++) {
		if (!ret_folder->files[i].is_refused)
			continue;
		first = first ? first : &ret_folder->files[i];
		refused++;
	}
	if (first)
		(void)fprintf(stderr,
			      "%zu of %zu files refused, the first: %s: %s\n",
			      refused, ret_folder->file_count, first->path,
			      first->note.at.text);
	return outcome;
}

enum outcome detect_rules_load(struct session *session, size_t at,
			       struct detect_folder *ret_folder)
{
	enum outcome outcome = detect_rules_read(
		session, session_word(session, at), ret_folder);

	if (outcome != OUTCOME_DONE || session->json)
		return outcome;
	for (size_t i = 0; i < ret_folder->file_count; i++) {
		const struct detect_file *file = &ret_folder->files[i];

		if (file->is_refused)
			(void)fprintf(stderr, "%s: refused: %s\n", file->path,
				      file->note.at.text);
	}
	return outcome;
}

static void put_block(json_t *object, const struct detect_rule *rule)
{
	json_t *steps = json_array();

	for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++) {
		if (rule->steps >> step & 1)
			(void)json_array_append_new(
				steps, json_string(detect_step_name(step)));
	}
	(void)json_object_set_new(object, "steps", steps);
	(void)json_object_set_new(object, "ttl_s",
				  json_integer((json_int_t)rule->ttl_s));
	(void)json_object_set_new(object, "observe",
				  json_boolean(rule->is_observed));
	if (rule->growth.by == 0)
		return;
	(void)json_object_set_new(
		object, "ttl_grows",
		json_pack("{s:I, s:I, s:I}", "by", (json_int_t)rule->growth.by,
			  "until_s", (json_int_t)rule->growth.until_s,
			  "forget_s", (json_int_t)rule->growth.forget_s));
}

json_t *detect_rules_json(const struct detect_rule *rule)
{
	json_t *tags = json_array(), *object;

	for (size_t i = 0; i < rule->tag_count; i++)
		(void)json_array_append_new(tags, json_string(rule->tags[i]));
	object =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", rule->id,
			  "title", rule->title, "author", rule->author, "level",
			  detect_level_name(rule->level), "action",
			  detect_action_name(rule->action), "events",
			  detect_category_name(rule->category), "tags", tags);
	if (rule->action == DETECT_BLOCK)
		put_block(object, rule);
	return object;
}
