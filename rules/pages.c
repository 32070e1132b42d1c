// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/pages.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "rules/base.h"

#define FORMAT_MAGIC   0xbeefc0deu
#define FORMAT_VERSION 1u
#define HEAD_BYTES     16 /* of a page */
#define NODE_BYTES     8 /* of a node, before its key */
#define META_PAGES     2
#define DEPTH_MAX      32
#define KEY_MAX	       511
#define PAGE_MAX_BYTES (64u << 10)
#define ROOT_NONE      UINT64_MAX /* of an empty tree */

/* Kinds of page; no other bit is set in a file of ours. */
#define PAGE_BRANCH   0x01u
#define PAGE_LEAF     0x02u
#define PAGE_OVERFLOW 0x04u
#define PAGE_META     0x08u

/* Kinds of leaf node. */
#define NODE_BIG  0x01u /* the data is on overflow pages */
#define NODE_TREE 0x02u /* the data is the root of a table */

/* As LMDB lays them out. */
struct tree {
	uint32_t page_bytes; /* in the tree of free pages only */
	uint16_t flags;
	uint16_t depth;
	uint64_t branch_count;
	uint64_t leaf_count;
	uint64_t overflow_count;
	uint64_t entry_count;
	uint64_t root;
};

struct meta {
	uint32_t magic;
	uint32_t version;
	uint64_t address;
	uint64_t map_bytes;
	struct tree trees[2]; /* the free pages, the main table */
	uint64_t last_page;
	uint64_t txn_id;
};

struct head {
	uint64_t number;
	uint16_t pad;
	uint16_t flags;
	uint16_t lower; /* end of the node offsets */
	uint16_t upper; /* start of the nodes */
};

_Static_assert(sizeof(struct tree) == 48, "");
_Static_assert(sizeof(struct meta) == 136, "");
_Static_assert(sizeof(struct head) == HEAD_BYTES, "");

struct file {
	const uint8_t *bytes;
	size_t size_bytes;
	size_t page_bytes;
	uint64_t page_count; /* that the meta page knows of */
	uint8_t *is_seen; /* by page */
};

struct node {
	const uint8_t *key;
	const uint8_t *data;
	size_t key_len;
	uint32_t data_len; /* in a leaf */
	uint16_t flags; /* in a leaf */
	uint64_t child; /* in a branch */
};

enum content {
	CONTENT_FREE_PAGES,
	CONTENT_TABLES, /* the main table */
	CONTENT_RECORDS,
};

struct walk {
	struct file *file;
	enum content content;
	uint16_t depth;
	uint64_t entry_count;
};

static int check_table(struct file *file, const struct tree *tree,
		       enum content content);

/* Rule 1: `count` pages from `number` on, none seen before. */
static int claim(struct file *file, uint64_t number, uint64_t count)
{
	if (number < META_PAGES || number >= file->page_count || count == 0 ||
	    count > file->page_count - number)
		return -EBADMSG;

	for (uint64_t i = number; i < number + count; i++) {
		if (file->is_seen[i])
			return -EBADMSG;
		file->is_seen[i] = 1;
	}
	return 0;
}

static int read_head(const struct file *file, uint64_t number, uint64_t count,
		     struct head *ret_head)
{
	if ((number + count) * file->page_bytes > file->size_bytes)
		return -EBADMSG;

	memcpy(ret_head, file->bytes + number * file->page_bytes, HEAD_BYTES);
	return ret_head->number == number ? 0 : -EBADMSG;
}

/* Rule 2, first half. */
static int read_node(const struct file *file, const uint8_t *page,
		     const struct head *head, size_t index,
		     struct node *ret_node)
{
	struct node node = {0};
	uint16_t offset, fields[4];
	size_t data_len;

	memcpy(&offset, page + HEAD_BYTES + 2 * index, sizeof(offset));
	if (offset < head->upper ||
	    offset + (size_t)NODE_BYTES > file->page_bytes)
		return -EBADMSG;

	memcpy(fields, page + offset, sizeof(fields));
	node.key_len = fields[3];
	node.key = page + offset + NODE_BYTES;
	node.data = node.key + node.key_len;
	if (head->flags & PAGE_BRANCH) {
		node.child = fields[0] | (uint64_t)fields[1] << 16 |
			     (uint64_t)fields[2] << 32;
		data_len = 0;
	} else {
		node.flags = fields[2];
		node.data_len = fields[0] | (uint32_t)fields[1] << 16;
		data_len = node.flags & NODE_BIG ? sizeof(uint64_t)
						 : node.data_len;
	}
	if (node.key_len > KEY_MAX ||
	    offset + NODE_BYTES + node.key_len + data_len > file->page_bytes)
		return -EBADMSG;

	*ret_node = node;
	return 0;
}

/* Rule 2, second half. The leftmost key of a branch is not kept. */
static bool keys_are_in_order(const struct walk *walk, const struct node *a,
			      const struct node *b)
{
	size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
	uint64_t x, y;
	int order;

	if (walk->content == CONTENT_FREE_PAGES) {
		if (b->key_len != sizeof(y))
			return false;
		if (a->key_len != sizeof(x))
			return a->key_len == 0;
		memcpy(&x, a->key, sizeof(x));
		memcpy(&y, b->key, sizeof(y));
		return x < y;
	}
	order = memcmp(a->key, b->key, len);
	return order < 0 || (order == 0 && a->key_len < b->key_len);
}

/* A list of free pages: how many, and then their numbers. */
static int claim_free(struct file *file, const uint8_t *data, size_t len)
{
	uint64_t count, number;
	int r;

	if (len < sizeof(count))
		return -EBADMSG;
	memcpy(&count, data, sizeof(count));
	if (count > len / sizeof(number) - 1)
		return -EBADMSG;

	for (uint64_t i = 1; i <= count; i++) {
		memcpy(&number, data + i * sizeof(number), sizeof(number));
		r = claim(file, number, 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_overflow(struct file *file, const struct node *node,
			  const uint8_t **ret_data)
{
	size_t count =
		(HEAD_BYTES + (size_t)node->data_len + file->page_bytes - 1) /
		file->page_bytes;
	struct head head = {0};
	uint64_t number;
	int r;

	memcpy(&number, node->data, sizeof(number));
	r = claim(file, number, count);
	if (r == 0)
		r = read_head(file, number, count, &head);
	if (r < 0)
		return r;
	/* the count of pages is where other pages keep lower and upper */
	if (head.flags != PAGE_OVERFLOW ||
	    (head.lower | (size_t)head.upper << 16) != count)
		return -EBADMSG;

	*ret_data = file->bytes + number * file->page_bytes + HEAD_BYTES;
	return 0;
}

static int check_leaf_node(struct walk *walk, const struct node *node)
{
	const uint8_t *data = node->data;
	struct tree tree;
	int r;

	walk->entry_count++;
	if (node->key_len == 0 || (walk->content == CONTENT_FREE_PAGES &&
				   node->key_len != sizeof(uint64_t)))
		return -EBADMSG;
	if (node->flags & NODE_BIG) {
		r = check_overflow(walk->file, node, &data);
		if (r < 0)
			return r;
	}
	if (walk->content == CONTENT_FREE_PAGES)
		return claim_free(walk->file, data, node->data_len);

	switch (node->flags) {
	case 0:
	case NODE_BIG:
		return 0;
	case NODE_TREE:
		/* only there, so this does not nest */
		if (walk->content != CONTENT_TABLES ||
		    node->data_len != sizeof(tree))
			return -EBADMSG;
		memcpy(&tree, data, sizeof(tree));
		return check_table(walk->file, &tree, CONTENT_RECORDS);
	default:
		return -EBADMSG;
	}
}

static int check_page(struct walk *walk, uint64_t number, uint16_t level)
{
	struct file *file = walk->file;
	bool is_leaf = level == walk->depth;
	struct node node, before = {0};
	const uint8_t *page;
	struct head head = {0};
	size_t count;
	int r;

	r = claim(file, number, 1);
	if (r == 0)
		r = read_head(file, number, 1, &head);
	if (r < 0)
		return r;
	if (head.flags != (is_leaf ? PAGE_LEAF : PAGE_BRANCH) ||
	    head.lower < HEAD_BYTES || head.lower > head.upper ||
	    head.lower % 2 || head.upper > file->page_bytes)
		return -EBADMSG;

	page = file->bytes + number * file->page_bytes;
	count = (head.lower - HEAD_BYTES) / 2u;
	if (count < (is_leaf ? 1 : 2))
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		r = read_node(file, page, &head, i, &node);
		if (r < 0)
			return r;
		if (i > 0 && !keys_are_in_order(walk, &before, &node))
			return -EBADMSG;
		r = is_leaf ? check_leaf_node(walk, &node)
			    : check_page(walk, node.child,
					 (uint16_t)(level + 1));
		if (r < 0)
			return r;
		before = node;
	}
	return 0;
}

/* Rule 3. */
static int check_table(struct file *file, const struct tree *tree,
		       enum content content)
{
	struct walk walk = {
		.file = file,
		.content = content,
		.depth = tree->depth,
	};
	int r;

	if (tree->depth > DEPTH_MAX ||
	    (tree->depth == 0) != (tree->root == ROOT_NONE))
		return -EBADMSG;
	if (tree->depth > 0) {
		r = check_page(&walk, tree->root, 1);
		if (r < 0)
			return r;
	}
	return walk.entry_count == tree->entry_count ? 0 : -EBADMSG;
}

/* The meta page in page `number`, of pages of `page_bytes`. */
static int read_meta(const struct file *file, uint64_t number,
		     struct meta *ret_meta)
{
	const uint8_t *page = file->bytes + number * file->page_bytes;
	struct head head;

	if (number * file->page_bytes + HEAD_BYTES + sizeof(*ret_meta) >
	    file->size_bytes)
		return -EBADMSG;

	memcpy(&head, page, sizeof(head));
	memcpy(ret_meta, page + HEAD_BYTES, sizeof(*ret_meta));
	if (head.number != number || !(head.flags & PAGE_META) ||
	    ret_meta->magic != FORMAT_MAGIC)
		return -EBADMSG;
	return ret_meta->version == FORMAT_VERSION ? 0 : -EPROTO;
}

/* The newer of the two, which is the one LMDB goes by. */
static int read_newest_meta(struct file *file, struct meta *ret_meta)
{
	struct meta first, second;
	size_t page_bytes;
	int r;

	r = read_meta(file, 0, &first);
	if (r < 0)
		return r;
	page_bytes = first.trees[0].page_bytes;
	if (page_bytes < 512 || page_bytes > PAGE_MAX_BYTES ||
	    page_bytes & (page_bytes - 1))
		return -EBADMSG;

	file->page_bytes = page_bytes;
	r = read_meta(file, 1, &second);
	if (r < 0)
		return r;
	if (second.trees[0].page_bytes != page_bytes)
		return -EBADMSG;

	*ret_meta = first.txn_id < second.txn_id ? second : first;
	return 0;
}

static int check_file(struct file *file)
{
	struct meta meta;
	int r;

	r = read_newest_meta(file, &meta);
	if (r < 0)
		return r;
	/* pages at the end may be free and never written, but not as many */
	if (meta.last_page < META_PAGES - 1 ||
	    meta.last_page >= meta.map_bytes / file->page_bytes ||
	    meta.last_page >= UINT32_MAX)
		return -EBADMSG;

	file->page_count = meta.last_page + 1;
	file->is_seen = calloc(file->page_count, 1);
	if (!file->is_seen)
		return -ENOMEM;
	r = check_table(file, &meta.trees[0], CONTENT_FREE_PAGES);
	if (r == 0)
		r = check_table(file, &meta.trees[1], CONTENT_TABLES);
	free(file->is_seen);
	return r;
}

int pages_check(const char *path)
{
	CLEANUP(closep) int fd = -1;
	struct file file = {0};
	struct stat stat;
	void *map;
	int r;

	assert(path);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) || stat.st_size == 0)
		return -EBADMSG;

	file.size_bytes = (size_t)stat.st_size;
	map = mmap(NULL, file.size_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	file.bytes = map;
	r = check_file(&file);
	(void)munmap(map, file.size_bytes);
	return r;
}
