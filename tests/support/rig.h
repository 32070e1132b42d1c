/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig.h - the packet path on a bench: a generation of its own, nothing pinned
 * or attached, and frames that a test hands it.
 *
 * Every failure that is not the answer looked for fails the test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/maps.h"
#include "daemon/packet/program.h"
#include "daemon/packet/table.h"
#include "rules/compile.h"
#include "rules/policy.h"
#include "tests/support/reader.h"

struct rig {
	struct maps *maps;
	struct program *program;
	struct policy policy; /* by rig_policy() */
	struct compiled *compiled;
	uint16_t *counters;
	struct table *table;
	struct fw_count before[FW_REASON_COUNT]; /* by rig_mark() */
};

/* Ends the process with status 77, a skip, where programs may not be loaded.
 * The classes 1..4 drop, allow, shadow and have no record yet. */
void rig_init(struct rig *rig);
void rig_done(struct rig *rig);

#define RIG_DROP    1
#define RIG_ALLOW   2
#define RIG_SHADOW  3
#define RIG_UNKNOWN 4
#define RIG_SET	    7 /* the set_id of all of them */

/* Judge by this document from now on, rule N counted in place N. What was
 * charged to rates before goes on, as when a policy is applied. */
void rig_policy(struct rig *rig, const char *text);

/* Skips the test where the processor is emulated: the verifier takes ten
 * seconds and more over a policy's programs there. */
void rig_skip_if_emulated(void);

/* Packets that a rule has counted. */
uint64_t rig_rule_count(const struct rig *rig, uint32_t rule);

void rig_list(struct rig *rig, const char *text, uint16_t class_id);
void rig_put_class(struct rig *rig, uint16_t class_id, enum fw_reason reason);

/* Can this kernel be handed a frame of this size? 13 and less only some. */
bool rig_takes(const struct rig *rig, size_t len);

/* The action that goes with a reason: XDP_PASS or XDP_DROP. */
uint32_t rig_verdict_of(enum fw_reason reason);

/* What the program says. */
uint32_t rig_run(struct rig *rig, const uint8_t *data, size_t len);

/* The same with only `first` bytes in the first buffer and the rest in later
 * ones; false when this kernel cannot be told to. */
bool rig_run_split(struct rig *rig, const uint8_t *data, size_t len,
		   size_t first, uint32_t *ret_verdict);

/* The same frame so many times. */
uint32_t rig_repeat(struct rig *rig, const uint8_t *data, size_t len,
		    uint32_t count);

/* Run it and take the event, of which there must be exactly one. */
struct fw_event rig_event(struct rig *rig, const uint8_t *data, size_t len,
			  uint32_t *ret_verdict);

/* From here on are counted: packets and bytes by reason, and of a class. */
void rig_mark(struct rig *rig);
struct fw_count rig_counted(const struct rig *rig, enum fw_reason reason);
uint64_t rig_counted_all(const struct rig *rig); /* packets */
struct fw_count rig_class_count(const struct rig *rig, uint16_t class_id);

/* The one reason counted since rig_mark(), by a packet of `len` bytes. */
enum fw_reason rig_reason(const struct rig *rig, size_t len);

/* What the parser must say of a frame whose source is in no set, as
 * docs/parsing.md has it; for one whose source is in a set that drops, this
 * is FW_DROP_LISTED wherever the source is known. */
enum fw_reason rig_expected(const struct reading *reading, bool is_listed);

/* The first field on which the program's event and the other reader do not
 * agree, as text, or NULL. */
const char *rig_disagreement(const struct fw_event *event,
			     const struct reading *reading);
