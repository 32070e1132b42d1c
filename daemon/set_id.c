// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/set_id.h"

#include <stdbool.h>

static bool is_known(struct classes *classes, uint8_t id)
{
	for (unsigned int c = 1; c <= classes_last(classes); c++) {
		struct class_info info = classes_info(classes, (uint16_t)c);

		if (set_mask_has(&info.sets, id))
			return true;
	}
	return false;
}

uint8_t set_id_free(const struct daemon *daemon)
{
	struct classes *classes = ledger_classes(daemon->ledger);
	uint8_t used_before = 0;

	for (unsigned int id = SET_ID_FIRST_FREE; id <= SET_ID_MAX; id++) {
		if (ledger_set(daemon->ledger, (uint8_t)id) ||
		    daemon->is_importing[id])
			continue;
		if (!is_known(classes, (uint8_t)id))
			return (uint8_t)id;
		used_before = used_before ? used_before : (uint8_t)id;
	}
	return used_before;
}
