// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/support/dice.h"
#include "rules/base.h"

#define SEED	     20240229
#define FILE_NAME    "classbench/acl1_20000.txt"
#define PATH_BYTES   512
#define LINE_BYTES   256
#define LINES_MAX    4096
#define BITS_MIN     32 /* of both addresses: what names fewer is left out */
#define COUNTS_EVERY 16
#define SITES	     64 /* of the networks that made-up rules are about */

struct lines {
	struct plain_rule rules[LINES_MAX];
	size_t count;
};

void ruleset_done(struct ruleset *ruleset)
{
	free(ruleset->rules);
	*ruleset = (struct ruleset){0};
}

static uint32_t mask_of(unsigned int bits)
{
	return bits ? ~0u << (32 - bits) : 0;
}

static uint32_t addr_of(const unsigned int byte[4])
{
	return byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];
}

/* "@27.0.0.7/32 107.0.0.0/8 0 : 65535 80 : 80 0x06/0xFF 0x1000/0x1000"; the
 * flags are in the upper byte. */
static bool read_line(const char *line, struct plain_rule *ret_rule)
{
	unsigned int from[4], to[4], from_bits, to_bits, flags, mask;
	struct plain_rule rule = {0};
	int fields = sscanf( // NOLINT(cert-err34-c)
		line,
		"@%u.%u.%u.%u/%u %u.%u.%u.%u/%u %hu : %hu %hu : %hu "
		"%hhx/%hhx %x/%x",
		&from[0], &from[1], &from[2], &from[3], &from_bits, &to[0],
		&to[1], &to[2], &to[3], &to_bits, &rule.source_port_first,
		&rule.source_port_last, &rule.destination_port_first,
		&rule.destination_port_last, &rule.protocol,
		&rule.protocol_mask, &flags, &mask);

	if (fields != 18 || from_bits > 32 || to_bits > 32 ||
	    from_bits + to_bits < BITS_MIN)
		return false;
	rule.source_mask = mask_of(from_bits);
	rule.source = addr_of(from) & rule.source_mask;
	rule.destination_mask = mask_of(to_bits);
	rule.destination = addr_of(to) & rule.destination_mask;
	rule.flags = (uint8_t)(flags >> 8);
	rule.flags_mask = (uint8_t)(mask >> 8);
	*ret_rule = rule;
	return true;
}

static void read_lines(struct lines *lines)
{
	const char *data = getenv("PORTCULLIS_DATA");
	char path[PATH_BYTES], line[LINE_BYTES];
	FILE *file;

	if (!data)
		return;
	(void)snprintf(path, sizeof(path), "%s/" FILE_NAME, data);
	file = fopen(path, "re");
	while (file && lines->count < LINES_MAX &&
	       fgets(line, sizeof(line), file))
		lines->count +=
			read_line(line, &lines->rules[lines->count]) ? 1 : 0;
	if (file)
		(void)fclose(file);
}

static uint32_t usual_mask(struct dice *dice)
{
	static const unsigned int wide[] = {22, 23, 24, 30, 30, 31};
	uint64_t part = dice_below(dice, 4);

	return mask_of(part ? 32 : wide[dice_below(dice, ARRAY_LEN(wide))]);
}

/* In one of the networks; which they are is fixed. */
static uint32_t usual_addr(struct dice *dice, uint64_t side)
{
	struct dice fixed = {.state = side + dice_below(dice, SITES)};

	return ((uint32_t)dice_roll(&fixed) & 0xffffff00) |
	       (uint32_t)dice_below(dice, 256);
}

static struct plain_rule invent_rule(struct dice *dice)
{
	static const uint16_t services[] = {1521, 1526, 135, 1433, 80, 443};
	uint64_t kind = dice_below(dice, 20);
	struct plain_rule rule = {
		.source_mask = usual_mask(dice),
		.destination_mask = usual_mask(dice),
		.source_port_last = 65535,
		.destination_port_last = 65535,
		.protocol = kind == 0 ? IPPROTO_UDP : IPPROTO_TCP,
		.protocol_mask = 0xff,
	};

	rule.source = usual_addr(dice, 0) & rule.source_mask;
	rule.destination = usual_addr(dice, SITES) & rule.destination_mask;
	if (kind == 1)
		return rule;
	rule.destination_port_first =
		dice_below(dice, 2)
			? (uint16_t)dice_below(dice, 65400)
			: services[dice_below(dice, ARRAY_LEN(services))];
	rule.destination_port_last = rule.destination_port_first;
	if (dice_below(dice, 8) == 0)
		rule.destination_port_last += (uint16_t)dice_below(dice, 100);
	if (kind > 10)
		rule.flags_mask = 0x10;
	if (kind > 15)
		rule.flags = 0x10;
	return rule;
}

/* Other hosts of the same kind, and another port if it is one. */
static void mutate(struct dice *dice, struct plain_rule *rule)
{
	rule->source ^= (uint32_t)dice_below(dice, 4096) & rule->source_mask;
	rule->destination ^=
		(uint32_t)dice_below(dice, 4096) & rule->destination_mask;
	if (rule->destination_port_first == rule->destination_port_last) {
		rule->destination_port_first ^= (uint16_t)dice_below(dice, 64);
		rule->destination_port_last = rule->destination_port_first;
	}
}

static void take_lines(const struct lines *lines, struct ruleset *ruleset)
{
	struct dice dice = {.state = SEED};
	size_t step = lines->count / ruleset->count;
	size_t next = 0;

	if (step == 0)
		step = 1;
	for (size_t i = 0; i < ruleset->count; i++) {
		struct plain_rule *rule = &ruleset->rules[i];

		*rule = lines->rules[next];
		if (i >= lines->count)
			mutate(&dice, rule);
		next += step;
		if (next >= lines->count)
			next = 0;
	}
}

static void invent_lines(struct lines *lines)
{
	struct dice dice = {.state = SEED};

	for (lines->count = 0; lines->count < LINES_MAX; lines->count++)
		lines->rules[lines->count] = invent_rule(&dice);
}

static void fill(struct lines *lines, struct ruleset *ruleset)
{
	read_lines(lines);
	ruleset->is_real = lines->count > 0;
	if (!ruleset->is_real)
		invent_lines(lines);
	take_lines(lines, ruleset);
	for (size_t i = COUNTS_EVERY - 1; i < ruleset->count; i += COUNTS_EVERY)
		ruleset->rules[i].act = PLAIN_COUNT;
	ruleset->rules[ruleset->count - 1] = (struct plain_rule){
		.source_port_last = UINT16_MAX,
		.destination_port_last = UINT16_MAX,
		.act = PLAIN_DROP,
	};
}

int ruleset_make(size_t count, struct ruleset *ret_ruleset)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	struct ruleset ruleset = {
		.rules = calloc(count, sizeof(*ruleset.rules)),
		.count = count,
	};

	assert(count >= 2 && count <= PLAIN_RULES_MAX);

	if (!lines || !ruleset.rules) {
		free(lines);
		ruleset_done(&ruleset);
		return -ENOMEM;
	}
	fill(lines, &ruleset);
	free(lines);
	*ret_ruleset = ruleset;
	return 0;
}

size_t ruleset_first(const struct ruleset *ruleset,
		     const struct plain_packet *packet)
{
	size_t i = 0;

	while (i < ruleset->count && (ruleset->rules[i].act == PLAIN_COUNT ||
				      !plain_meets(&ruleset->rules[i], packet)))
		i++;
	return i;
}
