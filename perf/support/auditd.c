// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/auditd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "perf/support/shell.h"
#include "rules/base.h"

#define KEY	      "portcullis-perf"
#define BACKLOG	      8192 /* as Debian's own audit.rules have it */
#define START_TRIES   100
#define START_STEP_US 50000
#define PATH_BYTES    256

/* Nothing that begins is audited. It takes no key, but there were no rules
 * before, so it is ours. */
#define PAUSE	 "auditctl -a task,never"
#define RESUME	 "auditctl -d task,never"
#define FORGET	 "auditctl -D -k " KEY " >/dev/null"
#define SET(opt) "auditctl " opt " >/dev/null"

#define STATUS(name) "auditctl -s | awk '$1 == \"" name "\" {print $2}'"

/* Flags of openat are its third argument, those of open its second. */
#define RULES                                                                 \
	"auditctl -a always,exit -F arch=b64 -S execve -S execveat -k " KEY   \
	" && auditctl -a always,exit -F arch=b64 -S connect -k " KEY          \
	" && auditctl -a always,exit -F arch=b64 -S openat -F 'a2&3' -k " KEY \
	" && auditctl -a always,exit -F arch=b64 -S open -F 'a1&3' -k " KEY

/* Of the others, the package's own. */
static int write_config(const char *dir)
{
	return shell_run(
		"mkdir -p '%s/auditd/plugins' && chmod 750 '%s/auditd' && "
		"sed -e 's|^log_file *=.*|log_file = %s/auditd/log|' "
		"-e 's|^plugin_dir *=.*|plugin_dir = %s/auditd/plugins|' "
		"-e 's|^log_group *=.*|log_group = root|' "
		"/etc/audit/auditd.conf >'%s/auditd/auditd.conf' && "
		"chmod 640 '%s/auditd/auditd.conf'",
		dir, dir, dir, dir, dir, dir);
}

/* In a process of its own: waits until all others that have the pipe are gone,
 * and undoes everything. */
static void keep(int fd, uint64_t backlog, uint64_t enabled)
{
	char byte;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)setsid();
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(shell_run(SET("-e %llu") "; " FORGET "; " RESUME
				       " 2>/dev/null; " SET("-b %llu"),
			(unsigned long long)enabled,
			(unsigned long long)backlog) < 0);
}

static int start_keeper(struct auditd *auditd, uint64_t backlog,
			uint64_t enabled)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)close(ends[1]);
		keep(ends[0], backlog, enabled);
	}
	(void)close(ends[0]);
	if (pid < 0) {
		(void)close(ends[1]);
		return -EAGAIN;
	}
	auditd->keeper = pid;
	auditd->keeper_fd = ends[1];
	return 0;
}

/* Is nobody else's auditing in force? */
static int check_free(uint64_t *ret_backlog, uint64_t *ret_enabled)
{
	uint64_t pid = 0, rules = 0;
	int r = shell_number(ret_enabled, STATUS("enabled"));

	if (r == 0)
		r = shell_number(ret_backlog, STATUS("backlog_limit"));
	if (r == 0)
		r = shell_number(&pid, STATUS("pid"));
	if (r == 0)
		r = shell_number(&rules, "auditctl -l | grep -c '^-' || true");
	if (r < 0)
		return r;
	return pid || rules || *ret_enabled > 1 ? -EBUSY : 0;
}

int auditd_open(const char *dir, struct auditd *ret_auditd)
{
	CLEANUP(auditd_close) struct auditd auditd = AUDITD_NONE;
	uint64_t backlog = 0, enabled = 0;
	int r;

	if (!shell_has("auditd") || !shell_has("auditctl"))
		return -ENOENT;
	r = check_free(&backlog, &enabled);
	if (r == 0)
		r = write_config(dir);
	if (r == 0)
		r = start_keeper(&auditd, backlog, enabled);
	if (r == 0)
		r = shell_run(SET("-b %d") " && " PAUSE, BACKLOG);
	if (r < 0)
		return r;
	auditd.dir = dir;
	*ret_auditd = auditd;
	auditd = AUDITD_NONE;
	return 0;
}

static void end_daemon(struct auditd *auditd)
{
	if (!auditd->pid)
		return;
	(void)kill(auditd->pid, SIGTERM);
	(void)waitpid(auditd->pid, NULL, 0);
	auditd->pid = 0;
}

void auditd_close(struct auditd *auditd)
{
	end_daemon(auditd);
	closep(&auditd->keeper_fd);
	if (auditd->keeper)
		(void)waitpid(auditd->keeper, NULL, 0);
	*auditd = AUDITD_NONE;
}

static int launch(struct auditd *auditd)
{
	char dir[PATH_BYTES];
	pid_t pid;

	(void)snprintf(dir, sizeof(dir), "%s/auditd", auditd->dir);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)execlp("auditd", "auditd", "-n", "-s", "nochange", "-c",
			     dir, NULL);
		_exit(127);
	}
	auditd->pid = pid;
	return 0;
}

static int wait_until_heard(struct auditd *auditd)
{
	uint64_t pid = 0;
	int r = 0;

	for (int i = 0; i < START_TRIES && r == 0; i++) {
		r = shell_number(&pid, STATUS("pid"));
		if (r == 0 && (pid_t)pid == auditd->pid)
			return 0;
		if (waitpid(auditd->pid, NULL, WNOHANG) == auditd->pid) {
			auditd->pid = 0;
			return -EIO;
		}
		(void)usleep(START_STEP_US);
	}
	return r < 0 ? r : -ETIMEDOUT;
}

int auditd_start(struct auditd *auditd)
{
	int r = launch(auditd);

	if (r == 0)
		r = wait_until_heard(auditd);
	if (r == 0)
		r = shell_run(RESUME " && " RULES " && " SET("-e 1"));
	return r;
}

int auditd_stop(struct auditd *auditd)
{
	int r = shell_run(SET("-e 0") " && " FORGET " && " PAUSE);

	end_daemon(auditd);
	return r;
}

static double cpu_s(pid_t pid)
{
	struct timespec ran = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		(void)clock_gettime(clock, &ran);
	return (double)ran.tv_sec + (double)ran.tv_nsec / 1e9;
}

double auditd_cpu_s(const struct auditd *auditd)
{
	uint64_t thread = 0;

	if (shell_number(&thread, "pgrep -x kauditd") < 0)
		thread = 0;
	return cpu_s(auditd->pid) + (thread ? cpu_s((pid_t)thread) : 0);
}

int auditd_lost(uint64_t *ret_count)
{
	return shell_number(ret_count, STATUS("lost"));
}
