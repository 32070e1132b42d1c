// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each rule of SigmaHQ about programs that start, through the kernel: a program
 * that does nothing is put where the rule's witness has its image, in a mount
 * namespace with nothing else in it, and executed as the witness says; that is
 * told. What nearly is one is executed likewise, and is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/detect/detect.h"
#include "rules/detect/sigma.h"
#include "tests/support/host.h"
#include "tests/support/sigma_rules.h"
#include "tests/support/witness.h"

#define TRIES	   40 /* witnesses of a rule, until one can be had */
#define TOLD_MAX   1024
#define ARGS_MAX   1024
#define PLAIN_USER 1000 /* who any witness is */
#define STAGE	   "/mnt"
#define NEXT_PATH  "/.next"

static struct host_bench bench;
static struct detect_folder folder;
static struct detect_engine *engine;
static struct detect_scratch *scratch;
static bool told[TOLD_MAX];
static char *stub_bytes;
static size_t stub_len;

/* What is executed, by whom. */
struct scene {
	char image[PATH_MAX], asked[PATH_MAX], directory[PATH_MAX];
	char parent[PATH_MAX], parent_line[16384];
	char args[65536]; /* a NUL behind each */
	size_t args_len;
	uid_t uid;
};

static bool has_nul(const struct event_text *text)
{
	return text->len > 0 && memchr(text->bytes, '\0', text->len);
}

/* The path nearest to it that the kernel would tell as it is; false: there is
 * none. */
static bool put_path(char path[PATH_MAX], const struct event_text *text)
{
	size_t len = 0;

	if (text->len == 0 || text->len > 1000 || has_nul(text))
		return false;
	path[len++] = '/';
	for (uint32_t i = 0; i < text->len; i++) {
		if (text->bytes[i] != '/' || path[len - 1] != '/')
			path[len++] = text->bytes[i];
	}
	if (path[len - 1] == '/')
		path[len++] = 'x';
	path[len] = '\0';
	return !strstr(path, "/./") && !strstr(path, "/../") &&
	       strcmp(path + len - 2, "/.") != 0;
}

static void put_args(struct scene *scene, const struct event *event)
{
	const struct event_text *line = &event->words[EVENT_COMMAND_LINE];
	char *at = scene->args;

	for (uint32_t i = 0; i < event->arg_count; i++) {
		memcpy(at, event->args[i].bytes, event->args[i].len);
		at += event->args[i].len;
		*at++ = '\0';
	}
	if (event->arg_count == 0 && line->len > 0) {
		memcpy(at, line->bytes, line->len);
		for (uint32_t i = 0; i < line->len; i++) {
			if (at[i] == ' ')
				at[i] = '\0';
		}
		at += line->len;
		*at++ = '\0';
	}
	scene->args_len = (size_t)(at - scene->args);
}

static bool set_scene(struct scene *scene, const struct event *event)
{
	const struct event_text *words = event->words;
	const struct passwd *user;
	char name[64];

	if (event->kind != EVENT_EXEC || has_nul(&words[EVENT_COMMAND_LINE]) ||
	    words[EVENT_COMMAND_LINE].len > 16000 ||
	    words[EVENT_PARENT_COMMAND_LINE].len > 16000 ||
	    !put_path(scene->image, &words[EVENT_IMAGE]) ||
	    !put_path(scene->asked, &words[EVENT_IMAGE_ASKED]) ||
	    !put_path(scene->directory, &words[EVENT_DIRECTORY]) ||
	    !put_path(scene->parent, &words[EVENT_PARENT_IMAGE]))
		return false;
	(void)snprintf(scene->parent_line, sizeof(scene->parent_line), "%.*s",
		       (int)words[EVENT_PARENT_COMMAND_LINE].len,
		       words[EVENT_PARENT_COMMAND_LINE].bytes);
	(void)snprintf(name, sizeof(name), "%.*s", (int)words[EVENT_USER].len,
		       words[EVENT_USER].len ? words[EVENT_USER].bytes : "");
	user = getpwnam(name);
	if (!user && strcmp(name, "someone") != 0) /* whom any witness has */
		return false;
	if (user && event->uid != user->pw_uid && event->uid != PLAIN_USER)
		return false;
	scene->uid = user ? user->pw_uid : event->uid;
	put_args(scene, event);
	return true;
}

/* In a child: errors are the answer. */
static int make_dirs(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path),
			       path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int put_file(const char *path, const void *bytes, size_t len)
{
	int r = make_dirs(path);
	int fd = r < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	r = write(fd, bytes, len) == (ssize_t)len ? 0 : -1;
	return close(fd) < 0 ? -1 : r;
}

static int put_next(const struct scene *scene)
{
	static char bytes[1 << 17];
	int len = snprintf(bytes, sizeof(bytes), "%u%c%s%c%s", scene->uid, 0,
			   scene->directory, 0, scene->asked);

	memcpy(bytes + len + 1, scene->args, scene->args_len);
	return put_file(NEXT_PATH, bytes, (size_t)len + 1 + scene->args_len);
}

/* The root is an empty place from now on. */
static int enter_stage(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("stage", STAGE, "tmpfs", 0, "mode=0755") < 0 ||
	    chdir(STAGE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static int play(const struct scene *scene)
{
	static char *args[ARGS_MAX];
	static char line[sizeof(scene->parent_line)];
	char *const none[] = {NULL};
	char *at = line;
	size_t count = 0;

	if (enter_stage() < 0 ||
	    put_file(scene->image, stub_bytes, stub_len) < 0 ||
	    put_file(scene->parent, stub_bytes, stub_len) < 0 ||
	    put_next(scene) < 0 || make_dirs(scene->directory) < 0)
		return 2;
	(void)mkdir(scene->directory, 0755);
	if (strcmp(scene->asked, scene->image) != 0 &&
	    (make_dirs(scene->asked) < 0 ||
	     symlink(scene->image, scene->asked) < 0))
		return 2;
	memcpy(line, scene->parent_line, sizeof(line));
	while (at && count < ARGS_MAX - 1)
		args[count++] = strsep(&at, " ");
	(void)execve(scene->parent, args, none);
	return 2;
}

static const struct event *child_of(pid_t parent)
{
	for (size_t i = 0; i < bench.count; i++) {
		const struct event *event = &bench.seen[i].event;

		if (event->kind == EVENT_EXEC &&
		    event->parent.pid == (uint32_t)parent)
			return event;
	}
	return NULL;
}

/* What the sensor has told of it, or NULL: it could not be played. */
static const struct event *seen_of(const struct event *wanted)
{
	static struct scene scene;
	pid_t child;
	int status;

	if (!set_scene(&scene, wanted))
		return NULL;
	host_settle(&bench);
	host_clear(&bench);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(play(&scene));
	assert_int_equal(waitpid(child, &status, 0), child);
	host_settle(&bench);
	return status == 0 ? child_of(child) : NULL;
}

static void remember(void *arg, const struct detect_rule *rule, size_t index)
{
	(void)arg;
	(void)rule;
	told[index] = true;
}

static bool tells(size_t index, const struct event *event)
{
	memset(told, 0, sizeof(told));
	detect_match(engine, event, scratch, remember, NULL);
	return told[index];
}

static bool is_as_wanted(const struct event *seen, const struct event *wanted)
{
	static const enum event_word words[] = {
		EVENT_IMAGE,	 EVENT_IMAGE_ASKED,  EVENT_COMMAND_LINE,
		EVENT_DIRECTORY, EVENT_PARENT_IMAGE, EVENT_PARENT_COMMAND_LINE,
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct event_text *one = &seen->words[words[i]];
		const struct event_text *other = &wanted->words[words[i]];

		if (one->len != other->len ||
		    memcmp(one->bytes, other->bytes, one->len) != 0)
			return false;
	}
	return true;
}

static bool fires(size_t index)
{
	bool has_fired = false;

	for (uint64_t seed = 0; seed < TRIES && !has_fired; seed++) {
		const struct event *seen;
		struct witness witness;

		if (witness_make(folder.rules[index], 1u << EVENT_EXEC, seed,
				 &witness) < 0)
			continue;
		seen = seen_of(&witness.event);
		has_fired = seen && tells(index, seen);
		witness_done(&witness);
	}
	return has_fired;
}

/* Fails when a near miss is told; false when none could be had. */
static bool spares(size_t index)
{
	bool is_spared = false;

	for (uint64_t seed = 0; seed < TRIES && !is_spared; seed++) {
		const struct detect_rule *rule = folder.rules[index];
		const struct event *seen;
		struct witness witness;

		if (witness_make(rule, 1u << EVENT_EXEC, seed, &witness) < 0)
			continue;
		if (witness_spoil(rule, seed, &witness) == 0) {
			seen = seen_of(&witness.event);
			is_spared = seen && is_as_wanted(seen, &witness.event);
			if (is_spared && tells(index, seen))
				fail_msg("\"%s\" tells a near miss: %.*s",
					 rule->title,
					 (int)seen->words[EVENT_COMMAND_LINE]
						 .len,
					 seen->words[EVENT_COMMAND_LINE].bytes);
		}
		witness_done(&witness);
	}
	return is_spared;
}

/* Of the rules of a category how many `fn` says no of, each by its name. */
static size_t count_failing(enum detect_category category,
			    bool (*fn)(size_t index), const char *what)
{
	size_t count = 0, failing = 0;

	for (size_t i = 0; i < folder.rule_count; i++) {
		if (folder.rules[i]->category != category)
			continue;
		count++;
		if (fn(i))
			continue;
		failing++;
		(void)printf("%s: %s\n", what, folder.rules[i]->title);
	}
	(void)printf("%zu rules of %s\n", count,
		     detect_category_name(category));
	assert_true(count > 100);
	return failing;
}

static void each_rule_fires_on_what_is_executed(void **state)
{
	(void)state;
	assert_int_equal(count_failing(DETECT_PROCESS, fires, "silent"), 0);
}

static void none_fires_on_what_nearly_is(void **state)
{
	(void)state;
	assert_int_equal(
		count_failing(DETECT_PROCESS, spares, "without a near miss"),
		0);
}

static void read_stub(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct stat file;
	int fd;

	assert_true(len > 0);
	path[len] = '\0';
	memcpy(strrchr(path, '/'), "/bpf/stub", sizeof("/bpf/stub"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &file), 0);
	stub_len = (size_t)file.st_size;
	stub_bytes = malloc(stub_len);
	assert_non_null(stub_bytes);
	assert_int_equal(read(fd, stub_bytes, stub_len), (ssize_t)stub_len);
	(void)close(fd);
}

static int begin(void **state)
{
	const struct sensing_config config = {0};

	(void)state;
	host_begin(&bench, &config);
	read_stub();
	assert_in_range(folder.rule_count, 1, TOLD_MAX);
	assert_int_equal(detect_new(folder.rules, folder.rule_count, &engine),
			 0);
	assert_int_equal(detect_scratch_new(engine, &scratch), 0);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	host_end(&bench);
	detect_scratch_free(scratch);
	detect_free(engine);
	detect_folder_done(&folder);
	free(stub_bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_fires_on_what_is_executed),
		cmocka_unit_test(none_fires_on_what_nearly_is),
	};

	if (!sigma_rules_real(DETECT_KINDS_KERNEL, &folder))
		return 77;
	return cmocka_run_group_tests(tests, begin, finish);
}
