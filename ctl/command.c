// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/command.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/grid.h"
#include "rules/base.h"

struct parse {
	const char *const *argv; /* what is still to be read */
	const char *const *end;
	const struct command *first; /* what the name means so far, or NULL */
	size_t count; /* 0: no name yet; 1: found */
	const char *name_words[2];
	size_t name_word_count;
	struct invocation result;
};

/* What is quoted comes from the command line: it must not speak to the
 * terminal. */
__attribute__((format(printf, 2, 3))) static int
complain(const struct command *command, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "fwctl%s%s: ", command ? " " : "",
		command ? command->name : "");
	grid_put_safely(stderr, text);
	fprintf(stderr, "\nSee `fwctl %s%shelp`.\n",
		command ? command->name : "", command ? " --" : "");
	return -EINVAL;
}

bool command_choice_is(const char *choices, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && !strchr(text, '|') && choices) {
		if (!strncmp(choices, text, len) &&
		    (choices[len] == '|' || choices[len] == '\0'))
			return true;
		choices = strchr(choices, '|');
		choices += choices ? 1 : 0;
	}
	return false;
}

/* The word at `at` of a command's name: its start, and its length or 0. */
static size_t name_word(const struct command *command, size_t at,
			const char **ret_word)
{
	const char *word = command->name;

	while (at-- > 0) {
		word = strchr(word, ' ');
		if (!word)
			return 0;
		word++;
	}
	*ret_word = word;
	return strcspn(word, " ");
}

struct run {
	const struct command *first;
	size_t count;
	size_t word_count; /* how many different words were met */
};

/* Those of `among` whose word at `at` starts with `text`, or is it. */
static struct run narrow(struct run among, size_t at, const char *text,
			 bool whole)
{
	struct run run = {0};
	const char *last = NULL;
	size_t last_len = 0;
	size_t len = strlen(text);

	for (size_t i = 0; i < among.count; i++) {
		const char *word = "";
		size_t word_len = name_word(&among.first[i], at, &word);

		if (word_len < len || strncmp(word, text, len) != 0 ||
		    (whole && word_len != len))
			continue;
		if (run.count++ == 0)
			run.first = &among.first[i];
		if (!last || word_len != last_len ||
		    strncmp(word, last, word_len) != 0)
			run.word_count++;
		last = word;
		last_len = word_len;
	}
	return run;
}

/* Edit distance, cut off at 3: far enough is far enough. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[32];

	if (b_len >= ARRAY_LEN(row))
		return 3;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = corner + (a[i - 1] != b[j - 1]);
			size_t step = row[j] < row[j - 1] ? row[j] : row[j - 1];

			corner = row[j];
			row[j] = change < step + 1 ? change : step + 1;
		}
	}
	return row[b_len];
}

/* A name of the table that is like `text`, in *ret_word, and its length. */
static size_t nearest(struct run among, size_t at, const char *text,
		      const char **ret_word)
{
	size_t best = 3;
	size_t best_len = 0;

	for (size_t i = 0; i < among.count; i++) {
		const char *word = "";
		size_t len = name_word(&among.first[i], at, &word);
		size_t found =
			len ? distance(text, strlen(text), word, len) : 3;

		/* two of four letters is another word */
		if (found < best && found * 2 < len) {
			best = found;
			best_len = len;
			*ret_word = word;
		}
	}
	return best_len;
}

static void list_words(struct run run, size_t at, char *buf, size_t size)
{
	const char *last = NULL;
	size_t last_len = 0;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < run.count && used < size; i++) {
		const char *word = "";
		size_t len = name_word(&run.first[i], at, &word);

		if (len == 0 ||
		    (last && len == last_len && !strncmp(word, last, len)))
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%.*s",
					 last ? ", " : "", (int)len, word);
		last = word;
		last_len = len;
	}
}

static int complain_unknown(struct run among, size_t at, const char *text)
{
	const char *word = "", *group = "";
	size_t len = nearest(among, at, text, &word);
	/* with the blank behind it */
	int group_len = at ? (int)name_word(among.first, 0, &group) + 1 : 0;
	char names[256];

	if (len > 0)
		return complain(NULL,
				"no command '%.*s%s'; did you mean %.*s%.*s?",
				group_len, group, text, group_len, group,
				(int)len, word);
	list_words(among, at, names, sizeof(names));
	return complain(NULL, "no command '%.*s%s'; there are %s", group_len,
			group, text, names);
}

/* Take one more word of a command's name. */
static int find_word(struct run among, size_t at, const char *text,
		     struct run *ret_run)
{
	struct run run = narrow(among, at, text, true);
	char names[256];

	if (run.count == 0)
		run = narrow(among, at, text, false);
	if (run.count == 0)
		return complain_unknown(among, at, text);
	if (run.word_count > 1) {
		list_words(run, at, names, sizeof(names));
		return complain(NULL, "'%s' could be %s", text, names);
	}
	*ret_run = run;
	return 0;
}

int command_find(const char *const *words, size_t count,
		 const struct command **ret_first, size_t *ret_count)
{
	struct run run = {command_table, command_count, 0};
	int r;

	assert(count > 0);

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && run.count == 1 && !strchr(run.first->name, ' '))
			return complain(NULL, "'%s' has no command '%s'",
					run.first->name, words[i]);
		if (i > 1)
			return complain(NULL, "'%s' has no command '%s'",
					run.first->name, words[i]);
		r = find_word(run, i, words[i], &run);
		if (r < 0)
			return r;
	}
	*ret_first = run.first;
	*ret_count = run.count;
	return 0;
}

static const struct option *option_of(const struct option *options,
				      const char *name, size_t len, bool whole,
				      size_t *ret_count)
{
	const struct option *found = NULL;

	for (; options && options->name; options++) {
		if (strncmp(options->name, name, len) != 0 ||
		    (whole && options->name[len] != '\0'))
			continue;
		found = options;
		(*ret_count)++;
	}
	return found;
}

static int complain_options(const struct command *command, const char *name,
			    size_t len)
{
	const struct option *lists[] = {command ? command->options : NULL,
					command_common_options};
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct option *option = lists[i];

		for (; option && option->name; option++) {
			if (strncmp(option->name, name, len) != 0 ||
			    used >= sizeof(names))
				continue;
			used += (size_t)snprintf(
				names + used, sizeof(names) - used, "%s--%s",
				used ? ", " : "", option->name);
		}
	}
	return complain(command, "--%.*s could be %s", (int)len, name, names);
}

/* The long option that `name` means for the command met so far. */
static int find_option(const struct command *command, const char *name,
		       size_t len, const struct option **ret_option)
{
	const struct option *own = command ? command->options : NULL;
	const struct option *found = NULL;
	const struct option *common = NULL;
	size_t count = 0;

	for (int whole = 1; whole >= 0 && count == 0; whole--) {
		found = option_of(own, name, len, whole, &count);
		common = option_of(command_common_options, name, len, whole,
				   &count);
	}
	if (count == 0)
		return complain(command, "no option --%.*s%s", (int)len, name,
				command ? "" : " before the command");
	if (count > 1)
		return complain_options(command, name, len);
	*ret_option = found ? found : common;
	return 0;
}

static int find_letter(const struct command *command, char letter,
		       const struct option **ret_option)
{
	const struct option *lists[] = {command ? command->options : NULL,
					command_common_options};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct option *option = lists[i];

		for (; option && option->name; option++) {
			if (option->letter == letter && letter) {
				*ret_option = option;
				return 0;
			}
		}
	}
	return complain(command, "no option -%c%s", letter,
			command ? "" : " before the command");
}

static int check_text(const struct command *command, const char *what,
		      enum kind kind, const char *choices, const char *text)
{
	const struct kind_spec *spec = &kind_specs[kind];

	if (kind == KIND_CHOICE && !command_choice_is(choices, text))
		return complain(command, "%s: '%s' is none of %s", what, text,
				choices);
	if (spec->check && !spec->check(text))
		return complain(command, "%s: '%s' is not %s", what, text,
				spec->accepts);
	return 0;
}

/* Give `option` its value: `attached`, or the next argument. */
static int take_option(struct parse *parse, const struct option *option,
		       const char *attached)
{
	const struct command *command = parse->result.command;
	const char **value;
	char what[64];

	assert(option);

	value = &parse->result.values[option->id];
	snprintf(what, sizeof(what), "--%s", option->name);
	if (*value && option->kind != KIND_FLAG)
		return complain(command, "%s is given twice", what);
	if (option->kind == KIND_FLAG) {
		if (attached)
			return complain(command, "%s takes no value", what);
		*value = "";
		return 0;
	}
	if (!attached && parse->argv == parse->end)
		return complain(command, "%s needs a value: %s", what,
				option->choices
					? option->choices
					: kind_specs[option->kind].accepts);
	*value = attached ? attached : *parse->argv++;
	return check_text(command, what, option->kind, option->choices, *value);
}

static int take_long(struct parse *parse, const char *text)
{
	const struct option *option = NULL;
	size_t len = strcspn(text, "=");
	int r;

	r = find_option(parse->result.command, text, len, &option);
	if (r < 0)
		return r;
	return take_option(parse, option, text[len] ? text + len + 1 : NULL);
}

/* "-j", "-jn5", "-n 5". */
static int take_letters(struct parse *parse, const char *text)
{
	int r;

	while (*text) {
		const struct option *option = NULL;
		bool valued;

		r = find_letter(parse->result.command, *text++, &option);
		if (r < 0)
			return r;
		assert(option);
		valued = option->kind != KIND_FLAG;
		r = take_option(parse, option, valued && *text ? text : NULL);
		if (r < 0 || valued)
			return r;
	}
	return 0;
}

static int take_word(struct parse *parse, const char *text)
{
	struct invocation *result = &parse->result;
	int r;

	if (result->command) {
		result->words[result->word_count++] = text;
		return 0;
	}
	parse->name_words[parse->name_word_count++] = text;
	r = command_find(parse->name_words, parse->name_word_count,
			 &parse->first, &parse->count);
	if (r < 0)
		return r;
	if (parse->count == 1 &&
	    (parse->name_word_count == 2 || !strchr(parse->first->name, ' ')))
		result->command = parse->first;
	return 0;
}

static int take_all(struct parse *parse)
{
	bool only_words = false;
	int r = 0;

	while (r == 0 && parse->argv < parse->end) {
		const char *text = *parse->argv++;

		if (only_words || text[0] != '-' || !text[1])
			r = take_word(parse, text);
		else if (!strcmp(text, "--"))
			only_words = true;
		else if (text[1] == '-')
			r = take_long(parse, text + 2);
		else
			r = take_letters(parse, text + 1);
	}
	return r;
}

static int check_words(const struct invocation *invocation)
{
	const struct command *command = invocation->command;
	const struct argument *argument = command->arguments;
	int r;

	assert(command);

	for (size_t i = 0; i < invocation->word_count; i++) {
		if (argument->kind == KIND_FLAG)
			return complain(command, "'%s' is one word too many",
					invocation->words[i]);
		r = check_text(command,
			       argument->choices
				       ? "argument"
				       : kind_specs[argument->kind].name,
			       argument->kind, argument->choices,
			       invocation->words[i]);
		if (r < 0)
			return r;
		argument += argument->many ? 0 : 1;
	}
	if (argument->kind == KIND_FLAG || argument->optional ||
	    (argument->many && invocation->word_count > 0 &&
	     invocation->word_count >=
		     (size_t)(argument - command->arguments) + 1))
		return 0;
	return complain(command, "needs %s",
			argument->choices ? argument->choices
					  : kind_specs[argument->kind].accepts);
}

/* A name that is not there, or half there: "set". --help makes it a request
 * for help about what is there. */
static int resolve_missing(struct parse *parse)
{
	struct invocation *result = &parse->result;
	char names[256];
	struct run run = {parse->first, parse->count, 0};

	if (!result->values[OPTION_HELP] && parse->count == 0)
		return complain(NULL, "needs a command");
	if (!result->values[OPTION_HELP]) {
		list_words(run, 1, names, sizeof(names));
		return complain(NULL, "'%s' needs one of %s",
				parse->name_words[0], names);
	}
	if (parse->count > 0)
		result->words[result->word_count++] = parse->name_words[0];
	result->values[OPTION_HELP] = NULL;
	return command_find(&(const char *){"help"}, 1, &result->command,
			    &parse->count);
}

int command_parse(int argc, const char *const *argv, const char **words,
		  struct invocation *ret_invocation)
{
	struct parse parse = {
		.argv = argv + (argc > 0 ? 1 : 0),
		.end = argv + argc,
		.result.words = words,
	};
	int r;

	assert(argv);
	assert(ret_invocation);

	r = take_all(&parse);
	if (r == 0 && !parse.result.command)
		r = resolve_missing(&parse);
	if (r == 0 && !parse.result.values[OPTION_HELP])
		r = check_words(&parse.result);
	if (r < 0)
		return r;
	*ret_invocation = parse.result;
	return 0;
}
