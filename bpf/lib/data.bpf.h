/* SPDX-License-Identifier: GPL-2.0 */
/* Turns the bytes that one call moved into records. */
#ifndef NIXIE_DATA_BPF_H
#define NIXIE_DATA_BPF_H

#include "budget.bpf.h"
#include "syscall.bpf.h"

/* Leaving out fewer bytes than this saves nothing. */
#define SKIP_WORTH 512

/* `leader`: in the form of a task whose fields can be loaded. */
static __always_inline void read_leader(struct transfer *t, struct task_struct *leader)
{
	t->start_ticks = leader->start_boottime / NS_PER_TICK;
	/* The array of characters is read as words, which the verifier accepts. */
	*(__u64 *)t->comm = *(__u64 *)leader->comm;
	*(__u64 *)(t->comm + 8) = *(__u64 *)(leader->comm + 8);
}

/* Finds where the call's bytes lie; false when they lie nowhere. */
static __always_inline bool find_bytes(struct transfer *t, const struct call *call)
{
	t->piece = 0;
	t->iov_left = 0;
	t->ahead_at = t->ahead_end = 0;
	switch (call->shape) {
	case SHAPE_VECTOR:
		open_vector(t, call->pointer, call->count);
		break;
	case SHAPE_MESSAGE:
		if (!bpf_probe_read_user(&t->message.header, sizeof(t->message.header), (void *)call->pointer))
			open_message(t);
		break;
	case SHAPE_MESSAGES:
		t->own = t->ends;
		return next_message(t);
	case SHAPE_BUFFER:
		t->base = call->pointer;
		t->piece = call->count;
		if (call->name && t->ends.protocol == IPPROTO_UDP)
			read_peer(t, call->name);
		/* With MSG_TRUNC the result counts bytes that had no room. */
		if (t->cap > t->piece)
			t->cap = t->piece;
		break;
	default:
		t->cap = 0;
	}
	want(t);
	return true;
}

/* The TCP sequence number after the bytes that the call moved. */
static __always_inline __u32 sequence_after(struct sock *sk, __u8 direction)
{
#ifdef AT_SYSCALL_EXIT
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
#else
	struct tcp_sock *tcp = CAST(sk, struct tcp_sock);
#endif
	__u32 end;

	if (direction == SENT)
		return FIELD(tcp, write_seq);
	end = FIELD(tcp, copied_seq);
	/* A read that reaches the peer's FIN consumes its sequence number too. */
	if ((FIELD(sk, __sk_common.skc_flags) & (1UL << SOCK_DONE)) && end == FIELD(tcp, rcv_nxt))
		end--;
	return end;
}

/*
 * How much of a call is captured. Before the verdict a connection's first bytes are captured whole: it isn't known yet how many
 * are needed to recognise its protocol and the lengths of its first messages. Connections that were open before the probe all come at
 * once, so theirs are captured whole only while most of the ring is free: else the first few would leave the others less than
 * `default_cap`.
 */
static __always_inline __u64 cap_of(const struct connection *conn, const struct call *call, __u64 size)
{
	__u64 cap = default_cap, moved, room;

	if (conn->verdict & VERDICT_COUNT) {
		cap = conn->peek_left;
		if (cap > FULL_RING_CAP && !is_mostly_free())
			cap = FULL_RING_CAP;
	} else if (conn->verdict) {
		cap = (conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX;
	} else if (conn->fresh || (size > cap && is_mostly_free())) {
		/* The totals include this call already. */
		moved = (call->direction == SENT ? conn->totals.bytes_sent : conn->totals.bytes_received) - size;
		if (moved + cap < fresh_bytes)
			cap = fresh_bytes - moved;
	}
	if (cap > FULL_RING_CAP && size > FULL_RING_CAP) {
		room = room_in_ring();
		if (cap > room)
			cap = room;
	}
	return cap;
}

/* Names the current task and how often it has slept. */
static __always_inline __u32 current_run(void)
{
	struct task_struct *task;

#ifdef AT_SYSCALL_EXIT
	if (!HAVE_TYPED_TASK) {
		task = (struct task_struct *)bpf_get_current_task();
		return (__u32)BPF_CORE_READ(task, nvcsw) * RUN_FACTOR ^ BPF_CORE_READ(task, pid);
	}
#endif
	task = bpf_get_current_task_btf();
	return (__u32)task->nvcsw * RUN_FACTOR ^ task->pid;
}

/* What an event says about the call before it, and about what has come and was not read. */
static __always_inline __u8 order_flags(struct connection *conn, struct sock *sk, __u8 direction)
{
#ifdef AT_SYSCALL_EXIT
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
#else
	struct tcp_sock *tcp = CAST(sk, struct tcp_sock);
#endif
	__u32 run = current_run();
	__u8 flags = conn->run == run ? EVENT_AWAKE : 0;

	conn->run = run;
	if (direction == SENT && FIELD(tcp, copied_seq) != FIELD(tcp, rcv_nxt))
		flags |= EVENT_UNREAD;
	return flags;
}

/* Whether the bytes to be captured begin with characters. */
static __always_inline bool is_text(const struct transfer *t)
{
	__u8 text[PEEK_TEXT];

	if (t->piece < PEEK_TEXT || bpf_probe_read_user(text, PEEK_TEXT, (void *)t->base))
		return false;
	for (int i = 0; i < PEEK_TEXT; i++)
		if ((text[i] < ' ' && text[i] != '\r' && text[i] != '\n' && text[i] != '\t') || text[i] > '~')
			return false;
	return true;
}

/* Takes what is about to be captured off what may be. */
static __noinline int pay_peek(struct connection *conn, struct transfer *t)
{
	bool begins = conn->peek_begins;

	conn->peek_begins = 0;
	if (begins && t->wanted && !is_text(t)) {
		if (t->wanted > PEEK_BINARY)
			t->wanted = PEEK_BINARY;
		conn->peek_left = 0;
		return 0;
	}
	conn->peek_left = t->wanted < conn->peek_left ? conn->peek_left - t->wanted : 0;
	if (conn->peeked_more_ns < t->time_ns)
		conn->peeked_more_ns = t->time_ns;
	conn->peeked_more_ns += t->wanted * (PEEK_EVERY_NS / PEEK_BYTES);
	return 0;
}

/* `t` holds the caller. False: from this call on the connection is shed. */
static __always_inline bool emit_data(struct connection *conn, struct transfer *t, struct sock *sk,
				      const struct call *call)
{
	__u64 wanted;

	t->time_ns = bpf_ktime_get_ns();
	t->ends = conn->ends;
	t->direction = call->direction;
	t->socket = (__u64)sk;
	t->conn_id = conn->id;
	t->netns = conn->netns;
	t->flags = shedding_flags(conn) | (conn->closed ? EVENT_AFTER_CLOSE : 0);
	t->role = conn->role;
	t->cap = cap_of(conn, call, t->left);
	t->skip = 0;
	t->offset = 0;
	if (conn->ends.protocol == IPPROTO_TCP) {
		t->offset = sequence_after(sk, call->direction) - (__u32)t->left;
		t->flags |= order_flags(conn, sk, call->direction);
		/* Bytes that MSG_TRUNC discarded are in no buffer. */
		if (call->direction == RECEIVED && (call->flags & MSG_TRUNC))
			t->cap = 0;
		if (t->left >= SKIP_WORTH && call->shape != SHAPE_MESSAGES)
			t->skip = unwanted(conn, call->direction, t->offset, t->left);
	}
	wanted = t->cap;
	t->waiting = waiting_in_ring();
	t->cap = fair_part(conn->id, t->pid, t->left - t->skip, t->cap, t->waiting);
	if (wanted && is_shed_uncut(conn, t->cap == NO_ROOM ? 0 : t->cap, t->left - t->skip, wanted))
		return false;
	if (t->cap == NO_ROOM) {
		lose_events(conn, 1);
		return true;
	}
	t->lost_events = 0;
	if (find_bytes(t, call)) {
		if (conn->verdict & VERDICT_COUNT)
			pay_peek(conn, t);
		if (is_gated)
			look_for_preface(conn, t);
		emit_records(t);
	}
	if (t->lost_events)
		lose_events(conn, t->lost_events);
	return true;
}

/* A counted connection's peek: the direction changes, so a message begins, or it has just changed. */
static __always_inline bool is_peek(struct connection *conn, __u8 direction)
{
	__u32 cap = (conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX;
	__u64 now;

	if (conn->direction == direction + 1U)
		return cap && conn->peek_left;
	if (!cap)
		return false;
	conn->direction = direction + 1U;
	conn->peek_left = 0;
	now = bpf_ktime_get_ns();
	if (conn->peeked_ns > now + (PEEK_BURST - 1) * PEEK_EVERY_NS)
		return false;
	conn->peek_left = cap > PEEK_BYTES && conn->peeked_more_ns > now ? PEEK_BYTES : cap;
	conn->peek_begins = 1;
	conn->peeked_ns = (conn->peeked_ns > now ? conn->peeked_ns : now) + PEEK_EVERY_NS;
	return true;
}

/* Whether this call gets an event; else it is only counted. */
static __always_inline bool is_wanted(struct connection *conn, __u8 direction)
{
	return current_verdict(conn) & VERDICT_COUNT ? is_peek(conn, direction) : !is_shed(conn, direction);
}

#endif
