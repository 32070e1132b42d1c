// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests about interfaces: attach, detach, doctor. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commit.h"
#include "daemon/gate_follow.h"
#include "daemon/gate_keep.h"
#include "daemon/packet/doctor.h"
#include "daemon/packet/egress.h"
#include "daemon/requests.h"

struct gate_call {
	struct daemon *daemon;
	struct call *call;
	struct attachment attachment;
	bool is_detach;
	char note[GATE_NOTE_MAX];
};

static const char *args_iface(struct call *call)
{
	const char *name = args_text(call, "iface", IFNAME_MAX - 1, NULL);

	if (name && !*name) {
		call_refuse(call, -EINVAL, "\"iface\": expected a name");
		return NULL;
	}
	return name;
}

struct lookup {
	const char *name;
	struct iface iface;
	bool is_found;
};

static int match_iface(void *arg, const struct iface *iface)
{
	struct lookup *lookup = arg;

	if (strcmp(iface->name, lookup->name) == 0) {
		lookup->iface = *iface;
		lookup->is_found = true;
	}
	return 0;
}

/* -ENODEV: there is none of that name. */
static int find_iface(struct daemon *daemon, const char *name,
		      struct iface *ret_iface)
{
	struct lookup lookup = {.name = name};
	int r = netlink_each_iface(daemon->netlink, match_iface, &lookup);

	if (r < 0)
		return r;
	if (!lookup.is_found)
		return -ENODEV;
	*ret_iface = lookup.iface;
	return 0;
}

static void refuse_iface(struct call *call, const char *name, int r)
{
	/* loopback is there, but not among those that are looked at */
	if (r == -ENODEV && if_nametoindex(name) != 0)
		call_refuse(call, r,
			    "%s carries no Ethernet frames: nothing is judged "
			    "there",
			    name);
	else if (r == -ENODEV)
		call_refuse(call, r, "no interface is called \"%s\"", name);
	else
		call_refuse(call, r, "interfaces could not be listed: %s",
			    strerror(-r));
}

struct gate_lookup {
	int ifindex;
	struct gate gate;
};

static int match_gate(void *arg, const struct gate *gate)
{
	struct gate_lookup *lookup = arg;

	if (gate->ifindex == lookup->ifindex)
		lookup->gate = *gate;
	return 0;
}

static void answer_attach(struct gate_call *gate)
{
	struct wish *wish =
		gate_keep_find(&gate->daemon->keep, gate->attachment.ifname);
	struct gate_lookup lookup = {.ifindex = wish ? wish->ifindex : -1};
	json_t *answer;

	(void)gates_each(gate->daemon->gates, match_gate, &lookup);
	answer = json_pack(
		"{s:s, s:s, s:s}", "iface", gate->attachment.ifname, "mode",
		lookup.gate.ifindex ? attach_mode_name(lookup.gate.mode)
				    : "none",
		"share",
		attach_share_name((enum attach_share)gate->attachment.share));
	if (*gate->note)
		(void)json_object_set_new(answer, "note",
					  json_string(gate->note));
	call_done(gate->call, answer);
}

static void gate_stored(void *arg, int r)
{
	struct gate_call *gate = arg;

	if (r < 0)
		call_refuse(gate->call, r,
			    "%s is %s, but that could not be stored (%s): "
			    "after a restart it will not be",
			    gate->attachment.ifname,
			    gate->is_detach ? "detached" : "attached",
			    strerror(-r));
	else if (gate->is_detach)
		call_done(gate->call,
			  json_pack("{s:s}", "iface", gate->attachment.ifname));
	else
		answer_attach(gate);
	free(gate);
}

static void store_gate(struct gate_call *gate)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change) {
		gate_stored(gate, -ENOMEM);
		return;
	}
	change->kind =
		gate->is_detach ? CHANGE_ATTACHMENT_DEL : CHANGE_ATTACHMENT_PUT;
	change->attachment = gate->attachment;
	commit_submit(
		gate->daemon,
		&(struct commit_order){
			.changes = change,
			.count = 1,
			.uid = gate->call->uid,
			.done = gate_stored,
			.arg = gate,
		},
		"%s %s%s%s %s", gate->is_detach ? "detach" : "attach",
		gate->attachment.ifname, gate->is_detach ? "" : " ",
		gate->is_detach
			? ""
			: attach_mode_name(
				  (enum attach_mode)gate->attachment.mode),
		gate->is_detach
			? ""
			: attach_share_name(
				  (enum attach_share)gate->attachment.share));
}

static struct gate_call *begin(struct daemon *daemon, struct call *call,
			       const char *ifname)
{
	struct gate_call *gate = calloc(1, sizeof(*gate));

	if (!gate) {
		call_refuse(call, -ENOMEM, "out of memory");
		return NULL;
	}
	gate->daemon = daemon;
	gate->call = call;
	memcpy(gate->attachment.ifname, ifname, strlen(ifname) + 1);
	return gate;
}

static int read_how(struct daemon *daemon, struct call *call,
		    enum attach_mode *ret_mode, enum attach_share *ret_share)
{
	const char *mode = args_text(call, "mode", 16, "auto");
	const char *share =
		mode ? args_text(call, "share", 16, "exclusive") : NULL;

	if (!share)
		return -EINVAL;
	if (attach_mode_from_text(mode, ret_mode) < 0) {
		call_refuse(call, -EINVAL,
			    "\"mode\": \"%s\" is not auto, native or generic",
			    mode);
		return -EINVAL;
	}
	if (attach_share_from_text(share, ret_share) < 0) {
		call_refuse(call, -EINVAL,
			    "\"share\": \"%s\" is not exclusive or shared",
			    share);
		return -EINVAL;
	}
	if (*ret_share == ATTACH_SHARED && !daemon->config.allow_shared) {
		call_refuse(call, -EPERM,
			    "shared gates need allow_shared: true in fwd.yml, "
			    "as libxdp's dispatcher needs CAP_SYS_ADMIN");
		return -EPERM;
	}
	return 0;
}

/* Attached first, so what does not work is not stored. An interface that is
 * not there yet gets its gate when it comes. */
static int attach(struct daemon *daemon, struct gate_call *gate, int ifindex)
{
	const struct attachment *want = &gate->attachment;
	struct wish *wish;
	int r = 0;

	if (!gate_keep_has_room(&daemon->keep, want->ifname)) {
		(void)snprintf(gate->note, sizeof(gate->note),
			       "%d interfaces have a gate or wait for one, and "
			       "more cannot be: detach one first",
			       GATES_MAX);
		return -ENOSPC;
	}
	if (ifindex)
		r = gates_attach(daemon->gates, want->ifname,
				 (enum attach_mode)want->mode,
				 (enum attach_share)want->share,
				 program_gate(daemon->live->judge->program),
				 gate->note);
	else
		(void)snprintf(gate->note, sizeof(gate->note),
			       "no interface of this name yet: it gets its "
			       "gate when it comes");
	if (r == 0)
		r = gate_keep_put(&daemon->keep, want);
	if (r < 0)
		return r;
	wish = gate_keep_find(&daemon->keep, want->ifname);
	wish->ifindex = ifindex;
	wish->note[0] = '\0'; /* to wait is no failure */
	if (ifindex)
		memcpy(wish->note, gate->note, sizeof(wish->note));
	gate_follow(daemon);
	return 0;
}

void request_attach(struct daemon *daemon, struct call *call)
{
	const char *ifname = args_iface(call);
	struct gate_call *gate;
	enum attach_share share;
	enum attach_mode mode;
	struct iface iface;
	int r;

	if (!ifname || args_settled(daemon, call) < 0 ||
	    read_how(daemon, call, &mode, &share) < 0)
		return;
	r = find_iface(daemon, ifname, &iface);
	if (r == -ENODEV) {
		/* loopback is there, but not among them */
		iface = (struct iface){
			.is_ethernet = if_nametoindex(ifname) == 0,
		};
	} else if (r < 0) {
		refuse_iface(call, ifname, r);
		return;
	}
	if (!iface.is_ethernet) {
		call_refuse(call, -EOPNOTSUPP,
			    "%s carries no Ethernet frames: attach to the "
			    "Ethernet interface below it",
			    ifname);
		return;
	}
	gate = begin(daemon, call, ifname);
	if (!gate)
		return;
	gate->attachment.mode = (uint8_t)mode;
	gate->attachment.share = (uint8_t)share;
	r = attach(daemon, gate, iface.ifindex);
	if (r < 0) {
		call_refuse(call, r, "%s: %s", gate->attachment.ifname,
			    *gate->note ? gate->note : strerror(-r));
		free(gate);
		return;
	}
	store_gate(gate);
}

/* What hangs there is taken off, whether or not it is what was wanted. */
void request_detach(struct daemon *daemon, struct call *call)
{
	const char *ifname = args_iface(call);
	struct gate_call *gate;
	struct wish *wish;
	int ifindex;
	int r;

	if (!ifname || args_settled(daemon, call) < 0)
		return;
	gate = begin(daemon, call, ifname);
	if (!gate)
		return;
	gate->is_detach = true;
	gate_keep_settle(daemon); /* what is called so at this moment */
	wish = gate_keep_find(&daemon->keep, ifname);
	ifindex = wish && wish->ifindex ? wish->ifindex
					: (int)if_nametoindex(ifname);
	r = gates_detach(daemon->gates, ifindex, gate->note);
	if (r == -ENOENT && wish)
		r = 0; /* it waited */
	if (r == -ENOENT)
		call_refuse(call, r,
			    "no gate on \"%s\" (fwctl status shows those "
			    "there are)",
			    ifname);
	else if (r < 0)
		call_refuse(call, r, "%s: %s", ifname,
			    *gate->note ? gate->note : strerror(-r));
	if (r < 0) {
		free(gate);
		return;
	}
	(void)egress_detach(ifindex);
	gate_keep_del(daemon, ifname);
	gate_keep_settle(daemon);
	store_gate(gate);
}

static int add_finding(void *arg, const struct finding *finding)
{
	json_t *item = json_pack("{s:s, s:s}", "level",
				 finding_level_name(finding->level), "what",
				 finding->what);

	if (finding->mend)
		(void)json_object_set_new(item, "mend",
					  json_string(finding->mend));
	return json_array_append_new(arg, item) < 0 ? -ENOMEM : 0;
}

struct examination {
	json_t *ifaces;
	uint32_t own_id; /* of our program */
};

static int examine(void *arg, const struct iface *iface)
{
	struct examination *all = arg;
	json_t *findings = json_array();
	char driver[32] = "";
	int r = doctor_iface(iface, all->own_id, driver, add_finding, findings);

	if (r < 0) {
		json_decref(findings);
		return r == -ENODEV ? 0 : r;
	}
	return json_array_append_new(all->ifaces,
				     json_pack("{s:s, s:s, s:I, s:o}", "iface",
					       iface->name, "driver", driver,
					       "mtu", (json_int_t)iface->mtu,
					       "findings", findings)) < 0
		       ? -ENOMEM
		       : 0;
}

static int examine_ethernet(void *arg, const struct iface *iface)
{
	return iface->is_ethernet ? examine(arg, iface) : 0;
}

void request_doctor(struct daemon *daemon, struct call *call)
{
	const char *ifname = args_text(call, "iface", IFNAME_MAX - 1, "");
	struct examination all;
	json_t *host;
	struct iface iface;
	int r;

	if (!ifname)
		return;
	r = *ifname ? find_iface(daemon, ifname, &iface) : 0;
	if (r < 0) {
		refuse_iface(call, ifname, r);
		return;
	}
	all.ifaces = json_array();
	all.own_id = program_info(daemon->live->judge->program).program_id;
	host = json_array();
	r = *ifname ? examine(&all, &iface)
		    : netlink_each_iface(daemon->netlink, examine_ethernet,
					 &all);
	if (r == 0)
		r = doctor_host(daemon->config.pin_dir, add_finding, host);
	if (r < 0) {
		json_decref(all.ifaces);
		json_decref(host);
		call_refuse(call, r, "could not be examined: %s", strerror(-r));
		return;
	}
	call_done(call,
		  json_pack("{s:o, s:o}", "ifaces", all.ifaces, "host", host));
}
