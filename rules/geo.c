// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/geo.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"

#define LETTERS 26

static const char country_prefix[] = "geo:";
static const char asn_prefix[] = "asn:";

static const char *const kind_names[] = {
	[GEO_COUNTRY] = "country",
	[GEO_ASN] = "asn",
};
_Static_assert(ARRAY_LEN(kind_names) == GEO_KIND_COUNT, "");

static const char countries[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH "
	"BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL "
	"CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET "
	"FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU "
	"GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE "
	"KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC "
	"MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC "
	"NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT "
	"PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR "
	"SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA "
	"UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

const char *geo_kind_name(enum geo_kind kind)
{
	assert(kind < GEO_KIND_COUNT);

	return kind_names[kind];
}

static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool geo_is_meant(const char *text)
{
	assert(text);

	return behind(text, country_prefix) || behind(text, asn_prefix);
}

bool geo_key_is_country(uint32_t key)
{
	char letters[3];

	if (key >= GEO_COUNTRY_KEYS)
		return false;
	(void)geo_letters_of_key(key, letters);
	for (const char *at = countries; *at != '\0'; at += at[2] ? 3 : 2)
		if (memcmp(at, letters, 2) == 0)
			return true;
	return false;
}

/* 0 for "A", and -1 for what is no letter. <ctype.h> asks the locale. */
static int letter_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return -1;
}

int geo_key_of_letters(const char *text, size_t len, uint32_t *ret_key)
{
	int first, second;

	assert(ret_key);

	if (len != 2)
		return -EINVAL;
	first = letter_of(text[0]);
	second = letter_of(text[1]);
	if (first < 0 || second < 0)
		return -EINVAL;
	*ret_key = (uint32_t)(first * LETTERS + second);
	return 0;
}

const char *geo_letters_of_key(uint32_t key, char buf[3])
{
	assert(key < GEO_COUNTRY_KEYS);

	buf[0] = (char)('A' + key / LETTERS);
	buf[1] = (char)('A' + key % LETTERS);
	buf[2] = '\0';
	return buf;
}

/* A name is written one way: in capitals. */
static int read_country(const char *code, uint32_t *ret_key)
{
	char letters[3];
	uint32_t key;

	if (geo_key_of_letters(code, strlen(code), &key) < 0 ||
	    !geo_key_is_country(key) ||
	    strcmp(geo_letters_of_key(key, letters), code) != 0)
		return -EINVAL;
	*ret_key = key;
	return 0;
}

/* 1 to 4294967295, without leading zeros: 0 is no system (RFC 7607). */
static int read_number(const char *text, uint32_t *ret_key)
{
	uint64_t number = 0;

	if (*text < '1' || *text > '9')
		return -ERANGE;
	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > UINT32_MAX)
			return -ERANGE;
	}
	if (*text != '\0')
		return -ERANGE;
	*ret_key = (uint32_t)number;
	return 0;
}

int geo_from_name(const char *name, struct geo_place *ret_place)
{
	struct geo_place place = {.kind = GEO_COUNTRY};
	const char *rest;
	int r;

	assert(name);
	assert(ret_place);

	rest = behind(name, country_prefix);
	if (rest) {
		r = read_country(rest, &place.key);
	} else {
		place.kind = GEO_ASN;
		rest = behind(name, asn_prefix);
		r = rest ? read_number(rest, &place.key) : -ENOENT;
	}
	if (r < 0)
		return r;
	*ret_place = place;
	return 0;
}
