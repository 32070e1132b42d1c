// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make_mmdb FILE NETWORK=XX... - a MaxMind DB of countries; NETWORK=N of
 * autonomous systems. Later ones win where they overlap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/mmdb_file.h"

static void put(struct mmdb_file *file, char *network)
{
	char *place = strchr(network, '=');

	assert_non_null(place);
	*place++ = '\0';
	mmdb_put_text(
		file, network,
		*place >= '0' && *place <= '9'
			? mmdb_asn(file, (uint32_t)strtoul(place, NULL, 10))
			: mmdb_country(file, place));
}

int main(int argc, char **argv)
{
	struct mmdb_file file;
	FILE *out;

	if (argc < 3)
		return 2;
	mmdb_init(&file, 6, 28);
	for (int i = 2; i < argc; i++)
		put(&file, argv[i]);
	mmdb_seal(&file);
	out = fopen(argv[1], "we");
	if (!out || fwrite(file.bytes, 1, file.len, out) != file.len ||
	    fclose(out) != 0) {
		perror(argv[1]);
		return 1;
	}
	mmdb_done(&file);
	return 0;
}
