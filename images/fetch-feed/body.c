// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/body.h"

#include <errno.h>

#include "rules/base.h"

#define STEP_BYTES (32 << 10)
#define GZIP_ONLY  (16 + MAX_WBITS)

int body_start(struct body *body, bool is_packed)
{
	body->zip = (z_stream){0};
	body->is_packed = is_packed;
	body->is_member_open = false;
	body->is_known = body->allows_markup;
	body->bytes = 0;
	if (is_packed && inflateInit2(&body->zip, GZIP_ONLY) != Z_OK)
		return -ENOMEM;
	return 0;
}

void body_done(struct body *body)
{
	if (body->is_packed)
		(void)inflateEnd(&body->zip);
	body->is_packed = false;
}

/* Blanks, and the bytes of the UTF-8 mark, say nothing yet. */
static bool says_nothing(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xef || c == 0xbb ||
	       c == 0xbf;
}

static int pass_on(struct body *body, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count && !body->is_known; i++) {
		if (bytes[i] == '<')
			return -EILSEQ;
		body->is_known = !says_nothing((unsigned char)bytes[i]);
	}
	return count > 0 ? body->take(body->arg, bytes, count) : 0;
}

/* One step of unpacking: as much as fits. A gzip stream is one member or more,
 * one after the other. */
static int unpack_some(struct body *body)
{
	char out[STEP_BYTES];
	int code;

	if (!body->is_member_open && inflateReset(&body->zip) != Z_OK)
		return -EBADMSG;
	body->zip.next_out = (Bytef *)out;
	body->zip.avail_out = sizeof(out);
	code = inflate(&body->zip, Z_NO_FLUSH);
	if (code == Z_MEM_ERROR)
		return -ENOMEM;
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return -EBADMSG;
	body->is_member_open = code != Z_STREAM_END;
	return pass_on(body, out, sizeof(out) - body->zip.avail_out);
}

int body_put(struct body *body, const char *bytes, size_t count)
{
	int r = 0;

	if (count > body->max_bytes - body->bytes)
		return -EFBIG;
	body->bytes += count;
	if (!body->is_packed)
		return pass_on(body, bytes, count);
	body->zip.next_in = (const Bytef *)bytes;
	body->zip.avail_in = (uInt)count;
	/* with its output full, a member may have more of it */
	while (r == 0 && (body->zip.avail_in > 0 ||
			  (body->is_member_open && body->zip.avail_out == 0)))
		r = unpack_some(body);
	return r;
}

int body_end(const struct body *body)
{
	return body->is_packed && body->is_member_open ? -EBADMSG : 0;
}
