// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/cgroup.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID_LEN 64

/* A path takes the place of another one whose number has the same rest: it is
 * learned anew with the next execution. */
#define PLACES	   4096
#define PATH_BYTES 1024

struct place {
	uint64_t id;
	uint32_t len;
	bool is_cut; /* where it begins */
	char *path;
};

struct cgroups {
	struct place places[PLACES];
};

static bool is_id(const char *text, size_t len)
{
	if (len != CONTAINER_ID_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(text[i] >= '0' && text[i] <= '9') &&
		    !(text[i] >= 'a' && text[i] <= 'f'))
			return false;
	return true;
}

static bool ends_in(const char *name, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && memcmp(name + len - end_len, end, end_len) == 0;
}

static struct event_text part(const char *bytes, size_t len)
{
	return (struct event_text){.bytes = bytes, .len = (uint32_t)len};
}

/*
 * Docker, containerd and CRI-O under systemd: "docker-ID.scope",
 * "cri-containerd-ID.scope", "crio-ID.scope"; Podman: "libpod-ID.scope", and
 * "libpod-payload-ID" where it splits its groups. Under cgroupfs the name is
 * ID, below "docker" or a pod; containerd may write "containerd:POD:ID".
 */
static struct event_text container_in(const char *name, size_t len)
{
	if (ends_in(name, len, ".scope"))
		len -= strlen(".scope");
	if (len < CONTAINER_ID_LEN)
		return part(NULL, 0);
	if (len > CONTAINER_ID_LEN && name[len - CONTAINER_ID_LEN - 1] != '-' &&
	    name[len - CONTAINER_ID_LEN - 1] != ':')
		return part(NULL, 0);
	name += len - CONTAINER_ID_LEN;
	return is_id(name, CONTAINER_ID_LEN) ? part(name, CONTAINER_ID_LEN)
					     : part(NULL, 0);
}

static bool is_unit(const char *name, size_t len)
{
	return ends_in(name, len, ".service") || ends_in(name, len, ".scope") ||
	       ends_in(name, len, ".socket") || ends_in(name, len, ".mount");
}

struct cgroup_names cgroup_names(const struct event_text *path)
{
	struct cgroup_names names = {0};
	const char *at, *end;

	assert(path);

	at = path->bytes;
	end = at + path->len;
	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t len = (size_t)((slash ? slash : end) - at);
		struct event_text container = container_in(at, len);

		if (container.len)
			names.container = container;
		if (is_unit(at, len))
			names.unit = part(at, len);
		at += len + 1;
	}
	return names;
}

int cgroups_new(struct cgroups **ret_cgroups)
{
	assert(ret_cgroups);

	*ret_cgroups = calloc(1, sizeof(**ret_cgroups));
	return *ret_cgroups ? 0 : -ENOMEM;
}

void cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;

	for (size_t i = 0; i < PLACES; i++)
		free(cgroups->places[i].path);
	free(cgroups);
}

void cgroups_put(struct cgroups *cgroups, uint64_t id,
		 const struct event_text *path)
{
	struct place *place = &cgroups->places[id % PLACES];
	uint32_t len = path->len < PATH_BYTES ? path->len : PATH_BYTES;
	char *copy;

	assert(path);

	if (id == 0 || len == 0 ||
	    (place->id == id && place->len == len &&
	     memcmp(place->path, path->bytes, len) == 0))
		return;
	copy = malloc(len);
	if (!copy)
		return;
	memcpy(copy, path->bytes, len);
	free(place->path);
	*place = (struct place){
		.id = id, .len = len, .is_cut = path->is_cut, .path = copy};
}

struct event_text cgroups_path(const struct cgroups *cgroups, uint64_t id)
{
	const struct place *place = &cgroups->places[id % PLACES];
	struct event_text path = part(NULL, 0);

	if (id == 0 || place->id != id)
		return path;
	path = part(place->path, place->len);
	path.is_cut = place->is_cut;
	return path;
}
