// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforce/barring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "denied.skel.h"

#define MODULES	    "/sys/kernel/security/lsm"
#define MODULES_MAX 512 /* bytes with the NUL */

_Static_assert(sizeof(struct file_digest) == sizeof(struct fw_digest),
	       "map key layout");

struct barring {
	struct denied *programs;
	int labels, digests; /* the skeleton's */
};

static int read_modules(char text[MODULES_MAX])
{
	CLEANUP(closep) int fd = open(MODULES, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, MODULES_MAX - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	return 0;
}

/* Without it programs do not load, or do and are never run, as the kernel
 * is. */
static int check_modules(char note[BARRING_NOTE_MAX])
{
	char text[MODULES_MAX], *rest = NULL;
	int r = read_modules(text);

	if (r < 0) {
		(void)snprintf(note, BARRING_NOTE_MAX, "%s: %s", MODULES,
			       strerror(-r));
		return r;
	}
	for (const char *module = strtok_r(text, ",\n", &rest); module;
	     module = strtok_r(NULL, ",\n", &rest))
		if (strcmp(module, "bpf") == 0)
			return 0;
	(void)snprintf(note, BARRING_NOTE_MAX,
		       "lsm= of the kernel's command line lacks bpf");
	return -EOPNOTSUPP;
}

/* Many kernels refuse: what libbpf has to say of it is no matter. */
static int load(struct barring *barring)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	int r;

	barring->programs = denied__open();
	r = barring->programs ? denied__load(barring->programs) : -errno;
	(void)libbpf_set_print(print);
	if (r < 0)
		return r;
	barring->labels = bpf_map__fd(barring->programs->maps.labels);
	barring->digests = bpf_map__fd(barring->programs->maps.digests);
	return 0;
}

/* Is it the command line that keeps them from loading? Not when the kernel was
 * built without them, or forbids them. */
static bool may_be_modules(int r)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	bool is_built = libbpf_find_vmlinux_btf_id("bprm_check_security",
						   BPF_LSM_MAC) > 0;

	(void)libbpf_set_print(print);
	return r != -EPERM && is_built;
}

static int load_and_attach(struct barring *barring, char note[BARRING_NOTE_MAX])
{
	int r = load(barring);

	if (r == 0 || may_be_modules(r)) {
		int missing = check_modules(note);

		if (missing < 0)
			return missing;
	}
	if (r == 0)
		r = denied__attach(barring->programs);
	if (r < 0)
		(void)snprintf(note, BARRING_NOTE_MAX,
			       "the kernel does not allow LSM programs: %s",
			       strerror(-r));
	return r;
}

int barring_new(struct barring **ret_barring, char note[BARRING_NOTE_MAX])
{
	struct barring *barring;
	int r;

	assert(ret_barring);

	barring = calloc(1, sizeof(*barring));
	if (!barring) {
		(void)snprintf(note, BARRING_NOTE_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	r = load_and_attach(barring, note);
	if (r < 0)
		barring_free(barring);
	else
		*ret_barring = barring;
	return r;
}

void barring_free(struct barring *barring)
{
	if (!barring)
		return;

	denied__destroy(barring->programs);
	free(barring);
}

int barring_label(const struct barring *barring, int fd,
		  const struct file_state *state,
		  const struct file_digest *digest)
{
	struct fw_label label = {
		.ctime_ns = state->ctime_ns,
		.bytes = state->bytes,
	};

	memcpy(label.digest.bytes, digest->bytes, sizeof(label.digest.bytes));
	return bpf_map_update_elem(barring->labels, &fd, &label, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

/* The next one is asked for first: behind one that is gone the kernel begins
 * anew. */
static void take_out(const struct barring *barring,
		     const struct file_digest *digests, size_t count)
{
	struct file_digest digest, next;
	int r = bpf_map_get_next_key(barring->digests, NULL, &next);

	while (r == 0) {
		digest = next;
		r = bpf_map_get_next_key(barring->digests, &digest, &next);
		if (!file_digest_find(digests, count, &digest))
			(void)bpf_map_delete_elem(barring->digests, &digest);
	}
}

size_t barring_set(struct barring *barring, const struct file_digest *digests,
		   size_t count)
{
	const uint8_t is_denied = 1;
	size_t at;

	if (count > FW_DENIED_MAX)
		count = FW_DENIED_MAX;
	take_out(barring, digests, count);
	for (at = 0; at < count; at++)
		if (bpf_map_update_elem(barring->digests, &digests[at],
					&is_denied, BPF_NOEXIST) < 0 &&
		    errno != EEXIST)
			break;
	return at;
}

uint64_t barring_refused(const struct barring *barring)
{
	return __atomic_load_n(&barring->programs->bss->refused_count,
			       __ATOMIC_RELAXED);
}
