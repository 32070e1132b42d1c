// SPDX-License-Identifier: GPL-2.0-or-later
/* alert forward: alerts as they come, to send-alerts, which posts them. */
#include "ctl/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "ctl/session.h"
#include "rules/base.h"

#define SENDER_ENV "PORTCULLIS_SENDER"
#define POLL_MS	   200

static volatile sig_atomic_t is_ending;

static void on_end(int signal_number)
{
	(void)signal_number;
	is_ending = 1;
}

static void catch_ends(void)
{
	/* what waits is not to go on: so no SA_RESTART */
	const struct sigaction end = {.sa_handler = on_end};

	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGINT, &end, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void become_sender(int in)
{
	const char *path = getenv(SENDER_ENV);

	if (!path || !*path)
		path = PORTCULLIS_LIBEXECDIR "/send-alerts";
	if (dup2(in, STDIN_FILENO) < 0)
		_exit(127);
	(void)execl(path, "send-alerts", (char *)NULL);
	(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* *ret_to: its standard input. */
static int start_sender(pid_t *ret_pid, FILE **ret_to)
{
	int in[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	*ret_to = fdopen(in[1], "w");
	if (!*ret_to) {
		(void)close(in[0]);
		(void)close(in[1]);
		return -ENOMEM;
	}
	pid = fork();
	if (pid == 0)
		become_sender(in[0]);
	(void)close(in[0]);
	if (pid < 0) {
		(void)fclose(*ret_to);
		return -EAGAIN;
	}
	*ret_pid = pid;
	return 0;
}

static void put_line(FILE *to, const char *name, const char *value)
{
	/* a line is one item: nothing in it may end it */
	if (value && *value && !value[strcspn(value, "\r\n")])
		(void)fprintf(to, "%s %s\n", name, value);
}

static void put_order(const struct session *session, FILE *to)
{
	put_line(to, "url", session_value(session, OPTION_TO));
	put_line(to, "url-file", session_value(session, OPTION_TO_FILE));
	put_line(to, "header-file", session_value(session, OPTION_HEADER_FILE));
	put_line(to, "template", session_value(session, OPTION_TEMPLATE));
	(void)fputc('\n', to);
}

static void put_alerts(FILE *to, const json_t *answer)
{
	const json_t *alerts = answer_list(answer, "alerts");
	const json_t *alert;
	size_t i;

	if (answer_number(answer, "lost") > 0)
		(void)fprintf(to, "lost %" PRId64 "\n",
			      answer_number(answer, "lost"));
	json_array_foreach(alerts, i, alert)
	{
		(void)json_dumpf(alert, to, JSON_COMPACT);
		(void)fputc('\n', to);
	}
}

static enum outcome follow(struct session *session, FILE *to)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000l};
	json_int_t after = 0;

	while (!is_ending) {
		CLEANUP(json_decrefp) json_t *answer = NULL;
		enum outcome outcome = session_ask(
			session, REQ_ALERT_WATCH,
			json_pack("{s:I}", "after", after), -1, &answer);

		if (outcome != OUTCOME_DONE)
			return is_ending ? OUTCOME_DONE : outcome;
		put_alerts(to, answer);
		after = answer_number(answer, "next");
		if (fflush(to) != 0)
			return OUTCOME_REFUSED;
		if (json_array_size(answer_list(answer, "alerts")) == 0)
			(void)nanosleep(&pause, NULL);
	}
	return OUTCOME_DONE;
}

enum outcome cmd_alert_forward(struct session *session)
{
	enum outcome outcome;
	FILE *to = NULL;
	int status = 0;
	pid_t pid = 0;
	int r;

	if (session_has(session, OPTION_TO) ==
	    session_has(session, OPTION_TO_FILE))
		return session_misused(session,
				       "expected --to URL or --to-file FILE");
	catch_ends();
	r = start_sender(&pid, &to);
	if (r < 0)
		return session_refuse(session, r,
				      "send-alerts could not be run: %s",
				      strerror(-r));
	put_order(session, to);
	outcome = follow(session, to);
	/* it tells what it has, and ends */
	(void)fclose(to);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return session_refuse(session, -EPIPE,
				      "send-alerts has ended before its time");
	return outcome;
}
