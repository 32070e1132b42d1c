/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base.h - the only general macros in the tree. Adding one needs a reason.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * CLEANUP(f) runs f(&variable) when the variable leaves scope. Initialise the
 * variable where you declare it; hand it to a new owner with TAKE().
 */
#define CLEANUP(f) __attribute__((cleanup(f)))

#define TAKE(p)                            \
	({                                 \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})

/* The same for a file descriptor, whose "none" is -1. */
#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

/* Define f##p() for CLEANUP from a destructor f() that accepts NULL. */
#define DEFINE_CLEANUP(type, f)          \
	static inline void f##p(type *p) \
	{                                \
		f(*p);                   \
		*p = NULL;               \
	}

/* free() for CLEANUP, whatever the type. */
static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}
