// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sensor.bpf.c - what the processes of this host do.
 *
 * Five places in the kernel, all by their typed tracepoints, so that neither
 * tracefs nor symbols are needed, and three of control groups: for the port that
 * a connection gets behind the tracepoint, and for names of peers, which DNS
 * tells. System calls are looked at when they end: the result is known then, and
 * a descriptor stands for what the kernel has made of it. What is not told costs
 * one look-up in a constant table.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "xdp/sensor_dns.bpf.h"
#include "xdp/sensor_file.bpf.h"
#include "xdp/sensor_process.bpf.h"
#include "xdp/sensor_serve.bpf.h"
#include "xdp/sensor_socket.bpf.h"

#define TCP_SYN_SENT 2

/* Commands that bring programs in, or to work. */
#define BPF_LOADS                                                  \
	(1ull << 5 /* PROG_LOAD */ | 1ull << 8 /* PROG_ATTACH */ | \
	 1ull << 17 /* RAW_TRACEPOINT_OPEN */ | 1ull << 28 /* LINK_CREATE */)

#define PTRACE_TRACEME	  0
#define PTRACE_ATTACH	  16
#define PTRACE_SEIZE	  0x4206
#define PERSONALITY_ASKED 0xffffffff /* which is it? */
#define PTRACE_POKES	  6 /* POKETEXT 4, POKEDATA 5, POKEUSR 6 */

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sensor_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	tell_exec(task, bprm);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sensor_fork, struct task_struct *parent, struct task_struct *child)
{
	tell_fork(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sensor_exit, struct task_struct *task)
{
	tell_exit(task);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sensor_connect, struct sock *sk, int old_state, int new_state)
{
	if (new_state == TCP_SYN_SENT)
		tell_connecting(sk);
	return 0;
}

/* The kernel has chosen the port by now, and sends the first segment next. */
SEC("sockops")
int sensor_flow(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB &&
	    bpf_get_netns_cookie(ops) == cfg_netns)
		talk_of_connect(ops);
	return 1;
}

SEC("cgroup_skb/egress")
int sensor_asks(struct __sk_buff *skb)
{
	dns_tell(skb, 1);
	return 1;
}

SEC("cgroup_skb/ingress")
int sensor_answers(struct __sk_buff *skb)
{
	dns_tell(skb, 0);
	return 1;
}

/* Is it more than the call does all day? */
static __always_inline bool is_worth(const struct seen_call *seen)
{
	__u64 first = seen->args[0];

	switch (seen->call.kind) {
	case FW_SENSE_BPF:
		return first < 64 && BPF_LOADS >> first & 1 && !is_own();
	case FW_SENSE_PTRACE:
		return first == PTRACE_TRACEME || first == PTRACE_ATTACH ||
		       first == PTRACE_SEIZE ||
		       (first >= 4 && first <= PTRACE_POKES);
	case FW_SENSE_CALL:
		return seen->call.dir != FW_CALL_PERSONALITY ||
		       (__u32)first != PERSONALITY_ASKED;
	case FW_SENSE_SOCKET:
		return !is_usual_socket(first, seen->args[1]);
	default:
		return true;
	}
}

static __always_inline void tell_plain(const struct seen_call *seen)
{
	struct scratch *scratch;

	if (!is_worth(seen))
		return;
	scratch = seen_begin(seen);
	if (!scratch)
		return;
	if (seen->call.kind == FW_SENSE_SETUID)
		serve_put(&scratch->head, bpf_get_current_task_btf());
	if (seen->call.kind == FW_SENSE_CALL)
		scratch->head.count = seen->call.dir;
	if (is_again(&scratch->head, scratch->head.flags, scratch->head.count,
		     (__u16)-scratch->head.result))
		record_drop(scratch);
	else
		record_end(scratch);
}

static __always_inline void tell_done(const struct seen_call *seen)
{
	switch (seen->call.how) {
	case HOW_OPENED:
		if (seen->call.kind == FW_SENSE_OPEN)
			tell_open(seen);
		else
			tell_file(seen, seen->result);
		break;
	case HOW_FILE:
		tell_file(seen, seen->args[0]);
		break;
	case HOW_PATH:
	case HOW_TWO_PATHS:
		tell_path(seen);
		break;
	case HOW_SOCKET:
		tell_socket(seen, seen->args[0]);
		break;
	case HOW_ACCEPTED:
		tell_socket(seen, seen->result);
		break;
	case HOW_SENDTO:
		(void)tell_send(seen->args[0], seen->args[4], seen->result);
		break;
	case HOW_SENDMSG:
		tell_message(seen, seen->args[1]);
		break;
	case HOW_SENDMMSG:
		tell_messages(seen);
		break;
	default:
		break;
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sensor_call, struct pt_regs *regs, long result)
{
	bool compat = is_compat();
	const struct call *call = call_of(regs->orig_ax, compat);
	struct seen_call seen;

	if (!call || call->how == HOW_NOT)
		return 0;
	seen.call = *call;
	seen.result = result;
	args_read(regs, compat, seen.args);
	if (seen.call.how == HOW_PLAIN)
		tell_plain(&seen);
	else if (result >= 0)
		tell_done(&seen);
	return 0;
}
