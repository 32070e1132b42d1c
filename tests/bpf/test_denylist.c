// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon/enforce/denylist.h: what may not run does not, on a file system of
 * the test's own. Programs are copies of this one, which end with RAN when
 * they are told to by RUN.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/enforce/denylist.h"
#include "tests/support/sandbox.h"
#include "xdp/denied.h"

#define PLACE	   "/mnt"
#define LOADER	   "/lib64/ld-linux-x86-64.so.2"
#define RUN	   "FW_TEST_DENYLIST_RUN"
#define EMULATED   "PORTCULLIS_EMULATED"
#define PAGE	   4096
#define RAN	   42
#define SKIP	   77
#define PATIENT	   20000000000ull
#define SETTLE_US  1100000
#define LONG_BYTES (64 << 20)

static struct denylist *denylist;

static void copy_to(const char *path, char last)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	struct stat file;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fstat(in, &file), 0);
	assert_int_equal(sendfile(out, in, NULL, (size_t)file.st_size),
			 file.st_size);
	assert_int_equal(write(out, &last, 1), 1); /* what nobody reads */
	assert_int_equal(close(out), 0);
	(void)close(in);
}

/* Exit status, or the error of execution as a negative number. */
static int run(const char *path, const char *argument)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		(void)setenv(RUN, "1", 1);
		(void)execl(path, path, argument, NULL);
		_exit(errno + 128);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) > 128 ? 128 - WEXITSTATUS(status)
					 : WEXITSTATUS(status);
}

static struct file_digest digest_of(const char *path)
{
	static const atomic_bool never;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct file_digest digest;

	assert_true(fd >= 0);
	assert_int_equal(
		file_digest_read(fd, DENYLIST_BYTES_MAX, &never, &digest), 0);
	(void)close(fd);
	return digest;
}

static void deny(const char *path)
{
	struct file_digest digests[] = {{{1}}, digest_of(path), {{255}}};

	assert_int_equal(denylist_set(denylist, digests, ARRAY_LEN(digests)),
			 0);
}

static struct denylist_info info(void)
{
	return denylist_info(denylist);
}

static void what_is_not_listed_runs(void **state)
{
	(void)state;
	assert_int_equal(run(PLACE "/good", NULL), RAN);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/good", NULL), RAN);
	assert_int_equal(info().denied, 0);
	assert_int_equal(info().read, 1);
	assert_int_equal(info().unread + info().late, 0);
}

static void what_is_listed_does_not_run(void **state)
{
	(void)state;
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(info().denied, 1);
}

static void another_name_or_copy_does_not_run_either(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	copy_to(PLACE "/copy", 'b');
	assert_int_equal(link(PLACE "/bad", PLACE "/link"), 0);
	assert_int_equal(symlink("bad", PLACE "/symlink"), 0);
	assert_int_equal(run(PLACE "/copy", NULL), -EPERM);
	assert_int_equal(run(PLACE "/link", NULL), -EPERM);
	assert_int_equal(run(PLACE "/symlink", NULL), -EPERM);
	assert_int_equal(rename(PLACE "/copy", PLACE "/other"), 0);
	assert_int_equal(run(PLACE "/other", NULL), -EPERM);
}

/* The mount is another one, the file system is the same. */
static void another_mount_does_not_help(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	assert_int_equal(mkdir("/mnt/again", 0755), 0);
	assert_int_equal(mount(PLACE, "/mnt/again", NULL, MS_BIND, NULL), 0);
	assert_int_equal(run("/mnt/again/bad", NULL), -EPERM);
	/* a digest of it may still be under way */
	assert_int_equal(umount2("/mnt/again", MNT_DETACH), 0);
}

/* The loader opens it like any file: the kernel asks once it is known. */
static void a_loader_runs_it_only_before_it_was_denied(void **state)
{
	(void)state;
	if (access(LOADER, X_OK) < 0)
		skip();
	deny(PLACE "/bad");
	assert_int_equal(run(LOADER, PLACE "/bad"), RAN);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_not_equal(run(LOADER, PLACE "/bad"), RAN);
	assert_int_equal(open(PLACE "/bad", O_RDONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(info().unmarked, 0);
	assert_int_equal(run(LOADER, PLACE "/good"), RAN);
}

static void a_list_that_changes_holds_at_once(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(denylist_set(denylist, NULL, 0), 0);
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
}

static void a_file_that_changes_is_read_again(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/good", NULL), RAN);
	copy_to(PLACE "/good", 'b'); /* within the same second */
	assert_int_equal(run(PLACE "/good", NULL), -EPERM);
}

static void a_file_that_does_not_is_read_once(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	(void)usleep(SETTLE_US);
	for (int i = 0; i < 5; i++)
		assert_int_equal(run(PLACE "/good", NULL), RAN);
	assert_int_equal(info().asked, 5);
	assert_int_equal(info().read, 1);
}

static void restart(uint64_t answer_ns, uint64_t bytes_max)
{
	static const char *const place = PLACE;
	const struct denylist_config config = {
		.places = &place,
		.place_count = 1,
		.answer_ns = answer_ns,
		.bytes_max = bytes_max,
	};
	char note[DENYLIST_NOTE_MAX];
	int r;

	denylist_stop(TAKE(denylist));
	r = denylist_start(&config, &denylist, note);
	if (r == -EPERM) {
		(void)printf("skipped: %s\n", note);
		exit(SKIP);
	}
	if (r < 0)
		fail_msg("%s", note);
}

static void what_is_too_long_runs_and_is_counted(void **state)
{
	(void)state;
	restart(PATIENT, 1000);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	assert_int_equal(info().unread, 1);
	assert_int_equal(info().denied, 0);
}

/* And it is known another time. It is so long that to read it takes longer
 * than the moment in which the one who waits is not looking. */
static void nobody_waits_longer_than_agreed(void **state)
{
	(void)state;
	restart(1, 0);
	assert_int_equal(truncate(PLACE "/bad", LONG_BYTES), 0);
	deny(PLACE "/bad");
	(void)usleep(SETTLE_US);
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	assert_int_equal(info().late, 1);
	for (int i = 0; i < 1000 && run(PLACE "/bad", NULL) == RAN; i++)
		(void)usleep(20000);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
}

static void what_was_denied_is_told(void **state)
{
	struct file_digest digest = digest_of(PLACE "/bad");
	struct denylist_denial denial;

	(void)state;
	deny(PLACE "/bad");
	assert_false(denylist_next(denylist, &denial));
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_true(denylist_next(denylist, &denial));
	assert_string_equal(denial.path, PLACE "/bad");
	assert_memory_equal(&denial.digest, &digest, sizeof(digest));
	assert_true(denial.pid > 1);
	assert_int_equal(denial.who.uid, getuid());
	assert_true(denial.who.parent > 0);
	assert_true(strlen(denial.who.name) > 0);
	assert_false(denylist_next(denylist, &denial));
	for (int i = 0; i < 70; i++)
		assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(info().untold, 6);
}

/* Of all threads but this one. */
static unsigned long capabilities_of_others(size_t *ret_count)
{
	DIR *threads = opendir("/proc/self/task");
	unsigned long all = 0;
	const struct dirent *entry;

	assert_non_null(threads);
	while ((entry = readdir(threads))) {
		char path[300], line[256];
		FILE *status;

		if (entry->d_name[0] == '.' ||
		    strtol(entry->d_name, NULL, 10) == getpid())
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			       entry->d_name);
		status = fopen(path, "re");
		assert_non_null(status);
		while (fgets(line, sizeof(line), status))
			if (strncmp(line, "CapPrm:", 7) == 0)
				all |= strtoul(line + 7, NULL, 16);
		(void)fclose(status);
		++*ret_count;
	}
	(void)closedir(threads);
	return all;
}

static void its_threads_may_do_no_more_than_they_must(void **state)
{
	size_t count = 0;

	(void)state;
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM); /* both work */
	assert_int_equal(capabilities_of_others(&count),
			 1ul << CAP_DAC_READ_SEARCH);
	assert_int_equal(count, 2);
}

static void without_it_all_runs(void **state)
{
	(void)state;
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	denylist_stop(TAKE(denylist));
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
}

/* ---- the kernel by itself ---- */

/* The guests of tests/vm have kernels that can. */
static void need_lsm(void)
{
	if (info().is_lsm)
		return;
	if (getenv(EMULATED))
		fail_msg("%s", info().lsm_note);
	print_message("skipped: %s\n", info().lsm_note);
	skip();
}

/* From now on nobody is asked any more. */
static void forget_marks(void)
{
	DIR *open_files = opendir("/proc/self/fd");
	const struct dirent *entry;
	int count = 0;

	assert_non_null(open_files);
	while ((entry = readdir(open_files))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		char link[300], target[64];
		ssize_t len;

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%s",
			       entry->d_name);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (strcmp(target, "anon_inode:[fanotify]") != 0)
			continue;
		count++;
		assert_int_equal(
			fanotify_mark(fd, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM,
				      0, AT_FDCWD, NULL),
			0);
		assert_int_equal(
			fanotify_mark(fd, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL),
			0);
	}
	(void)closedir(open_files);
	assert_int_equal(count, 1);
}

/* The bad one was run, so its digest is known; fanotify is out of the way. */
static void leave_it_to_the_kernel(void)
{
	need_lsm();
	(void)usleep(SETTLE_US);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(info().lsm_denied, 0);
	forget_marks();
}

static void the_kernel_denies_by_itself(void **state)
{
	(void)state;
	leave_it_to_the_kernel();
	assert_int_equal(info().lsm_digests, 3);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(info().lsm_denied, 1);
	assert_int_equal(run(PLACE "/good", NULL), RAN);
	assert_int_equal(info().asked, 1);
}

static void no_loader_gets_around_the_kernel(void **state)
{
	(void)state;
	if (access(LOADER, X_OK) < 0)
		skip();
	leave_it_to_the_kernel();
	assert_int_not_equal(run(LOADER, PLACE "/bad"), RAN);
	assert_int_equal(info().lsm_denied, 1);
	assert_int_equal(run(LOADER, PLACE "/good"), RAN);
}

/* Data of it are nobody's business, and memory without a file is none. */
static void the_kernel_denies_no_other_mapping(void **state)
{
	int fd;
	void *page;

	(void)state;
	leave_it_to_the_kernel();
	fd = open(PLACE "/bad", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_ptr_equal(
		mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0),
		MAP_FAILED);
	assert_int_equal(errno, EPERM);
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	(void)munmap(page, PAGE);
	page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	(void)munmap(page, PAGE);
	(void)close(fd);
}

static void the_kernel_denies_not_what_was_rewritten(void **state)
{
	(void)state;
	leave_it_to_the_kernel();
	copy_to(PLACE "/bad", 'c'); /* of the same length */
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	assert_int_equal(run(LOADER, PLACE "/bad"), RAN);
	assert_int_equal(info().lsm_denied, 0);
}

static void the_kernel_follows_the_list(void **state)
{
	(void)state;
	leave_it_to_the_kernel();
	assert_int_equal(denylist_set(denylist, NULL, 0), 0);
	assert_int_equal(info().lsm_digests, 0);
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
}

static void the_kernel_denies_what_ran_before_it_was_listed(void **state)
{
	(void)state;
	need_lsm();
	(void)usleep(SETTLE_US);
	deny(PLACE "/bad");
	assert_int_equal(run(PLACE "/good", NULL), RAN);
	forget_marks();
	deny(PLACE "/good");
	assert_int_equal(run(PLACE "/good", NULL), -EPERM);
}

/* It is read all the same, and nobody asks about it any more. */
static void the_kernel_denies_what_was_read_too_late(void **state)
{
	(void)state;
	need_lsm();
	restart(1, 0);
	assert_int_equal(truncate(PLACE "/bad", LONG_BYTES), 0);
	deny(PLACE "/bad");
	(void)usleep(SETTLE_US);
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	assert_int_equal(info().late, 1);
	forget_marks();
	for (int i = 0; i < 1000 && run(PLACE "/bad", NULL) == RAN; i++)
		(void)usleep(20000);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	assert_int_equal(info().asked, 1);
}

/* The last ones of a list that is too long are fanotify's alone. */
static void the_kernel_has_no_more_than_it_may(void **state)
{
	struct file_digest *digests =
		calloc(FW_DENIED_MAX + 1, sizeof(*digests));

	(void)state;
	assert_non_null(digests);
	if (!info().is_lsm)
		free(digests);
	need_lsm();
	for (uint32_t i = 0; i < FW_DENIED_MAX; i++)
		memcpy(digests[i].bytes + 4, &i, sizeof(i)); /* before it */
	digests[FW_DENIED_MAX] = digest_of(PLACE "/bad");
	assert_int_equal(denylist_set(denylist, digests, FW_DENIED_MAX + 1), 0);
	assert_int_equal(info().lsm_digests, FW_DENIED_MAX);
	(void)usleep(SETTLE_US);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	forget_marks();
	assert_int_equal(run(PLACE "/bad", NULL), RAN);
	assert_int_equal(denylist_set(denylist, digests + 1, FW_DENIED_MAX), 0);
	assert_int_equal(info().lsm_digests, FW_DENIED_MAX);
	assert_int_equal(run(PLACE "/bad", NULL), -EPERM);
	free(digests);
}

static void a_place_that_is_not_there_is_named(void **state)
{
	static const char *const place = PLACE "/none";
	const struct denylist_config config = {
		.places = &place,
		.place_count = 1,
	};
	char note[DENYLIST_NOTE_MAX];
	struct denylist *none;

	(void)state;
	assert_int_equal(denylist_start(&config, &none, note), -ENOENT);
	assert_non_null(strstr(note, place));
}

static int setup(void **state)
{
	(void)state;
	if (mount("tmpfs", PLACE, "tmpfs", 0, "mode=755") < 0)
		return -1;
	copy_to(PLACE "/good", 'g');
	copy_to(PLACE "/bad", 'b');
	restart(PATIENT, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	denylist_stop(TAKE(denylist));
	return umount(PLACE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_listed_runs),
		TEST(what_is_listed_does_not_run),
		TEST(another_name_or_copy_does_not_run_either),
		TEST(another_mount_does_not_help),
		TEST(a_loader_runs_it_only_before_it_was_denied),
		TEST(a_list_that_changes_holds_at_once),
		TEST(a_file_that_changes_is_read_again),
		TEST(a_file_that_does_not_is_read_once),
		TEST(what_is_too_long_runs_and_is_counted),
		TEST(nobody_waits_longer_than_agreed),
		TEST(what_was_denied_is_told),
		TEST(its_threads_may_do_no_more_than_they_must),
		TEST(without_it_all_runs),
		TEST(the_kernel_denies_by_itself),
		TEST(no_loader_gets_around_the_kernel),
		TEST(the_kernel_denies_no_other_mapping),
		TEST(the_kernel_denies_not_what_was_rewritten),
		TEST(the_kernel_follows_the_list),
		TEST(the_kernel_denies_what_ran_before_it_was_listed),
		TEST(the_kernel_denies_what_was_read_too_late),
		TEST(the_kernel_has_no_more_than_it_may),
		TEST(a_place_that_is_not_there_is_named),
	};

	if (getenv(RUN))
		return RAN;
	sandbox_enter();
	(void)mkdir(PLACE, 0755);
	return cmocka_run_group_tests_name("denylist", tests, NULL, NULL);
}
