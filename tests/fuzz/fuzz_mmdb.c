// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes through the readers of databases and of tables: what they give is
 * a network of a place that may be meant, none in another, and what they
 * refuse they say why.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "rules/geo_mmdb.h"
#include "rules/geo_ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	enum geo_kind kind;
	uint32_t networks;
	struct prefix last;
	bool is_table;
};

static int check(void *arg, uint32_t key, const struct prefix *prefix)
{
	const uint8_t *addr = prefix->addr;
	struct seen *seen = arg;

	assert(key != GEO_NOBODY);
	assert(seen->kind != GEO_COUNTRY || key < GEO_COUNTRY_KEYS);
	assert(prefix->bits <= 128 && !prefix_has_all_v4(prefix));
	for (unsigned int bit = prefix->bits; bit < 128; bit++)
		assert(!(addr[bit / 8] >> (7 - bit % 8) & 1));
	assert(seen->is_table || seen->networks == 0 ||
	       !prefix_overlaps(&seen->last, prefix));
	seen->last = *prefix;
	seen->networks++;
	return 0;
}

static void check_mmdb(const uint8_t *data, size_t size, enum geo_kind kind)
{
	struct seen seen = {.kind = kind};
	struct geo_mmdb_report report;
	int r = geo_mmdb_read(data, size, kind, check, &seen, &report);

	assert(r == 0 || r == -EBADMSG || r == -ENODATA);
	assert((r == 0) == (report.why == NULL));
	assert(report.networks == seen.networks);
	assert(r != 0 || seen.networks > 0);
	for (const char *c = report.type; *c != '\0'; c++)
		assert(*c > ' ' && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {.kind = GEO_ASN, .is_table = true};
	struct geo_ranges_note note = {0};
	int r = geo_ranges_read((const char *)data, size, check, &seen, &note);

	assert(r == 0 || r == -EBADMSG);
	assert((r == 0) == (note.why == NULL));
	assert(r == 0 || note.line > 0);
	check_mmdb(data, size, GEO_COUNTRY);
	check_mmdb(data, size, GEO_ASN);
	return 0;
}
