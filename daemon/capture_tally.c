// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/capture_tally.h"

#include "rules/base.h"

struct capture_share *capture_tally_of(struct capture_tally *tally,
				       uint32_t ifindex)
{
	struct capture_share *share;

	for (size_t i = 0; i < tally->count; i++)
		if (tally->shares[i].ifindex == ifindex)
			return &tally->shares[i];
	if (tally->count == ARRAY_LEN(tally->shares))
		return &tally->shares[tally->count - 1];
	share = &tally->shares[tally->count++];
	*share = (struct capture_share){.ifindex = ifindex};
	if (!if_indextoname(ifindex, share->ifname))
		share->ifname[0] = '\0';
	return share;
}

static int put_loss(void *arg, uint32_t ifindex,
		    const struct fw_capture_loss *loss)
{
	struct capture_share *share = capture_tally_of(arg, ifindex);

	share->above_rate = loss->above_rate;
	share->ring_full = loss->ring_full;
	return 0;
}

int capture_tally_losses(struct capture_tally *tally,
			 const struct capture *capture)
{
	return capture_each_loss(capture, put_loss, tally);
}

json_t *capture_tally_json(const struct capture_tally *tally)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tally->count; i++) {
		const struct capture_share *share = &tally->shares[i];

		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "iface",
				  share->ifname, "ifindex",
				  (json_int_t)share->ifindex, "sent",
				  (json_int_t)share->sent, "unread",
				  (json_int_t)share->unread, "above_rate",
				  (json_int_t)share->above_rate, "ring_full",
				  (json_int_t)share->ring_full));
	}
	return list;
}
