// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/foreign/condition.h"
#include "rules/foreign/nft_reader.h"
#include "rules/foreign/nft_values.h"

/* "HH:MM[:SS]" in minutes, and what is left in seconds. */
static bool read_clock(const struct nft_token *token, uint32_t *ret_min,
		       uint32_t *ret_s)
{
	uint64_t hour, minute, second = 0;
	const char *text = token->text;

	if (token->len == 8) {
		if (text[5] != ':' || number_read(text + 6, 2, 59, &second) < 0)
			return false;
	} else if (token->len != 5) {
		return false;
	}
	if (text[2] != ':' || number_read(text, 2, 24, &hour) < 0 ||
	    number_read(text + 3, 2, 59, &minute) < 0)
		return false;
	*ret_min = (uint32_t)(hour * 60 + minute);
	*ret_s = (uint32_t)second;
	return *ret_min <= 1440;
}

/* The one window of a sentence, made if it has none yet. */
static struct window *window_of(struct rule *rule)
{
	const struct window always = {.days = 0x7f, .to_min = 1440};

	if (rule->window_count == 0) {
		rule->windows = array_copy(&always, 1, sizeof(always));
		if (!rule->windows)
			return NULL;
		rule->window_count = 1;
	}
	return rule->windows;
}

/* "FROM"-"TO", where the last second of TO is in it; we end before. */
int nft_hour_read(struct nft_reader *reader, struct sentence *sentence)
{
	uint32_t first, first_s, last, last_s;
	struct nft_token from, to;
	struct window *window;

	nft_split(nft_next(reader), &from, &to);
	if (nft_take(reader, "-"))
		to = *nft_next(reader);
	if (!read_clock(&from, &first, &first_s) ||
	    !read_clock(&to, &last, &last_s))
		return sentence_refuse(sentence, "a time that is not read");
	if (first_s != 0 || (last_s != 0 && last_s != 59))
		return sentence_refuse(sentence, "a time not of whole minutes");
	if (last_s == 59)
		last++;
	else
		sentence->remarks |= REMARK_HOUR;
	window = window_of(&sentence->match);
	if (!window)
		return -ENOMEM;
	/* past midnight it is the day of the start for us, for them the
	 * day it is */
	if (window->from_min != 0 || window->to_min != 1440 || first >= last)
		return sentence_refuse(sentence, "a time past midnight");
	window->from_min = (uint16_t)first;
	window->to_min = (uint16_t)last;
	return 0;
}

static int add_day(void *arg, const struct nft_token *first,
		   const struct nft_token *last)
{
	uint8_t *days = arg;
	uint32_t day;

	if (first != last)
		return -EINVAL;
	if (first->len == 1 && first->text[0] >= '0' && first->text[0] <= '6') {
		/* theirs begin with Sunday */
		*days |= (uint8_t)(1u << (first->text[0] - '0' + 6) % 7);
		return 0;
	}
	if (word_read(WORD_DAY, first->text, first->len, 64, &day) < 0)
		return -EINVAL;
	*days |= (uint8_t)day;
	return 0;
}

int nft_day_read(struct nft_reader *reader, struct sentence *sentence)
{
	enum nft_operator operator= nft_operator_read(reader);
	struct window *window;
	uint8_t days = 0;
	int r;

	if (operator> NFT_UNEQUAL)
		return sentence_refuse(sentence,
				       "a condition that is not read");
	r = nft_values_read(reader, sentence, add_day, &days);
	if (r < 0)
		return r;
	window = window_of(&sentence->match);
	if (!window)
		return -ENOMEM;
	window->days &= operator== NFT_UNEQUAL ? (uint8_t)~days : days;
	return window->days == 0 ? sentence_refuse(sentence, "can never be met")
				 : 0;
}
