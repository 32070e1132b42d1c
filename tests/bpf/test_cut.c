// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/enforce/cut.h: live sockets with a peer end, and no others. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "daemon/enforce/cut.h"
#include "daemon/enforce/cutting.h"
#include "tests/support/enforce_bench.h"
#include "tests/support/held_sockets.h"

static struct enforce_bench bench;

/* Of all that wait, once. */
static void cut_what_waits(void)
{
	struct enforce_followed followed = {0};

	for (int i = 0; i < CUTTING_REST && followed.cuts == 0; i++)
		enforce_follow(bench.enforce, &followed);
	assert_int_not_equal(followed.cuts, 0);
	assert_int_equal(followed.cuts_failed, 0);
}

static void check_cut(const char *address, int type)
{
	int fd = far_talk(address, type);
	uint64_t before = info_of(&bench).cut;
	struct prefix peer = prefix_named(address);
	char text[PREFIX_TEXT_MAX];
	struct enforce_answer answer =
		act_against(&bench, prefix_to_text(&peer, text), ENFORCE_CUT);

	if (has_no_cut(&answer))
		skip();
	if (answer.later)
		cut_what_waits();
	else
		assert_int_equal(answer.done, ENFORCE_CUT);
	assert_true(info_of(&bench).cut > before);
	assert_true(is_cut(far_error(fd)));
	(void)close(fd);
}

static void sockets_of_every_kind_with_the_peer_are_cut(void **state)
{
	(void)state;
	check_cut(FAR, SOCK_STREAM);
	check_cut(FAR, SOCK_DGRAM);
	check_cut(FAR6, SOCK_STREAM);
	check_cut(FAR6, SOCK_DGRAM);
	check_cut("::ffff:" FAR, SOCK_STREAM);
	check_cut("::ffff:" FAR, SOCK_DGRAM);
}

/* Two connections of two ends, one of the four a socket of IPv6. */
static void all_that_have_a_peer_of_ipv4_are_found(void **state)
{
	int v4 = far_talk(FAR, SOCK_STREAM);
	int v6 = far_talk("::ffff:" FAR, SOCK_STREAM);
	struct prefix peer = prefix_named(FAR);
	struct cut_tally tally;
	int r = cut_peers(&peer, 1, &tally);

	(void)state;
	if (r == -EOPNOTSUPP)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(tally.found[0], 4);
	(void)close(v4);
	(void)close(v6);
}

static void sockets_with_others_stay(void **state)
{
	int to_friend = far_talk(FRIEND, SOCK_STREAM);
	int to_v6 = far_talk(FAR6, SOCK_STREAM);

	(void)state;
	assert_int_equal(act_against(&bench, FAR, ENFORCE_CUT).failed, 0);
	assert_int_equal(far_error(to_friend), 0);
	assert_int_equal(far_error(to_v6), 0);
	/* whoever listens has no peer */
	(void)close(far_talk(FAR, SOCK_STREAM));
	(void)close(to_friend);
	(void)close(to_v6);
}

static void a_whole_network_is_cut(void **state)
{
	int fd = far_talk(FRIEND, SOCK_STREAM);

	(void)state;
	assert_int_equal(
		act_against(&bench, "198.51.100.0/24", ENFORCE_CUT).done,
		ENFORCE_CUT);
	assert_true(is_cut(far_error(fd)));
	(void)close(fd);
}

static void loopback_is_not_cut(void **state)
{
	struct enforce_answer answer =
		act_against(&bench, "127.0.0.1", ENFORCE_CUT);

	(void)state;
	assert_int_equal(answer.failed, ENFORCE_CUT);
}

/* More than a call takes: it goes on. */
static void many_sockets_are_cut_by_and_by(void **state)
{
	struct enforce_followed followed;
	int fds[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = far_talk(FAR, SOCK_DGRAM);
	assert_int_equal(act_against(&bench, FAR, ENFORCE_CUT).done,
			 ENFORCE_CUT);
	assert_int_equal(info_of(&bench).cut, CUT_SOCKETS_MAX);
	assert_int_equal(info_of(&bench).unfinished, 1);
	for (int i = 0; i < 20 && info_of(&bench).unfinished; i++)
		enforce_follow(bench.enforce, &followed);
	assert_int_equal(info_of(&bench).cut, ARRAY_LEN(fds));
	assert_int_equal(info_of(&bench).unfinished, 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
}

/* Behind a walk the next one waits, and is for all that have come meanwhile. */
static void peers_that_come_together_share_a_walk(void **state)
{
	int to_far = far_talk(FAR, SOCK_STREAM);
	int to_friend = far_talk(FRIEND, SOCK_STREAM);
	int to_v6 = far_talk(FAR6, SOCK_STREAM);
	struct enforce_followed followed;

	(void)state;
	assert_int_equal(act_against(&bench, "192.0.2.250", ENFORCE_CUT).later,
			 0);
	assert_int_equal(act_against(&bench, FAR, ENFORCE_CUT).later,
			 ENFORCE_CUT);
	assert_int_equal(act_against(&bench, FRIEND, ENFORCE_CUT).later,
			 ENFORCE_CUT);
	assert_int_equal(act_against(&bench, FAR6, ENFORCE_CUT).later,
			 ENFORCE_CUT);
	enforce_follow(bench.enforce, &followed);
	assert_int_equal(followed.cuts, 0);
	assert_int_equal(far_error(to_far), 0);
	enforce_follow(bench.enforce, &followed);
	assert_int_equal(followed.cuts, 3);
	assert_true(is_cut(far_error(to_far)));
	assert_true(is_cut(far_error(to_friend)));
	assert_true(is_cut(far_error(to_v6)));
	(void)close(to_far);
	(void)close(to_friend);
	(void)close(to_v6);
}

/* As many as a walk takes and one more: none is forgotten, and none is cut that
 * was not asked for. */
static void more_peers_than_a_walk_takes_are_cut(void **state)
{
	int to_far = far_talk(FAR, SOCK_STREAM);
	int to_friend = far_talk(FRIEND, SOCK_STREAM);
	char text[32];

	(void)state;
	for (int i = 0; i < CUT_PEERS_MAX + 1; i++) {
		(void)snprintf(text, sizeof(text), "203.0.113.%d", i + 1);
		assert_int_equal(act_against(&bench, text, ENFORCE_CUT).failed,
				 0);
	}
	(void)act_against(&bench, FAR, ENFORCE_CUT);
	cut_what_waits();
	assert_true(is_cut(far_error(to_far)));
	assert_int_equal(far_error(to_friend), 0);
	(void)close(to_far);
	(void)close(to_friend);
}

/* Two calls are a walk. */
static size_t walk_on(void)
{
	struct enforce_followed followed;
	size_t cuts = 0;

	for (int i = 0; i < CUTTING_REST; i++) {
		enforce_follow(bench.enforce, &followed);
		cuts += followed.cuts;
	}
	return cuts;
}

/* The kernel tells of those of IPv4 first, and a walk ends before it comes to
 * the other. */
static void
who_has_many_sockets_does_not_keep_others_from_being_cut(void **state)
{
	int fds[3 * CUT_SOCKETS_MAX];
	int other;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = far_talk(FAR, SOCK_DGRAM);
	other = far_talk(FAR6, SOCK_DGRAM);
	(void)act_against(&bench, "192.0.2.250", ENFORCE_CUT);
	(void)act_against(&bench, FAR, ENFORCE_CUT);
	(void)act_against(&bench, FAR6, ENFORCE_CUT);
	assert_int_equal(walk_on(), 1);
	assert_int_equal(far_error(other), 0);
	assert_int_equal(walk_on(), 1);
	assert_true(is_cut(far_error(other)));
	assert_true(info_of(&bench).cut < ARRAY_LEN(fds));
	for (int i = 0; i < 10 && info_of(&bench).unfinished; i++)
		(void)walk_on();
	assert_int_equal(info_of(&bench).cut, ARRAY_LEN(fds) + 1);
	assert_int_equal(info_of(&bench).forgone, 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	(void)close(other);
}

static void walk_once(void *arg)
{
	struct enforce_followed *followed = arg;

	for (int i = 0; i < CUTTING_REST; i++) {
		struct enforce_followed more;

		enforce_follow(bench.enforce, &more);
		followed->cuts += more.cuts;
		followed->cuts_failed += more.cuts_failed;
	}
}

/* While sockets with FRIEND cannot be ended. */
static struct enforce_followed walk_held(void)
{
	struct enforce_followed followed = {0};

	if (!held_sockets_run(inet_addr(FRIEND), walk_once, &followed))
		skip();
	return followed;
}

static void order_both(void)
{
	(void)act_against(&bench, "192.0.2.250", ENFORCE_CUT);
	(void)act_against(&bench, FAR, ENFORCE_CUT);
	(void)act_against(&bench, FRIEND, ENFORCE_CUT);
}

static void a_socket_that_stays_is_a_failure_of_its_peer_alone(void **state)
{
	int to_far = far_talk(FAR, SOCK_STREAM);
	int to_friend = far_talk(FRIEND, SOCK_STREAM);
	struct enforce_followed followed;

	(void)state;
	order_both();
	followed = walk_held();
	assert_int_equal(followed.cuts, 1);
	assert_int_equal(followed.cuts_failed, 1);
	assert_true(is_cut(far_error(to_far)));
	assert_int_equal(far_error(to_friend), 0);
	(void)close(to_far);
	(void)close(to_friend);
}

static void what_has_failed_is_tried_once_more(void **state)
{
	int fd = far_talk(FRIEND, SOCK_STREAM);

	(void)state;
	order_both();
	assert_int_equal(walk_held().cuts_failed, 1);
	(void)walk_on();
	assert_true(is_cut(far_error(fd)));
	assert_int_equal(info_of(&bench).unfinished, 0);
	(void)close(fd);
}

static void what_fails_again_is_given_up_and_counted_once(void **state)
{
	int fd = far_talk(FRIEND, SOCK_STREAM);

	(void)state;
	order_both();
	assert_int_equal(walk_held().cuts_failed, 1);
	assert_int_equal(walk_held().cuts_failed, 0);
	assert_int_equal(far_error(fd), 0);
	assert_int_equal(info_of(&bench).failed, 1);
	assert_int_equal(info_of(&bench).unfinished, 0);
	(void)close(fd);
}

static int setup(void **state)
{
	(void)state;
	enforce_bench_setup(&bench);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	enforce_bench_teardown(&bench);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	enforce_bench_begin(&bench);
	return 0;
}

static int end(void **state)
{
	(void)state;
	enforce_bench_end(&bench);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sockets_of_every_kind_with_the_peer_are_cut),
		TEST(all_that_have_a_peer_of_ipv4_are_found),
		TEST(sockets_with_others_stay),
		TEST(a_whole_network_is_cut),
		TEST(loopback_is_not_cut),
		TEST(many_sockets_are_cut_by_and_by),
		TEST(peers_that_come_together_share_a_walk),
		TEST(more_peers_than_a_walk_takes_are_cut),
		TEST(who_has_many_sockets_does_not_keep_others_from_being_cut),
		TEST(a_socket_that_stays_is_a_failure_of_its_peer_alone),
		TEST(what_has_failed_is_tried_once_more),
		TEST(what_fails_again_is_given_up_and_counted_once),
	};

	(void)libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("cut", tests, begin, end);
}
