// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor.h, of the host: kernel, bpffs, BTF, JIT, lockdown, memory. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/packet/doctor.h"
#include "daemon/packet/pins.h"

#define BPFFS		 "/sys/fs/bpf"
#define KERNEL_MAJOR_MIN 6 /* 6.1: the oldest this is tested on */
#define KERNEL_MINOR_MIN 1
#define MEMORY_MIN_KIB	 (384L * 1024) /* a million members, and the rest */

struct report {
	finding_fn *fn;
	void *arg;
};

static int say(const struct report *report, enum finding_level level,
	       const char *what, const char *mend)
{
	struct finding finding = {.level = level, .what = what, .mend = mend};

	return report->fn(report->arg, &finding);
}

/* The first bytes of a small file, as text. */
static int read_text(const char *path, char *buf, size_t size)
{
	int fd CLEANUP(closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, buf, size - 1);
	if (length < 0)
		return -errno;
	buf[length] = '\0';
	return 0;
}

static int check_kernel(const struct report *report)
{
	struct utsname name;
	char text[128];
	unsigned long major;
	unsigned long minor;
	char *end;

	if (uname(&name) < 0)
		return -errno;
	(void)snprintf(text, sizeof(text), "kernel %.64s", name.release);
	major = strtoul(name.release, &end, 10);
	minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	if (major > KERNEL_MAJOR_MIN ||
	    (major == KERNEL_MAJOR_MIN && minor >= KERNEL_MINOR_MIN))
		return say(report, FINDING_OK, text, NULL);
	return say(report, FINDING_WARNING, text,
		   "it is older than 6.1, the oldest this is tested on");
}

/* The directory itself fwd refuses when it is not its own; in a mount that is
 * everybody's somebody may take its place before the first start. */
static int check_mount(const struct report *report)
{
	struct stat st;
	char text[96];

	if (stat(BPFFS, &st) < 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	(void)snprintf(text, sizeof(text),
		       "others may write to " BPFFS " (mode %04o)",
		       st.st_mode & 07777u);
	return say(report, FINDING_NOTE, text, "chmod 700 " BPFFS);
}

static int check_bpffs(const struct report *report, const char *pin_dir)
{
	char text[PATH_MAX + 64];
	int r;

	if (pins_check_place(pin_dir) == 0) {
		(void)snprintf(text, sizeof(text), "%s is on a bpffs", pin_dir);
		r = say(report, FINDING_OK, text, NULL);
		return r < 0 ? r : check_mount(report);
	}
	(void)snprintf(text, sizeof(text),
		       "%s is not on a bpffs, so nothing can outlive fwd",
		       pin_dir);
	return say(report, FINDING_ERROR, text, PINS_MOUNT);
}

static int check_btf(const struct report *report)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return say(report, FINDING_OK, "the kernel has BTF", NULL);
	return say(report, FINDING_WARNING,
		   "the kernel has no BTF (/sys/kernel/btf/vmlinux), so shared "
		   "gates do not work",
		   "use a kernel built with CONFIG_DEBUG_INFO_BTF, or attach "
		   "exclusive");
}

static int check_jit(const struct report *report)
{
	char text[16] = "";
	int r;

	r = read_text("/proc/sys/net/core/bpf_jit_enable", text, sizeof(text));
	if (r == 0 && text[0] == '0')
		return say(report, FINDING_WARNING,
			   "the BPF compiler is off: every packet is "
			   "interpreted, some ten times slower",
			   "sysctl -w net.core.bpf_jit_enable=1");
	/* built with CONFIG_BPF_JIT_ALWAYS_ON there may be no such file */
	return say(report, FINDING_OK, "the BPF compiler is on", NULL);
}

/* The sysctl is of the network namespace that we, and the gates, are in. */
static int check_cookies(const struct report *report)
{
	char text[16] = "";

	(void)read_text("/proc/sys/net/ipv4/tcp_syncookies", text,
			sizeof(text));
	if (text[0] == '2')
		return say(report, FINDING_OK,
			   "the kernel makes SYN cookies at any time", NULL);
	return say(report, FINDING_NOTE,
		   "the kernel makes no SYN cookies, or only in a flood: a "
		   "policy with rules of action syncookie is not applied",
		   "where there are such rules, "
		   "sysctl -w net.ipv4.tcp_syncookies=2");
}

static int check_lockdown(const struct report *report)
{
	char text[64];
	int r;

	r = read_text("/sys/kernel/security/lockdown", text, sizeof(text));
	if (r == 0 && strstr(text, "[confidentiality]"))
		return say(report, FINDING_NOTE,
			   "the kernel is locked down for confidentiality: XDP "
			   "works, tracepoints do not",
			   "boot with lockdown=integrity where those are "
			   "wanted");
	return say(report, FINDING_OK, "no lockdown in the way", NULL);
}

static int check_memory(const struct report *report)
{
	char text[1024];
	char what[96];
	const char *line;
	long kib;
	int r;

	r = read_text("/proc/meminfo", text, sizeof(text));
	line = r < 0 ? NULL : strstr(text, "MemAvailable:");
	if (!line)
		return say(report, FINDING_NOTE,
			   "the kernel does not say how much memory is free",
			   "mount /proc");
	kib = strtol(line + strlen("MemAvailable:"), NULL, 10);
	(void)snprintf(what, sizeof(what), "%ld MiB of memory available",
		       kib / 1024);
	if (kib >= MEMORY_MIN_KIB)
		return say(report, FINDING_OK, what, NULL);
	return say(report, FINDING_WARNING, what,
		   "a million members take 256 MiB: give the machine more "
		   "memory, or keep the sets small");
}

int doctor_host(const char *pin_dir, finding_fn *fn, void *arg)
{
	static int (*const checks[])(const struct report *report) = {
		check_kernel,	check_btf,    check_jit,
		check_lockdown, check_memory, check_cookies,
	};
	struct report report = {.fn = fn, .arg = arg};
	int r;

	assert(pin_dir);
	assert(fn);
	r = check_bpffs(&report, pin_dir);
	for (size_t i = 0; i < ARRAY_LEN(checks) && r >= 0; i++)
		r = checks[i](&report);
	return r < 0 ? r : 0;
}
