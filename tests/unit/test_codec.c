// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of the store: short, in order, and nothing else is read back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/codec.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_from_text(text, strlen(text), &p), 0);
	return p;
}

static void an_ipv4_key_takes_six_bytes(void **state)
{
	static const uint8_t expected[] = {1, 192, 0, 2, 0, 96 + 24};
	struct prefix p = prefix("192.0.2.0/24");
	uint8_t key[CODEC_MEMBER_KEY_MAX];

	(void)state;
	assert_int_equal(codec_member_key_put(key, &p), sizeof(expected));
	assert_memory_equal(key, expected, sizeof(expected));
}

/* In the order of prefix_cmp(): IPv4 is in the middle of IPv6. */
static const char *const ordered[] = {
	"::/0",
	"::/1",
	"::/95",
	"::1",
	"::fffe:0:0/95",
	"0.0.0.0/0",
	"0.0.0.0/8",
	"10.0.0.0/8",
	"10.0.0.0/9",
	"10.0.0.0",
	"10.0.0.1",
	"192.0.2.0/24",
	"255.255.255.255",
	"::1:0:0:0/80",
	"2001:db8::/32",
	"2001:db8::/33",
	"2001:db8::",
	"ffff::/16",
};

static void keys_sort_as_prefixes_do(void **state)
{
	uint8_t a[CODEC_MEMBER_KEY_MAX], b[CODEC_MEMBER_KEY_MAX];

	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(ordered); i++) {
		struct prefix x = prefix(ordered[i - 1]);
		struct prefix y = prefix(ordered[i]);
		size_t a_len = codec_member_key_put(a, &x);
		size_t b_len = codec_member_key_put(b, &y);

		assert_true(prefix_cmp(&x, &y) < 0);
		assert_true(memcmp(a, b, a_len < b_len ? a_len : b_len) < 0);
	}
}

static void a_key_is_read_back_as_it_was(void **state)
{
	uint8_t key[CODEC_MEMBER_KEY_MAX];
	struct prefix back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ordered); i++) {
		struct prefix p = prefix(ordered[i]);
		size_t len = codec_member_key_put(key, &p);

		assert_int_equal(codec_member_key_get(key, len, &back), 0);
		assert_int_equal(prefix_cmp(&p, &back), 0);
	}
}

static void a_key_that_no_prefix_makes_is_refused(void **state)
{
	static const uint8_t bad[][CODEC_MEMBER_KEY_MAX] = {
		{1, 10, 0, 0, 1, 96 + 8}, /* bits past the length */
		{1, 10, 0, 0, 0, 95}, /* shorter than all of IPv4 */
		{1, 10, 0, 0, 0, 129},
		{0, 10, 0, 0, 0, 104}, /* a short key is IPv4 */
		{2, 10, 0, 0, 0, 104},
	};
	static const uint8_t bad6[][CODEC_MEMBER_KEY_MAX] = {
		{0, 0x20, 1, [17] = 16}, /* above, not below */
		{2, [17] = 0},
		{1, [11] = 0xff, [12] = 0xff, [17] = 128}, /* short, please */
		{0, [11] = 0xff, [12] = 0xff, [17] = 128},
		{3, 0x20, 1, [17] = 16},
		{2, 0x20, 1, [17] = 15},
	};
	struct prefix back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(codec_member_key_get(bad[i], 6, &back),
				 -EBADMSG);
	for (size_t i = 0; i < ARRAY_LEN(bad6); i++)
		assert_int_equal(codec_member_key_get(bad6[i], 18, &back),
				 -EBADMSG);
	for (size_t len = 0; len < CODEC_MEMBER_KEY_MAX; len++) {
		if (len != 6)
			assert_int_equal(
				codec_member_key_get(bad[0], len, &back),
				-EBADMSG);
	}
}

static const struct evidence evidences[] = {
	{0},
	{.origin = ORIGIN_IMPORT, .line = 1000000, .created_s = 1795629124},
	{.origin = ORIGIN_OPERATOR,
	 .uid = UINT32_MAX,
	 .line = UINT32_MAX,
	 .created_s = UINT64_MAX,
	 .expires_s = UINT64_MAX},
	{.uid = 127, .line = 128, .created_s = 1ull << 63, .expires_s = 16383},
};

static void evidence_is_read_back_as_it_was(void **state)
{
	uint8_t bytes[CODEC_EVIDENCE_MAX];
	struct evidence back;
	uint32_t reason_id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evidences); i++) {
		const struct evidence *e = &evidences[i];
		size_t len = codec_evidence_put(bytes, e, UINT32_MAX);

		assert_int_equal(
			codec_evidence_get(bytes, len, &back, &reason_id), 0);
		assert_int_equal(reason_id, UINT32_MAX);
		assert_int_equal(back.origin, e->origin);
		assert_int_equal(back.uid, e->uid);
		assert_int_equal(back.line, e->line);
		assert_true(back.created_s == e->created_s);
		assert_true(back.expires_s == e->expires_s);
		assert_null(back.reason);
	}
}

static void evidence_cut_or_continued_is_refused(void **state)
{
	uint8_t bytes[CODEC_EVIDENCE_MAX + 1] = {0};
	struct evidence back;
	uint32_t reason_id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evidences); i++) {
		size_t len = codec_evidence_put(bytes, &evidences[i], 300);

		for (size_t cut = 0; cut <= len + 1; cut++) {
			if (cut == len)
				continue;
			assert_int_equal(codec_evidence_get(bytes, cut, &back,
							    &reason_id),
					 -EBADMSG);
		}
	}
}

static void evidence_out_of_range_is_refused(void **state)
{
	static const uint8_t bad[][18] = {
		{ORIGIN_COUNT, 0, 0, 0, 0, 0},
		/* a uid of 2^32 */
		{0, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0},
		/* longer than need be */
		{0, 0x80, 0, 0, 0, 0, 0},
		/* 2^64 seconds */
		{0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		 0x02, 0, 0},
		{0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		 0x80, 0x01, 0, 0},
	};
	static const size_t len[] = {6, 10, 7, 15, 16};
	struct evidence back;
	uint32_t reason_id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			codec_evidence_get(bad[i], len[i], &back, &reason_id),
			-EBADMSG);
}

static void a_set_is_read_back_as_it_was(void **state)
{
	const struct set *set = &set_builtins[2];
	uint8_t bytes[CODEC_SET_MAX];
	size_t len = codec_set_put(bytes, set);
	struct set back;

	(void)state;
	assert_int_equal(codec_set_get(set->id, bytes, len, &back), 0);
	assert_memory_equal(&back, set, sizeof(back));
}

static void the_version_in_the_name_of_a_set_is_read_back(void **state)
{
	const struct set set = {.id = 9, .action = SET_NONE, .name = "ab.12"};
	uint8_t bytes[CODEC_SET_MAX];
	size_t len = codec_set_put(bytes, &set);
	struct set back;

	(void)state;
	assert_int_equal(codec_set_get(set.id, bytes, len, &back), 0);
	assert_string_equal(back.name, "ab.12");
	bytes[len - 2] = '0';
	assert_int_equal(codec_set_get(set.id, bytes, len, &back), -EBADMSG);
}

static void a_set_with_a_bad_field_is_refused(void **state)
{
	uint8_t bytes[CODEC_SET_MAX];
	size_t len = codec_set_put(bytes, &set_builtins[0]);
	struct set back;

	(void)state;
	assert_int_equal(codec_set_get(0, bytes, len, &back), -EBADMSG);
	assert_int_equal(codec_set_get(1, bytes, 5, &back), -EBADMSG);
	assert_int_equal(codec_set_get(1, bytes, 6, &back), -EBADMSG);
	bytes[6] = 'A';
	assert_int_equal(codec_set_get(1, bytes, len, &back), -EBADMSG);
	bytes[6] = 'm';
	bytes[8] = '\0';
	assert_int_equal(codec_set_get(1, bytes, len, &back), -EBADMSG);
	bytes[8] = 'n';
	bytes[0] = SET_ACTION_COUNT;
	assert_int_equal(codec_set_get(1, bytes, len, &back), -EBADMSG);
	bytes[0] = 0;
	bytes[1] = SET_KIND_COUNT;
	assert_int_equal(codec_set_get(1, bytes, len, &back), -EBADMSG);
}

static void an_attachment_is_read_back_as_it_was(void **state)
{
	const struct attachment wish = {
		.ifname = "enp0s31f6", .mode = 2, .share = 1};
	uint8_t bytes[CODEC_ATTACHMENT_BYTES];
	size_t len = codec_attachment_put(bytes, &wish);
	struct attachment back;

	(void)state;
	assert_int_equal(
		codec_attachment_get(wish.ifname, 9, bytes, len, &back), 0);
	assert_memory_equal(&back, &wish, sizeof(back));
	assert_int_equal(
		codec_attachment_get(wish.ifname, 16, bytes, len, &back),
		-EBADMSG);
	assert_int_equal(
		codec_attachment_get(wish.ifname, 10, bytes, len, &back),
		-EBADMSG);
	assert_int_equal(codec_attachment_get(wish.ifname, 9, bytes, 1, &back),
			 -EBADMSG);
	bytes[0] = ATTACHMENT_MODE_MAX + 1;
	assert_int_equal(
		codec_attachment_get(wish.ifname, 9, bytes, len, &back),
		-EBADMSG);
}

static void a_journal_line_is_read_back_as_it_was(void **state)
{
	struct journal_entry entry = {.seq = 7, .time_s = 9, .uid = 11};
	uint8_t bytes[CODEC_JOURNAL_MAX + 1];
	struct journal_entry back;
	size_t len;

	(void)state;
	memset(entry.text, 'x', sizeof(entry.text) - 1);
	len = codec_journal_put(bytes, &entry);
	assert_int_equal(codec_journal_get(7, bytes, len, &back), 0);
	assert_memory_equal(&back, &entry, sizeof(back));
	assert_int_equal(codec_journal_get(7, bytes, 11, &back), -EBADMSG);
	assert_int_equal(codec_journal_get(7, bytes, len + 1, &back), -EBADMSG);
	bytes[20] = '\0';
	assert_int_equal(codec_journal_get(7, bytes, len, &back), -EBADMSG);
}

static const struct revision revision = {
	.number = 7,
	.time_s = UINT64_MAX,
	.uid = UINT32_MAX,
	.text_bytes = REVISION_TEXT_MAX,
	.note = "gr\xc3\xbc\xc3\x9f",
};

static void a_revision_is_read_back_as_it_was(void **state)
{
	uint8_t bytes[CODEC_REVISION_MAX];
	struct revision put = revision, back;
	size_t len = codec_revision_put(bytes, &put);

	(void)state;
	assert_int_equal(codec_revision_get(7, bytes, len, &back), 0);
	assert_memory_equal(&back, &put, sizeof(back));
	memset(put.note, 'n', sizeof(put.note) - 1);
	len = codec_revision_put(bytes, &put);
	assert_int_equal(codec_revision_get(7, bytes, len, &back), 0);
	assert_string_equal(back.note, put.note);
}

static void a_revision_with_a_bad_field_is_refused(void **state)
{
	uint8_t bytes[CODEC_REVISION_MAX + 1] = {0};
	size_t len = codec_revision_put(bytes, &revision);
	struct revision back;

	(void)state;
	assert_int_equal(codec_revision_get(0, bytes, len, &back), -EBADMSG);
	assert_int_equal(codec_revision_get(7, bytes, 15, &back), -EBADMSG);
	assert_int_equal(codec_revision_get(7, bytes, len + 1, &back),
			 -EBADMSG);
	assert_int_equal(
		codec_revision_get(7, bytes, CODEC_REVISION_MAX, &back),
		-EBADMSG);
	assert_int_equal(codec_revision_get(7, bytes, len - 1, &back),
			 -EBADMSG);
	codec_u32_put(bytes + 12, REVISION_TEXT_MAX + 1);
	assert_int_equal(codec_revision_get(7, bytes, len, &back), -EBADMSG);
	codec_u32_put(bytes + 12, 0);
	assert_int_equal(codec_revision_get(7, bytes, len, &back), -EBADMSG);
	codec_u32_put(bytes + 12, 1);
	assert_int_equal(codec_revision_get(7, bytes, len, &back), 0);
	bytes[16] = '\n';
	assert_int_equal(codec_revision_get(7, bytes, len, &back), -EBADMSG);
}

static void what_is_pending_is_read_back_as_it_was(void **state)
{
	const struct pending pending = {
		.number = UINT64_MAX,
		.fallback = 1ull << 40,
		.deadline_ns = 0x0102030405060708,
		.boot_id = {1, [15] = 16},
	};
	uint8_t bytes[CODEC_PENDING_BYTES];
	size_t len = codec_pending_put(bytes, &pending);
	struct pending back;

	(void)state;
	assert_int_equal(codec_pending_get(bytes, len, &back), 0);
	assert_memory_equal(&back, &pending, sizeof(back));
	assert_int_equal(codec_pending_get(bytes, len - 1, &back), -EBADMSG);
	memset(bytes, 0, 8);
	assert_int_equal(codec_pending_get(bytes, len, &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_key_takes_six_bytes),
		cmocka_unit_test(keys_sort_as_prefixes_do),
		cmocka_unit_test(a_key_is_read_back_as_it_was),
		cmocka_unit_test(a_key_that_no_prefix_makes_is_refused),
		cmocka_unit_test(evidence_is_read_back_as_it_was),
		cmocka_unit_test(evidence_cut_or_continued_is_refused),
		cmocka_unit_test(evidence_out_of_range_is_refused),
		cmocka_unit_test(a_set_is_read_back_as_it_was),
		cmocka_unit_test(the_version_in_the_name_of_a_set_is_read_back),
		cmocka_unit_test(a_set_with_a_bad_field_is_refused),
		cmocka_unit_test(a_revision_is_read_back_as_it_was),
		cmocka_unit_test(a_revision_with_a_bad_field_is_refused),
		cmocka_unit_test(what_is_pending_is_read_back_as_it_was),
		cmocka_unit_test(an_attachment_is_read_back_as_it_was),
		cmocka_unit_test(a_journal_line_is_read_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
