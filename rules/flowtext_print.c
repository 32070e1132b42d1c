// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/flowtext.h"
#include "rules/flowtext_words.h"
#include "rules/policy.h"

struct output {
	char *buf; /* of FLOWTEXT_MAX bytes, more than the longest text */
	size_t used;
};

static void __attribute__((format(printf, 2, 3)))
say(struct output *output, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(output->buf + output->used, FLOWTEXT_MAX - output->used,
			format, args);
	va_end(args);
	assert(len >= 0 && (size_t)len < FLOWTEXT_MAX - output->used);
	output->used += (size_t)len;
}

static void say_endpoint(struct output *output, const struct flowtext *flow,
			 const struct prefix *address, unsigned int port)
{
	bool is_v4 = flow->family == 4;
	bool has_brackets = !is_v4 && flow->has_ports;
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(is_v4 ? AF_INET : AF_INET6,
			address->addr + (is_v4 ? 12 : 0), text, sizeof(text));
	say(output, has_brackets ? "[%s]" : "%s", text);
	if (flow->has_ports)
		say(output, ":%u", port);
}

static void say_head(struct output *output, const struct flowtext *flow)
{
	const char *name = flowtext_protocol_name(flow->protocol, flow->family);

	if (flow->tag_count > 0)
		say(output, "vlan %u", flow->vlans[0]);
	if (flow->tag_count > 1)
		say(output, ".%u", flow->vlans[1]);
	if (flow->tag_count > 0)
		say(output, " ");
	if (!flow->has_protocol)
		say(output, "ip ");
	else if (name)
		say(output, "%s ", name);
	else
		say(output, "%u ", flow->protocol);
	say_endpoint(output, flow, &flow->source, flow->source_port);
	say(output, " > ");
	say_endpoint(output, flow, &flow->destination, flow->destination_port);
}

static void say_flags(struct output *output, uint8_t flags)
{
	const char *before = " ";

	if (flags == 0)
		say(output, " noflags");
	for (unsigned int i = 0; i < 8; i++) {
		if (flags >> i & 1) {
			say(output, "%s%s", before, flowtext_flag_name(i));
			before = ",";
		}
	}
}

static void say_icmp(struct output *output, const struct flowtext *flow)
{
	uint8_t type = (uint8_t)(flow->icmp >> 8);
	const char *name = flowtext_icmp_type_name(type, flow->family);

	if (name)
		say(output, " icmp %s", name);
	else
		say(output, " icmp %u", type);
	if (flow->icmp & 0xff)
		say(output, "/%u", flow->icmp & 0xffu);
}

static void say_words(struct output *output, const struct flowtext *flow)
{
	const uint8_t *mac = flow->mac.addr;

	if (flow->has_flags)
		say_flags(output, flow->flags);
	if (flow->has_icmp)
		say_icmp(output, flow);
	if (flow->frag != FRAG_NONE)
		say(output, " frag %s", frag_kind_name(flow->frag));
	if (flow->length > 0)
		say(output, " len %u", flow->length);
	if (flow->has_mac)
		say(output, " mac %02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		    mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (flow->has_state)
		say(output, " state %s", flow_state_name(flow->state));
	if (flow->direction)
		say(output, " %s %s",
		    flow->direction == DIRECTION_IN ? "in" : "out",
		    flow->where);
}

const char *flowtext_print(const struct flowtext *flow, char buf[FLOWTEXT_MAX])
{
	struct output output = {.buf = buf};

	assert(flow);
	assert(buf);

	buf[0] = '\0';
	say_head(&output, flow);
	say_words(&output, flow);
	return buf;
}

void flowtext_of_packet(const struct packet *packet, struct flowtext *ret_flow)
{
	struct flowtext flow = {
		.tag_count = packet->tag_count,
		.family = packet->family,
		.has_protocol = packet->has_protocol,
		.protocol = packet->protocol,
		.source = packet->source,
		.destination = packet->destination,
		.has_ports = packet->has_ports,
		.source_port = packet->source_port,
		.destination_port = packet->destination_port,
		.has_flags = packet->has_flags,
		.flags = packet->flags,
		.has_icmp = packet->has_icmp,
		.icmp = packet->icmp,
		.frag = packet->frag,
		.length = packet->length,
		.has_mac = true,
		.mac = packet->mac,
	};

	assert(packet->family == 4 || packet->family == 6);
	assert(ret_flow);

	for (size_t i = 0; i < packet->tag_count; i++)
		flow.vlans[i] = packet->tags[i] & 0x0fff;
	/* a name that no policy can have is not the text's either */
	if (packet->direction &&
	    policy_name_is_valid(packet->ifname, RULE_NAME_MAX)) {
		flow.direction = packet->direction;
		memcpy(flow.where, packet->ifname, sizeof(flow.where));
	}
	flow.has_state = packet->direction != 0;
	flow.state = packet->state;
	*ret_flow = flow;
}
