// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/help.h"

#include <ctype.h>
#include <string.h>

#include "rules/base.h"

#define HELP_COLUMNS 79
#define HELP_INDENT  29 /* where the right-hand column starts */

/* Print words from column `at` on, breaking lines to start at `indent`. */
static void wrap(FILE *out, int at, int indent, const char *text)
{
	bool fresh = true;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (!fresh && at + 1 + len > HELP_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
			fresh = true;
		}
		at += fprintf(out, "%s%.*s", fresh ? "" : " ", len, text);
		fresh = false;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* `left`, then `text` in the right-hand column. */
static void print_pair(FILE *out, const char *left, const char *text)
{
	int at = fprintf(out, "  %s", left);

	if (at + 2 > HELP_INDENT)
		fputc('\n', out);
	fprintf(out, "%*s",
		at + 2 > HELP_INDENT ? HELP_INDENT : HELP_INDENT - at, "");
	wrap(out, HELP_INDENT, HELP_INDENT, text);
}

static const char *value_name(enum kind kind, const char *choices)
{
	return choices ? choices : kind_specs[kind].name;
}

static void usage_text(const struct command *command, char *buf, size_t size)
{
	const struct argument *argument = command->arguments;
	size_t used = (size_t)snprintf(buf, size, "%s", command->name);

	/* the name of policies says itself how many */
	for (; argument->kind != KIND_FLAG && used < size; argument++)
		used += (size_t)snprintf(
			buf + used, size - used, " %s%s%s%s",
			argument->optional ? "[" : "",
			value_name(argument->kind, argument->choices),
			argument->many && argument->kind != KIND_POLICIES
				? "..."
				: "",
			argument->optional ? "]" : "");
}

static void option_text(const struct option *option, char *buf, size_t size)
{
	const char *value = value_name(option->kind, option->choices);

	if (option->letter)
		snprintf(buf, size, "-%c, --%s%s%s", option->letter,
			 option->name, *value ? " " : "", value);
	else
		snprintf(buf, size, "    --%s%s%s", option->name,
			 *value ? " " : "", value);
}

static void print_options(FILE *out, const struct option *options)
{
	char left[96];

	for (; options && options->name; options++) {
		option_text(options, left, sizeof(left));
		print_pair(out, left, options->help);
	}
}

void help_group(FILE *out, const struct command *first, size_t count)
{
	char left[96];

	for (size_t i = 0; i < count; i++) {
		usage_text(&first[i], left, sizeof(left));
		print_pair(out, left, first[i].summary);
	}
}

void help_overview(FILE *out)
{
	fputs("usage: fwctl [OPTION...] COMMAND [ARGUMENT...]\n\n", out);
	help_group(out, command_table, command_count);
	fputs("\nOptions of every command:\n", out);
	print_options(out, command_common_options);
	fputs("\nWords and options may be cut short while one name is meant.\n"
	      "`fwctl COMMAND --help` tells more; exit status: 0 done, "
	      "1 refused, 2 usage,\n3 no daemon.\n",
	      out);
}

static void print_kinds(FILE *out, const struct command *command)
{
	const struct argument *argument = command->arguments;
	const struct option *option = command->options;
	bool shown[KIND_COUNT] = {false};

	for (; argument->kind != KIND_FLAG; argument++)
		shown[argument->kind] = true;
	for (; option && option->name; option++)
		shown[option->kind] = true;
	shown[KIND_FLAG] = false;
	shown[KIND_CHOICE] = false;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (!shown[kind])
			continue;
		fprintf(out, "%s: ", kind_specs[kind].name);
		wrap(out, (int)strlen(kind_specs[kind].name) + 2, 2,
		     kind_specs[kind].accepts);
	}
}

void help_command(FILE *out, const struct command *command)
{
	char usage[96];
	char text[512];

	usage_text(command, usage, sizeof(usage));
	fprintf(out, "usage: fwctl %s%s\n\n",
		command->options ? "[OPTION...] " : "", usage);
	snprintf(text, sizeof(text), "%c%s.%s%s",
		 toupper((unsigned char)command->summary[0]),
		 command->summary + 1, command->details ? " " : "",
		 command->details ? command->details : "");
	wrap(out, 0, 0, text);
	fputc('\n', out);
	print_options(out, command->options);
	print_options(out, command_common_options);
	if (command->arguments[0].kind != KIND_FLAG || command->options)
		fputc('\n', out);
	print_kinds(out, command);
}

static void complete_names(FILE *out, const char *group)
{
	size_t group_len = group ? strlen(group) : 0;
	const char *last = "";
	size_t last_len = 0;

	for (size_t i = 0; i < command_count; i++) {
		const char *name = command_table[i].name;
		size_t len;

		if (group && (strncmp(name, group, group_len) != 0 ||
			      name[group_len] != ' '))
			continue;
		name += group ? group_len + 1 : 0;
		len = strcspn(name, " ");
		if (len == last_len && !strncmp(name, last, len))
			continue;
		fprintf(out, "%s%.*s", last_len ? " " : "", (int)len, name);
		last = name;
		last_len = len;
	}
}

static void complete_option_names(FILE *out, const struct option *options)
{
	for (; options && options->name; options++)
		fprintf(out, " --%s", options->name);
}

/* A list of choices as words. */
static void complete_choices(FILE *out, const char *choices)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, out);
}

static void complete_kind(FILE *out, enum kind kind, const char *choices)
{
	if (choices) {
		fputs("words='", out);
		complete_choices(out, choices);
		fputs("'", out);
	} else if (kind == KIND_IFACE) {
		fputs("words=$(cd /sys/class/net && echo *)", out);
	} else if (kind == KIND_SET) {
		fputs("words=$(_fwctl_sets)", out);
	} else if (kind == KIND_COMMAND) {
		fputs("words='", out);
		complete_names(out, NULL);
		fputs("'", out);
	} else if (kind == KIND_FILE || kind == KIND_SOCKET ||
		   kind == KIND_POLICY || kind == KIND_POLICIES ||
		   kind == KIND_RULES) {
		fputs("files=1", out);
	} else {
		fputs("words=' '", out); /* a value, but we know none */
	}
}

static void complete_values(FILE *out, const char *name,
			    const struct option *options)
{
	for (; options && options->name; options++) {
		if (options->kind == KIND_FLAG)
			continue;
		fprintf(out, "\t'%s --%s'", name, options->name);
		if (options->letter)
			fprintf(out, "|'%s -%c'", name, options->letter);
		fputs(") ", out);
		complete_kind(out, options->kind, options->choices);
		fputs(" ;;\n", out);
	}
}

static void complete_arguments(FILE *out, const struct command *command)
{
	const struct argument *argument = command->arguments;

	for (size_t i = 0; argument[i].kind != KIND_FLAG; i++) {
		if (argument[i].many)
			fprintf(out, "\t'%s '*) ", command->name);
		else
			fprintf(out, "\t'%s %zu') ", command->name, i);
		complete_kind(out, argument[i].kind, argument[i].choices);
		fputs(" ;;\n", out);
	}
}

static void complete_tables(FILE *out)
{
	fputs("_fwctl_options() {\n\tcase $1 in\n", out);
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &command_table[i];

		if (!command->options)
			continue;
		fprintf(out, "\t'%s') words='", command->name);
		complete_option_names(out, command->options);
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n\twords+='", out);
	complete_option_names(out, command_common_options);
	fputs("'\n}\n\n_fwctl_value() {\n\tcase $1 in\n", out);
	for (size_t i = 0; i < command_count; i++)
		complete_values(out, command_table[i].name,
				command_table[i].options);
	fputs("\tesac\n\tcase \" ${1##* }\" in\n", out);
	complete_values(out, "", command_common_options);
	fputs("\tesac\n}\n\n_fwctl_argument() {\n\tcase $1 in\n", out);
	for (size_t i = 0; i < command_count; i++)
		complete_arguments(out, &command_table[i]);
	fputs("\tesac\n}\n\n", out);
}

void help_completion(FILE *out)
{
	static const char *const groups[] = {"alert", "crowdsec", "detect",
					     "feed",  "policy",	  "set"};

	fputs("# bash completion for fwctl; printed by `fwctl completion "
	      "bash`\n\n"
	      "_fwctl_sets() {\n"
	      "\tfwctl set list 2>/dev/null | "
	      "awk 'NR > 1 { print $1 }'\n}\n\n",
	      out);
	complete_tables(out);
	fputs("_fwctl() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} name= words= files=\n"
	      "\tlocal count=0 word last= valued= i\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\tif [[ $valued ]]; then valued=; continue; fi\n"
	      "\t\tif [[ $word == -?* ]]; then\n"
	      "\t\t\twords= files=\n"
	      "\t\t\t_fwctl_value \"$name $word\"\n"
	      "\t\t\t[[ $words$files ]] && valued=$name\" \"$word\n"
	      "\t\t\tcontinue\n"
	      "\t\tfi\n"
	      "\t\tif [[ ! $name ]]; then name=$word\n"
	      "\t\telif [[ $name == @(",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		fprintf(out, "%s%s", i ? "|" : "", groups[i]);
	fputs(") ]]; then name+=\" $word\"\n"
	      "\t\telse count=$((count + 1)); fi\n"
	      "\tdone\n",
	      out);
	fputs("\twords= files=\n"
	      "\tif [[ $valued ]]; then _fwctl_value \"$valued\"\n"
	      "\telif [[ $cur == -* ]]; then _fwctl_options \"$name\"\n"
	      "\telif [[ ! $name ]]; then words='",
	      out);
	complete_names(out, NULL);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		fprintf(out, "'\n\telif [[ $name == %s ]]; then words='",
			groups[i]);
		complete_names(out, groups[i]);
	}
	fputs("'\n\telse _fwctl_argument \"$name $count\"; fi\n"
	      "\tif [[ $files ]]; then "
	      "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\telse mapfile -t COMPREPLY < "
	      "<(compgen -W \"$words\" -- \"$cur\"); fi\n}\n\n"
	      "complete -o filenames -F _fwctl fwctl\n",
	      out);
}
