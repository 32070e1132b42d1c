// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/powercut/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#define SECTOR_BYTES   512
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

/* State of the functions below, which have no other place for it. */
static struct {
	bool is_on;
	struct event events[EVENTS_MAX];
	size_t count;
	uint8_t *image; /* before the first event; NULL if there was no file */
	size_t image_len;
} record;

static struct {
	enum fault kind;
	unsigned int calls_until;
	bool is_for_meta;
	bool has_struck;
} fault;

static uint64_t random_state;

void disk_seed(uint64_t fallback)
{
	const char *given = getenv("SEED");
	uint64_t value = given ? strtoull(given, NULL, 10) : fallback;

	print_message("SEED=%llu\n", (unsigned long long)value);
	random_state = value * 0x9e3779b97f4a7c15u;
}

/* Marsaglia's xorshift64: the same everywhere for the same seed. */
uint32_t disk_draw(uint32_t below)
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

static void data_path(const struct scratch *s, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/data.mdb", s->path);
}

static void load_image(const struct scratch *s)
{
	char path[PATH_MAX];
	FILE *file;

	data_path(s, path);
	file = fopen(path, "re");
	record.image = malloc(IMAGE_MAX);
	assert_non_null(file);
	assert_non_null(record.image);
	record.image_len = fread(record.image, 1, IMAGE_MAX, file);
	assert_true(record.image_len > 0 && record.image_len < IMAGE_MAX);
	(void)fclose(file);
}

void disk_record(const struct scratch *s)
{
	assert_int_equal(record.count, 0);
	if (s)
		load_image(s);
	record.is_on = true;
}

void disk_acknowledge(void)
{
	note(EVENT_ACKNOWLEDGED);
}

void disk_record_stop(void)
{
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
	size_t acknowledged;
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
	uint32_t how = disk_draw(3);

	for (size_t at = 0; how > 0 && at < event->len; at += SECTOR_BYTES) {
		size_t end = at + SECTOR_BYTES;

		if (how == 1 || disk_draw(2))
			apply(disk->cut, &disk->cut_len, event, at,
			      end < event->len ? end : event->len);
	}
}

static void write_image(const struct scratch *s, const struct disk *disk)
{
	char path[PATH_MAX];
	FILE *file;

	data_path(s, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(disk->cut, 1, disk->cut_len, file),
			 disk->cut_len);
	(void)fclose(file);
}

/* The power is cut after event `i`. */
static void cut(struct scratch *s, struct disk *disk, size_t i,
		disk_check_fn *check)
{
	memcpy(disk->cut, disk->durable, disk->durable_len);
	disk->cut_len = disk->durable_len;
	for (size_t k = disk->first_pending; k <= i; k++) {
		const struct event *event = &record.events[k];

		if (event->kind == EVENT_WRITE && !event->is_durable)
			apply_some(disk, event);
	}
	store_close(s->store);
	s->store = NULL;
	write_image(s, disk);
	check(s, disk->acknowledged);
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
	free(record.image);
	record.image = NULL;
	record.image_len = 0;
}

static void disk_init(struct disk *disk)
{
	*disk = (struct disk){
		.durable = malloc(IMAGE_MAX),
		.cut = malloc(IMAGE_MAX),
		.has_name = record.image != NULL,
		.durable_len = record.image_len,
	};
	assert_non_null(disk->durable);
	assert_non_null(disk->cut);
	if (record.image)
		memcpy(disk->durable, record.image, record.image_len);
}

size_t disk_cut_everywhere(struct scratch *s, disk_check_fn *check)
{
	struct disk disk;
	size_t cuts = 0;

	disk_init(&disk);
	for (size_t i = 0; i < record.count; i++) {
		follow(&disk, i);
		for (int n = 0; disk.has_name && n < CUTS_PER_EVENT; n++) {
			cut(s, &disk, i, check);
			cuts++;
			if (!is_any_pending(&disk, i + 1))
				break; /* they are all the same */
		}
	}
	store_close(s->store);
	s->store = NULL;
	print_message("%zu events, %zu cuts\n", record.count, cuts);
	free(disk.durable);
	free(disk.cut);
	forget_record();
	return cuts;
}

void disk_arm(enum fault kind, unsigned int calls_until)
{
	fault.kind = kind;
	fault.calls_until = calls_until;
	fault.has_struck = false;
}

void disk_arm_for_meta(bool is_for_meta)
{
	fault.is_for_meta = is_for_meta;
}

bool disk_disarm(void)
{
	fault.kind = FAULT_NONE;
	return fault.has_struck;
}
