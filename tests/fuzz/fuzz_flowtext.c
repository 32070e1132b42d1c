// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as the text of a packet: what is accepted prints to a text that
 * reads the same, and makes a frame that says the same; what is refused is
 * refused with a note.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/flowtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_note(const char *text, const struct flowtext_note *note)
{
	size_t len = strlen(note->word);

	assert(note->column >= 1 && note->column <= strlen(text) + 1);
	assert(note->expected[0] != '\0');
	assert(memchr(note->expected, '\0', FLOWTEXT_EXPECTED_MAX));
	assert(len < FLOWTEXT_WORD_MAX);
	for (size_t i = 0; i < len; i++)
		assert(note->word[i] == '?' ||
		       note->word[i] == text[note->column - 1 + i]);
}

/* The same text twice over. */
static void check_print(const struct flowtext *flow)
{
	char text[FLOWTEXT_MAX], again[FLOWTEXT_MAX];
	struct flowtext_note note;
	struct flowtext back;
	int r;

	flowtext_print(flow, text);
	r = flowtext_parse(text, &back, &note);
	assert(r == 0);
	assert(strcmp(flowtext_print(&back, again), text) == 0);
}

static void check_frame(const struct flowtext *flow)
{
	static uint8_t frame[FLOWTEXT_FRAME_MAX];
	enum packet_reading reading;
	struct packet packet;
	size_t len;
	int r = flowtext_frame(flow, frame, sizeof(frame), &len);

	assert(r == 0);
	assert(len <= sizeof(frame));
	reading = packet_read(frame, len, &packet);
	assert(reading == PACKET_READ);
	assert(packet.family == flow->family);
	assert(packet.frag == flow->frag);
	assert(packet.has_ports == flow->has_ports);
	assert(packet.source_port == flow->source_port);
	assert(packet.destination_port == flow->destination_port);
	assert(packet.flags == flow->flags);
	assert(packet.icmp == flow->icmp);
	assert(!flow->length || packet.length == flow->length);
	assert(prefix_cmp(&packet.source, &flow->source) == 0);
	assert(prefix_cmp(&packet.destination, &flow->destination) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct flowtext_note note;
	struct flowtext flow;
	int r;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	r = flowtext_parse(text, &flow, &note);
	assert(r == 0 || r == -EINVAL);
	if (r < 0) {
		check_note(text, &note);
	} else {
		check_print(&flow);
		check_frame(&flow);
	}
	free(text);
	return 0;
}
