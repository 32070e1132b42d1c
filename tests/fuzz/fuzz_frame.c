// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as what a client sends: frames that come in pieces, and the
 * request in each. The first byte says how large the pieces are. Whatever is
 * read must be a known request within bounds, whatever is refused a sentence.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/control/frame.h"
#include "daemon/control/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(struct frame_out *out)
{
	json_error_t why;
	json_t *json;

	assert(out->len_bytes > WIRE_HEAD_BYTES);
	assert(wire_head_get(out->bytes) == out->len_bytes - WIRE_HEAD_BYTES);
	json = json_loadb((const char *)out->bytes + WIRE_HEAD_BYTES,
			  out->len_bytes - WIRE_HEAD_BYTES,
			  JSON_REJECT_DUPLICATES, &why);
	assert(json_is_boolean(json_object_get(json, "ok")));
	json_decref(json);
	frame_out_done(out);
}

static void check_request(const struct frame_in *frame)
{
	enum request request = REQ_COUNT;
	struct refusal refusal = {0};
	struct frame_out out = {0};
	json_t *args = NULL;
	int r;

	r = message_read(frame->body, frame->body_bytes, &refusal, &request,
			 &args);
	if (r < 0) {
		assert(!args && request == REQ_COUNT);
		assert(refusal.error == r && refusal.text[0] != '\0');
		assert(message_write_refusal(&refusal, &out) == 0);
	} else {
		assert(json_is_object(args) && request < REQ_COUNT);
		/* what was read can be said back, if there is room for "ok" */
		r = message_write(args, &out);
		assert(r == 0 || r == -EMSGSIZE);
	}
	if (r == 0 || out.bytes)
		check_answer(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_in frame;
	size_t piece = size ? (size_t)data[0] + 1 : 0;
	size_t at = 1;
	int r = FRAME_MORE;

	frame_in_init(&frame);
	while (at < size && r >= 0) {
		void *where = NULL;
		size_t n = frame_room(&frame, &where);

		assert(n > 0);
		n = n < piece ? n : piece;
		n = n < size - at ? n : size - at;
		memcpy(where, data + at, n);
		at += n;
		r = frame_fill(&frame, n);
		if (r == FRAME_WHOLE) {
			check_request(&frame);
			frame_in_done(&frame);
		}
	}
	assert(r >= 0 ||
	       (r == -EMSGSIZE && wire_head_get(frame.head) > WIRE_FRAME_MAX));
	frame_in_done(&frame);
	return 0;
}
