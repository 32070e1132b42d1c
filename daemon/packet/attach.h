/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h - gates: where the program hangs on interfaces, and stays.
 *
 * Exclusive gates are bpf_links, pinned as PIN_DIR/links/IFINDEX, so they hold
 * when the daemon is gone. Shared gates are slots of libxdp's dispatcher,
 * which pins itself; to know ours again, its program is pinned as
 * PIN_DIR/shared/IFINDEX-ID. A gate is never taken off to be put on again: a
 * new program goes in by one atomic link update (measured elsewhere: detach
 * and attach lets four packets of ten past, an update none).
 *
 *	1. attaching what is attached in the asked way changes nothing;
 *	2. somebody else's program is never replaced: -EBUSY, and the note says
 *	   whose (name, id) and what would work (`shared`);
 *	3. `auto` tries native and says in the note why it fell back; `native`
 *	   never falls back;
 *	4. what gates_each() says is read from the kernel at that moment.
 *
 * Owns		descriptors of links; pins are removed by gates_detach() only,
 *		and when the interface behind a link is gone for good
 * Errors	negative errno, with a note for people
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "rules/base.h"
#include "rules/store.h"

#define GATE_NOTE_MAX 256 /* bytes with the NUL */

enum attach_mode {
	ATTACH_AUTO,
	ATTACH_NATIVE,
	ATTACH_GENERIC,
	ATTACH_MODE_COUNT,
};

enum attach_share {
	ATTACH_EXCLUSIVE,
	ATTACH_SHARED,
	ATTACH_SHARE_COUNT,
};

/* "auto", "native", "generic"; "exclusive", "shared". */
const char *attach_mode_name(enum attach_mode mode);
const char *attach_share_name(enum attach_share share);
int attach_mode_from_text(const char *text, enum attach_mode *ret_mode);
int attach_share_from_text(const char *text, enum attach_share *ret_share);

/*
 * The program to hang: `fd` is it, loaded, for exclusive gates. libxdp loads
 * shared programs itself, as extensions of its dispatcher, so for those
 * open_object() gives a fresh object, opened but not loaded, whose maps are
 * set to the live ones, and which the gate then owns.
 */
struct gate_program {
	int fd;
	const char *name; /* of the function in the object */
	int (*open_object)(void *arg, struct bpf_object **ret_object);
	void *arg;
};

struct gate {
	int ifindex;
	char ifname[IFNAME_MAX]; /* as it is called now */
	enum attach_mode mode; /* what it is: never ATTACH_AUTO */
	enum attach_share share;
	uint32_t program_id; /* of ours, on this interface */
	bool verified; /* the kernel said so for this answer */
	char note[GATE_NOTE_MAX]; /* "" or why it is not as it should be */
};

struct gates;

/* `pin_dir` is on a bpffs and may hold links of an earlier life; they are
 * opened here, and those whose interface is gone are removed. */
int gates_new(const char *pin_dir, struct gates **ret_gates);

/* Closes descriptors; what is attached stays attached. NULL is fine. */
void gates_free(struct gates *gates);
DEFINE_CLEANUP(struct gates *, gates_free)

/*
 * Hang `program` on an interface; `note` may be filled on success too. Where
 * an exclusive gate stands already it gets `program` by an update, a shared
 * one keeps what it runs until gates_swap(). -EEXIST: attached in another way,
 * which the note names; -EPROTONOSUPPORT: no dispatcher on this kernel.
 */
int gates_attach(struct gates *gates, const char *ifname, enum attach_mode mode,
		 enum attach_share share, const struct gate_program *program,
		 char note[GATE_NOTE_MAX]);

/* Is ours on this interface, in whatever way? */
bool gates_have(const struct gates *gates, int ifindex);

/* Is any of them shared with others? */
bool gates_have_shared(const struct gates *gates);

/* Take ours off, and the pin with it. -ENOENT: ours is not there. */
int gates_detach(struct gates *gates, int ifindex, char note[GATE_NOTE_MAX]);

/* Put `program` in place of what every gate runs. A gate whose interface
 * vanished is dropped; the first other failure is returned after all were
 * tried, and `note` names its interface. */
int gates_swap(struct gates *gates, const struct gate_program *program,
	       char note[GATE_NOTE_MAX]);

/* The interface is gone: forget its gate and remove the severed pin. */
void gates_forget(struct gates *gates, int ifindex);

typedef int gate_fn(void *arg, const struct gate *gate);

int gates_each(struct gates *gates, gate_fn *fn, void *arg);
