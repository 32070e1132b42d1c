// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/attach_shared.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <xdp/libxdp.h>

#include "daemon/packet/attach_hook.h"

/* Before what others run (libxdp's default is 50): what is dropped here costs
 * them nothing, and they cannot pass it on before we have seen it. */
#define RUN_PRIORITY 10

DEFINE_CLEANUP(struct xdp_multiprog *, xdp_multiprog__close)
DEFINE_CLEANUP(struct xdp_program *, xdp_program__close)
DEFINE_CLEANUP(struct bpf_object *, bpf_object__close)

/*
 * The last thing libxdp had to say. Its callback takes no argument, so this
 * cannot live anywhere else; it is written and read within one call.
 */
static char last_words[GATE_NOTE_MAX];

__attribute__((format(printf, 2, 0))) static int
remember(enum libxdp_print_level level, const char *format, va_list args)
{
	/* that it falls back is no reason; what it said before is */
	if (level > LIBXDP_INFO || strstr(format, "Falling back"))
		return 0;
	(void)vsnprintf(last_words, sizeof(last_words), format, args);
	last_words[strcspn(last_words, "\n")] = '\0';
	return 0;
}

void shared_silence(void)
{
	(void)libxdp_set_print(remember);
}

static enum xdp_attach_mode xdp_mode(enum attach_mode mode)
{
	assert(mode == ATTACH_NATIVE || mode == ATTACH_GENERIC);
	return mode == ATTACH_NATIVE ? XDP_MODE_NATIVE : XDP_MODE_SKB;
}

static int index_of(const char *ifname, int *ret_ifindex)
{
	unsigned int ifindex = if_nametoindex(ifname);

	if (!ifindex)
		return -ENODEV;
	*ret_ifindex = (int)ifindex;
	return 0;
}

/* -ENOENT: nobody is attached. -EBUSY: somebody, without a dispatcher. */
static int dispatcher_open(int ifindex, struct xdp_multiprog **ret_dispatcher)
{
	struct xdp_multiprog *found = xdp_multiprog__get_from_ifindex(ifindex);
	int r = (int)libxdp_get_error(found);

	if (r < 0)
		return r;
	if (!found)
		return -ENOENT;
	if (xdp_multiprog__is_legacy(found)) {
		xdp_multiprog__close(found);
		return -EBUSY;
	}
	*ret_dispatcher = found;
	return 0;
}

/* The program with `id` in the dispatcher, which keeps it; or NULL. */
static struct xdp_program *slot_find(struct xdp_multiprog *dispatcher,
				     uint32_t id)
{
	struct xdp_program *slot = NULL;

	while ((slot = xdp_multiprog__next_prog(slot, dispatcher)))
		if (xdp_program__id(slot) == id)
			return slot;
	return NULL;
}

static enum attach_mode mode_of(const struct xdp_multiprog *dispatcher)
{
	return xdp_multiprog__attach_mode(dispatcher) == XDP_MODE_SKB
		       ? ATTACH_GENERIC
		       : ATTACH_NATIVE;
}

int shared_find(int ifindex, uint32_t id, enum attach_mode *ret_mode)
{
	struct xdp_multiprog *dispatcher CLEANUP(xdp_multiprog__closep) = NULL;
	int r;

	r = dispatcher_open(ifindex, &dispatcher);
	if (r == -EBUSY)
		return -ENOENT;
	if (r < 0)
		return r;
	if (!slot_find(dispatcher, id))
		return -ENOENT;
	*ret_mode = mode_of(dispatcher);
	return 0;
}

static int slot_remove(int ifindex, uint32_t id)
{
	struct xdp_multiprog *dispatcher CLEANUP(xdp_multiprog__closep) = NULL;
	struct xdp_program *slot;
	int r;

	r = dispatcher_open(ifindex, &dispatcher);
	if (r < 0)
		return r == -EBUSY ? -ENOENT : r;
	slot = slot_find(dispatcher, id);
	if (!slot)
		return -ENOENT;
	return xdp_program__detach(slot, ifindex,
				   xdp_multiprog__attach_mode(dispatcher), 0);
}

static void pin_path(const char *dir, int ifindex, uint32_t id,
		     char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%d-%u", dir, ifindex, id);
}

/* What libxdp left behind must be a dispatcher with us in it. */
static int verify_or_undo(struct xdp_program *ours, int ifindex,
			  enum attach_mode mode, char note[GATE_NOTE_MAX])
{
	enum attach_mode seen;
	int r;

	r = shared_find(ifindex, xdp_program__id(ours), &seen);
	if (r == 0)
		return 0;
	if (xdp_program__detach(ours, ifindex, xdp_mode(mode), 0) < 0)
		note_set(
			note,
			"libxdp attached without its dispatcher, and that "
			"could not be undone: `ip link set dev IFACE xdp off`");
	else if (r == -ENOENT)
		note_set(note,
			 "libxdp's dispatcher cannot run here; it needs a "
			 "bpffs at /sys/fs/bpf and a kernel with BPF extension "
			 "programs; attach exclusive (%.80s)",
			 last_words);
	return r == -ENOENT ? -EPROTONOSUPPORT : r;
}

static int program_open(const struct gate_program *program,
			struct bpf_object **ret_object,
			struct xdp_program **ret_ours)
{
	struct bpf_object *object CLEANUP(bpf_object__closep) = NULL;
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, 0);
	struct bpf_program *function;
	struct xdp_program *ours;
	int r;

	r = program->open_object(program->arg, &object);
	if (r < 0)
		return r;
	function = bpf_object__find_program_by_name(object, program->name);
	if (!function)
		return -ENOENT;
	opts.obj = object;
	opts.prog_name = program->name;
	ours = xdp_program__create(&opts);
	r = (int)libxdp_get_error(ours);
	if (r < 0)
		return r;

	/* libbpf keeps what the section says from libxdp until it loads */
	if (strcmp(bpf_program__section_name(function), "xdp.frags") == 0)
		(void)xdp_program__set_xdp_frags_support(ours, true);
	r = xdp_program__set_run_prio(ours, RUN_PRIORITY);
	if (r < 0) {
		xdp_program__close(ours);
		return r;
	}
	*ret_object = TAKE(object);
	*ret_ours = ours;
	return 0;
}

/* Add a fresh instance of `program`; it is in the dispatcher and pinned, or
 * nothing has changed. */
static int slot_add(int ifindex, enum attach_mode mode,
		    const struct gate_program *program, const char *dir,
		    char note[GATE_NOTE_MAX], uint32_t *ret_id)
{
	/* closed in reverse: libxdp's handle before what it points into */
	struct bpf_object *object CLEANUP(bpf_object__closep) = NULL;
	struct xdp_program *ours CLEANUP(xdp_program__closep) = NULL;
	char pin[PATH_MAX];
	int r;

	last_words[0] = '\0';
	note[0] = '\0';
	r = program_open(program, &object, &ours);
	if (r < 0)
		return r;
	r = xdp_program__attach(ours, ifindex, xdp_mode(mode), 0);
	if (r < 0)
		return r;
	r = verify_or_undo(ours, ifindex, mode, note);
	if (r < 0)
		return r;

	pin_path(dir, ifindex, xdp_program__id(ours), pin);
	r = bpf_obj_pin(xdp_program__fd(ours), pin);
	if (r < 0) {
		(void)slot_remove(ifindex, xdp_program__id(ours));
		return r;
	}
	*ret_id = xdp_program__id(ours);
	return 0;
}

/* Of a failed slot_add(): keep its own note, else translate. */
static int explain(const char *ifname, enum attach_mode mode, int error,
		   char note[GATE_NOTE_MAX])
{
	char words[GATE_NOTE_MAX];

	if (note[0])
		return error;
	(void)hook_explain(ifname, mode, error, note);
	if (!last_words[0])
		return error;
	(void)snprintf(words, sizeof(words), "%s", note);
	note_set(note, "%.120s (%.120s)", words, last_words);
	return error;
}

static int attach_auto(const char *ifname, int ifindex,
		       const struct gate_program *program, const char *dir,
		       char note[GATE_NOTE_MAX], uint32_t *ret_id)
{
	char why[GATE_NOTE_MAX];
	int r;

	r = slot_add(ifindex, ATTACH_NATIVE, program, dir, note, ret_id);
	if (r == 0)
		return 0;
	(void)explain(ifname, ATTACH_NATIVE, r, note);
	if (!hook_may_fall_back(r))
		return r;

	(void)snprintf(why, sizeof(why), "%s", note);
	r = slot_add(ifindex, ATTACH_GENERIC, program, dir, note, ret_id);
	if (r < 0)
		return explain(ifname, ATTACH_GENERIC, r, note);
	note_set(note, "generic, as native was refused: %.200s", why);
	return 0;
}

int shared_attach(const char *ifname, enum attach_mode mode,
		  const struct gate_program *program, const char *dir,
		  char note[GATE_NOTE_MAX], uint32_t *ret_id)
{
	struct xdp_multiprog *there CLEANUP(xdp_multiprog__closep) = NULL;
	struct hook hook;
	int ifindex;
	int r;

	r = index_of(ifname, &ifindex);
	if (r < 0)
		return hook_explain(ifname, mode, r, note);
	r = dispatcher_open(ifindex, &there);
	if (r == -EBUSY && hook_read(ifindex, &hook) == 0)
		return hook_refuse_foreign(ifname, hook.program_id, note);
	if (r < 0 && r != -ENOENT)
		return hook_explain(ifname, mode, r, note);

	if (there && mode == ATTACH_AUTO)
		mode = mode_of(there);
	if (there && mode != mode_of(there)) {
		note_set(note,
			 "the dispatcher on %s is attached %s, and one "
			 "interface has one mode: ask for that or auto",
			 ifname, attach_mode_name(mode_of(there)));
		return -EEXIST;
	}
	if (mode == ATTACH_AUTO)
		return attach_auto(ifname, ifindex, program, dir, note, ret_id);
	r = slot_add(ifindex, mode, program, dir, note, ret_id);
	return r < 0 ? explain(ifname, mode, r, note) : 0;
}

static void unpin(const char *dir, int ifindex, uint32_t id)
{
	char pin[PATH_MAX];

	pin_path(dir, ifindex, id, pin);
	(void)unlink(pin);
}

int shared_swap(const char *ifname, uint32_t id,
		const struct gate_program *program, const char *dir,
		char note[GATE_NOTE_MAX], uint32_t *ret_id)
{
	enum attach_mode mode;
	uint32_t new_id;
	int ifindex;
	int r;

	r = index_of(ifname, &ifindex);
	if (r < 0)
		return r;
	r = shared_find(ifindex, id, &mode);
	if (r < 0)
		return hook_explain(ifname, ATTACH_AUTO, r, note);
	r = slot_add(ifindex, mode, program, dir, note, &new_id);
	if (r < 0)
		return explain(ifname, mode, r, note);

	r = slot_remove(ifindex, id);
	if (r < 0 && r != -ENOENT) {
		note[0] = '\0';
		(void)explain(ifname, mode, r, note);
		if (slot_remove(ifindex, new_id) == 0)
			unpin(dir, ifindex, new_id);
		return r;
	}
	unpin(dir, ifindex, id);
	*ret_id = new_id;
	return 0;
}

int shared_detach(const char *ifname, uint32_t id, const char *dir,
		  char note[GATE_NOTE_MAX])
{
	int ifindex;
	int r;

	last_words[0] = '\0';
	r = index_of(ifname, &ifindex);
	if (r < 0)
		return r;
	r = slot_remove(ifindex, id);
	if (r < 0 && r != -ENOENT) {
		note[0] = '\0';
		return explain(ifname, ATTACH_AUTO, r, note);
	}
	unpin(dir, ifindex, id);
	return r;
}

void shared_forget(int ifindex, uint32_t id, const char *dir)
{
	(void)libxdp_clean_references(ifindex);
	unpin(dir, ifindex, id);
}
