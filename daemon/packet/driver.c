// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/driver.h"

#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "rules/base.h"

#define FEATURES_MAX 4096 /* a kernel of today has about 60 */

static int ask(int fd, const char *ifname, void *question)
{
	struct ifreq request = {0};

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
		       ifname);
	request.ifr_data = question;
	return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* The ioctl takes a socket of any kind. */
static int ask_once(const char *ifname, void *question)
{
	int fd CLEANUP(closep) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : ask(fd, ifname, question);
}

int driver_name(const char *ifname, char ret_name[DRIVER_NAME_MAX])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int r;

	_Static_assert(sizeof(info.driver) == DRIVER_NAME_MAX, "");
	r = ask_once(ifname, &info);
	if (r < 0)
		return r;
	(void)snprintf(ret_name, DRIVER_NAME_MAX, "%.31s", info.driver);
	return 0;
}

int driver_queues(const char *ifname, struct driver_queues *ret_queues)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	int r;

	r = ask_once(ifname, &channels);
	if (r < 0)
		return r;
	*ret_queues = (struct driver_queues){
		.rx_count = channels.combined_count + channels.rx_count,
		.rx_max = channels.max_combined + channels.max_rx,
	};
	return 0;
}

/* The names of all features, in the order of their bits. */
static int read_names(int fd, const char *ifname,
		      struct ethtool_gstrings **ret_names)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} sets = {
		.info.cmd = ETHTOOL_GSSET_INFO,
		.info.sset_mask = 1ULL << ETH_SS_FEATURES,
	};
	struct ethtool_gstrings *names CLEANUP(freep) = NULL;
	int r;

	r = ask(fd, ifname, &sets);
	if (r < 0)
		return r;
	if (sets.info.sset_mask == 0 || sets.count > FEATURES_MAX)
		return -EOPNOTSUPP;
	names = calloc(1,
		       sizeof(*names) + (size_t)sets.count * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = sets.count;
	r = ask(fd, ifname, names);
	if (r < 0)
		return r;
	*ret_names = TAKE(names);
	return 0;
}

static struct driver_feature feature_find(const struct ethtool_gstrings *names,
					  const struct ethtool_gfeatures *bits,
					  const char *name)
{
	const char *text = (const char *)names->data;

	for (uint32_t i = 0; i < names->len; i++, text += ETH_GSTRING_LEN) {
		const struct ethtool_get_features_block *block =
			&bits->features[i / 32];
		uint32_t bit = 1u << (i % 32);

		if (strncmp(text, name, ETH_GSTRING_LEN) == 0)
			return (struct driver_feature){
				.is_on = block->active & bit,
				.is_fixed = !(block->available & bit) ||
					    (block->never_changed & bit),
			};
	}
	return (struct driver_feature){.is_fixed = true};
}

int driver_features(const char *ifname, const char *const *names, size_t count,
		    struct driver_feature *ret_features)
{
	struct ethtool_gstrings *all CLEANUP(freep) = NULL;
	struct ethtool_gfeatures *bits CLEANUP(freep) = NULL;
	int fd CLEANUP(closep) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t blocks;
	int r;

	if (fd < 0)
		return -errno;
	r = read_names(fd, ifname, &all);
	if (r < 0)
		return r;
	blocks = (all->len + 31) / 32;
	bits = calloc(1, sizeof(*bits) + blocks * sizeof(bits->features[0]));
	if (!bits)
		return -ENOMEM;
	bits->cmd = ETHTOOL_GFEATURES;
	bits->size = blocks;
	r = ask(fd, ifname, bits);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		ret_features[i] = feature_find(all, bits, names[i]);
	return 0;
}
