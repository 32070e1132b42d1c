// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random databases: what is read of one is what was put into it, address by
 * address, and what libmaxminddb finds there.
 *
 * PORTCULLIS_SEED=N repeats a run; the seed of a failed one is printed.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <maxminddb.h>

#include "rules/base.h"
#include "rules/geo_mmdb.h"
#include "tests/support/mmdb_file.h"

#define ROUNDS	     300
#define NETWORKS_MAX 40
#define GIVEN_MAX    20000
#define ADDRESSES    200
#define NOBODY	     UINT32_MAX

static uint64_t seed;

static const char *const countries[] = {"CN", "DE", "FR", "US"};
static const unsigned int record_bits[] = {24, 28, 32};

struct network {
	struct prefix prefix;
	uint32_t key;
};

struct world {
	struct mmdb_file file;
	struct network put[NETWORKS_MAX];
	size_t put_count;
	struct network given[GIVEN_MAX];
	size_t given_count;
	MMDB_s library;
};

/* splitmix64 (Steele, Lea, Flood, 2014): every seed is a good one. */
static uint64_t draw(uint64_t *random, uint64_t below)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

/* Few addresses, so that networks lie in each other. */
static struct prefix random_prefix(uint64_t *random, bool is_v6)
{
	struct prefix prefix = {.bits = 128};
	uint32_t addr = (uint32_t)(0xc0000200u ^ draw(random, 16) << 28 ^
				   draw(random, 1024));

	if (!is_v6 || draw(random, 2))
		return prefix_of_v4(addr, 4 + (unsigned int)draw(random, 29));
	prefix.addr[0] = 0x20;
	for (size_t i = 1; i < sizeof(prefix.addr); i++)
		prefix.addr[i] =
			draw(random, 3) ? 0 : (uint8_t)draw(random, 256);
	return prefix_widen(&prefix, 4 + (unsigned int)draw(random, 125));
}

static int add(void *arg, uint32_t key, const struct prefix *prefix)
{
	struct world *world = arg;

	assert_true(world->given_count < GIVEN_MAX);
	world->given[world->given_count++] = (struct network){*prefix, key};
	return 0;
}

static void make_world(uint64_t *random, struct world *world)
{
	bool is_v6 = draw(random, 4) != 0;
	uint32_t records[ARRAY_LEN(countries)];

	mmdb_init(&world->file, is_v6 ? 6 : 4,
		  record_bits[draw(random, ARRAY_LEN(record_bits))]);
	for (size_t i = 0; i < ARRAY_LEN(countries); i++)
		records[i] = mmdb_country(&world->file, countries[i]);
	world->put_count = 1 + draw(random, NETWORKS_MAX);
	for (size_t i = 0; i < world->put_count; i++) {
		size_t country = draw(random, ARRAY_LEN(countries));
		struct network *put = &world->put[i];

		put->prefix = random_prefix(random, is_v6);
		assert_int_equal(
			geo_key_of_letters(countries[country], 2, &put->key),
			0);
		mmdb_put(&world->file, &put->prefix, records[country]);
	}
	mmdb_seal(&world->file);
}

/* Opened by path: it knows no other way. */
static void open_library(struct world *world)
{
	int fd = memfd_create("mmdb", MFD_CLOEXEC);
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, world->file.bytes, world->file.len),
			 world->file.len);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(MMDB_open(path, MMDB_MODE_MMAP, &world->library),
			 MMDB_SUCCESS);
	(void)close(fd);
}

/* What was put last. */
static uint32_t put_at(const struct world *world, const struct prefix *address)
{
	uint32_t key = NOBODY;

	for (size_t i = 0; i < world->put_count; i++)
		if (prefix_covers(&world->put[i].prefix, address))
			key = world->put[i].key;
	return key;
}

static uint32_t given_at(const struct world *world,
			 const struct prefix *address)
{
	uint32_t key = NOBODY;

	for (size_t i = 0; i < world->given_count; i++) {
		if (!prefix_covers(&world->given[i].prefix, address))
			continue;
		assert_int_equal(key, NOBODY); /* none lies in another */
		key = world->given[i].key;
	}
	return key;
}

static uint32_t found_at(const struct world *world,
			 const struct prefix *address)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const struct sockaddr *where = (const struct sockaddr *)&v6;
	MMDB_lookup_result_s found;
	MMDB_entry_data_s code;
	uint32_t key;
	int r;

	memcpy(&v6.sin6_addr, address->addr, 16);
	memcpy(&v4.sin_addr, address->addr + 12, 4);
	if (prefix_is_v4(address))
		where = (const struct sockaddr *)&v4;
	found = MMDB_lookup_sockaddr(&world->library, where, &r);
	assert_int_equal(r, MMDB_SUCCESS);
	if (!found.found_entry)
		return NOBODY;
	r = MMDB_get_value(&found.entry, &code, "country", "iso_code", NULL);
	assert_int_equal(r, MMDB_SUCCESS);
	assert_int_equal(
		geo_key_of_letters(code.utf8_string, code.data_size, &key), 0);
	return key;
}

static struct prefix random_address(uint64_t *random, const struct world *world)
{
	struct prefix address =
		world->put[draw(random, world->put_count)].prefix;
	/* IPv6 stays what it is: ::/96 is IPv4 to the library */
	unsigned int first = prefix_is_v4(&address) ? 12 : 1;

	for (unsigned int i = first; i < 16; i++)
		if (draw(random, 4) == 0)
			address.addr[i] ^= (uint8_t)(1u << draw(random, 8));
	address.bits = 128;
	return address;
}

static void check_world(uint64_t *random, struct world *world)
{
	struct geo_mmdb_report report;
	int r = geo_mmdb_read(world->file.bytes, world->file.len, GEO_COUNTRY,
			      add, world, &report);

	assert_int_equal(r, 0);
	assert_int_equal(report.networks, world->given_count);
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct prefix address = random_address(random, world);
		uint32_t key = put_at(world, &address);

		assert_int_equal(given_at(world, &address), key);
		if (world->file.ip_version == 6 || prefix_is_v4(&address))
			assert_int_equal(found_at(world, &address), key);
	}
}

static void what_was_put_in_is_read(void **state)
{
	struct world *world = *state;
	uint64_t random = seed;

	for (int i = 0; i < ROUNDS; i++) {
		make_world(&random, world);
		open_library(world);
		check_world(&random, world);
		MMDB_close(&world->library);
		mmdb_done(&world->file);
		memset(world, 0, sizeof(*world));
	}
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const char *wanted = getenv("PORTCULLIS_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_in_is_read, setup,
						teardown),
	};
	int failed;

	seed = wanted ? strtoull(wanted, NULL, 10) : (uint64_t)time(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (failed)
		(void)printf("PORTCULLIS_SEED=%llu\n",
			     (unsigned long long)seed);
	return failed;
}
