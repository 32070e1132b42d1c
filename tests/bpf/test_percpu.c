// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums over all CPUs: read in batches, and one by one where there are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "daemon/packet/percpu.h"
#include "rules/base.h"

#define ENTRIES 1300u /* two batches and a half */

struct stand {
	int fd;
	int cpus;
};

static int setup(void **state)
{
	static struct stand stand;
	struct fw_count *values;

	stand.cpus = libbpf_num_possible_cpus();
	assert_true(stand.cpus > 0);
	stand.fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "trial", 4,
				  sizeof(*values), ENTRIES, NULL);
	if (stand.fd < 0) {
		(void)printf("skipped: this test makes maps (as root)\n");
		exit(77);
	}
	values = calloc((size_t)stand.cpus, sizeof(*values));
	assert_non_null(values);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		for (int cpu = 0; cpu < stand.cpus; cpu++)
			values[cpu] = (struct fw_count){
				.packets = i,
				.bytes = (uint64_t)i * 100 + (uint32_t)cpu,
			};
		assert_int_equal(bpf_map_update_elem(stand.fd, &i, values, 0),
				 0);
	}
	free(values);
	*state = &stand;
	return 0;
}

static int teardown(void **state)
{
	struct stand *stand = *state;

	closep(&stand->fd);
	return 0;
}

/* Are the sums of the first `count` right, and is nothing behind written? */
static bool are_right(const struct stand *stand, uint32_t count)
{
	static struct fw_count sums[ENTRIES + 1];
	uint64_t cpus = (uint64_t)stand->cpus;
	bool is_right = true;

	sums[count] = (struct fw_count){.packets = 77, .bytes = 88};
	if (percpu_counts(stand->fd, stand->cpus, sums, count) != 0)
		return false;
	for (uint32_t i = 0; i < count; i++)
		is_right =
			is_right && sums[i].packets == cpus * i &&
			sums[i].bytes == cpus * i * 100 + cpus * (cpus - 1) / 2;
	return is_right && sums[count].packets == 77 && sums[count].bytes == 88;
}

static void sums_are_right_wherever_a_batch_ends(void **state)
{
	static const uint32_t counts[] = {0,   1,    2,	   511,	 512,
					  513, 1023, 1024, 1025, ENTRIES};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_true(are_right(*state, counts[i]));
}

static void what_the_map_does_not_have_is_an_error(void **state)
{
	static struct fw_count sums[ENTRIES + 1];
	const struct stand *stand = *state;

	assert_int_equal(
		percpu_counts(stand->fd, stand->cpus, sums, ENTRIES + 1),
		-ENOENT);
	assert_int_equal(percpu_counts(-1, stand->cpus, sums, 1), -EBADF);
}

/* In a process that may not make this command of bpf(2). */
static bool are_right_without(const struct stand *stand, uint32_t command)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
			_exit(2);
		_exit(are_right(stand, ENTRIES) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void many_are_read_by_a_call(void **state)
{
	assert_true(are_right_without(*state, BPF_MAP_LOOKUP_ELEM));
}

static void a_kernel_without_batches_is_read_one_by_one(void **state)
{
	assert_true(are_right_without(*state, BPF_MAP_LOOKUP_BATCH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_right_wherever_a_batch_ends),
		cmocka_unit_test(what_the_map_does_not_have_is_an_error),
		cmocka_unit_test(many_are_read_by_a_call),
		cmocka_unit_test(a_kernel_without_batches_is_read_one_by_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
