/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vectors.h - bit vectors of one length, each kept once and known by number.
 *
 * Number 0 is the one with every bit set. Numbers are never given back.
 *
 * Errors	-E2BIG when VECTORS_MAX numbers are given, -ENOMEM
 * Threads	none; one owner
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"

#define VECTORS_MAX	  65536
#define VECTORS_WORDS_MAX 64

struct vectors;

/* Of `word_count` words of 64 bits each. */
int vectors_new(size_t word_count, struct vectors **ret_vectors);
void vectors_free(struct vectors *vectors);
DEFINE_CLEANUP(struct vectors *, vectors_free)

/* The number of these bits, new or not. */
int vectors_put(struct vectors *vectors, const uint64_t *bits,
		uint16_t *ret_number);

/* Valid until the next vectors_put(). */
const uint64_t *vectors_at(const struct vectors *vectors, uint16_t number);

/* A bit for each word that is not zero. */
uint64_t vectors_summary(const struct vectors *vectors, uint16_t number);

size_t vectors_count(const struct vectors *vectors);
