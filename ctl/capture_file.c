// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "rules/base.h"
#include "rules/pcapng.h"
#include "rules/rule.h"

#define COMMENT_MAX 512

struct capture_file {
	FILE *out;
	struct pcapng pcapng;
	int64_t ifindexes[PCAPNG_INTERFACES_MAX]; /* by number in the file */
	uint8_t frame[CAPTURE_FRAME_MAX];
};

int capture_file_open(const char *path, struct capture_file **ret_file)
{
	struct capture_file *file = calloc(1, sizeof(*file));
	int fd;

	if (!file)
		return -ENOMEM;
	if (strcmp(path, "-") == 0) {
		file->out = stdout;
		*ret_file = file;
		return 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		file->out = fdopen(fd, "w");
	if (!file->out) {
		int r = -errno;

		closep(&fd);
		free(file);
		return r;
	}
	*ret_file = file;
	return 0;
}

static int flush(struct capture_file *file, int r)
{
	if (r == 0 && fflush(file->out) != 0)
		return -errno;
	return r;
}

bool capture_file_is_stdout(const struct capture_file *file)
{
	return file->out == stdout;
}

/* A pipe or a device has nothing to be cut; what a shell has opened as stdout
 * was cut by it, or is to be added to. */
static int empty(const struct capture_file *file)
{
	int fd = fileno(file->out);
	struct stat status;

	if (capture_file_is_stdout(file))
		return 0;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISREG(status.st_mode) && ftruncate(fd, 0) < 0)
		return -errno;
	return 0;
}

int capture_file_start(struct capture_file *file)
{
	const struct pcapng_origin origin = {
		.os = "Linux",
		.application = "fwctl " PORTCULLIS_VERSION,
	};
	int r = empty(file);

	if (r < 0)
		return r;
	return flush(file, pcapng_start(pcapng_to_file, file->out, &origin,
					&file->pcapng));
}

/* The interface of an object that names one, described if it was not yet. */
static int interface_of(struct capture_file *file, const json_t *object,
			uint32_t *ret_interface)
{
	int64_t ifindex = answer_number(object, "ifindex");
	int r;

	for (uint32_t i = 0; i < file->pcapng.interface_count; i++)
		if (file->ifindexes[i] == ifindex) {
			*ret_interface = i;
			return 0;
		}
	r = pcapng_describe(&file->pcapng, answer_text(object, "iface"),
			    ret_interface);
	if (r == 0)
		file->ifindexes[*ret_interface] = ifindex;
	return r;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int capture_frame_read(const char *hex, uint8_t frame[CAPTURE_FRAME_MAX],
		       size_t *ret_len)
{
	size_t digits = strlen(hex);

	if (digits % 2 || digits / 2 > CAPTURE_FRAME_MAX)
		return -EPROTO;
	for (size_t i = 0; i < digits / 2; i++) {
		int high = digit_of(hex[2 * i]);
		int low = digit_of(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EPROTO;
		frame[i] = (uint8_t)(high << 4 | low);
	}
	*ret_len = digits / 2;
	return 0;
}

/* What of it there is: "reason=R rule=ID shadow=ID set=NAME". */
static void write_comment(const json_t *packet, char comment[COMMENT_MAX])
{
	static const char *const keys[][2] = {
		{"reason", "reason"},
		{"rule", "rule"},
		{"shadow", "shadow_rule"},
		{"set", "set"},
	};
	size_t len = 0;

	comment[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = answer_text(packet, keys[i][1]);

		if (!*text || len >= COMMENT_MAX)
			continue;
		len += (size_t)snprintf(comment + len, COMMENT_MAX - len,
					"%s%s=%s", len ? " " : "", keys[i][0],
					text);
	}
}

int capture_file_put(struct capture_file *file, const json_t *packet)
{
	bool is_out = strcmp(answer_text(packet, "direction"), "out") == 0;
	char comment[COMMENT_MAX];
	struct pcapng_packet block = {
		.time_ns = (uint64_t)answer_number(packet, "time_ns"),
		.direction = is_out ? DIRECTION_OUT : DIRECTION_IN,
		.comment = comment,
		.bytes = file->frame,
		.original_bytes = (uint32_t)answer_number(packet, "len"),
	};
	int r = capture_frame_read(answer_text(packet, "frame"), file->frame,
				   &block.captured_bytes);

	if (r == 0)
		r = interface_of(file, packet, &block.interface);
	if (r < 0)
		return r;
	write_comment(packet, comment);
	return flush(file, pcapng_write(&file->pcapng, &block));
}

int capture_file_conclude(struct capture_file *file, const json_t *last)
{
	const json_t *list = answer_list(last, "ifaces");
	struct timespec now;
	int r = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < json_array_size(list) && r == 0; i++) {
		const json_t *share = json_array_get(list, i);
		struct pcapng_count count = {
			.dropped =
				(uint64_t)(answer_number(share, "above_rate") +
					   answer_number(share, "ring_full") +
					   answer_number(share, "unread")),
		};
		uint32_t interface;

		count.received =
			count.dropped + (uint64_t)answer_number(share, "sent");
		r = interface_of(file, share, &interface);
		if (r == 0)
			r = pcapng_conclude(&file->pcapng, interface,
					    (uint64_t)now.tv_sec * 1000000000u +
						    (uint64_t)now.tv_nsec,
					    &count);
	}
	return flush(file, r);
}

int capture_file_close(struct capture_file *file)
{
	int r = 0;

	if (!file)
		return 0;
	if (file->out != stdout && fclose(file->out) != 0)
		r = -errno;
	free(file);
	return r;
}
