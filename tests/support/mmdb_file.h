/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmdb_file.h - a builder of MaxMind DB files, as much of the format as tests
 * need.
 *
 * Data are put first, then networks that refer to them, then it is sealed.
 * What a test wants wrong it changes before, in the fields, or in `bytes`
 * afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/prefix.h"

#define MMDB_NOTHING UINT32_MAX /* a record of nobody */
#define MMDB_DATA    0x80000000u /* set: an offset into the data, not a node */

struct mmdb_file {
	uint32_t (*nodes)[2];
	size_t node_count, node_room;
	uint8_t *data;
	size_t data_len, data_room;
	unsigned int ip_version; /* 4 or 6 */
	unsigned int record_bits; /* 24, 28 or 32 */
	const char *type;
	uint64_t built_s;
	/* what the metadata say, where that is not so; 0: as it is */
	uint64_t told_nodes, told_bits, told_version, told_format;
	uint8_t *bytes; /* NULL until it is sealed */
	size_t len;
};

void mmdb_init(struct mmdb_file *file, unsigned int ip_version,
	       unsigned int record_bits);
void mmdb_done(struct mmdb_file *file);

/* Values of the data section, behind those that are there; where they are. */
uint32_t mmdb_control(struct mmdb_file *file, unsigned int type, uint32_t size);
uint32_t mmdb_string(struct mmdb_file *file, const char *text);
uint32_t mmdb_uint(struct mmdb_file *file, unsigned int type, uint64_t number);
uint32_t mmdb_pointer(struct mmdb_file *file, uint32_t to);

/* Records as the databases have them, with more in them than is asked for. */
uint32_t mmdb_country(struct mmdb_file *file, const char *code);
uint32_t mmdb_asn(struct mmdb_file *file, uint32_t number);

/* A network has the record at this place of the data. IPv4 goes to ::/96 of a
 * file of ip_version 6. The later of two wins where they overlap. */
void mmdb_put(struct mmdb_file *file, const struct prefix *network,
	      uint32_t data);
void mmdb_put_text(struct mmdb_file *file, const char *network, uint32_t data);

/* The same for the first bits of the addresses in the file, whatever they
 * mean. */
void mmdb_put_path(struct mmdb_file *file, const uint8_t path[16],
		   unsigned int bits, uint32_t data);

/* At this IPv6 network there is what is at ::/96. */
void mmdb_alias(struct mmdb_file *file, const char *network);

/* Make the bytes of it. */
void mmdb_seal(struct mmdb_file *file);
