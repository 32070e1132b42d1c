/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_maps.h - the smallest tables there are, nothing pinned. */
#pragma once

#include "daemon/packet/maps.h"

/* Ends the process with status 77, a skip, where maps may not be made; any
 * other failure fails the test. The caller owns what is returned. */
struct maps *bench_maps_load(void);
