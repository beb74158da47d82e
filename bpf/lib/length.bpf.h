/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints of the socket layer that tell a message's length: they run in the caller's context, after the bytes were moved
 * and before the system call ends. The registers with which the task entered the kernel hold the call's arguments.
 */
#ifndef NIXIE_LENGTH_BPF_H
#define NIXIE_LENGTH_BPF_H

#include "batch.bpf.h"
#include "data.bpf.h"
#include "frames.bpf.h"
#include "tell.bpf.h"

/* MSG_PEEK leaves its bytes in the socket, and MSG_OOB's are outside of the stream. */
#define MSG_BESIDE (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)

/*
 * What the task's current system call tells about this socket. Where it tells nothing, as with sendfile, splice and
 * io_uring, or is about another file, the bytes can't be found: only their length is told.
 */
static __always_inline void read_call(struct call *call, struct task_struct *task, struct pt_regs *regs, struct sock *sk,
				      int result, __u8 direction)
{
	if (!(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)) && CALL_IS_UNDER_WAY(regs) &&
	    decode_call(call, regs, result) && call->shape != SHAPE_ACCEPTED && call->direction == direction &&
	    file_of(task, call->fd) == file_of_socket(sk))
		return;
	call->shape = SHAPE_NOWHERE;
	call->direction = direction;
	call->name = 0;
	call->result = result;
}

/* The current one of several messages. */
static __always_inline void pick_message(struct call *call, struct connection *conn, int result)
{
	bool is_stream_sent;
	__u32 at;

	if (call->shape != SHAPE_MESSAGES)
		return;
	if (call->count > MESSAGES_PER_CALL)
		call->count = MESSAGES_PER_CALL;
	is_stream_sent = conn->ends.protocol == IPPROTO_TCP && call->direction == SENT;
	/* A call with a time limit may end after any message. */
	at = step_batch(call->pointer, call->count, result, is_stream_sent,
			!call->is_timed && (conn->batched || !conn->counted));
	conn->batched = 1;
	call->shape = at == BATCH_UNKNOWN ? SHAPE_NOWHERE : SHAPE_MESSAGE;
	call->pointer += at * sizeof(struct mmsghdr);
}

static __always_inline __u64 *moved(struct connection *conn, __u8 direction)
{
	return direction == SENT ? &conn->totals.bytes_sent : &conn->totals.bytes_received;
}

/* The caller's process id as Nixie sees it; 0 when it is outside of our namespace. */
static __always_inline __u32 seen_caller(struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (pid_namespace)
		tgid = seen_pid(task->group_leader, tgid);
	return is_ignored(tgid) ? 0 : tgid;
}

/* Whether the call moved nothing. It tells the owner of the connection all the same. */
static __always_inline bool moved_nothing(struct connection *conn, int result, int flags)
{
	if (result > 0 && !(flags & MSG_BESIDE))
		return false;
	if (conn && conn->id && !conn->owner.pid && !conn->closed) {
		own(&conn->owner, current_leader());
		if (conn->owner.pid)
			tell_open(conn);
	}
	return true;
}

static __always_inline void on_data(struct connection *conn, struct call *call, struct sock *sk, struct task_struct *task,
				    __u32 tgid)
{
	struct transfer *t = take_transfer(call->direction, tgid);

	if (!t)
		return;
	t->call = *call;
	t->left = t->call.result;
	t->messages = 0;
	read_leader(t, task->group_leader);
	if (!emit_data(conn, t, sk, &t->call) && counts_frames(conn, t->call.direction, t->call.result))
		count_frames(conn, t, sk, &t->call, t->call.result);
	t->busy = 0;
}

/* The streams of HTTP/2 in a call that is not captured. */
static __always_inline void count_call(struct connection *conn, struct sock *sk, struct call *call, __u64 before)
{
	struct transfer *t;

	if (!counts_frames(conn, call->direction, before))
		return;
	t = transfer_of(call->direction);
	if (!t || t->busy)
		return;
	t->busy = 1;
	t->call = *call;
	count_frames(conn, t, sk, &t->call, before);
	t->busy = 0;
}

/* The connection of a socket's first call. Not inlined: a new one is large, and a program and what it calls have 512 bytes of stack. */
static __noinline struct connection *first_seen(struct sock *sk, __u16 family)
{
	return connection_of(sk, inode_of(sk), family, 0);
}

/* A call on a connection that is not merely counted. */
static __always_inline void on_call(struct connection *conn, struct sock *sk, __u16 family, int result, int flags, __u8 direction)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct call call = {};
	__u32 tgid = seen_caller(task);
	__u64 before;

	if (!tgid)
		return;
	if (CALL_IS_COMPAT(regs)) {
		count(COUNTER_COMPAT_CALLS, 1);
		return;
	}
	if (!conn) {
		conn = first_seen(sk, family);
		if (!conn)
			return;
	}
	if (!conn->owner.pid)
		own(&conn->owner, current_leader());
	tell_open(conn);
	before = *moved(conn, direction);
	__sync_fetch_and_add(moved(conn, direction), result);
	read_call(&call, task, regs, sk, result, direction);
	call.flags = flags;
	pick_message(&call, conn, result);
	/* A connection whose owner was unknown until now may be shed too; for others this is already decided. */
	if ((conn->verdict & VERDICT_COUNT) || !is_shed(conn, direction))
		on_data(conn, &call, sk, task, tgid);
	else
		count_call(conn, sk, &call, before);
}

/* For calls that are not captured: keeps count in calls that move several messages, and of the streams of HTTP/2. */
static __noinline int step_over(struct connection *conn, struct sock *sk, int result, __u8 direction, __u64 before)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call = {};

	read_call(&call, task, (struct pt_regs *)bpf_task_pt_regs(task), sk, result, direction);
	pick_message(&call, conn, result);
	count_call(conn, sk, &call, before);
	return 0;
}

static __always_inline void on_unix(int result)
{
	if (result <= 0 || !seen_caller(bpf_get_current_task_btf()))
		return;
	count(COUNTER_UNIX_CALLS, 1);
	count(COUNTER_UNIX_BYTES, result);
}

static __always_inline void on_length(struct sock *sk, int result, int flags, __u8 direction)
{
	__u16 family = FIELD(sk, __sk_common.skc_family);
	struct connection *conn;
	__u64 before;

	if (family == AF_UNIX && !(flags & MSG_PEEK))
		on_unix(result);
	if (family != AF_INET && family != AF_INET6)
		return;
	conn = current_of(sk);
	if (moved_nothing(conn, result, flags)) {
		if (conn && conn->batched)
			step_over(conn, sk, result, direction, 0);
		return;
	}
	/* Calls that are only counted must cost the least. */
	if (conn && conn->owner.pid && !is_wanted(conn, direction)) {
		before = *moved(conn, direction);
		__sync_fetch_and_add(moved(conn, direction), result);
		conn->counted = 1;
		if (conn->batched || counts_frames(conn, direction, before))
			step_over(conn, sk, result, direction, before);
		return;
	}
	on_call(conn, sk, family, result, flags, direction);
}

#endif
