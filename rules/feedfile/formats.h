/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * formats.h - the readers of each format; feedfile.c has the table of them.
 *
 * Each reads a whole text that is not empty, has no byte order mark and looks
 * like what the table says: text without NUL bytes and long lines, or JSON.
 * Inside of feedfile/ only.
 *
 * Errors	-EBADMSG with a note in the report, or what a function answered
 */
#pragma once

#include "rules/feedfile/scan.h"

typedef int feed_read_fn(struct feed_scan *scan, struct span text);

feed_read_fn read_plain;
feed_read_fn read_plain_score;
feed_read_fn read_csv;
feed_read_fn read_p2p;
feed_read_fn read_dshield;
feed_read_fn read_dshield_api;
feed_read_fn read_spamhaus_jsonl;
feed_read_fn read_spamhaus_text;
feed_read_fn read_feodo_json;
feed_read_fn read_feodo_csv;
feed_read_fn read_threatfox_csv;
feed_read_fn read_urlhaus_csv;
feed_read_fn read_tor_exit_addresses;
feed_read_fn read_firehol_netset;
feed_read_fn read_misp_event;
feed_read_fn read_misp_manifest;
feed_read_fn read_misp_warninglist;
feed_read_fn read_stix;
feed_read_fn read_taxii;
feed_read_fn read_rpz;
feed_read_fn read_crowdsec_stream;
feed_read_fn read_bogon;
