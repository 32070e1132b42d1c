/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages.h - is a data.mdb sound? LMDB keeps no checksums and trusts every
 * offset in its file; a file that was cut or scribbled on makes it read
 * outside its map. So the pages are followed from the root before it sees it.
 *
 *	1. Every page that is reached lies in the file, is of the right kind,
 *	   and is reached once, or is free once.
 *	2. Every node lies in its page; keys are in order.
 *	3. Depths and counts are what the roots say.
 *
 * What it reads is the data format 1 of LMDB 0.9 (lmdb.h, mdb.c), as the
 * machine that wrote it has stored it.
 *
 * Errors	-EBADMSG damaged, -EPROTO another format of LMDB
 * Threads	no state; nobody may write the file meanwhile
 */
#pragma once

int pages_check(const char *path);
