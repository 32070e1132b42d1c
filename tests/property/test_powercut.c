// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rules 1 and 2 of rules/store.h say, also when the power goes.
 *
 * This program's own pwrite(), writev(), fdatasync(), fsync() and rename() are
 * found before those of the C library, by LMDB as well, and note what happens
 * to data.mdb. From the notes the file is rebuilt as it could be after a cut
 * at any moment: what was synced is there, of what was not any part may be,
 * down to sectors of 512 bytes. Each such file is opened: it has to hold what
 * was acknowledged, or that and the one commit that was under way.
 *
 * The same functions can fail, for a disk that is full or broken.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define MAP_BYTES      (4u << 20)
#define SECTOR_BYTES   512
#define COMMITS	       16
#define CUTS_PER_EVENT 3
#define EVENTS_MAX     4096
#define IMAGE_MAX      (4u << 20)

enum event_kind {
	EVENT_WRITE,
	EVENT_SYNC,
	EVENT_RENAME,
	EVENT_ACKNOWLEDGED,
};

struct event {
	enum event_kind kind;
	bool is_durable; /* a write through O_DSYNC */
	size_t offset;
	size_t len;
	uint8_t *bytes;
};

enum fault {
	FAULT_NONE,
	FAULT_FULL, /* -1, ENOSPC */
	FAULT_BROKEN, /* -1, EIO */
	FAULT_SHORT, /* half of it is written */
	FAULT_COUNT,
};

/* State of the functions below, which have no other place for it. */
static struct {
	bool is_on;
	struct event events[EVENTS_MAX];
	size_t count;
} record;

static struct {
	enum fault kind;
	unsigned int calls_until;
	bool is_for_meta; /* only the last write of a commit, of its meta page */
	bool has_struck;
} fault;

static uint64_t random_state;

/* Marsaglia's xorshift64: the same everywhere for the same seed. */
static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static bool is_data(int fd)
{
	static const char name[] = "/data.mdb";
	char entry[32], target[PATH_MAX];
	ssize_t len;

	(void)snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
	len = readlink(entry, target, sizeof(target));
	return len >= (ssize_t)sizeof(name) - 1 &&
	       memcmp(target + len - (sizeof(name) - 1), name,
		      sizeof(name) - 1) == 0;
}

static struct event *note(enum event_kind kind)
{
	struct event *event = &record.events[record.count++];

	if (record.count >= EVENTS_MAX)
		abort();
	*event = (struct event){.kind = kind};
	return event;
}

static void note_write(int fd, const void *bytes, size_t len, off_t offset)
{
	struct event *event;

	if (!record.is_on || !is_data(fd))
		return;
	event = note(EVENT_WRITE);
	event->is_durable = fcntl(fd, F_GETFL) & O_DSYNC;
	event->offset = (size_t)offset;
	event->len = len;
	event->bytes = malloc(len);
	if (!event->bytes)
		abort();
	memcpy(event->bytes, bytes, len);
}

/* Is this the call that has to fail? Sets errno then. */
static bool strikes(int fd)
{
	if (fault.kind == FAULT_NONE || fault.has_struck || !is_data(fd))
		return false;
	if (fault.is_for_meta && !(fcntl(fd, F_GETFL) & O_DSYNC))
		return false;
	if (fault.calls_until-- > 0)
		return false;

	fault.has_struck = true;
	errno = fault.kind == FAULT_FULL ? ENOSPC : EIO;
	return true;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the names
 * that the C library's headers have are reserved */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	ssize_t done;

	if (strikes(fd)) {
		if (fault.kind != FAULT_SHORT)
			return -1;
		len /= 2;
	}
	done = syscall(SYS_pwrite64, fd, bytes, len, offset);
	if (done > 0)
		note_write(fd, bytes, (size_t)done, offset);
	return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t done;

	if (strikes(fd)) {
		if (fault.kind != FAULT_SHORT)
			return -1;
		count = (count + 1) / 2;
	}
	done = syscall(SYS_writev, fd, parts, count);
	for (int i = 0; done > 0 && i < count; i++) {
		note_write(fd, parts[i].iov_base, parts[i].iov_len, offset);
		offset += (off_t)parts[i].iov_len;
	}
	return done;
}

static int sync_data(long call, int fd)
{
	if (strikes(fd))
		return -1;
	if (record.is_on && is_data(fd))
		note(EVENT_SYNC);
	return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
	return sync_data(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return sync_data(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	if (record.is_on)
		note(EVENT_RENAME);
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static struct change draw_change(void)
{
	char reason[REASON_MAX];
	static char kept[16][REASON_MAX];
	unsigned int n = draw(16);
	struct change change;

	memset(reason, 'a' + (int)n, sizeof(reason));
	reason[1 + draw(REASON_MAX - 2)] = '\0';
	memcpy(kept[n], reason, sizeof(reason));
	change = scratch_put(SET_ID_BLOCK, "10.0.0.0/8", kept[n]);
	change.member.prefix = prefix_of_v4(draw(400) << 16, 16 + draw(17));
	if (draw(3) == 0)
		change.kind = CHANGE_MEMBER_DEL;
	return change;
}

static int commit_some(struct scratch *s)
{
	struct change changes[12];
	size_t count = 1 + draw(ARRAY_LEN(changes));

	for (size_t i = 0; i < count; i++)
		changes[i] = draw_change();
	return scratch_commit(s, changes, count);
}

/* All that the store holds, and how far its journal is. */
static char *describe(struct store *store)
{
	struct store_usage usage;
	char *text = scratch_text(store), *all = NULL;

	assert_int_equal(store_usage(store, &usage), 0);
	assert_true(asprintf(&all, "%u %s", (unsigned int)usage.journal_seq,
			     text) > 0);
	free(text);
	return all;
}

/* The store after each acknowledged commit; 0 is after its creation. */
static char *described[COMMITS + 1];

static void run_recorded(struct scratch *s)
{
	record.is_on = true;
	scratch_init(s, MAP_BYTES);
	note(EVENT_ACKNOWLEDGED);
	described[0] = describe(s->store);
	for (size_t i = 1; i <= COMMITS; i++) {
		assert_int_equal(commit_some(s), 0);
		note(EVENT_ACKNOWLEDGED);
		described[i] = describe(s->store);
	}
	record.is_on = false;
}

/* A disk, as far as the notes have been followed. */
struct disk {
	uint8_t *durable;
	size_t durable_len;
	uint8_t *cut; /* durable, and some of what is not */
	size_t cut_len;
	size_t first_pending; /* event after the last sync */
	bool has_name;
	size_t acknowledged; /* index of described[] */
	size_t acknowledged_count;
};

static void apply(uint8_t *image, size_t *len, const struct event *event,
		  size_t from, size_t to)
{
	assert_true(event->offset + event->len <= IMAGE_MAX);
	if (*len < event->offset + to) {
		memset(image + *len, 0, event->offset + to - *len);
		*len = event->offset + to;
	}
	memcpy(image + event->offset + from, event->bytes + from, to - from);
}

/* None of it, all, or any of its sectors. */
static void apply_some(struct disk *disk, const struct event *event)
{
	uint32_t how = draw(3);

	for (size_t at = 0; how > 0 && at < event->len; at += SECTOR_BYTES) {
		size_t end = at + SECTOR_BYTES;

		if (how == 1 || draw(2))
			apply(disk->cut, &disk->cut_len, event, at,
			      end < event->len ? end : event->len);
	}
}

static void write_image(const struct scratch *s, const struct disk *disk)
{
	char path[PATH_MAX];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(disk->cut, 1, disk->cut_len, file),
			 disk->cut_len);
	(void)fclose(file);
}

static void check_cut(struct scratch *s, const struct disk *disk)
{
	char *held;

	write_image(s, disk);
	scratch_reopen(s, MAP_BYTES);
	held = describe(s->store);
	if (strcmp(held, described[disk->acknowledged]) != 0) {
		assert_true(disk->acknowledged < COMMITS);
		assert_string_equal(held, described[disk->acknowledged + 1]);
	}
	free(held);
	store_close(s->store);
	s->store = NULL;
}

/* The power is cut after event `i`. */
static void cut(struct scratch *s, struct disk *disk, size_t i)
{
	memcpy(disk->cut, disk->durable, disk->durable_len);
	disk->cut_len = disk->durable_len;
	for (size_t k = disk->first_pending; k <= i; k++) {
		const struct event *event = &record.events[k];

		if (event->kind == EVENT_WRITE && !event->is_durable)
			apply_some(disk, event);
	}
	check_cut(s, disk);
}

static void sync_pending(struct disk *disk, size_t i)
{
	for (size_t k = disk->first_pending; k < i; k++) {
		const struct event *event = &record.events[k];

		if (event->kind == EVENT_WRITE && !event->is_durable)
			apply(disk->durable, &disk->durable_len, event, 0,
			      event->len);
	}
	disk->first_pending = i + 1;
}

static bool is_any_pending(const struct disk *disk, size_t i)
{
	for (size_t k = disk->first_pending; k < i; k++) {
		if (record.events[k].kind == EVENT_WRITE &&
		    !record.events[k].is_durable)
			return true;
	}
	return false;
}

static void follow(struct disk *disk, size_t i)
{
	const struct event *event = &record.events[i];

	switch (event->kind) {
	case EVENT_WRITE:
		if (!event->is_durable)
			return;
		/* the meta page: one sector, so there or not */
		assert_int_equal(event->offset / SECTOR_BYTES,
				 (event->offset + event->len - 1) /
					 SECTOR_BYTES);
		apply(disk->durable, &disk->durable_len, event, 0, event->len);
		return;
	case EVENT_SYNC:
		sync_pending(disk, i);
		return;
	case EVENT_RENAME:
		/* under its name it has to be whole at once */
		assert_false(is_any_pending(disk, i));
		disk->has_name = true;
		return;
	case EVENT_ACKNOWLEDGED:
		disk->acknowledged = disk->acknowledged_count++;
		return;
	}
}

static void forget_record(void)
{
	for (size_t i = 0; i < record.count; i++)
		free(record.events[i].bytes);
	record.count = 0;
	for (size_t i = 0; i <= COMMITS; i++) {
		free(described[i]);
		described[i] = NULL;
	}
}

static void seed(uint64_t fallback)
{
	const char *given = getenv("SEED");
	uint64_t value = given ? strtoull(given, NULL, 10) : fallback;

	print_message("SEED=%llu\n", (unsigned long long)value);
	random_state = value * 0x9e3779b97f4a7c15u;
}

static void a_power_cut_at_any_moment_loses_nothing_acknowledged(void **state)
{
	struct disk disk = {.durable = malloc(IMAGE_MAX),
			    .cut = malloc(IMAGE_MAX)};
	struct scratch s;
	size_t cuts = 0;

	(void)state;
	assert_non_null(disk.durable);
	assert_non_null(disk.cut);
	seed(1);
	run_recorded(&s);
	store_close(s.store);
	s.store = NULL;
	for (size_t i = 0; i < record.count; i++) {
		follow(&disk, i);
		for (int n = 0; disk.has_name && n < CUTS_PER_EVENT; n++) {
			cut(&s, &disk, i);
			cuts++;
			if (!is_any_pending(&disk, i + 1))
				break; /* they are all the same */
		}
	}
	assert_int_equal(disk.acknowledged, COMMITS);
	assert_true(cuts > 5ul * COMMITS);
	print_message("%zu events, %zu cuts\n", record.count, cuts);
	scratch_done(&s);
	forget_record();
	free(disk.durable);
	free(disk.cut);
}

/* A new store with something in it. */
static void init_with_commits(struct scratch *s)
{
	scratch_init(s, MAP_BYTES);
	for (int i = 0; i < 10; i++)
		assert_int_equal(commit_some(s), 0);
}

static void arm(enum fault kind, unsigned int calls_until)
{
	fault.kind = kind;
	fault.calls_until = calls_until;
	fault.has_struck = false;
}

/* False once there are fewer than `calls_until` calls to fail. */
static bool commit_with_fault(struct scratch *s, enum fault kind,
			      unsigned int calls_until)
{
	char *before = describe(s->store), *after;
	int r;

	arm(kind, calls_until);
	r = commit_some(s);
	fault.kind = FAULT_NONE;
	if (!fault.has_struck) {
		assert_int_equal(r, 0);
		free(before);
		return false;
	}
	assert_int_equal(r, kind == FAULT_FULL ? -ENOSPC : -EIO);
	after = describe(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);

	assert_int_equal(commit_some(s), 0);
	before = describe(s->store);
	scratch_reopen(s, MAP_BYTES);
	after = describe(s->store);
	assert_string_equal(before, after);
	free(before);
	free(after);
	return true;
}

static void
a_disk_that_fails_at_any_call_refuses_and_is_used_again(void **state)
{
	struct scratch s;

	(void)state;
	seed(2);
	init_with_commits(&s);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		unsigned int calls = 0;

		while (commit_with_fault(&s, kind, calls))
			calls++;
		assert_true(calls >= 3); /* pages, sync, meta */
	}
	scratch_done(&s);
}

static void a_meta_page_that_cannot_be_written_is_survived(void **state)
{
	struct scratch s;

	(void)state;
	seed(3);
	init_with_commits(&s);
	fault.is_for_meta = true;
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		assert_true(commit_with_fault(&s, kind, 0));
		assert_false(commit_with_fault(&s, kind, 1));
	}
	fault.is_for_meta = false;
	scratch_done(&s);
}

/* Take data.mdb away, and have it made anew. */
static bool create_with_fault(struct scratch *s, enum fault kind,
			      unsigned int calls_until)
{
	char path[PATH_MAX];
	int r;

	store_close(s->store);
	s->store = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->path);
	assert_int_equal(unlink(path), 0);

	arm(kind, calls_until);
	r = store_open(s->path, MAP_BYTES, &s->store);
	fault.kind = FAULT_NONE;
	if (!fault.has_struck) {
		assert_int_equal(r, 0);
		return false;
	}
	assert_true(r < 0);
	assert_null(s->store);
	assert_int_equal(access(path, F_OK), -1);
	scratch_reopen(s, MAP_BYTES);
	return true;
}

static void a_disk_that_fails_during_creation_leaves_nothing(void **state)
{
	struct scratch s;

	(void)state;
	scratch_init(&s, MAP_BYTES);
	for (enum fault kind = FAULT_FULL; kind < FAULT_COUNT; kind++) {
		unsigned int calls = 0;

		while (create_with_fault(&s, kind, calls))
			calls++;
		assert_true(calls >= 4);
	}
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_power_cut_at_any_moment_loses_nothing_acknowledged),
		cmocka_unit_test(
			a_disk_that_fails_at_any_call_refuses_and_is_used_again),
		cmocka_unit_test(
			a_meta_page_that_cannot_be_written_is_survived),
		cmocka_unit_test(
			a_disk_that_fails_during_creation_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
