// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/attach.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/packet/attach_hook.h"
#include "daemon/packet/attach_link.h"
#include "daemon/packet/attach_list.h"
#include "daemon/packet/attach_shared.h"

_Static_assert(IFNAME_MAX == IF_NAMESIZE, "");

static const char *const mode_names[] = {
	[ATTACH_AUTO] = "auto",
	[ATTACH_NATIVE] = "native",
	[ATTACH_GENERIC] = "generic",
};
_Static_assert(ARRAY_LEN(mode_names) == ATTACH_MODE_COUNT, "");

static const char *const share_names[] = {
	[ATTACH_EXCLUSIVE] = "exclusive",
	[ATTACH_SHARED] = "shared",
};
_Static_assert(ARRAY_LEN(share_names) == ATTACH_SHARE_COUNT, "");

const char *attach_mode_name(enum attach_mode mode)
{
	assert(mode < ATTACH_MODE_COUNT);
	return mode_names[mode];
}

const char *attach_share_name(enum attach_share share)
{
	assert(share < ATTACH_SHARE_COUNT);
	return share_names[share];
}

static int name_find(const char *const *names, int count, const char *text)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return -EINVAL;
}

int attach_mode_from_text(const char *text, enum attach_mode *ret_mode)
{
	int r = name_find(mode_names, ATTACH_MODE_COUNT, text);

	if (r < 0)
		return r;
	*ret_mode = (enum attach_mode)r;
	return 0;
}

int attach_share_from_text(const char *text, enum attach_share *ret_share)
{
	int r = name_find(share_names, ATTACH_SHARE_COUNT, text);

	if (r < 0)
		return r;
	*ret_share = (enum attach_share)r;
	return 0;
}

int gates_new(const char *pin_dir, struct gates **ret_gates)
{
	struct gates *gates CLEANUP(gates_freep) = NULL;
	int r;

	assert(pin_dir);
	assert(ret_gates);
	if (strlen(pin_dir) >= sizeof(gates->link_dir) - sizeof("/shared"))
		return -ENAMETOOLONG;
	gates = calloc(1, sizeof(*gates));
	if (!gates)
		return -ENOMEM;
	(void)snprintf(gates->link_dir, sizeof(gates->link_dir), "%s/links",
		       pin_dir);
	(void)snprintf(gates->shared_dir, sizeof(gates->shared_dir),
		       "%s/shared", pin_dir);

	shared_silence();
	r = entries_adopt(gates);
	if (r < 0)
		return r;
	*ret_gates = TAKE(gates);
	return 0;
}

void gates_free(struct gates *gates)
{
	if (!gates)
		return;
	while (gates->count > 0)
		entry_remove(gates, &gates->entries[gates->count - 1]);
	free(gates->entries);
	free(gates);
}

static void read_exclusive(const struct entry *entry, struct gate *gate)
{
	struct hook hook = {0};
	uint32_t id;
	int ifindex;
	int r;

	r = link_read(entry->link_fd, &ifindex, &id);
	if (r == 0 && ifindex == 0)
		r = -ENOLINK;
	if (r == 0)
		r = hook_read(entry->ifindex, &hook);
	if (r < 0) {
		(void)hook_explain(gate->ifname, ATTACH_AUTO, r, gate->note);
		return;
	}
	gate->program_id = id;
	if (hook.program_id)
		gate->mode = hook.mode;
	gate->verified = ifindex == entry->ifindex && id == entry->program_id &&
			 id == hook.program_id;
	if (!gate->verified)
		note_set(gate->note,
			 "not as we left it: program %u expected, the link "
			 "says %u on interface %d, the interface says %u",
			 entry->program_id, id, ifindex, hook.program_id);
}

static void read_shared(const struct entry *entry, struct gate *gate)
{
	int r = shared_find(entry->ifindex, entry->program_id, &gate->mode);

	gate->verified = r == 0;
	if (r == -ENOENT)
		note_set(gate->note,
			 "program %u is not in the dispatcher: somebody took "
			 "it out; attach again",
			 entry->program_id);
	else if (r < 0)
		(void)hook_explain(gate->ifname, ATTACH_AUTO, r, gate->note);
}

static void gate_read(const struct entry *entry, struct gate *ret_gate)
{
	struct gate gate = {
		.ifindex = entry->ifindex,
		.mode = ATTACH_NATIVE,
		.share = entry->share,
		.program_id = entry->program_id,
	};

	if (!if_indextoname((unsigned int)entry->ifindex, gate.ifname)) {
		(void)snprintf(gate.ifname, sizeof(gate.ifname), "if%d",
			       entry->ifindex);
		note_set(gate.note, "the interface is gone");
	} else if (entry->share == ATTACH_SHARED) {
		read_shared(entry, &gate);
	} else {
		read_exclusive(entry, &gate);
	}
	*ret_gate = gate;
}

/* Hang an exclusive gate on a free hook. */
static int exclusive_try(struct gates *gates, int ifindex,
			 enum attach_mode mode, int program_fd)
{
	struct entry entry = {
		.ifindex = ifindex,
		.share = ATTACH_EXCLUSIVE,
		.link_fd = -1,
	};
	char pin[PATH_MAX];
	int r;

	r = hook_program_id(program_fd, &entry.program_id);
	if (r < 0)
		return r;
	entry_pin(gates, ifindex, pin);
	r = link_attach(ifindex, mode, program_fd, pin, &entry.link_fd);
	if (r < 0)
		return r;
	entry_insert(gates, &entry);
	return 0;
}

static int exclusive_attach(struct gates *gates, const char *ifname,
			    int ifindex, enum attach_mode mode, int program_fd,
			    char note[GATE_NOTE_MAX])
{
	bool is_auto = mode == ATTACH_AUTO;
	char why[GATE_NOTE_MAX];
	struct hook hook;
	int r;

	r = hook_read(ifindex, &hook);
	if (r < 0)
		return hook_explain(ifname, mode, r, note);
	if (hook.program_id)
		return hook_refuse_foreign(ifname, hook.program_id, note);

	if (is_auto)
		mode = ATTACH_NATIVE;
	r = exclusive_try(gates, ifindex, mode, program_fd);
	if (r == 0)
		return 0;
	(void)hook_explain(ifname, mode, r, note);
	if (!is_auto || !hook_may_fall_back(r))
		return r;

	r = exclusive_try(gates, ifindex, ATTACH_GENERIC, program_fd);
	if (r < 0)
		return hook_explain(ifname, ATTACH_GENERIC, r, note);
	(void)snprintf(why, sizeof(why), "%s", note);
	note_set(note, "generic, as native was refused: %.200s", why);
	return 0;
}

static int shared_entry_add(struct gates *gates, const char *ifname,
			    int ifindex, enum attach_mode mode,
			    const struct gate_program *program,
			    char note[GATE_NOTE_MAX])
{
	struct entry entry = {
		.ifindex = ifindex,
		.share = ATTACH_SHARED,
		.link_fd = -1,
	};
	int r;

	r = shared_attach(ifname, mode, program, gates->shared_dir, note,
			  &entry.program_id);
	if (r < 0)
		return r;
	entry_insert(gates, &entry);
	return 0;
}

static int entry_swap(struct gates *gates, struct entry *entry,
		      const char *ifname, const struct gate_program *program,
		      char note[GATE_NOTE_MAX])
{
	uint32_t id;
	int r;

	if (entry->share == ATTACH_SHARED)
		return shared_swap(ifname, entry->program_id, program,
				   gates->shared_dir, note, &entry->program_id);
	r = hook_program_id(program->fd, &id);
	/* also where it should be there: the kernel then does nothing */
	if (r == 0)
		r = link_swap(entry->link_fd, program->fd);
	if (r < 0)
		return hook_explain(ifname, ATTACH_AUTO, r, note);
	entry->program_id = id;
	return 0;
}

/* Is there nothing left of it, beyond doubt? */
static bool entry_is_cut(const struct entry *entry)
{
	enum attach_mode mode;
	uint32_t id;
	int ifindex;

	if (entry->share == ATTACH_SHARED)
		return shared_find(entry->ifindex, entry->program_id, &mode) ==
		       -ENOENT;
	return link_read(entry->link_fd, &ifindex, &id) == 0 && ifindex == 0;
}

/* There is a gate already: is it what is asked for? */
static int attach_again(struct gates *gates, struct entry *entry,
			enum attach_mode mode, enum attach_share share,
			const struct gate_program *program,
			char note[GATE_NOTE_MAX])
{
	struct gate gate;

	gate_read(entry, &gate);
	if (share != gate.share || (mode != ATTACH_AUTO && mode != gate.mode)) {
		note_set(note,
			 "%s is attached %s, %s; detach it first, which "
			 "leaves it unprotected for a moment",
			 gate.ifname, attach_mode_name(gate.mode),
			 attach_share_name(gate.share));
		return -EEXIST;
	}
	if (share == ATTACH_SHARED)
		return 0;
	return entry_swap(gates, entry, gate.ifname, program, note);
}

int gates_attach(struct gates *gates, const char *ifname, enum attach_mode mode,
		 enum attach_share share, const struct gate_program *program,
		 char note[GATE_NOTE_MAX])
{
	int ifindex = (int)if_nametoindex(ifname);
	struct entry *entry;
	int r;

	assert(mode < ATTACH_MODE_COUNT);
	assert(share < ATTACH_SHARE_COUNT);
	note[0] = '\0';
	if (ifindex == 0)
		return hook_explain(ifname, mode, -ENODEV, note);

	entry = entry_find(gates, ifindex);
	if (entry && !entry_is_cut(entry))
		return attach_again(gates, entry, mode, share, program, note);
	if (entry)
		entry_forget(gates, entry);
	r = entries_reserve(gates);
	if (r < 0)
		return hook_explain(ifname, mode, r, note);
	if (share == ATTACH_SHARED)
		return shared_entry_add(gates, ifname, ifindex, mode, program,
					note);
	return exclusive_attach(gates, ifname, ifindex, mode, program->fd,
				note);
}

bool gates_have(const struct gates *gates, int ifindex)
{
	const struct entry *entry = entry_find(gates, ifindex);

	return entry && !entry_is_cut(entry);
}

bool gates_have_shared(const struct gates *gates)
{
	for (size_t i = 0; i < gates->count; i++)
		if (gates->entries[i].share == ATTACH_SHARED)
			return true;
	return false;
}

int gates_detach(struct gates *gates, int ifindex, char note[GATE_NOTE_MAX])
{
	struct entry *entry = entry_find(gates, ifindex);
	char ifname[IF_NAMESIZE];
	char pin[PATH_MAX];
	uint32_t id;
	int linked;
	int r;

	note[0] = '\0';
	if (!entry)
		return -ENOENT;
	if (!if_indextoname((unsigned int)ifindex, ifname)) {
		entry_forget(gates, entry);
		return -ENOENT;
	}
	if (entry->share == ATTACH_SHARED) {
		r = shared_detach(ifname, entry->program_id, gates->shared_dir,
				  note);
	} else {
		entry_pin(gates, ifindex, pin);
		r = link_read(entry->link_fd, &linked, &id);
		if (r == 0)
			r = link_detach(entry->link_fd, pin);
		if (r == 0 && linked == 0)
			r = -ENOENT; /* it was cut before */
	}
	if (r == 0 || r == -ENOENT)
		entry_remove(gates, entry);
	else if (!note[0])
		(void)hook_explain(ifname, ATTACH_AUTO, r, note);
	return r;
}

int gates_swap(struct gates *gates, const struct gate_program *program,
	       char note[GATE_NOTE_MAX])
{
	char ifname[IF_NAMESIZE];
	char why[GATE_NOTE_MAX];
	int first = 0;
	int r;

	note[0] = '\0';
	for (size_t i = gates->count; i-- > 0;) {
		struct entry *entry = &gates->entries[i];

		if (!if_indextoname((unsigned int)entry->ifindex, ifname)) {
			entry_forget(gates, entry);
			continue;
		}
		r = entry_swap(gates, entry, ifname, program, why);
		if (r < 0 && first == 0) {
			first = r;
			(void)memcpy(note, why, GATE_NOTE_MAX);
		}
	}
	return first;
}

void gates_forget(struct gates *gates, int ifindex)
{
	struct entry *entry = entry_find(gates, ifindex);

	if (entry)
		entry_forget(gates, entry);
}

int gates_each(struct gates *gates, gate_fn *fn, void *arg)
{
	struct gate gate;
	int r;

	for (size_t i = 0; i < gates->count; i++) {
		gate_read(&gates->entries[i], &gate);
		r = fn(arg, &gate);
		if (r < 0)
			return r;
	}
	return 0;
}
