// SPDX-License-Identifier: GPL-2.0-or-later
/* daemon/packet/doctor.h: what is wrong is found, and each finding mends. */
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/if_link.h>

#include "daemon/packet/doctor.h"
#include "tests/support/sandbox.h"
#include "tests/support/service.h"
#include "verdict.skel.h"

#define FINDINGS_MAX 32

struct findings {
	struct {
		enum finding_level level;
		char what[256];
		char mend[256];
	} items[FINDINGS_MAX];
	int count;
};

/* Keep it, and see to it that what is not well says how to mend it. */
static int keep(void *arg, const struct finding *finding)
{
	struct findings *findings = arg;
	int i = findings->count++;

	assert_true(i < FINDINGS_MAX);
	assert_true(finding->what[0]);
	if (finding->level == FINDING_OK)
		assert_null(finding->mend);
	else
		assert_non_null(finding->mend);
	findings->items[i].level = finding->level;
	(void)snprintf(findings->items[i].what, 256, "%s", finding->what);
	(void)snprintf(findings->items[i].mend, 256, "%s",
		       finding->mend ? finding->mend : "");
	return 0;
}

/* The level of the finding that speaks of `text`; -1 when none does. */
static int level_of(const struct findings *findings, const char *text)
{
	for (int i = 0; i < findings->count; i++)
		if (strstr(findings->items[i].what, text))
			return (int)findings->items[i].level;
	return -1;
}

static const char *mend_of(const struct findings *findings, const char *text)
{
	for (int i = 0; i < findings->count; i++)
		if (strstr(findings->items[i].what, text))
			return findings->items[i].mend;
	return "";
}

static int setup(void **state)
{
	static struct iface iface;

	sandbox_veth("gw0", "peer0");
	iface = (struct iface){
		.ifindex = (int)if_nametoindex("gw0"),
		.name = "gw0",
		.is_ethernet = true,
		.is_up = true,
		.mtu = 1500,
	};
	*state = &iface;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sandbox_run("ip link del gw0");
	return 0;
}

static struct findings examine(const struct iface *iface)
{
	struct findings findings = {0};
	char driver[32];

	assert_int_equal(doctor_iface(iface, 0, driver, keep, &findings), 0);
	assert_string_equal(driver, "veth");
	return findings;
}

static void a_plain_interface_has_no_error(void **state)
{
	struct findings found = examine(*state);

	for (int i = 0; i < found.count; i++)
		assert_int_not_equal(found.items[i].level, FINDING_ERROR);
	assert_int_equal(level_of(&found, "driver veth"), FINDING_OK);
	assert_int_equal(level_of(&found, "SYNs that a rule answers are lost"),
			 FINDING_NOTE);
	assert_int_equal(level_of(&found, "MTU 1500"), FINDING_OK);
	assert_int_equal(level_of(&found, "nobody is attached"), FINDING_OK);
}

static void a_missing_interface_is_no_device(void **state)
{
	struct iface iface = *(struct iface *)*state;
	struct findings findings = {0};
	char driver[32];

	(void)snprintf(iface.name, sizeof(iface.name), "gw9");
	assert_int_equal(doctor_iface(&iface, 0, driver, keep, &findings),
			 -ENODEV);
}

static void frames_without_ethernet_are_an_error(void **state)
{
	struct iface iface = *(struct iface *)*state;
	struct findings found;

	iface.is_ethernet = false;
	found = examine(&iface);
	assert_int_equal(level_of(&found, "no Ethernet header"), FINDING_ERROR);
}

static void a_large_mtu_is_a_warning(void **state)
{
	struct iface iface = *(struct iface *)*state;
	struct findings found;

	iface.mtu = 9000;
	found = examine(&iface);
	assert_int_equal(level_of(&found, "MTU 9000"), FINDING_WARNING);
	assert_non_null(strstr(mend_of(&found, "MTU 9000"),
			       "ip link set dev gw0 mtu 3506"));
}

static void stripped_tags_are_a_warning_with_the_command(void **state)
{
	struct findings found;

	sandbox_run("ethtool -K gw0 rxvlan on");
	found = examine(*state);
	assert_int_equal(level_of(&found, "takes VLAN tags out"),
			 FINDING_WARNING);
	assert_non_null(strstr(mend_of(&found, "takes VLAN tags out"),
			       "ethtool -K gw0 rxvlan off"));
}

/* What the doctor says to do is what makes it content. */
static void the_mend_for_stripped_tags_mends(void **state)
{
	struct findings found = examine(*state);

	sandbox_run("%s", mend_of(&found, "takes VLAN tags out"));
	found = examine(*state);
	assert_int_equal(level_of(&found, "VLAN tags are left"), FINDING_OK);
}

static void a_foreign_program_is_named(void **state)
{
	const struct iface *iface = *state;
	struct verdict *foreign = verdict__open_and_load();
	struct findings found;

	assert_non_null(foreign);
	assert_int_equal(bpf_xdp_attach(iface->ifindex,
					bpf_program__fd(foreign->progs.plain),
					XDP_FLAGS_SKB_MODE, NULL),
			 0);
	found = examine(iface);
	assert_int_equal(level_of(&found, "somebody else's"), FINDING_ERROR);
	assert_int_equal(level_of(&found, "generic ('plain', id "),
			 FINDING_ERROR);
	verdict__destroy(foreign);
}

static int refuse(void *arg, const struct finding *finding)
{
	(void)finding;
	++*(int *)arg;
	return -ECANCELED;
}

static void a_refusal_ends_the_examination(void **state)
{
	char driver[32];
	int count = 0;

	assert_int_equal(doctor_iface(*state, 0, driver, refuse, &count),
			 -ECANCELED);
	assert_int_equal(count, 1);
}

static void a_bpffs_is_recognised(void **state)
{
	struct findings found = {0};

	(void)state;
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "is on a bpffs"), FINDING_OK);
	assert_int_not_equal(level_of(&found, "kernel "), -1);
	assert_int_not_equal(level_of(&found, "BTF"), -1);
	assert_int_not_equal(level_of(&found, "memory"), -1);
	assert_int_not_equal(level_of(&found, "lockdown"), -1);
}

static void whether_the_kernel_makes_cookies_is_said(void **state)
{
	struct findings found = {0};

	(void)state;
	service_allow_cookies(1);
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "SYN cookies"), FINDING_NOTE);
	service_allow_cookies(2);
	memset(&found, 0, sizeof(found));
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "SYN cookies"), FINDING_OK);
}

static void a_directory_to_be_made_on_a_bpffs_is_as_good(void **state)
{
	struct findings found = {0};

	(void)state;
	assert_int_equal(doctor_host("/sys/fs/bpf/not/yet", keep, &found), 0);
	assert_int_equal(level_of(&found, "is on a bpffs"), FINDING_OK);
}

static void a_bpffs_that_others_may_write_to_is_said(void **state)
{
	struct findings found = {0};

	(void)state;
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "others may write"), -1);
	sandbox_run("chmod 1777 /sys/fs/bpf");
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "others may write"), FINDING_NOTE);
	sandbox_run("%s", mend_of(&found, "others may write"));
	memset(&found, 0, sizeof(found));
	assert_int_equal(doctor_host("/sys/fs/bpf", keep, &found), 0);
	assert_int_equal(level_of(&found, "others may write"), -1);
}

static void another_file_system_is_an_error_with_the_command(void **state)
{
	struct findings found = {0};

	(void)state;
	assert_int_equal(doctor_host("/tmp", keep, &found), 0);
	assert_int_equal(level_of(&found, "is not on a bpffs"), FINDING_ERROR);
	assert_non_null(strstr(mend_of(&found, "is not on a bpffs"),
			       "mount -t bpf -o mode=700"));
}

static void levels_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_LEVEL_COUNT; i++)
		assert_true(finding_level_name((enum finding_level)i)[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plain_interface_has_no_error),
		TEST(a_missing_interface_is_no_device),
		TEST(frames_without_ethernet_are_an_error),
		TEST(a_large_mtu_is_a_warning),
		TEST(stripped_tags_are_a_warning_with_the_command),
		TEST(the_mend_for_stripped_tags_mends),
		TEST(a_foreign_program_is_named),
		TEST(a_refusal_ends_the_examination),
		cmocka_unit_test(a_bpffs_is_recognised),
		cmocka_unit_test(whether_the_kernel_makes_cookies_is_said),
		cmocka_unit_test(a_directory_to_be_made_on_a_bpffs_is_as_good),
		cmocka_unit_test(a_bpffs_that_others_may_write_to_is_said),
		cmocka_unit_test(
			another_file_system_is_an_error_with_the_command),
		cmocka_unit_test(levels_have_names),
	};

	(void)libbpf_set_print(NULL);
	sandbox_enter();
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
