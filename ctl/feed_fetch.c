// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/feed_fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/answer.h"
#include "rules/read_full.h"

#define FETCHER_ENV "PORTCULLIS_FETCHER"
#define DIR_NAME    "fwctl-feed.XXXXXX"
#define DIR_ANY	    "fwctl-feed.??????"
#define LIST	    "list"
#define ANSWER_MAX  8192 /* bytes */

static void put_line(FILE *to, const char *name, const char *value)
{
	/* a line is one item: nothing in it may end it */
	if (*value && !value[strcspn(value, "\r\n")])
		(void)fprintf(to, "%s %s\n", name, value);
}

/* What a list is made of, if it is of several documents. */
static void put_kind(FILE *to, const json_t *feed)
{
	const char *format = answer_text(feed, "format");

	if (strcmp(format, "taxii") == 0)
		(void)fputs("taxii\n", to);
	if (strcmp(format, "misp-manifest") == 0)
		(void)fputs("misp\n", to);
}

static int write_request(int fd, const json_t *feed, const char *path)
{
	FILE *to = fdopen(fd, "w");

	if (!to) {
		(void)close(fd);
		return -errno;
	}
	put_line(to, "url", answer_text(feed, "url"));
	put_line(to, "output", path);
	put_line(to, "etag", answer_text(feed, "etag"));
	put_line(to, "modified-since", answer_text(feed, "modified"));
	put_line(to, "header", answer_text(feed, "key_header"));
	put_line(to, "key-file", answer_text(feed, "key_file"));
	(void)fprintf(to, "max-bytes %" PRId64 "\n",
		      answer_number(feed, "bytes_max"));
	if (answer_is(feed, "http"))
		(void)fputs("allow-http\n", to);
	if (answer_is(feed, "no_redirects"))
		(void)fputs("no-redirects\n", to);
	if (answer_number(feed, "timeout"))
		(void)fprintf(to, "timeout %" PRId64 "\n",
			      answer_number(feed, "timeout"));
	put_kind(to, feed);
	return fclose(to) == 0 ? 0 : -errno;
}

/* Signals that the caller holds back are not held back from it. */
static void become_fetcher(int in, int out)
{
	const char *path = getenv(FETCHER_ENV);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!path || !*path)
		path = PORTCULLIS_LIBEXECDIR "/fetch-feed";
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execl(path, "fetch-feed", "--request", "-", (char *)NULL);
	(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Who reads what strangers write may be theirs by now: its answer is not
 * believed to be short either. */
static int read_answer(int fd, json_t **ret_answer)
{
	char text[ANSWER_MAX];
	ssize_t len = read_full(fd, text, sizeof(text));
	json_t *answer;

	(void)close(fd);
	if (len < 0)
		return (int)len;
	answer = json_loadb(text, (size_t)len, JSON_DISABLE_EOF_CHECK, NULL);
	if (!json_is_object(answer)) {
		json_decref(answer);
		return -EPROTO;
	}
	*ret_answer = answer;
	return 0;
}

static int talk(const json_t *feed, struct feed_fetch *fetch, int to, int from)
{
	int r = write_request(to, feed, fetch->path);
	int answered = read_answer(from, &fetch->answer);

	return r < 0 && answered < 0 ? r : answered;
}

static int run(const json_t *feed, struct feed_fetch *fetch)
{
	int in[2], out[2], status, r;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC) < 0) {
		r = -errno;
		(void)close(in[0]);
		(void)close(in[1]);
		return r;
	}
	pid = fork();
	if (pid == 0)
		become_fetcher(in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	if (pid < 0) {
		(void)close(in[1]);
		(void)close(out[0]);
		return -EAGAIN;
	}
	r = talk(feed, fetch, in[1], out[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r;
}

static const char *place(void)
{
	const char *cache = getenv("CACHE_DIRECTORY"); /* systemd's */

	return cache && *cache ? cache : "/tmp";
}

/* Its own to read, and locked, so that nobody takes it for left over. */
static int lock_dir(const char *path)
{
	CLEANUP(closep)
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_uid != geteuid())
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int feed_fetch_run(const json_t *feed, struct feed_fetch *ret_fetch)
{
	*ret_fetch = (struct feed_fetch){.fd = -1};
	(void)snprintf(ret_fetch->dir, sizeof(ret_fetch->dir), "%s/" DIR_NAME,
		       place());
	if (!mkdtemp(ret_fetch->dir)) {
		ret_fetch->dir[0] = '\0';
		return -errno;
	}
	ret_fetch->fd = lock_dir(ret_fetch->dir);
	if (ret_fetch->fd < 0)
		return ret_fetch->fd;
	(void)snprintf(ret_fetch->path, sizeof(ret_fetch->path), "%s/" LIST,
		       ret_fetch->dir);
	return run(feed, ret_fetch);
}

void feed_fetch_done(struct feed_fetch *fetch)
{
	json_decref(fetch->answer);
	if (!fetch->dir[0])
		return;
	(void)unlink(fetch->path);
	(void)rmdir(fetch->dir);
	closep(&fetch->fd);
}

static void remove_left(const char *path)
{
	CLEANUP(closep) int fd = lock_dir(path);
	const struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return;
	dir = opendir(path);
	if (!dir)
		return;
	for (entry = readdir(dir); entry; entry = readdir(dir))
		(void)unlinkat(fd, entry->d_name, 0); /* not the dots */
	(void)closedir(dir);
	(void)rmdir(path);
}

void feed_fetch_sweep(void)
{
	char pattern[PATH_MAX];
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/" DIR_ANY, place());
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		remove_left(found.gl_pathv[i]);
	globfree(&found);
}
