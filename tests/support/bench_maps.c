// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/bench_maps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SKIP 77

struct maps *bench_maps_load(void)
{
	static const struct maps_config config = {
		.hosts4 = 1,
		.blocks4 = 1,
		.entries6 = 1000,
		.sample_passes = true,
	};
	struct maps *maps = NULL;
	char note[MAPS_NOTE_MAX];
	int r = maps_load(&config, &maps, note);

	if (r == -EPERM) {
		(void)printf("skipped: loading maps (run it as root): %s\n",
			     strerror(-r));
		(void)fflush(stdout);
		_Exit(SKIP);
	}
	if (r < 0)
		fail_msg("maps_load: %s: %s", strerror(-r), note);
	return maps;
}
