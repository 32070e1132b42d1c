/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explained.h - what is said of a packet, put side by side: by the oracle, by
 * the program that judges, by the one that explains.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/packet/explainer.h"
#include "rules/oracle.h"
#include "xdp/abi.h"

/* The reason that is the oracle's answer in the packet path's words. */
enum fw_reason explained_reason(const struct oracle_answer *answer,
				const struct packet *packet);

/* Did a rule end it? */
bool explained_by_rule(const struct oracle_answer *answer);

/* Fails the test if the frame is not run. */
void explained_ask(struct explainer *explainer,
		   const struct explainer_question *question,
		   struct fw_trace *ret_trace);

/* Does it say what the judging program did, and are the rules that would count
 * the packet as many as the oracle was told of? Rule N has counter N. */
bool explained_agrees(const struct fw_trace *trace,
		      const struct fw_event *event, size_t matches);
