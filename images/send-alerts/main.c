// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * send-alerts - posts the alerts that it reads to one place, over HTTPS.
 *
 * fwctl alert forward runs it, and says on its standard input where to
 * (order.h); then an alert a line, and "lost N" for those that never came so
 * far. It always reads, and what does not fit into its queue is dropped,
 * counted, and told with the next post. It ends some seconds after its input.
 *
 * Privileges, in this order:
 *
 *	1. as the caller: read the order, keys, template and certificates;
 *	2. become an unprivileged user, without groups and capabilities, and
 *	   never gain any again;
 *	3. bound memory, descriptors and the size of files;
 *	4. set up libcurl;
 *	5. filter system calls;
 *	6. read the first alert, look up the first name.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "images/fetch-feed/confine.h"
#include "images/send-alerts/backoff.h"
#include "images/send-alerts/body.h"
#include "images/send-alerts/order.h"
#include "images/send-alerts/post.h"
#include "images/send-alerts/queue.h"

#define INPUT_BYTES    (2 * QUEUE_LINE_MAX)
#define READS_MAX      64 /* at a time */
#define FILE_BYTES_MAX (1L << 20)
#define GRACE_MS       5000 /* after the end of the input */
#define IDLE_MS	       60000

enum exit_status {
	EXIT_DONE,
	EXIT_FAILED,
	EXIT_USAGE,
};

struct sender {
	struct order order;
	struct queue queue;
	struct post *post;
	struct body_text body; /* of the post that is under way, or is to be */
	char input[INPUT_BYTES];
	size_t input_len;
	bool skips_line; /* a line too long goes on */
	bool is_posting;
	int64_t end_ms; /* 0: there is input */
	int64_t retry_ms; /* not before */
	uint32_t failures; /* in a row */
	uint64_t given_up;
	char label[PLACE_LABEL_MAX];
};

static int64_t now_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The input. */

static void take_line(struct sender *sender, char *line, size_t len)
{
	if (sender->skips_line) {
		sender->skips_line = false;
		sender->queue.dropped++;
	} else if (strncmp(line, "lost ", 5) == 0) {
		sender->queue.dropped += strtoull(line + 5, NULL, 10);
	} else if (len > 0) {
		(void)queue_put(&sender->queue, line, len);
	}
}

static void take_lines(struct sender *sender)
{
	char *from = sender->input;
	char *end = sender->input + sender->input_len;
	char *line_end;

	while ((line_end = memchr(from, '\n', (size_t)(end - from)))) {
		*line_end = '\0';
		take_line(sender, from, (size_t)(line_end - from));
		from = line_end + 1;
	}
	sender->input_len = (size_t)(end - from);
	memmove(sender->input, from, sender->input_len);
	if (sender->input_len == sizeof(sender->input)) {
		sender->skips_line = true;
		sender->input_len = 0;
	}
}

/* What there is to read, but not without an end. */
static void read_input(struct sender *sender)
{
	ssize_t got;

	for (int i = 0; i < READS_MAX && sender->end_ms == 0; i++) {
		got = read(STDIN_FILENO, sender->input + sender->input_len,
			   sizeof(sender->input) - sender->input_len);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			sender->end_ms = now_ms() + GRACE_MS;
			return;
		}
		sender->input_len += (size_t)got;
		take_lines(sender);
	}
}

/* One byte after the other: what follows the order are alerts. */
static int read_order(struct sender *sender, char note[ORDER_NOTE_MAX])
{
	char line[QUEUE_LINE_MAX];
	size_t len = 0;
	int r = 0;

	while (r == 0) {
		ssize_t got = read(STDIN_FILENO, &line[len], 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || len == sizeof(line) - 1) {
			(void)snprintf(note, ORDER_NOTE_MAX,
				       "no order on standard input");
			return -EINVAL;
		}
		if (line[len] != '\n') {
			len++;
			continue;
		}
		line[len] = '\0';
		if (len == 0)
			return order_settle(&sender->order, note);
		r = order_take_line(&sender->order, line, note);
		len = 0;
	}
	return r;
}

/* The posts. */

static void forget_body(struct sender *sender)
{
	free(sender->body.text);
	sender->body = (struct body_text){0};
}

static void begin_post(struct sender *sender)
{
	if (sender->queue.count == 0 || sender->is_posting ||
	    now_ms() < sender->retry_ms)
		return;
	forget_body(sender);
	if (body_make(&sender->queue, sender->order.template, &sender->body) ==
		    0 &&
	    post_begin(sender->post, sender->body.text, sender->body.len) ==
		    0) {
		sender->is_posting = true;
		/* what is dropped meanwhile is of the next */
		sender->queue.dropped = 0;
	} else {
		sender->retry_ms = now_ms() + BACKOFF_FIRST_MS;
	}
}

static void try_again(struct sender *sender, const struct post_answer *answer)
{
	uint32_t random = 0;
	uint32_t wait_ms;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	sender->failures++;
	wait_ms = backoff_ms(sender->failures, random, answer->retry_after_s);
	sender->retry_ms = now_ms() + wait_ms;
	/* what it told of the dropped was not heard */
	sender->queue.dropped += sender->body.dropped;
	if (sender->failures == 1)
		(void)fprintf(stderr, "send-alerts: %s: %s, will retry\n",
			      sender->label, answer->why);
}

static void end_post(struct sender *sender, enum post_result result,
		     const struct post_answer *answer)
{
	sender->is_posting = false;
	if (result == POST_RETRY) {
		try_again(sender, answer);
	} else {
		if (sender->failures > 0 && result == POST_DONE)
			(void)fprintf(stderr,
				      "send-alerts: %s takes alerts again "
				      "failures=%u\n",
				      sender->label, sender->failures);
		sender->failures = 0;
		sender->retry_ms = 0;
		queue_told(&sender->queue, sender->body.first,
			   sender->body.alerts);
	}
	if (result == POST_REFUSED) {
		sender->queue.dropped +=
			sender->body.alerts + sender->body.dropped;
		if (sender->given_up++ == 0)
			(void)fprintf(stderr,
				      "send-alerts: %s: %s, the alerts are "
				      "given up\n",
				      sender->label, answer->why);
	}
	forget_body(sender);
}

static int wait_of(const struct sender *sender)
{
	int64_t now = now_ms();
	int64_t until = now + IDLE_MS;

	if (sender->end_ms && sender->end_ms < until)
		until = sender->end_ms;
	if (!sender->is_posting && sender->queue.count > 0 &&
	    sender->retry_ms < until)
		until = sender->retry_ms;
	return until > now ? (int)(until - now) : 0;
}

static void send_all(struct sender *sender)
{
	struct post_answer answer;
	enum post_result result;

	while (sender->end_ms == 0 ||
	       (now_ms() < sender->end_ms && sender->queue.count > 0)) {
		begin_post(sender);
		result = post_turn(sender->post,
				   sender->end_ms ? -1 : STDIN_FILENO,
				   wait_of(sender), &answer);
		read_input(sender);
		if (result != POST_RUNS)
			end_post(sender, result, &answer);
	}
	if (sender->queue.count + sender->queue.dropped > 0)
		(void)fprintf(stderr,
			      "send-alerts: %s: %" PRIu64
			      " alerts were not told\n",
			      sender->label,
			      sender->queue.count + sender->queue.dropped);
}

static int confine(const struct order *order, char note[ORDER_NOTE_MAX])
{
	int r = confine_user(order->user);

	if (r == -ENOENT)
		(void)snprintf(note, ORDER_NOTE_MAX, "there is no user %s",
			       order->user);
	if (r == 0)
		r = confine_resources(FILE_BYTES_MAX);
	if (r < 0 && !*note)
		(void)snprintf(note, ORDER_NOTE_MAX,
			       "privileges could not be dropped: %s",
			       strerror(-r));
	return r;
}

static enum exit_status run(struct sender *sender)
{
	char note[ORDER_NOTE_MAX] = "";
	int r = read_order(sender, note);

	if (r < 0) {
		(void)fprintf(stderr, "send-alerts: %s\n", note);
		return EXIT_USAGE;
	}
	(void)place_label(&sender->order.place, sender->label);
	r = confine(&sender->order, note);
	if (r == 0)
		r = post_new(&sender->order, &sender->post);
	if (r == 0)
		r = confine_calls();
	if (r == 0 && fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	if (r < 0) {
		(void)fprintf(stderr, "send-alerts: %s\n",
			      *note ? note : strerror(-r));
		return EXIT_FAILED;
	}
	send_all(sender);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct sender sender;
	enum exit_status status;

	(void)argv;
	if (argc > 1) {
		(void)fprintf(stderr, "send-alerts: is run by fwctl alert "
				      "forward, and takes no options\n");
		return EXIT_USAGE;
	}
	/* it ends with its input, so that what it has is told */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	status = run(&sender);
	post_free(sender.post);
	forget_body(&sender);
	queue_done(&sender.queue);
	order_done(&sender.order);
	return (int)status;
}
