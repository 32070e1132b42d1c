// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * steps.so - a program that ends, or fails, at a step of writing down: preloaded,
 * it counts the mapped file $STEPS_LEFT down at each call that changes a file
 * or a folder, and waits for none to reach the disk. At 1 the program ends
 * there, as by kill -9; or, with an error number behind the count, the call
 * fails. 0 is no count.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct steps {
	int64_t left, error;
};

static struct steps *steps;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("STEPS_LEFT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (mapped != MAP_FAILED)
		steps = mapped;
	(void)close(fd);
}

/* False: the call is to fail. */
static bool step(void)
{
	if (!steps || __atomic_load_n(&steps->left, __ATOMIC_SEQ_CST) == 0 ||
	    __atomic_sub_fetch(&steps->left, 1, __ATOMIC_SEQ_CST) > 0)
		return true;
	__atomic_store_n(&steps->left, 0, __ATOMIC_SEQ_CST);
	if (!steps->error)
		_exit(137);
	errno = (int)steps->error;
	return false;
}

/* What is logged, and said to others, is not written down. */
static bool is_file(int fd)
{
	struct stat status;

	return fd != STDERR_FILENO && fstat(fd, &status) == 0 &&
	       S_ISREG(status.st_mode);
}

/* Under the names that programs look for. */
ssize_t step_write(int fd, const void *bytes, size_t len) __asm__("write");
ssize_t step_pwrite(int fd, const void *bytes, size_t len,
		    off_t at) __asm__("pwrite");
ssize_t step_pwrite64(int fd, const void *bytes, size_t len,
		      off_t at) __asm__("pwrite64");
ssize_t step_pwritev(int fd, const struct iovec *parts, int count,
		     off_t at) __asm__("pwritev");
ssize_t step_pwritev64(int fd, const struct iovec *parts, int count,
		       off_t at) __asm__("pwritev64");
ssize_t step_writev(int fd, const struct iovec *parts,
		    int count) __asm__("writev");
int step_fsync(int fd) __asm__("fsync");
int step_fdatasync(int fd) __asm__("fdatasync");
int step_mkdirat(int fd, const char *name, mode_t mode) __asm__("mkdirat");
int step_renameat(int from_fd, const char *from, int to_fd,
		  const char *to) __asm__("renameat");
int step_unlinkat(int fd, const char *name, int flags) __asm__("unlinkat");
int step_rmdir(const char *name) __asm__("rmdir");

ssize_t step_write(int fd, const void *bytes, size_t len)
{
	return is_file(fd) && !step() ? -1 : syscall(SYS_write, fd, bytes, len);
}

ssize_t step_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return step() ? syscall(SYS_pwrite64, fd, bytes, len, at) : -1;
}

ssize_t step_pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	return step() ? syscall(SYS_pwrite64, fd, bytes, len, at) : -1;
}

ssize_t step_pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	return step() ? syscall(SYS_pwritev, fd, parts, count, at, 0) : -1;
}

ssize_t step_pwritev64(int fd, const struct iovec *parts, int count, off_t at)
{
	return step() ? syscall(SYS_pwritev, fd, parts, count, at, 0) : -1;
}

ssize_t step_writev(int fd, const struct iovec *parts, int count)
{
	return is_file(fd) && !step() ? -1
				      : syscall(SYS_writev, fd, parts, count);
}

int step_fsync(int fd)
{
	return step() ? (int)syscall(SYS_fsync, fd) : -1;
}

int step_fdatasync(int fd)
{
	return step() ? (int)syscall(SYS_fdatasync, fd) : -1;
}

int step_mkdirat(int fd, const char *name, mode_t mode)
{
	return step() ? (int)syscall(SYS_mkdirat, fd, name, mode) : -1;
}

int step_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return step() ? (int)syscall(SYS_renameat, from_fd, from, to_fd, to)
		      : -1;
}

int step_unlinkat(int fd, const char *name, int flags)
{
	return step() ? (int)syscall(SYS_unlinkat, fd, name, flags) : -1;
}

int step_rmdir(const char *name)
{
	return step() ? (int)syscall(SYS_rmdir, name) : -1;
}
