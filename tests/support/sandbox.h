/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - a place where a test may do to interfaces what it likes: its own
 * network and mount namespace, which end with the process.
 */
#pragma once

#include <stdint.h>

/*
 * Enter it; a fresh bpffs is at /sys/fs/bpf. Where that is not allowed the
 * reason is printed and the process ends with status 77, a skip.
 */
void sandbox_enter(void);

/* Run a command by the shell; the test fails when the command does. */
__attribute__((format(printf, 1, 2))) void sandbox_run(const char *format, ...);

/* A pair of Ethernet interfaces, up, without IPv6's chatter. */
void sandbox_veth(const char *name, const char *peer);

/* The frames below are of an EtherType for experiments, which no kernel
 * sends by itself. */
int sandbox_frame_socket(const char *ifname);
void sandbox_frame_send(int fd);

/* How many frames wait at the socket; they are gone then. */
unsigned int sandbox_frames_received(int fd);
