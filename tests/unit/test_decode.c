// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was fetched becomes text: gzip and zip, whole or not, never more than
 * was allowed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define ZLIB_CONST /* it only reads its input */
#include <zip.h>
#include <zlib.h>

#include "rules/base.h"
#include "rules/feedfile/decode.h"

#define LIST	 "192.0.2.1\n192.0.2.2\n"
#define MAX	 (1u << 20)
#define ROOM	 65536
#define CUT	 "gzip that ends in the middle"
#define FILES	 "a zip archive with more or less than one file"
#define TOO_MUCH "larger than allowed when decoded"

struct file {
	size_t len;
	uint8_t bytes[ROOM];
};

static void put_gzip(struct file *file, const char *text, size_t len)
{
	z_stream stream = {
		.next_in = (const Bytef *)text,
		.avail_in = (unsigned int)len,
		.next_out = file->bytes + file->len,
		.avail_out = (unsigned int)(ROOM - file->len),
	};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	file->len += stream.total_out;
	(void)deflateEnd(&stream);
}

/* An archive of `count` files that all have this text. */
static void put_zip(struct file *file, const char *text, size_t len, int count)
{
	zip_source_t *archive_source =
		zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *archive =
		zip_open_from_source(archive_source, ZIP_TRUNCATE, NULL);

	assert_non_null(archive);
	zip_source_keep(archive_source);
	for (int i = 0; i < count; i++) {
		char name[2] = {(char)('a' + i), '\0'};
		zip_source_t *source = zip_source_buffer(archive, text, len, 0);

		assert_true(zip_file_add(archive, name, source, 0) >= 0);
	}
	assert_int_equal(zip_close(archive), 0);
	assert_int_equal(zip_source_open(archive_source), 0);
	file->len = (size_t)zip_source_read(archive_source, file->bytes, ROOM);
	(void)zip_source_close(archive_source);
	zip_source_free(archive_source);
}

/* Decode a copy that ends where its memory ends. */
static int decode_file(const struct file *file, size_t max,
		       struct decoded *decoded, const char **why)
{
	uint8_t *copy = malloc(file->len + !file->len);
	int r;

	assert_non_null(copy);
	memcpy(copy, file->bytes, file->len);
	*why = NULL;
	r = decode(copy, file->len, max, decoded, why);
	assert_true((r < 0) == (*why != NULL));
	free(copy);
	return r;
}

static void assert_text(const struct file *file, const char *text, size_t len)
{
	struct decoded decoded;
	const char *why;

	if (decode_file(file, len, &decoded, &why) < 0)
		fail_msg("%s", why);
	assert_int_equal(decoded.len, len);
	assert_non_null(decoded.owned);
	assert_memory_equal(decoded.text, text, len);
	decoded_done(&decoded);
}

static void assert_refused(const struct file *file, int r, const char *why)
{
	struct decoded decoded;
	const char *said;

	assert_int_equal(decode_file(file, MAX, &decoded, &said), r);
	if (why)
		assert_string_equal(said, why);
}

static void what_is_not_encoded_is_taken_as_it_is(void **state)
{
	struct decoded decoded;
	const char *why;

	(void)state;
	assert_int_equal(decode(LIST, strlen(LIST), MAX, &decoded, &why), 0);
	assert_string_equal(decoded.text, LIST);
	assert_int_equal(decoded.len, strlen(LIST));
	assert_null(decoded.owned);
	decoded_done(&decoded);
	assert_int_equal(decode("", 0, MAX, &decoded, &why), 0);
	assert_int_equal(decoded.len, 0);
	assert_int_equal(decode(LIST, strlen(LIST), 5, &decoded, &why), -EFBIG);
}

static void members_of_gzip_are_one_text(void **state)
{
	struct file file = {0};

	(void)state;
	put_gzip(&file, LIST, strlen(LIST));
	assert_text(&file, LIST, strlen(LIST));
	put_gzip(&file, "", 0);
	put_gzip(&file, LIST, strlen(LIST));
	assert_text(&file, LIST LIST, 2 * strlen(LIST));
	file.len += 512; /* zeros */
	assert_text(&file, LIST LIST, 2 * strlen(LIST));
	file.bytes[file.len - 1] = 'x';
	assert_refused(&file, -EBADMSG, "something behind the end of the gzip");
}

static void gzip_of_nothing_is_nothing(void **state)
{
	struct file file = {0};

	(void)state;
	put_gzip(&file, "", 0);
	assert_text(&file, "", 0);
}

static void gzip_cut_anywhere_is_refused(void **state)
{
	struct file file = {0};
	size_t whole;

	(void)state;
	put_gzip(&file, LIST, strlen(LIST));
	whole = file.len;
	for (file.len = 2; file.len < whole; file.len++)
		assert_refused(&file, -ENODATA, CUT);
}

/* The name of the system in the header may be anything, the rest may not. */
static void gzip_with_any_byte_changed_is_refused(void **state)
{
	struct file file = {0};

	(void)state;
	put_gzip(&file, LIST, strlen(LIST));
	for (size_t i = 10; i < file.len; i++) {
		struct decoded decoded = {0};
		const char *why;

		file.bytes[i] ^= 0x10;
		assert_true(decode_file(&file, MAX, &decoded, &why) < 0);
		file.bytes[i] ^= 0x10;
	}
}

static void put_bomb(struct file *file, size_t len, bool is_zip)
{
	char *text = calloc(1, len);

	assert_non_null(text);
	if (is_zip)
		put_zip(file, text, len, 1);
	else
		put_gzip(file, text, len);
	free(text);
}

static void what_becomes_too_large_is_refused(void **state)
{
	struct decoded decoded;
	const char *why;

	(void)state;
	for (int is_zip = 0; is_zip < 2; is_zip++) {
		struct file file = {0};

		put_bomb(&file, MAX, is_zip);
		assert_int_equal(decode_file(&file, MAX, &decoded, &why), 0);
		assert_int_equal(decoded.len, MAX);
		decoded_done(&decoded);
		assert_int_equal(decode_file(&file, MAX - 1, &decoded, &why),
				 -EFBIG);
		assert_string_equal(why, TOO_MUCH);
		assert_int_equal(decode_file(&file, 0, &decoded, &why), -EFBIG);
		put_bomb(&file, (size_t)16 * MAX, is_zip);
		assert_refused(&file, -EFBIG, TOO_MUCH);
	}
}

static void many_members_are_counted_together(void **state)
{
	struct file file = {0};

	(void)state;
	for (int i = 0; i < 9; i++)
		put_bomb(&file, MAX / 8, false);
	assert_refused(&file, -EFBIG, TOO_MUCH);
}

static void a_zip_archive_has_one_file(void **state)
{
	struct file file = {0};

	(void)state;
	put_zip(&file, LIST, strlen(LIST), 1);
	assert_text(&file, LIST, strlen(LIST));
	put_zip(&file, LIST, strlen(LIST), 2);
	assert_refused(&file, -EBADMSG, FILES);
	/* an empty archive is nothing but its end */
	file = (struct file){.len = 22, .bytes = "PK\x05\x06"};
	assert_refused(&file, -EBADMSG, FILES);
}

static void zip_cut_anywhere_is_refused(void **state)
{
	struct file file = {0};
	size_t whole;

	(void)state;
	put_zip(&file, LIST, strlen(LIST), 1);
	whole = file.len;
	for (file.len = 4; file.len < whole; file.len++)
		assert_refused(&file, -EBADMSG, NULL);
}

static void zip_with_its_data_changed_is_refused(void **state)
{
	struct file file = {0};
	uint8_t *data;

	(void)state;
	put_zip(&file, LIST, strlen(LIST), 1);
	/* behind the header and the name of one byte */
	data = file.bytes + 31;
	data[2] ^= 1;
	assert_refused(&file, -EBADMSG, "damaged zip archive");
}

static void an_encrypted_archive_is_named(void **state)
{
	struct file file = {0};
	uint8_t *central;

	(void)state;
	put_zip(&file, LIST, strlen(LIST), 1);
	central = memmem(file.bytes, file.len, "PK\x01\x02", 4);
	assert_non_null(central);
	central[8] |= 1;
	file.bytes[6] |= 1;
	assert_refused(&file, -EBADMSG, "an encrypted zip archive");
	central[8] &= (uint8_t)~1u;
	file.bytes[6] &= (uint8_t)~1u;
	central[10] = 12; /* bzip2 */
	file.bytes[8] = 12;
	assert_refused(&file, -EBADMSG,
		       "a file in a zip archive, packed in a way that is not "
		       "known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_encoded_is_taken_as_it_is),
		cmocka_unit_test(members_of_gzip_are_one_text),
		cmocka_unit_test(gzip_of_nothing_is_nothing),
		cmocka_unit_test(gzip_cut_anywhere_is_refused),
		cmocka_unit_test(gzip_with_any_byte_changed_is_refused),
		cmocka_unit_test(what_becomes_too_large_is_refused),
		cmocka_unit_test(many_members_are_counted_together),
		cmocka_unit_test(a_zip_archive_has_one_file),
		cmocka_unit_test(zip_cut_anywhere_is_refused),
		cmocka_unit_test(zip_with_its_data_changed_is_refused),
		cmocka_unit_test(an_encrypted_archive_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
