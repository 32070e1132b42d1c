// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/explainer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "explain_in.skel.h"
#include "explain_out.skel.h"

#include "daemon/packet/constants.h"

struct explainer {
	struct explain_in *in;
	struct explain_out *out; /* NULL without a policy */
	bool is_loaded;
	uint32_t program_id;
};

static int open_in(const struct program *program, struct explainer *explainer,
		   struct constants *constants)
{
	int r;

	explainer->in = explain_in__open();
	if (!explainer->in)
		return -errno;
	r = program_lend(program, explainer->in->obj, constants);
	if (r == 0)
		CONSTANTS_SET(explainer->in->rodata, *constants);
	return r;
}

static int open_out(const struct program *program, struct explainer *explainer,
		    struct constants *constants)
{
	int r;

	explainer->out = explain_out__open();
	if (!explainer->out)
		return -errno;
	r = program_lend(program, explainer->out->obj, constants);
	if (r == 0)
		CONSTANTS_SET(explainer->out->rodata, *constants);
	return r;
}

int explainer_open(const struct program *program,
		   struct explainer **ret_explainer)
{
	struct explainer *explainer = calloc(1, sizeof(*explainer));
	struct constants constants;
	int r;

	assert(program);
	assert(ret_explainer);

	if (!explainer)
		return -ENOMEM;
	explainer->program_id = program_info(program).program_id;
	r = open_in(program, explainer, &constants);
	if (r == 0 && constants.has_policy)
		r = open_out(program, explainer, &constants);
	if (r < 0)
		explainer_free(explainer);
	else
		*ret_explainer = explainer;
	return r;
}

void explainer_free(struct explainer *explainer)
{
	if (!explainer)
		return;

	explain_in__destroy(explainer->in);
	explain_out__destroy(explainer->out);
	free(explainer);
}

uint32_t explainer_program_id(const struct explainer *explainer)
{
	return explainer->program_id;
}

static int load(struct explainer *explainer)
{
	int r = 0;

	if (explainer->is_loaded)
		return 0;
	r = explain_in__load(explainer->in);
	if (r == 0 && explainer->out)
		r = explain_out__load(explainer->out);
	explainer->is_loaded = r == 0;
	return r;
}

/* What the kernel makes of a frame it does not take is EINVAL for each cause;
 * all of ours are asked for the same way, so it is the frame. */
static int run(int program_fd, const struct explainer_question *question)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = question->frame,
		    .data_size_in = (uint32_t)question->len, .repeat = 1);
	int r = bpf_prog_test_run_opts(program_fd, &opts);

	return r == -EINVAL || r == -ENOMEM ? -EMSGSIZE : r;
}

int explainer_run(struct explainer *explainer,
		  const struct explainer_question *question,
		  struct fw_trace *ret_trace)
{
	struct fw_trace trace = {
		.ifindex = question->ifindex,
		.flow = question->flow,
	};
	int program_fd, map_fd, r;
	uint32_t zero = 0;

	assert(question->frame);
	assert(ret_trace);

	if (question->is_out && !explainer->out)
		return -EOPNOTSUPP;
	r = load(explainer);
	if (r < 0)
		return r;
	program_fd = bpf_program__fd(question->is_out
					     ? explainer->out->progs.explain_out
					     : explainer->in->progs.explain_in);
	map_fd = bpf_map__fd(question->is_out ? explainer->out->maps.trace
					      : explainer->in->maps.trace);
	if (bpf_map_update_elem(map_fd, &zero, &trace, BPF_ANY) < 0)
		return -errno;
	r = run(program_fd, question);
	if (r == 0 && bpf_map_lookup_elem(map_fd, &zero, &trace) < 0)
		r = -errno;
	if (r == 0)
		*ret_trace = trace;
	return r;
}
