// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/poison.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"

#define ENTRIES_MAX 40

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
uint64_t poison_draw(uint64_t *random, uint64_t below)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

/* A network of a small world, so that lists meet. */
struct prefix poison_prefix(uint64_t *random)
{
	static const char *const places[] = {
		"9.9.9.0",     "45.83.0.0",	   "198.51.100.0", "10.0.0.0",
		"127.0.0.0",   "100.64.0.0",	   "2620:fe::",	   "fe80::",
		"2a00:1450::", "2002:c633:6401::",
	};
	const char *place = places[poison_draw(random, ARRAY_LEN(places))];
	struct prefix prefix;
	unsigned int len;

	assert_int_equal(prefix_from_text(place, strlen(place), &prefix), 0);
	prefix.addr[15] = (uint8_t)poison_draw(random, 32);
	len = prefix_len(&prefix);
	if (poison_draw(random, 3) == 0)
		return prefix;
	if (poison_draw(random, 200) == 0)
		return prefix_widen(&prefix,
				    1 + (unsigned int)poison_draw(random, 12));
	if (poison_draw(random, 4) == 0)
		return prefix_widen(&prefix, 12 + (unsigned int)poison_draw(
							  random, len - 11));
	return prefix_widen(&prefix,
			    len - (unsigned int)poison_draw(random, 6));
}

bool poison_lists(const struct poison_list *list, const struct prefix *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (prefix_covers(&list->prefixes[i], address))
			return true;
	return false;
}

void poison_add(struct poison_list *list, const struct prefix *prefix)
{
	assert_true(list->count < POISON_LIST_MAX);
	list->prefixes[list->count++] = *prefix;
}

static void put(struct poison_version *version, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct poison_version *version, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	version->len +=
		(size_t)vsnprintf(version->text + version->len,
				  POISON_TEXT_MAX - version->len, format, args);
	va_end(args);
	assert_true(version->len < POISON_TEXT_MAX);
}

static const char *const formats[] = {"plain", "plain-score", "csv", "p2p",
				      "firehol-netset"};

/* As its format writes it: host bits and IPv4 as IPv6 are the same entry. */
static void put_entry(uint64_t *random, struct poison_version *version,
		      const char *format, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX], last[PREFIX_TEXT_MAX];
	bool is_v4 = prefix_is_v4(prefix);
	uint32_t first = is_v4 ? prefix_addr_v4(prefix) : 0;
	struct prefix end;

	(void)prefix_to_text(prefix, text);
	if (strcmp(format, "p2p") == 0) {
		if (!is_v4)
			return;
		end = prefix_of_v4(first | (uint32_t)(UINT64_C(0xffffffff) >>
						      prefix_len(prefix)),
				   32);
		put(version, "some: name:%u.%u.%u.%u-%s\n", first >> 24,
		    first >> 16 & 255, first >> 8 & 255, first & 255,
		    prefix_to_text(&end, last));
	} else if (strcmp(format, "csv") == 0) {
		put(version, "x,\"%s\",%u\n", text,
		    (unsigned int)poison_draw(random, 9));
	} else if (is_v4 && poison_draw(random, 4) == 0 && *format == 'p') {
		put(version, "::ffff:%u.%u.%u.%u/%u\n", first >> 24,
		    first >> 16 & 255, first >> 8 & 255, first & 255,
		    96 + prefix_len(prefix));
	} else {
		put(version, "%s\n", text);
	}
	if (!prefix_has_all_v4(prefix))
		poison_add(&version->entries, prefix);
}

/* What is no entry, or must never be one. */
static void put_poison(uint64_t *random, struct poison_version *version)
{
	static const char *const lines[] = {
		"0.0.0.0/0",	"::/0",		 "::ffff:0:0/96",
		"010.0.0.1",	"9.9.9.9/0",	 "1.2.3.4.5",
		"::/64",	"0x7f.0.0.1",	 "300.1.1.1/8",
		"fe80::1%eth0", "10.1",		 "localhost",
		"45.83.0.0/33", "2620:fe::/129", "-1",
		",,,,",
	};

	for (size_t i = poison_draw(random, 6); i > 0; i--)
		put(version, "%s\n",
		    lines[poison_draw(random, ARRAY_LEN(lines))]);
}

/* Nothing is held for its size: that is of other tests. */
static void define(uint64_t *random, struct feed *feed, const char *format,
		   bool is_broad)
{
	feed_init(feed);
	(void)snprintf(feed->name, sizeof(feed->name), "tried");
	while (strcmp(feed_format_word(feed->format), format) != 0)
		feed->format++;
	feed->column = strcmp(format, "csv") == 0 ? 2 : 1;
	feed->class = is_broad ? FEED_CLASS_GEO : FEED_CLASS_REPUTATION;
	feed->action = FEED_ACTION_DROP;
	feed->may_be_empty = true;
	feed->bytes_max = POISON_TEXT_MAX;
	feed->grace_s = poison_draw(random, 2) ? POISON_GRACE_S : 0;
	feed->expected_max = UINT32_MAX;
	feed->limits = (struct feed_limits){
		.shrink = 100,
		.grow = 1000000,
		.rejects = 100,
		.coverage = 100,
		.protected_hits = UINT32_MAX,
		.protected_share = 100,
	};
}

static void put_if_room(uint64_t *random, struct poison_version *version,
			const char *format, const struct prefix *prefix)
{
	if (version->entries.count < ENTRIES_MAX)
		put_entry(random, version, format, prefix);
}

void poison_write(uint64_t *random, const struct poison_list *before,
		  bool is_broad, struct poison_version *ret_version)
{
	const char *format = formats[poison_draw(random, ARRAY_LEN(formats))];

	memset(ret_version, 0, sizeof(*ret_version));
	define(random, &ret_version->feed, format, is_broad);
	for (size_t i = 0; i < before->count; i++)
		if (poison_draw(random, 4))
			put_if_room(random, ret_version, format,
				    &before->prefixes[i]);
	for (size_t i = poison_draw(random, 12); i > 0; i--) {
		struct prefix prefix = poison_prefix(random);

		put_if_room(random, ret_version, format, &prefix);
		if (poison_draw(random, 5) == 0)
			put_if_room(random, ret_version, format, &prefix);
	}
	if (poison_draw(random, 2))
		put_poison(random, ret_version);
}
