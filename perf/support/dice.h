/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dice.h - random numbers that are the same in every run.
 *
 * splitmix64 (Steele, Lea, Flood 2014): good enough to scatter addresses, and
 * any number is a seed.
 */
#pragma once

#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_roll(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0..bound-1; the bias of the modulus is far below what is measured. */
static inline uint64_t dice_below(struct dice *dice, uint64_t bound)
{
	return dice_roll(dice) % bound;
}
