// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/sensing.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "sensor.skel.h"

#define PLACES_MAX 16

struct sensing {
	struct sensor *programs;
	struct ring_buffer *security, *volume, *dns;
	struct fw_sensor_counts *per_cpu; /* room to read them */
	int cpu_count;
	const char *cgroup_root; /* borrowed until it is attached; or NULL */
	int dns_r; /* of sensing_dns_state() */
	const char *places[PLACES_MAX + 1];
};

static int put_watched(const struct sensing *sensing, const char *path)
{
	struct fw_watched_key key = {0};
	size_t len = strlen(path);
	const uint32_t wanted = 1;

	if (len == 0 || path[0] != '/')
		return -EINVAL;
	if (path[len - 1] != '/')
		len++; /* with its NUL it is not the beginning of another one */
	if (len > FW_WATCHED_BYTES)
		return -ENAMETOOLONG;
	memcpy(key.path, path, len);
	key.bits = (uint32_t)len * 8;
	return bpf_map_update_elem(bpf_map__fd(sensing->programs->maps.watched),
				   &key, &wanted, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

static int put_all_watched(const struct sensing *sensing,
			   const struct sensing_config *config,
			   char note[SENSING_NOTE_MAX])
{
	for (size_t i = 0; i < config->watched_count; i++) {
		int r = put_watched(sensing, config->watched[i]);

		if (r == 0)
			continue;
		(void)snprintf(note, SENSING_NOTE_MAX,
			       "the path \"%.100s\" cannot be watched: %s",
			       config->watched[i],
			       r == -EINVAL ? "it does not begin with a slash"
					    : strerror(-r));
		return r;
	}
	return 0;
}

/* What the kernel calls the network that fwd is in. */
static int netns_cookie(uint64_t *ret_cookie)
{
	CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*ret_cookie);

	if (fd < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret_cookie, &len) < 0)
		return -errno;
	return 0;
}

static int configure(struct sensor *programs,
		     const struct sensing_config *config)
{
	uint64_t netns = 0;
	int r = netns_cookie(&netns);

	(void)bpf_program__set_autoload(programs->progs.sensor_asks,
					config->has_hostnames);
	(void)bpf_program__set_autoload(programs->progs.sensor_answers,
					config->has_hostnames);
	programs->rodata->cfg_self = (uint32_t)getpid();
	programs->rodata->cfg_netns = netns;
	if (config->window_ns)
		programs->rodata->cfg_window_ns = config->window_ns;
	if (r == 0 && config->security_bytes)
		r = bpf_map__set_max_entries(programs->maps.security_ring,
					     config->security_bytes);
	if (r == 0 && config->volume_bytes)
		r = bpf_map__set_max_entries(programs->maps.volume_ring,
					     config->volume_bytes);
	return r;
}

static int load_into(const struct sensing_config *config,
		     struct sensing *sensing, char note[SENSING_NOTE_MAX])
{
	int r;

	sensing->cpu_count = libbpf_num_possible_cpus();
	if (sensing->cpu_count < 0)
		return sensing->cpu_count;
	sensing->per_cpu =
		calloc((size_t)sensing->cpu_count, sizeof(*sensing->per_cpu));
	if (!sensing->per_cpu)
		return -ENOMEM;
	sensing->programs = sensor__open();
	if (!sensing->programs)
		return -errno;
	sensing->dns_r = config->has_hostnames ? 0 : -ENODATA;
	r = configure(sensing->programs, config);
	if (r == 0)
		r = sensor__load(sensing->programs);
	return r < 0 ? r : put_all_watched(sensing, config, note);
}

int sensing_load(const struct sensing_config *config,
		 struct sensing **ret_sensing, char note[SENSING_NOTE_MAX])
{
	struct sensing *sensing;
	int r;

	assert(config);
	assert(ret_sensing);

	note[0] = '\0';
	sensing = calloc(1, sizeof(*sensing));
	if (!sensing)
		return -ENOMEM;
	sensing->cgroup_root = config->cgroup_root;
	r = load_into(config, sensing, note);
	if (r < 0)
		sensing_free(sensing);
	else
		*ret_sensing = sensing;
	if (r < 0 && !*note)
		(void)snprintf(note, SENSING_NOTE_MAX,
			       "the kernel does not take the sensor's "
			       "programs: %s",
			       strerror(-r));
	return r;
}

static int attach_one(const struct bpf_program *program, int group,
		      struct bpf_link **ret_link)
{
	*ret_link = bpf_program__attach_cgroup(program, group);
	return *ret_link ? 0 : -errno;
}

/* Questions before answers: an answer counts if its question was seen. */
static int attach_dns(const struct sensing *sensing, int group)
{
	struct sensor *programs = sensing->programs;
	int r = attach_one(programs->progs.sensor_asks, group,
			   &programs->links.sensor_asks);

	if (r == 0)
		r = attach_one(programs->progs.sensor_answers, group,
			       &programs->links.sensor_answers);
	if (r < 0) {
		(void)bpf_link__destroy(programs->links.sensor_asks);
		programs->links.sensor_asks = NULL;
	}
	return r;
}

static int open_group(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return path ? -errno : -ENOENT;
	return fd;
}

/* Of all processes, so at the root of groups. */
static int attach_groups(struct sensing *sensing)
{
	CLEANUP(closep) int fd = open_group(sensing->cgroup_root);
	struct sensor *programs = sensing->programs;

	if (sensing->dns_r == 0)
		sensing->dns_r = fd < 0 ? fd : attach_dns(sensing, fd);
	return fd < 0 ? fd
		      : attach_one(programs->progs.sensor_flow, fd,
				   &programs->links.sensor_flow);
}

int sensing_attach(struct sensing *sensing, char note[SENSING_NOTE_MAX])
{
	const struct bpf_object_skeleton *skeleton =
		sensing->programs->skeleton;
	int r = sensor__attach(sensing->programs);
	int count = 0;

	if (r < 0) {
		(void)snprintf(note, SENSING_NOTE_MAX,
			       "the sensor cannot be attached: %s",
			       strerror(-r));
		return r;
	}
	for (int i = 0; i < skeleton->prog_cnt && count < PLACES_MAX; i++) {
		const struct bpf_program *program = *skeleton->progs[i].prog;
		const char *section = bpf_program__section_name(program);
		const char *slash = strchr(section, '/');

		if (*skeleton->progs[i].link && slash)
			sensing->places[count++] = slash + 1;
	}
	r = attach_groups(sensing);
	if (r < 0)
		(void)snprintf(note, SENSING_NOTE_MAX,
			       "whose TCP connects are is not known, for the "
			       "root of control groups cannot be attached to: "
			       "%s",
			       strerror(-r));
	return 0;
}

void sensing_free(struct sensing *sensing)
{
	if (!sensing)
		return;

	ring_buffer__free(sensing->security);
	ring_buffer__free(sensing->volume);
	ring_buffer__free(sensing->dns);
	sensor__destroy(sensing->programs);
	free(sensing->per_cpu);
	free(sensing);
}

int sensing_listen(struct sensing *sensing, sensing_record_fn *security_fn,
		   sensing_record_fn *volume_fn, sensing_record_fn *dns_fn,
		   void *arg)
{
	assert(security_fn);
	assert(volume_fn);
	assert(dns_fn);

	sensing->security = ring_buffer__new(
		bpf_map__fd(sensing->programs->maps.security_ring), security_fn,
		arg, NULL);
	if (!sensing->security)
		return -errno;
	sensing->volume = ring_buffer__new(
		bpf_map__fd(sensing->programs->maps.volume_ring), volume_fn,
		arg, NULL);
	if (!sensing->volume)
		return -errno;
	sensing->dns =
		ring_buffer__new(bpf_map__fd(sensing->programs->maps.dns_ring),
				 dns_fn, arg, NULL);
	return sensing->dns ? 0 : -errno;
}

int sensing_security_fd(const struct sensing *sensing)
{
	return ring_buffer__epoll_fd(sensing->security);
}

int sensing_volume_fd(const struct sensing *sensing)
{
	return ring_buffer__epoll_fd(sensing->volume);
}

/* Records that nobody called for are no reason for who polls to look at the
 * ring: so that it is looked at now, and stays readable while there are some. */
static int look_again(const struct sensing *sensing)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(sensing_security_fd(sensing), EPOLL_CTL_MOD,
			 bpf_map__fd(sensing->programs->maps.security_ring),
			 &event) < 0
		       ? -errno
		       : 0;
}

/* Whoever called while the ring was read may have been seen already: then no
 * poll finds anything, and none would call again. So until nobody has; and
 * where `fn` stopped, which may have been at the last record there was, whoever
 * comes next calls. */
int sensing_take_security(struct sensing *sensing)
{
	__u32 *called = (__u32 *)&sensing->programs->bss->reader_called;
	int r;

	do {
		__atomic_store_n(called, 0, __ATOMIC_SEQ_CST);
		r = ring_buffer__consume(sensing->security);
	} while (r >= 0 && __atomic_load_n(called, __ATOMIC_SEQ_CST));
	if (r < 0) {
		__atomic_store_n(called, 0, __ATOMIC_SEQ_CST);
		(void)look_again(sensing);
	}
	return r;
}

int sensing_take_volume(struct sensing *sensing)
{
	return ring_buffer__consume(sensing->volume);
}

int sensing_take_dns(struct sensing *sensing)
{
	return ring_buffer__consume(sensing->dns);
}

int sensing_dns_state(const struct sensing *sensing)
{
	return sensing->dns_r;
}

uint64_t sensing_dns_lost(const struct sensing *sensing)
{
	return __atomic_load_n(&sensing->programs->bss->dns_lost,
			       __ATOMIC_RELAXED);
}

static void add(struct fw_sensor_counts *sum,
		const struct fw_sensor_counts *more)
{
	for (int kind = 0; kind < FW_SENSE_COUNT; kind++) {
		sum->kinds[kind].sent += more->kinds[kind].sent;
		sum->kinds[kind].suppressed += more->kinds[kind].suppressed;
		sum->kinds[kind].lost += more->kinds[kind].lost;
	}
}

int sensing_counts(const struct sensing *sensing,
		   struct fw_sensor_counts *ret_counts)
{
	const uint32_t only = 0;
	struct fw_sensor_counts sum = {0};

	if (bpf_map_lookup_elem(
		    bpf_map__fd(sensing->programs->maps.sensor_counts), &only,
		    sensing->per_cpu) < 0)
		return -errno;
	for (int cpu = 0; cpu < sensing->cpu_count; cpu++)
		add(&sum, &sensing->per_cpu[cpu]);
	*ret_counts = sum;
	return 0;
}

int sensing_talk(const struct sensing *sensing, const struct fw_talk_key *key,
		 struct fw_talk *ret_talk)
{
	return bpf_map_lookup_elem(bpf_map__fd(sensing->programs->maps.talks),
				   key, ret_talk) < 0
		       ? -errno
		       : 0;
}

const char *const *sensing_places(const struct sensing *sensing)
{
	return sensing->places;
}
