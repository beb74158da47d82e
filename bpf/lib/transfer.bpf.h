/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NIXIE_TRANSFER_BPF_H
#define NIXIE_TRANSFER_BPF_H

#include "connection.bpf.h"
#include "syscall.bpf.h"

/*
 * The state of one call while its records are made. It lives in a map, not on the stack: the verifier doesn't follow the values in
 * a map, so it checks each loop once and not once for every path to it.
 */
struct transfer {
	/* Set while a program uses it: a program that interrupts another one on the same CPU gives up its call. */
	__u32 busy;
	__u32 pid;
	/* It is here for the verifier, too: what follows is checked once, and not for each kind of call. */
	struct call call;
	/* Address of the struct sock. */
	__u64 socket;
	__u64 conn_id;
	__u64 time_ns;
	__u64 start_ticks;
	__u8 comm[COMM_SIZE];
	struct endpoints ends;
	__u32 offset;
	__u8 direction;
	__u8 role;
	__u8 flags;
	__u32 netns;
	/* Bytes of the message not yet in a record, and how many of them are still to be captured. */
	__u64 left;
	__u64 wanted;
	/* Bytes in the ring that user space has not read. */
	__u64 waiting;
	/* Unneeded bytes before the ones to capture. */
	__u64 skip;
	/* Where the bytes lie: the rest of the current piece, and the vector with the next ones. */
	__u64 base;
	__u64 piece;
	__u64 iov;
	__u64 iov_left;
	/* Entries of the vector that were read ahead. */
	__u32 ahead_at;
	__u32 ahead_end;
	struct iovec ahead[VECTORS_AHEAD];
	/* The messages of sendmmsg and recvmmsg still to come, and how much of each is captured. */
	__u64 next_message;
	__u64 messages;
	__u64 cap;
	struct mmsghdr message;
	/* The socket's own addresses: a message without an address uses them. */
	struct endpoints own;
	/* Events lost because the ring was full or the call had too many. */
	__u64 lost_events;
	__u32 length;
	__u32 filled;
	/* Of a call whose frames are counted: what is known of them, with room behind the head, and the streams that begin. */
	struct frames frames;
	__u8 frame_room[FRAME_HEAD];
	__u32 begun;
	/* The record that collects small pieces; it has room for twice its largest payload. */
	__u8 record[sizeof(struct socket_event) + 2 * GATHER_PAYLOAD_MAX] __attribute__((aligned(8)));
};

/* One for each direction: a program of the other one may run while this one's task is preempted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct transfer);
} transfers SEC(".maps");

static __always_inline struct transfer *transfer_of(__u32 direction)
{
	return bpf_map_lookup_elem(&transfers, &direction);
}

/* The scratch space for this call; NULL while another program uses it: then the call is lost. */
static __always_inline struct transfer *take_transfer(__u32 direction, __u32 pid)
{
	struct transfer *t = transfer_of(direction);

	if (!t)
		return NULL;
	if (t->busy) {
		count(COUNTER_LOST_EVENTS, 1);
		return NULL;
	}
	t->busy = 1;
	t->pid = pid;
	return t;
}

/* A part of the work on a call, done in steps; a step returns 1 when it was the last one. */
struct steps {
	__u32 direction;
	__u32 is_done;
};

/*
 * DEFINE_STEPS makes a function that takes steps until one is the last, `most` at most; it returns whether one was. The verifier looks
 * at one step only where the kernel has bpf_loop (Linux 5.17), else at each.
 */
#ifdef AT_SYSCALL_EXIT
#define DEFINE_STEPS(name, step, most)                                                                                \
	static __always_inline bool name(__u32 direction)                                                             \
	{                                                                                                             \
		for (int i = 0; i < (most); i++)                                                                      \
			if (step(direction))                                                                          \
				return true;                                                                          \
		return false;                                                                                         \
	}
#else
#define DEFINE_STEPS(name, step, most)                                                                                \
	static long name##_one(__u32 at, struct steps *steps)                                                         \
	{                                                                                                             \
		if (!step(steps->direction))                                                                          \
			return 0;                                                                                     \
		steps->is_done = 1;                                                                                   \
		return 1;                                                                                             \
	}                                                                                                             \
	static __always_inline bool name(__u32 direction)                                                             \
	{                                                                                                             \
		struct steps steps = { .direction = direction };                                                      \
                                                                                                                      \
		bpf_loop(most, name##_one, &steps, 0);                                                                \
		return steps.is_done;                                                                                 \
	}
#endif

#endif
