/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_keep.h - where notices of detections go: to the outlets that fwd.yml
 * names, and to the store of those that are kept.
 *
 *	1. What has to be waited for, the file and the store, is the worker's;
 *	   it gets a batch at a time, and the next when it is done with that.
 *	2. What cannot be opened is an alert, and fwd goes on without it.
 *	3. What was lost on any way is counted, and an alert until a minute has
 *	   passed without.
 *
 * Threads	event loop only
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/worker.h"
#include "rules/notice_store.h"

struct daemon;
struct notice_keep;

/* With the privileges of the start. Makes daemon->notices, too. */
int notice_keep_start(struct daemon *daemon);
void notice_keep_stop(struct daemon *daemon);

/* What was put up to now is on its way to the worker: a job that is submitted
 * next finds it in the store. */
void notice_keep_flush(struct daemon *daemon);

/* The file anew, after somebody has moved it. */
void notice_keep_reload(struct daemon *daemon);

/* The worker's; NULL: it could not be opened. */
struct notice_store *notice_keep_store(const struct daemon *daemon);

/* [{outlet, told, lost, error}], the store among them. */
json_t *notice_keep_outlets(const struct daemon *daemon);
