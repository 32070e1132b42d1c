// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/decode.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define ZLIB_CONST /* it only reads its input */
#include <zip.h>
#include <zlib.h>

#include "rules/base.h"

#define FIRST_BYTES 65536 /* of memory for the text, then twice as much */
#define GZIP_WINDOW (15 + 16) /* of the largest size, in a gzip header */

static const char why_memory[] = "out of memory";
static const char why_large[] = "larger than allowed when decoded";
static const char why_encoded[] = "larger than allowed";
static const char why_cut[] = "gzip that ends in the middle";
static const char why_gzip[] = "damaged gzip";
static const char why_behind[] = "something behind the end of the gzip";
static const char why_zip[] = "damaged zip archive";
static const char why_files[] = "a zip archive with more or less than one file";
static const char why_method[] = "a file in a zip archive, packed in a way "
				 "that is not known";
static const char why_encrypted[] = "an encrypted zip archive";

/* Text while it grows. */
struct output {
	char *text;
	size_t len;
	size_t room;
	size_t max;
	const char *why;
};

static void output_done(struct output *output)
{
	free(output->text);
}

static int fail(struct output *output, int r, const char *why)
{
	output->why = why;
	return r;
}

/* Make room for at least one more byte, one past the maximum included: who
 * fills that one is too large. */
static int make_room(struct output *output)
{
	size_t room = output->room ? output->room * 2 : FIRST_BYTES;
	char *text;

	if (output->len < output->room)
		return 0;
	if (output->len > output->max)
		return fail(output, -EFBIG, why_large);
	if (room > output->max + 1)
		room = output->max + 1;
	text = realloc(output->text, room);
	if (!text)
		return fail(output, -ENOMEM, why_memory);
	output->text = text;
	output->room = room;
	return 0;
}

static int check_size(struct output *output)
{
	return output->len > output->max ? fail(output, -EFBIG, why_large) : 0;
}

static unsigned int as_much(size_t bytes)
{
	return bytes < UINT32_MAX ? (unsigned int)bytes : UINT32_MAX;
}

/* Decode one member, of which the stream's input is the beginning. */
static int inflate_member(z_stream *stream, struct output *output)
{
	int status = Z_OK;

	while (status != Z_STREAM_END) {
		unsigned int room;
		int r = make_room(output);

		if (r < 0)
			return r;
		room = as_much(output->room - output->len);
		stream->next_out = (Bytef *)output->text + output->len;
		stream->avail_out = room;
		status = inflate(stream, Z_NO_FLUSH);
		output->len += room - stream->avail_out;
		if (status == Z_BUF_ERROR ||
		    (status == Z_OK && stream->avail_out > 0))
			return fail(output, -ENODATA, why_cut);
		if (status == Z_MEM_ERROR)
			return fail(output, -ENOMEM, why_memory);
		if (status != Z_OK && status != Z_STREAM_END)
			return fail(output, -EBADMSG, why_gzip);
	}
	return check_size(output);
}

static bool is_gzip(const uint8_t *bytes, size_t len)
{
	return len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static bool is_zip(const uint8_t *bytes, size_t len)
{
	return len >= 4 && bytes[0] == 'P' && bytes[1] == 'K' &&
	       ((bytes[2] == 3 && bytes[3] == 4) ||
		(bytes[2] == 5 && bytes[3] == 6));
}

/* Tapes and some servers fill up with zeros. */
static bool is_padding(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

static int inflate_all(z_stream *stream, struct output *output)
{
	int r = 0;

	while (r == 0 && stream->avail_in > 0) {
		if (!is_gzip(stream->next_in, stream->avail_in))
			return is_padding(stream->next_in, stream->avail_in)
				       ? 0
				       : fail(output, -EBADMSG, why_behind);
		if (inflateReset(stream) != Z_OK)
			return fail(output, -EBADMSG, why_gzip);
		r = inflate_member(stream, output);
	}
	return r;
}

static int decode_gzip(const uint8_t *bytes, size_t len, struct output *output)
{
	z_stream stream = {
		.next_in = bytes,
		.avail_in = (unsigned int)len,
	};
	int r;

	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return fail(output, -ENOMEM, why_memory);
	r = inflate_all(&stream, output);
	(void)inflateEnd(&stream);
	return r;
}

static void archive_close(zip_t **archive)
{
	if (*archive)
		zip_discard(*archive);
}

static void file_close(zip_file_t **file)
{
	if (*file)
		(void)zip_fclose(*file);
}

/* Takes nothing; the archive reads `bytes` as long as it is open. */
static zip_t *open_archive(const uint8_t *bytes, size_t len)
{
	zip_source_t *source = zip_source_buffer_create(bytes, len, 0, NULL);
	zip_t *archive;

	if (!source)
		return NULL;
	archive = zip_open_from_source(source, ZIP_RDONLY, NULL);
	if (!archive)
		zip_source_free(source);
	return archive;
}

static int check_file(zip_t *archive, struct output *output)
{
	zip_stat_t stat;

	if (zip_get_num_entries(archive, 0) != 1)
		return fail(output, -EBADMSG, why_files);
	if (zip_stat_index(archive, 0, 0, &stat) < 0)
		return fail(output, -EBADMSG, why_zip);
	if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) &&
	    stat.encryption_method != ZIP_EM_NONE)
		return fail(output, -EBADMSG, why_encrypted);
	if (stat.comp_method != ZIP_CM_STORE &&
	    stat.comp_method != ZIP_CM_DEFLATE)
		return fail(output, -EBADMSG, why_method);
	return 0;
}

static int decode_zip(const uint8_t *bytes, size_t len, struct output *output)
{
	CLEANUP(archive_close) zip_t *archive = open_archive(bytes, len);
	CLEANUP(file_close) zip_file_t *file = NULL;
	zip_int64_t got = 1;
	int r;

	if (!archive)
		return fail(output, -EBADMSG, why_zip);
	r = check_file(archive, output);
	if (r < 0)
		return r;
	file = zip_fopen_index(archive, 0, 0);
	if (!file)
		return fail(output, -EBADMSG, why_zip);
	while (got > 0) {
		r = make_room(output);
		if (r < 0)
			return r;
		got = zip_fread(file, output->text + output->len,
				output->room - output->len);
		if (got < 0)
			return fail(output, -EBADMSG, why_zip);
		output->len += (size_t)got;
	}
	return check_size(output);
}

int decode(const void *bytes, size_t len, size_t max_bytes,
	   struct decoded *ret_decoded, const char **ret_why)
{
	CLEANUP(output_done) struct output output = {.max = max_bytes};
	int r;

	assert(bytes || len == 0);
	assert(max_bytes < SIZE_MAX);
	assert(ret_decoded);
	assert(ret_why);

	if (len > DECODE_BYTES_MAX) {
		*ret_why = why_encoded;
		return -EFBIG;
	}
	if (is_gzip(bytes, len))
		r = decode_gzip(bytes, len, &output);
	else if (is_zip(bytes, len))
		r = decode_zip(bytes, len, &output);
	else
		r = len > max_bytes ? fail(&output, -EFBIG, why_encoded) : 0;
	if (r < 0) {
		*ret_why = output.why;
		return r;
	}
	*ret_decoded = (struct decoded){.text = bytes, .len = len};
	if (output.room > 0)
		*ret_decoded = (struct decoded){
			.text = output.text,
			.len = output.len,
			.owned = TAKE(output.text),
		};
	return 0;
}

void decoded_done(struct decoded *decoded)
{
	free(decoded->owned);
	*decoded = (struct decoded){0};
}
