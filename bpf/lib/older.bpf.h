/* SPDX-License-Identifier: GPL-2.0 */
/* Finds sockets older than Nixie through the processes that hold them. */
#ifndef NIXIE_OLDER_BPF_H
#define NIXIE_OLDER_BPF_H

#include "tell.bpf.h"
#ifdef STATE_IN_SOCKET
#include "silent-storage.bpf.h"
#else
#include "silent-table.bpf.h"
#endif

/* The TCP socket of an iterator's current file, and that file's inode; NULL when it is another kind of file. */
static __always_inline struct sock *iterated_tcp(struct bpf_iter__task_file *ctx, __u64 *inode, __u16 *family)
{
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!file || !(socket = socket_of(file, inode)))
		return NULL;
	sk = BPF_CORE_READ(socket, sk);
	*family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((*family != AF_INET && *family != AF_INET6) || protocol_of(sk) != IPPROTO_TCP)
		return NULL;
	return sk;
}

static __always_inline void own_by_task(struct owner *owner, struct task_struct *task)
{
	if (task)
		own(owner, BPF_CORE_READ(task, group_leader));
}

/* Runs once after loading: finds the listeners of every network namespace through the processes that hold them. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct owner owner = {};
	__u16 family;
	__u64 inode;
	struct sock *sk = iterated_tcp(ctx, &inode, &family);

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	own_by_task(&owner, ctx->task);
	remember_listener(sk, &owner);
	return 0;
}

/* Runs after that: finds connections without an event so far, which may stay silent for long. */
SEC("iter/task_file")
int find_connections(struct bpf_iter__task_file *ctx)
{
	struct connection *conn;
	__u16 family;
	__u64 inode;
	struct sock *sk = iterated_tcp(ctx, &inode, &family);
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	struct owner owner = {};
	__u8 state;

	if (!sk)
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TCP_LISTEN || state == TCP_CLOSE || state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	if (is_known(sk))
		return 0;
	own_by_task(&owner, ctx->task);
	if (!owner.pid)
		return 0;
	conn = find(sk, inode, family, &owner);
	if (conn)
		emit_state(conn, EVENT_FOUND, BPF_CORE_READ(tcp, copied_seq), BPF_CORE_READ(tcp, write_seq));
	return 0;
}

#ifndef AT_SYSCALL_EXIT

/* Runs now and then: finds the processes that hold accepted connections without a call since. */
SEC("iter/task_file")
int find_owners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	__u16 family;
	__u64 inode;
	struct sock *sk;

	if (!task)
		return 0;
	sk = iterated_tcp(ctx, &inode, &family);
	if (sk)
		own_silent(sk, task, inode);
	return 0;
}

#endif

#endif
