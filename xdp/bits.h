/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bits.h - the few words that the shared look-ups need on both sides.
 *
 * FW_OPAQUE(x) hides a value from the compiler, so that a mask it could prove
 * needless stays: verifiers before 6.13 do not bound a byte-swapped word.
 * FW_READ(x) reads memory another CPU writes, once.
 * FW_UNROLL, FW_NO_UNROLL say what becomes of the loop that follows: eight
 * slots of a bucket are straight code, a second look is not.
 */
#pragma once

#include <linux/types.h>

#ifdef __clang__
#define FW_UNROLL    _Pragma("clang loop unroll(full)")
#define FW_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define FW_UNROLL    _Pragma("GCC unroll 8")
#define FW_NO_UNROLL /* only the verifier minds */
#endif

#define FW_INLINE static inline __attribute__((always_inline))

#define FW_OPAQUE(x) __asm__ volatile("" : "+r"(x))
#define FW_READ(x)   (*(const volatile __typeof__(x) *)&(x))
