// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/services.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"

static const struct numbered_name service_names[] = {
	{"ftp-data", 20},
	{"ftp", 21},
	{"ssh", 22},
	{"telnet", 23},
	{"smtp", 25},
	{"time", 37},
	{"whois", 43},
	{"tacacs", 49},
	{"domain", 53},
	{"dns", 53},
	{"bootps", 67},
	{"bootpc", 68},
	{"tftp", 69},
	{"gopher", 70},
	{"finger", 79},
	{"http", 80},
	{"kerberos", 88},
	{"pop3", 110},
	{"sunrpc", 111},
	{"nntp", 119},
	{"ntp", 123},
	{"epmap", 135},
	{"netbios-ns", 137},
	{"netbios-dgm", 138},
	{"netbios-ssn", 139},
	{"imap", 143},
	{"snmp", 161},
	{"snmptrap", 162},
	{"bgp", 179},
	{"irc", 194},
	{"ldap", 389},
	{"https", 443},
	{"microsoft-ds", 445},
	{"smb", 445},
	{"submissions", 465},
	{"smtps", 465},
	{"isakmp", 500},
	{"exec", 512},
	{"login", 513},
	{"syslog", 514},
	{"printer", 515},
	{"rip", 520},
	{"dhcpv6-client", 546},
	{"dhcpv6-server", 547},
	{"rtsp", 554},
	{"nntps", 563},
	{"submission", 587},
	{"ipp", 631},
	{"ldaps", 636},
	{"domain-s", 853},
	{"dot", 853},
	{"rsync", 873},
	{"ftps-data", 989},
	{"ftps", 990},
	{"imaps", 993},
	{"pop3s", 995},
	{"socks", 1080},
	{"openvpn", 1194},
	{"ms-sql-s", 1433},
	{"l2tp", 1701},
	{"pptp", 1723},
	{"radius", 1812},
	{"radius-acct", 1813},
	{"mqtt", 1883},
	{"nfs", 2049},
	{"zookeeper", 2181},
	{"docker", 2375},
	{"docker-s", 2376},
	{"etcd-client", 2379},
	{"etcd-server", 2380},
	{"iscsi", 3260},
	{"mysql", 3306},
	{"ms-wbt-server", 3389},
	{"rdp", 3389},
	{"stun", 3478},
	{"svn", 3690},
	{"ipsec-nat-t", 4500},
	{"vxlan", 4789},
	{"sip", 5060},
	{"sips", 5061},
	{"xmpp-client", 5222},
	{"xmpp-server", 5269},
	{"stuns", 5349},
	{"mdns", 5353},
	{"llmnr", 5355},
	{"postgresql", 5432},
	{"amqps", 5671},
	{"amqp", 5672},
	{"vnc", 5900},
	{"x11", 6000},
	{"geneve", 6081},
	{"redis", 6379},
	{"kubernetes", 6443},
	{"irc-s", 6697},
	{"http-alt", 8080},
	{"mqtts", 8883},
	{"prometheus", 9090},
	{"kafka", 9092},
	{"jetdirect", 9100},
	{"node-exporter", 9100},
	{"git", 9418},
	{"zabbix-agent", 10050},
	{"zabbix-trapper", 10051},
	{"memcached", 11211},
	{"minecraft", 25565},
	{"source-engine", 27015},
	{"mongodb", 27017},
	{"wireguard", 51820},
};

static const struct numbered_name protocol_names[] = {
	{"icmp", 1},   {"igmp", 2},	 {"ipip", 4},
	{"tcp", 6},    {"egp", 8},	 {"igp", 9},
	{"udp", 17},   {"dccp", 33},	 {"ipv6-encap", 41},
	{"rsvp", 46},  {"gre", 47},	 {"esp", 50},
	{"ah", 51},    {"icmpv6", 58},	 {"ipv6-icmp", 58},
	{"eigrp", 88}, {"ospf", 89},	 {"etherip", 97},
	{"encap", 98}, {"pim", 103},	 {"ipcomp", 108},
	{"vrrp", 112}, {"carp", 112},	 {"l2tp", 115},
	{"sctp", 132}, {"udplite", 136}, {"mpls-in-ip", 137},
};

static const struct numbered_name icmp_names[] = {
	{"echo-reply", 0},	     {"destination-unreachable", 3},
	{"source-quench", 4},	     {"redirect", 5},
	{"echo-request", 8},	     {"router-advertisement", 9},
	{"router-solicitation", 10}, {"time-exceeded", 11},
	{"parameter-problem", 12},   {"timestamp-request", 13},
	{"timestamp-reply", 14},     {"info-request", 15},
	{"info-reply", 16},	     {"address-mask-request", 17},
	{"address-mask-reply", 18},
};

/* With those that nft gives some of them. */
static const struct numbered_name icmpv6_names[] = {
	{"destination-unreachable", 1},
	{"packet-too-big", 2},
	{"time-exceeded", 3},
	{"parameter-problem", 4},
	{"echo-request", 128},
	{"echo-reply", 129},
	{"mld-listener-query", 130},
	{"mld-listener-report", 131},
	{"mld-listener-done", 132},
	{"router-solicitation", 133},
	{"nd-router-solicit", 133},
	{"router-advertisement", 134},
	{"nd-router-advert", 134},
	{"neighbour-solicitation", 135},
	{"neighbor-solicitation", 135},
	{"nd-neighbor-solicit", 135},
	{"neighbour-advertisement", 136},
	{"neighbor-advertisement", 136},
	{"nd-neighbor-advert", 136},
	{"redirect", 137},
	{"nd-redirect", 137},
	{"router-renumbering", 138},
	{"inverse-neighbour-solicitation", 141},
	{"ind-neighbor-solicit", 141},
	{"inverse-neighbour-advertisement", 142},
	{"ind-neighbor-advert", 142},
	{"mld2-listener-report", 143},
	{"home-agent-request", 144},
	{"home-agent-reply", 145},
	{"mobile-prefix-solicitation", 146},
	{"mobile-prefix-advertisement", 147},
	{"certification-path-solicitation", 148},
	{"certification-path-advertisement", 149},
	{"multicast-router-advertisement", 151},
	{"multicast-router-solicitation", 152},
	{"multicast-router-termination", 153},
};

const struct numbered_names services = {service_names,
					ARRAY_LEN(service_names)};
const struct numbered_names protocols = {protocol_names,
					 ARRAY_LEN(protocol_names)};
const struct numbered_names icmp_types = {icmp_names, ARRAY_LEN(icmp_names)};
const struct numbered_names icmpv6_types = {icmpv6_names,
					    ARRAY_LEN(icmpv6_names)};

int numbered_find(const struct numbered_names *names, const char *name,
		  uint16_t *ret_number)
{
	assert(names);
	assert(name);
	assert(ret_number);

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i].name, name) == 0) {
			*ret_number = names->names[i].number;
			return 0;
		}
	}
	return -ENOENT;
}

const char *numbered_name(const struct numbered_names *names, uint16_t number)
{
	assert(names);

	for (size_t i = 0; i < names->count; i++) {
		if (names->names[i].number == number)
			return names->names[i].name;
	}
	return NULL;
}
