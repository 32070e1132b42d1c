// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <linux/magic.h>

#include "ctl/bulk.h"
#include "ctl/client.h"
#include "perf/support/shell.h"

#define PINS	      "/sys/fs/bpf/portcullis"
#define START_TRIES   60000
#define START_STEP_US 1000
#define MIB	      (1024.0 * 1024.0)

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

double gateway_clock_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* `name` beside the folder that this program is in, or what `variable` says. */
static int find_program(const char *variable, const char *name,
			char ret_path[GATEWAY_PATH_MAX])
{
	const char *told = getenv(variable);
	char self[GATEWAY_PATH_MAX] = "";
	char *slash;
	int len;

	if (told) {
		len = snprintf(ret_path, GATEWAY_PATH_MAX, "%s", told);
	} else {
		if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
			return -errno;
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		len = snprintf(ret_path, GATEWAY_PATH_MAX, "%s/../%s", self,
			       name);
	}
	if (len >= GATEWAY_PATH_MAX)
		return -ENAMETOOLONG;
	if (access(ret_path, X_OK) == 0)
		return 0;
	(void)fprintf(stderr, "%s is not there: build it, or set %s\n",
		      ret_path, variable);
	return -ENOENT;
}

static const char *disk_name(const char *path)
{
	struct statfs status;

	if (statfs(path, &status) < 0)
		return "unknown";
	switch (status.f_type) {
	case EXT4_SUPER_MAGIC:
		return "ext4";
	case XFS_SUPER_MAGIC:
		return "xfs";
	case BTRFS_SUPER_MAGIC:
		return "btrfs";
	case OVERLAYFS_SUPER_MAGIC:
		return "overlay";
	case TMPFS_MAGIC:
		return "tmpfs, which is no disk";
	default:
		return "unknown";
	}
}

static int make_dir(struct gateway *gateway)
{
	const char *parent = getenv("PORTCULLIS_PERF_DIR");
	int len = snprintf(gateway->dir, sizeof(gateway->dir),
			   "%.200s/portcullis-perf.XXXXXX",
			   parent ? parent : "/var/tmp");

	if (len >= (int)sizeof(gateway->dir))
		return -ENAMETOOLONG;
	if (!mkdtemp(gateway->dir)) {
		(void)fprintf(stderr, "%s: %s\n", gateway->dir,
			      strerror(errno));
		gateway->dir[0] = '\0';
		return -errno;
	}
	len = snprintf(gateway->socket, sizeof(gateway->socket), "%.200s/sock",
		       gateway->dir);
	(void)snprintf(gateway->disk, sizeof(gateway->disk), "%s",
		       disk_name(gateway->dir));
	return len < (int)sizeof(gateway->socket) ? 0 : -ENAMETOOLONG;
}

int gateway_open(struct gateway *ret_gateway)
{
	CLEANUP(gateway_close)
	struct gateway gateway = {.wire = WIRE_NONE};
	int r;

	r = find_program("PORTCULLIS_FWD", "daemon/fwd", gateway.fwd);
	if (r == 0)
		r = find_program("PORTCULLIS_FWCTL", "ctl/fwctl",
				 gateway.fwctl);
	if (r == 0)
		r = make_dir(&gateway);
	if (r == 0)
		r = wire_open(0, &gateway.wire);
	if (r < 0)
		return r;
	*ret_gateway = gateway;
	gateway = (struct gateway){.wire = WIRE_NONE};
	return 0;
}

void gateway_close(struct gateway *gateway)
{
	if (gateway->pid)
		(void)gateway_stop(gateway);
	if (gateway->dir[0])
		(void)shell_run("rm -rf '%s'", gateway->dir);
	wire_close(&gateway->wire);
	*gateway = (struct gateway){.wire = WIRE_NONE};
}

int gateway_configure(struct gateway *gateway, const char *format, ...)
{
	va_list args;
	FILE *file;

	(void)snprintf(gateway->config, sizeof(gateway->config),
		       "%.240s/fwd.yml", gateway->dir);
	file = fopen(gateway->config, "we");
	if (!file)
		return -errno;
	va_start(args, format);
	(void)vfprintf(file, format, args);
	va_end(args);
	return fclose(file) == 0 ? 0 : -errno;
}

/* In the child: become the daemon, at the far end. */
static void become(const struct gateway *gateway, const char *last_option)
{
	char log[GATEWAY_PATH_MAX + 8], state[GATEWAY_PATH_MAX + 32];
	char listen[GATEWAY_PATH_MAX + 32];
	int fd;

	(void)snprintf(log, sizeof(log), "%s/log", gateway->dir);
	(void)snprintf(state, sizeof(state), "state_dir=%s/state",
		       gateway->dir);
	(void)snprintf(listen, sizeof(listen), "socket=%s", gateway->socket);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
	if (wire_far(&gateway->wire) < 0)
		_exit(126);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)execl(gateway->fwd, "fwd", "--config",
		    gateway->config[0] ? gateway->config : "/dev/null", "--set",
		    state, "--set", listen, "--set", "pin_dir=" PINS,
		    last_option, NULL);
	_exit(127);
}

static int launch(const struct gateway *gateway, const char *last_option,
		  pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(gateway, last_option);
	*ret_pid = pid;
	return 0;
}

static int failed(const struct gateway *gateway, const char *what)
{
	(void)fprintf(stderr, "fwd %s\n", what);
	(void)shell_run("tail -n 20 '%s/log'", gateway->dir);
	return -EIO;
}

static int wait_for_answer(struct gateway *gateway)
{
	for (int i = 0; i < START_TRIES; i++) {
		struct client *client;

		if (client_open(gateway->socket, &client) == 0) {
			client_close(client);
			return 0;
		}
		if (waitpid(gateway->pid, NULL, WNOHANG) == gateway->pid) {
			gateway->pid = 0;
			return failed(gateway, "did not start");
		}
		(void)usleep(START_STEP_US);
	}
	return failed(gateway, "does not listen");
}

int gateway_start(struct gateway *gateway, double *ret_s)
{
	json_t *answer = NULL;
	double start_s = gateway_clock_s();
	int r = launch(gateway, NULL, &gateway->pid);

	if (r == 0)
		r = wait_for_answer(gateway);
	if (r == 0)
		r = gateway_ask(gateway, REQ_STATUS, json_object(), &answer);
	json_decref(answer);
	if (r < 0)
		return r;
	*ret_s = gateway_clock_s() - start_s;

	r = gateway_ask(gateway, REQ_ATTACH,
			json_pack("{s:s, s:s, s:s}", "iface", "fw", "mode",
				  "native", "share", "exclusive"),
			&answer);
	if (r == 0)
		json_decref(answer);
	return r;
}

static int wait_for_end(const struct gateway *gateway, pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return status == 0 ? 0 : failed(gateway, "ended badly");
}

int gateway_stop(struct gateway *gateway)
{
	pid_t pid = gateway->pid;

	gateway->pid = 0;
	if (kill(pid, SIGTERM) < 0)
		return -errno;
	return wait_for_end(gateway, pid);
}

int gateway_forget(struct gateway *gateway)
{
	pid_t pid = 0;
	int r = gateway_stop(gateway);

	if (r == 0)
		r = launch(gateway, "--unload", &pid);
	if (r == 0)
		r = wait_for_end(gateway, pid);
	return r < 0 ? r : shell_run("rm -rf '%s/state'", gateway->dir);
}

/* `args` is taken. */
static int ask(const struct gateway *gateway, enum request request,
	       json_t *args, int fd, json_t **ret_answer)
{
	CLEANUP(client_closep) struct client *client = NULL;
	json_t *answer;
	int r = client_open(gateway->socket, &client);

	if (r == 0)
		r = client_ask(client, request, args, fd, &answer);
	json_decref(args);
	if (r < 0)
		return r;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *why =
			json_string_value(json_object_get(answer, "error"));

		(void)fprintf(stderr, "fwd refuses %s: %s\n",
			      request_specs[request].name, why ? why : "");
		json_decref(answer);
		return -EREMOTEIO;
	}
	*ret_answer = answer;
	return 0;
}

int gateway_ask(const struct gateway *gateway, enum request request,
		json_t *args, json_t **ret_answer)
{
	return ask(gateway, request, args, -1, ret_answer);
}

int gateway_send(const struct gateway *gateway, enum request request,
		 json_t *args, const char *path, json_t **ret_answer)
{
	CLEANUP(closep) int fd = -1;
	int r = bulk_from_file(path, &fd);

	if (r < 0) {
		json_decref(args);
		return r;
	}
	return ask(gateway, request, args, fd, ret_answer);
}

int gateway_gate(const struct gateway *gateway)
{
	uint32_t id = 0;
	int r = wire_far(&gateway->wire);

	if (r == 0)
		r = bpf_xdp_query_id(gateway->wire.far_ifindex,
				     XDP_FLAGS_DRV_MODE, &id);
	(void)wire_home(&gateway->wire);
	return r < 0 ? r : bpf_prog_get_fd_by_id(id);
}

int gateway_see(const struct gateway *gateway, int program_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = gateway->wire.far_ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program_fd);
	int r = wire_far(&gateway->wire);

	if (r == 0)
		r = bpf_tc_hook_create(&hook);
	if (r == 0)
		r = bpf_tc_attach(&hook, &opts);
	(void)wire_home(&gateway->wire);
	return r;
}

int gateway_arrived(const struct gateway *gateway, uint64_t *ret_count)
{
	int r = wire_far(&gateway->wire);

	if (r == 0)
		r = wire_count("xdp_packets", ret_count);
	(void)wire_home(&gateway->wire);
	return r;
}

double gateway_cpu_s(const struct gateway *gateway)
{
	struct timespec ran = {0};
	clockid_t clock;

	if (clock_getcpuclockid(gateway->pid, &clock) == 0)
		(void)clock_gettime(clock, &ran);
	return (double)ran.tv_sec + (double)ran.tv_nsec / 1e9;
}

/* A line of /proc/PID/status, in bytes. */
static double process_bytes(pid_t pid, const char *name)
{
	char path[64], line[128];
	double kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtod(line + strlen(name), NULL);
	if (file)
		(void)fclose(file);
	return kib * 1024;
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* The daemon tells its own memory without the maps, which are all mapped and
 * so in every figure of the kernel; at its worst they were too. */
int gateway_memory(const struct gateway *gateway, double *ret_mib,
		   double *ret_peak_mib)
{
	double resident = process_bytes(gateway->pid, "VmRSS:");
	double peak = process_bytes(gateway->pid, "VmHWM:");
	const json_t *memory;
	json_t *status;
	double bytes;
	int r = gateway_ask(gateway, REQ_STATUS, json_object(), &status);

	if (r < 0)
		return r;
	memory = json_object_get(status, "memory");
	bytes = number_of(memory, "rss_bytes") +
		number_of(memory, "maps_bytes");
	json_decref(status);
	*ret_mib = bytes / MIB;
	*ret_peak_mib = (peak - resident + bytes) / MIB;
	return 0;
}

int gateway_resident(const struct gateway *gateway, double *ret_mib,
		     double *ret_own_mib)
{
	json_t *status;
	int r = gateway_ask(gateway, REQ_STATUS, json_object(), &status);

	if (r < 0)
		return r;
	*ret_own_mib =
		number_of(json_object_get(status, "memory"), "rss_bytes") / MIB;
	*ret_mib = process_bytes(gateway->pid, "VmRSS:") / MIB;
	json_decref(status);
	return 0;
}

static int spawn_and_wait(const char *const argv[],
			  const posix_spawn_file_actions_t *actions,
			  double *ret_s)
{
	double start_s = gateway_clock_s();
	int status = 0;
	pid_t pid;
	char *const *words;
	int r;

	/* posix_spawn() does not write to them, but does not say so. */
	memcpy(&words, &argv, sizeof(words));
	r = posix_spawnp(&pid, argv[0], actions, NULL, words, environ);
	if (r != 0)
		return -r;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	*ret_s = gateway_clock_s() - start_s;
	if (status == 0)
		return 0;
	(void)fprintf(stderr, "%s %s: status %d\n", argv[0],
		      argv[1] ? argv[1] : "", status);
	return -EIO;
}

int gateway_spawn(const char *const argv[], const char *output, double *ret_s)
{
	posix_spawn_file_actions_t actions;
	int r;

	(void)posix_spawn_file_actions_init(&actions);
	r = posix_spawn_file_actions_addopen(
		&actions, STDOUT_FILENO, output ? output : "/dev/null",
		O_WRONLY | O_CREAT | O_TRUNC, 0600);
	r = r == 0 ? spawn_and_wait(argv, &actions, ret_s) : -r;
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}
