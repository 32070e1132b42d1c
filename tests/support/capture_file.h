/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_file.h - a builder of captures of both formats in both byte orders,
 * and what a reader of them said.
 *
 * What a test wants wrong it changes in `bytes` afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/pcap.h"

#define CAPTURE_FILE_MAX 4096
#define CAPTURE_SEEN_MAX 8 /* packets */

struct capture_file {
	uint8_t bytes[CAPTURE_FILE_MAX];
	size_t len;
	bool is_big_endian;
	size_t block; /* where the one being written starts */
};

void capture_put(struct capture_file *file, unsigned int bytes, uint64_t value);

/* Followed by zeros up to a multiple of four. */
void capture_put_padded(struct capture_file *file, const char *bytes,
			size_t len);

/* The classic format: header of the file, and a packet. */
void capture_put_classic(struct capture_file *file, uint32_t magic);
void capture_put_record(struct capture_file *file, uint32_t s,
			uint32_t fraction, const char *text);

/* What is put between begin and end is a block of pcapng. */
void capture_begin(struct capture_file *file, uint32_t type);
void capture_end(struct capture_file *file);

void capture_put_option(struct capture_file *file, uint16_t code,
			const char *value, uint16_t len);
void capture_put_section(struct capture_file *file);

/* `name` NULL and `tsresol` 0 leave the options out. */
void capture_put_interface(struct capture_file *file, uint16_t link,
			   uint32_t snaplen, const char *name, uint8_t tsresol);

/* `flags` 0 leave the options out. Of 1000 bytes on the wire. */
void capture_put_enhanced(struct capture_file *file, uint32_t interface,
			  uint64_t time, const char *text, uint32_t flags);
void capture_put_simple(struct capture_file *file, uint32_t original,
			const char *text);

/* Remembers the packets, and stops the reading on demand. */
struct capture_seen {
	struct pcap_report report;
	struct pcap_packet packets[CAPTURE_SEEN_MAX];
	char text[CAPTURE_SEEN_MAX][32];
	char ifname[CAPTURE_SEEN_MAX][PCAP_IFNAME_MAX];
	uint64_t count;
	uint64_t stop_at; /* 0: never */
};

/* Read `len` bytes into *seen, from memory that ends behind them. */
int capture_read(const uint8_t *bytes, size_t len, struct capture_seen *seen);
