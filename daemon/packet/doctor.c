// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/doctor.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/packet/attach_hook.h"
#include "daemon/packet/driver.h"

/* What one page holds beside headroom and trailer: 4096 - 256 - 320 - 14. */
#define SINGLE_BUFFER_MTU 3506u

/* Our program, as the kernel names it; libxdp's, beside which there is room. */
#define OUR_NAME	"firewall"
#define DISPATCHER_NAME "xdp_dispatcher"

struct report {
	const struct iface *iface;
	uint32_t own_id;
	const char *driver;
	finding_fn *fn;
	void *arg;
};

/* Features this asks for, in the order of feature_names. */
enum feature {
	FEATURE_RX_VLAN,
	FEATURE_RX_STAG,
	FEATURE_LRO,
	FEATURE_GRO_HW,
	FEATURE_COUNT,
};

static const char *const feature_names[] = {
	[FEATURE_RX_VLAN] = "rx-vlan-hw-parse",
	[FEATURE_RX_STAG] = "rx-vlan-stag-hw-parse",
	[FEATURE_LRO] = "rx-lro",
	[FEATURE_GRO_HW] = "rx-gro-hw",
};
_Static_assert(ARRAY_LEN(feature_names) == FEATURE_COUNT, "");

static const char *const level_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_WARNING] = "warning",
	[FINDING_ERROR] = "error",
};
_Static_assert(ARRAY_LEN(level_names) == FINDING_LEVEL_COUNT, "");

/* Drivers that had no native XDP in the kernels this is tested on. */
static const char *const generic_only[] = {
	"e1000", "e1000e", "r8169", "tg3", "8139too", "vxlan", "macvlan",
};

const char *finding_level_name(enum finding_level level)
{
	assert(level < FINDING_LEVEL_COUNT);
	return level_names[level];
}

/* `format` makes the sentence; every one starts with the interface. */
__attribute__((format(printf, 4, 5))) static int
say(const struct report *report, enum finding_level level, const char *mend,
    const char *format, ...)
{
	char what[256];
	struct finding finding = {.level = level, .what = what, .mend = mend};
	int length = snprintf(what, sizeof(what), "%s: ", report->iface->name);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what + length, sizeof(what) - (size_t)length, format,
			args);
	va_end(args);
	return report->fn(report->arg, &finding);
}

static int check_kind(const struct report *report)
{
	const struct iface *iface = report->iface;
	char mend[64];

	if (!iface->is_ethernet)
		return say(report, FINDING_ERROR,
			   "attach to the Ethernet interface it runs on",
			   "its frames have no Ethernet header, so every "
			   "packet would be unreadable");
	(void)snprintf(mend, sizeof(mend), "ip link set dev %s up",
		       iface->name);
	if (!iface->is_up)
		return say(report, FINDING_NOTE, mend,
			   "it is down; it can be attached to, and is then "
			   "protected when it comes up");
	return say(report, FINDING_OK, NULL, "Ethernet, up");
}

static int check_driver(const struct report *report)
{
	for (size_t i = 0; i < ARRAY_LEN(generic_only); i++)
		if (strcmp(report->driver, generic_only[i]) == 0)
			return say(report, FINDING_WARNING,
				   "attach generic or auto: slower, but it "
				   "protects",
				   "driver %s has no native XDP",
				   report->driver);
	return say(report, FINDING_OK, NULL, "driver %s",
		   report->driver[0] ? report->driver : "(none it names)");
}

/* Its peer drops what it sends from XDP, unless that runs XDP as well. */
static int check_sending(const struct report *report)
{
	if (strcmp(report->driver, "veth") != 0)
		return 0;
	return say(report, FINDING_NOTE,
		   "for rules of action syncookie attach it generic",
		   "natively attached, SYNs that a rule answers are lost, "
		   "unless the peer has an XDP program too");
}

static int check_mtu(const struct report *report)
{
	const struct iface *iface = report->iface;
	char mend[160];

	if (iface->mtu <= SINGLE_BUFFER_MTU)
		return say(report, FINDING_OK, NULL, "MTU %u fits one buffer",
			   iface->mtu);
	(void)snprintf(mend, sizeof(mend),
		       "ip link set dev %s mtu %u, or attach generic or auto",
		       iface->name, SINGLE_BUFFER_MTU);
	return say(report, FINDING_WARNING, mend,
		   "MTU %u is more than the %u of one buffer; native works "
		   "only if the driver takes XDP over several",
		   iface->mtu, SINGLE_BUFFER_MTU);
}

static int check_vlan(const struct report *report,
		      const struct driver_feature *features)
{
	bool is_c_on = features[FEATURE_RX_VLAN].is_on;
	bool is_s_on = features[FEATURE_RX_STAG].is_on;
	bool is_fixed = (is_c_on && features[FEATURE_RX_VLAN].is_fixed) ||
			(is_s_on && features[FEATURE_RX_STAG].is_fixed);
	char mend[128];

	if (!is_c_on && !is_s_on)
		return say(report, FINDING_OK, NULL,
			   "VLAN tags are left in the packet");
	(void)snprintf(mend, sizeof(mend), "ethtool -K %s%s%s",
		       report->iface->name, is_c_on ? " rxvlan off" : "",
		       is_s_on ? " rx-vlan-stag-hw-parse off" : "");
	return say(report, FINDING_WARNING,
		   is_fixed ? "the driver does not let go of it: judge by "
			      "address only, not by VLAN"
			    : mend,
		   "the driver takes VLAN tags out of packets, so the program "
		   "sees them untagged");
}

static int check_merging(const struct report *report,
			 const struct driver_feature *features)
{
	bool is_lro = features[FEATURE_LRO].is_on;
	bool is_gro = features[FEATURE_GRO_HW].is_on;
	char mend[128];

	if (!is_lro && !is_gro)
		return say(report, FINDING_OK, NULL,
			   "packets are not merged before XDP");
	if (is_gro && features[FEATURE_GRO_HW].is_fixed)
		return say(report, FINDING_WARNING,
			   "start the guest with guest_tso4=off,guest_tso6=off,"
			   "guest_ecn=off,guest_ufo=off,guest_csum=off on its "
			   "network device, or attach generic or auto",
			   "hardware GRO is on and fixed: native XDP is "
			   "refused while the host merges packets");
	(void)snprintf(mend, sizeof(mend), "ethtool -K %s%s%s",
		       report->iface->name, is_lro ? " lro off" : "",
		       is_gro ? " rx-gro-hw off" : "");
	return say(report, FINDING_NOTE, mend,
		   "the driver merges packets (%s%s%s); attaching native "
		   "mostly switches that off",
		   is_lro ? "LRO" : "", is_lro && is_gro ? ", " : "",
		   is_gro ? "hardware GRO" : "");
}

static int check_features(const struct report *report)
{
	struct driver_feature features[FEATURE_COUNT];
	int r;

	r = driver_features(report->iface->name, feature_names, FEATURE_COUNT,
			    features);
	if (r < 0)
		return say(report, FINDING_NOTE,
			   "see ethtool -k, and send a tagged packet",
			   "the driver does not say what it does with VLAN "
			   "tags and with merging");
	r = check_vlan(report, features);
	return r < 0 ? r : check_merging(report, features);
}

static int check_queues(const struct report *report)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int cpu_count = cpus > 0 ? (unsigned int)cpus : 1;
	struct driver_queues queues;
	unsigned int wanted;
	char mend[128];
	int r;

	r = driver_queues(report->iface->name, &queues);
	if (r < 0 || queues.rx_max == 0)
		return 0; /* no queues to speak of, so nothing to mend */
	/* virtio gives each CPU a transmit queue of its own for XDP, or locks
	 * one */
	wanted = strcmp(report->driver, "virtio_net") == 0 ? 2 * cpu_count
							   : cpu_count;
	if (queues.rx_count >= wanted)
		return say(report, FINDING_OK, NULL,
			   "%u receive queues for %u CPUs", queues.rx_count,
			   cpu_count);
	if (queues.rx_max > queues.rx_count)
		(void)snprintf(mend, sizeof(mend), "ethtool -L %s combined %u",
			       report->iface->name, queues.rx_max);
	else
		(void)snprintf(mend, sizeof(mend),
			       "give the device %u queues, if it is virtual",
			       wanted);
	return say(report, FINDING_NOTE, mend,
		   "%u receive queues for %u CPUs: fewer than %u use not all "
		   "of the machine",
		   queues.rx_count, cpu_count, wanted);
}

static int check_hook(const struct report *report)
{
	char name[HOOK_NAME_MAX];
	char text[64];
	struct hook hook;
	int r;

	r = hook_read(report->iface->ifindex, &hook);
	if (r < 0)
		return r;
	if (hook.program_id == 0)
		return say(report, FINDING_OK, NULL, "nobody is attached");
	hook_program_name(hook.program_id, name);
	(void)hook_program_text(hook.program_id, text);
	if (hook.program_id == report->own_id || strcmp(name, OUR_NAME) == 0)
		return say(report, FINDING_OK, NULL,
			   "attached, %s (program %s)",
			   attach_mode_name(hook.mode), text);
	if (strcmp(name, DISPATCHER_NAME) == 0)
		return say(report, FINDING_NOTE, "attach shared",
			   "libxdp's dispatcher is attached, %s (%s)",
			   attach_mode_name(hook.mode), text);
	if (!name[0])
		return say(report, FINDING_NOTE,
			   "if it is not ours: fwctl status says",
			   "a program is attached, %s (%s)",
			   attach_mode_name(hook.mode), text);
	return say(report, FINDING_ERROR,
		   "take it off first; it was not attached through libxdp, so "
		   "shared does not work either",
		   "somebody else's program is attached, %s (%s)",
		   attach_mode_name(hook.mode), text);
}

int doctor_iface(const struct iface *iface, uint32_t own_id, char driver[32],
		 finding_fn *fn, void *arg)
{
	static int (*const checks[])(const struct report *report) = {
		check_kind,	check_driver, check_sending, check_mtu,
		check_features, check_queues, check_hook,
	};
	struct report report = {
		.iface = iface,
		.own_id = own_id,
		.driver = driver,
		.fn = fn,
		.arg = arg,
	};
	int r;

	assert(iface);
	assert(driver);
	assert(fn);
	r = driver_name(iface->name, driver);
	if (r == -ENODEV)
		return r;
	if (r < 0)
		driver[0] = '\0';
	r = 0;
	for (size_t i = 0; i < ARRAY_LEN(checks) && r >= 0; i++)
		r = checks[i](&report);
	return r < 0 ? r : 0;
}
