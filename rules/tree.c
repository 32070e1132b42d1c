// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include <yaml.h>

#define CHUNK_BYTES 65536

/* Nodes and texts are cut from chunks and freed with them. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

struct tree {
	struct chunk *chunks;
	struct node *root;
	uint32_t node_count;
};

struct builder {
	yaml_parser_t parser;
	struct tree *tree;
	struct document_note *note;
	const char *text;
	size_t len;
	struct node *open[TREE_DEPTH_MAX]; /* outermost first */
	size_t depth;
	bool is_done;
};

static void *cut(struct tree *tree, size_t size)
{
	struct chunk *chunk = tree->chunks;
	size_t rounded = (size + 7) / 8 * 8;
	void *piece;

	if (!chunk || chunk->size - chunk->used < rounded) {
		size_t room = rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		*chunk = (struct chunk){.next = tree->chunks, .size = room};
		tree->chunks = chunk;
	}
	piece = chunk->bytes + chunk->used;
	chunk->used += rounded;
	return piece;
}

static struct mark mark_of(const yaml_mark_t *mark)
{
	return (struct mark){(uint32_t)mark->line + 1,
			     (uint32_t)mark->column + 1};
}

static struct mark mark_of_offset(const char *text, size_t len, size_t offset)
{
	struct mark mark = {1, 1};

	for (size_t i = 0; i < offset && i < len; i++) {
		mark.column++;
		if (text[i] == '\n')
			mark = (struct mark){mark.line + 1, 1};
	}
	return mark;
}

/* The byte at a mark, of lines of ASCII; 0 if there is none. */
static char byte_at(const struct builder *builder, const yaml_mark_t *mark)
{
	const char *at = builder->text, *end = at + builder->len;

	for (size_t line = 0; line < mark->line && at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		at = stop ? stop + 1 : end;
	}
	if (mark->column >= (size_t)(end - at))
		return '\0';
	return at[mark->column];
}

/* What to do about a byte that libyaml takes for no value's start. */
static const char *advice_on(char byte)
{
	if (byte == '@' || byte == '`')
		return "; a value that starts so needs quotes, like \"@office\"";
	return byte == '\t' ? "; a tab: lines are indented by blanks" : "";
}

/* What libyaml has to say, in our own code. */
static int errno_of(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem ? parser->problem : "cannot read";

	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		return -ENOMEM;
	case YAML_READER_ERROR:
		return document_note_refuse(
			builder->note,
			mark_of_offset(builder->text, builder->len,
				       parser->problem_offset),
			"not YAML in UTF-8: %s", problem);
	default:
		return document_note_refuse(
			builder->note, mark_of(&parser->problem_mark),
			"not YAML: %s%s%s%s", problem,
			parser->context ? " " : "",
			parser->context ? parser->context : "",
			advice_on(byte_at(builder, &parser->problem_mark)));
	}
}

static int add_node(struct builder *builder, enum node_kind kind,
		    const yaml_event_t *event, struct node **ret_node)
{
	struct tree *tree = builder->tree;
	struct mark mark = mark_of(&event->start_mark);
	struct node *node;

	if (tree->node_count == TREE_NODES_MAX)
		return document_note_refuse_count(
			builder->note, mark, (uint64_t)tree->node_count + 1,
			TREE_NODES_MAX, "values");
	node = cut(tree, sizeof(*node));
	if (!node)
		return -ENOMEM;
	*node = (struct node){.mark = mark, .kind = kind};
	tree->node_count++;
	if (builder->depth > 0) {
		struct node *parent = builder->open[builder->depth - 1];

		if (parent->last)
			parent->last->next = node;
		else
			parent->first = node;
		parent->last = node;
		parent->count++;
	} else {
		tree->root = node;
	}
	*ret_node = node;
	return 0;
}

static int refuse_decoration(struct builder *builder, const yaml_event_t *event,
			     const char *sign, const yaml_char_t *name)
{
	return document_note_refuse(
		builder->note, mark_of(&event->start_mark),
		"\"%s%.60s\" is %s: put a text that starts like this in quotes",
		sign, (const char *)name,
		*sign == '!'   ? "a tag, and there are none"
		: *sign == '&' ? "an anchor, and there are none"
			       : "an alias, and there are none");
}

static int open_node(struct builder *builder, enum node_kind kind,
		     const yaml_event_t *event, const yaml_char_t *anchor,
		     const yaml_char_t *tag)
{
	struct node *node;
	int r;

	if (anchor)
		return refuse_decoration(builder, event, "&", anchor);
	if (tag)
		return refuse_decoration(builder, event, "!",
					 *tag == '!' ? tag + 1 : tag);
	if (builder->depth == TREE_DEPTH_MAX)
		return document_note_refuse_count(
			builder->note, mark_of(&event->start_mark),
			TREE_DEPTH_MAX + 1, TREE_DEPTH_MAX,
			"lists and mappings inside each other");
	r = add_node(builder, kind, event, &node);
	if (r < 0)
		return r;
	builder->open[builder->depth++] = node;
	return 0;
}

static int add_scalar(struct builder *builder, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct node *node;
	char *text;
	int r;

	if (event->data.scalar.anchor)
		return refuse_decoration(builder, event, "&",
					 event->data.scalar.anchor);
	if (event->data.scalar.tag)
		return refuse_decoration(builder, event, "!",
					 *event->data.scalar.tag == '!'
						 ? event->data.scalar.tag + 1
						 : event->data.scalar.tag);
	if (memchr(value, '\0', len))
		return document_note_refuse(builder->note,
					    mark_of(&event->start_mark),
					    "a NUL is no text");
	r = add_node(builder, NODE_SCALAR, event, &node);
	if (r < 0)
		return r;
	text = cut(builder->tree, len + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, value, len);
	text[len] = '\0';
	node->text = text;
	return 0;
}

static int start_document(struct builder *builder, const yaml_event_t *event)
{
	if (builder->tree->root)
		return document_note_refuse(builder->note,
					    mark_of(&event->start_mark),
					    "a second document: there is one "
					    "in a file");
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		return document_note_refuse(builder->note,
					    mark_of(&event->start_mark),
					    "a directive: there are none");
	return 0;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(builder, event);
	case YAML_ALIAS_EVENT:
		return refuse_decoration(builder, event, "*",
					 event->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		return add_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(builder, NODE_LIST, event,
				 event->data.sequence_start.anchor,
				 event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return open_node(builder, NODE_MAPPING, event,
				 event->data.mapping_start.anchor,
				 event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		builder->is_done = true;
		return 0;
	default:
		return 0;
	}
}

static int build(struct builder *builder)
{
	while (!builder->is_done) {
		yaml_event_t event;
		int r;

		if (!yaml_parser_parse(&builder->parser, &event))
			return errno_of(builder);
		r = take_event(builder, &event);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
	if (!builder->tree->root)
		return document_note_refuse(
			builder->note, (struct mark){1, 1},
			"an empty document: a policy, and a list of rules, has "
			"at least \"version: 1\"");
	return 0;
}

int tree_read(const char *text, size_t len, struct tree **ret_tree,
	      struct document_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	struct builder builder = {.note = ret_note, .text = text, .len = len};
	int r;

	assert(text || len == 0);
	assert(ret_tree);
	assert(ret_note);

	if (len > TREE_BYTES_MAX)
		return document_note_refuse_count(ret_note, (struct mark){1, 1},
						  len, TREE_BYTES_MAX, "bytes");
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return -ENOMEM;
	builder.tree = tree;
	if (!yaml_parser_initialize(&builder.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder.parser, (const unsigned char *)(len ? text : ""), len);
	r = build(&builder);
	yaml_parser_delete(&builder.parser);
	if (r < 0)
		return r;
	*ret_tree = TAKE(tree);
	return 0;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	while (tree->chunks) {
		struct chunk *next = tree->chunks->next;

		free(tree->chunks);
		tree->chunks = next;
	}
	free(tree);
}

const struct node *tree_root(const struct tree *tree)
{
	assert(tree);

	return tree->root;
}
