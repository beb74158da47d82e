/* SPDX-License-Identifier: GPL-2.0 */
/* Records of data within TLS, read from the buffers of the application. */
#ifndef NIXIE_TLS_PLAIN_BPF_H
#define NIXIE_TLS_PLAIN_BPF_H

#include "record.bpf.h"
#include "tls-link.bpf.h"

/* TLS_TARGETS for each CPU: two that counted in one place would wait for each other. User space sets how many there are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_TARGETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tls_target);
} tls_targets SEC(".maps");

/* The file's entry of this CPU. */
static __always_inline struct tls_target *target_here(__u32 target)
{
	__u32 at = bpf_get_smp_processor_id() * TLS_TARGETS + target;

	return bpf_map_lookup_elem(&tls_targets, &at);
}

/* … and the one of all, which user space writes. */
static __always_inline struct tls_target *target_of(__u32 target)
{
	return bpf_map_lookup_elem(&tls_targets, &target);
}

/* Knob: names of processes that are left out, NULs behind them. */
const volatile __u64 left_out[TLS_LEFT_OUT][COMM_SIZE / sizeof(__u64)] = {};

static __always_inline bool is_left_out(const __u8 *comm)
{
	const __u64 *name = (const __u64 *)comm;

	for (int i = 0; i < TLS_LEFT_OUT; i++)
		if (left_out[i][0] && left_out[i][0] == name[0] && left_out[i][1] == name[1])
			return true;
	return false;
}

/* What is told of one call. */
struct plain {
	__u64 conn_id;
	__u64 token;
	__u64 since_ns;
	__u64 time_ns;
	__u64 start_ticks;
	__u64 base;
	__u64 cap;
	__u32 left;
	__u32 length;
	__u32 pid;
	__u32 offset;
	__u8 comm[COMM_SIZE] __attribute__((aligned(8)));
	__u8 kind;
	__u8 direction;
	__u8 reserved[6];
};

/* Puts the layout into the object's BTF; a test compares it with user space's. */
const struct within *within_layout __attribute__((unused));

static __always_inline void fill_plain(struct socket_event *event, const struct plain *p, __u32 captured, __u32 size)
{
	struct within *within = (struct within *)&event->ends;

	event->conn_id = p->conn_id;
	event->time_ns = p->time_ns;
	event->start_ticks = p->start_ticks;
	event->pid = p->pid;
	event->offset = p->offset;
	event->size = size;
	event->captured = captured;
	event->kind = p->kind;
	event->direction = p->direction;
	event->role = ROLE_UNKNOWN;
	event->flags = 0;
	event->netns = 0;
	__builtin_memset(&event->ends, 0, sizeof(event->ends));
	within->token = p->token;
	within->since_ns = p->since_ns;
	__builtin_memcpy(event->comm, p->comm, COMM_SIZE);
}

#define EMIT_PLAIN(class)                                                                                             \
	do {                                                                                                          \
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + (class), 0);               \
		if (!event)                                                                                           \
			goto full;                                                                                    \
		if (bpf_probe_read_user(event->payload, length, (void *)p->base)) {                                   \
			count(COUNTER_UNREAD_BYTES, length);                                                          \
			length = 0;                                                                                   \
		}                                                                                                     \
		fill_plain(event, p, length, size);                                                                   \
		bpf_ringbuf_submit(event, wake_if_filling(&events));                                                  \
	} while (0)

/*
 * Emits a record with the first `p->length` bytes for `size` bytes; 0 when the ring is full. Not static: so the verifier checks it once
 * and not in every turn of the loop around it.
 */
__noinline int emit_plain_piece(struct plain *p, __u32 size)
{
	__u32 length;

	if (!p)
		return 0;
	length = p->length;
	if (length == 0) {
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

		if (!event)
			goto full;
		fill_plain(event, p, 0, size);
		bpf_ringbuf_submit(event, wake_if_filling(&events));
	} else if (length <= 256)
		EMIT_PLAIN(256);
	else if (length <= 1024)
		EMIT_PLAIN(1024);
	else if (length <= 4096)
		EMIT_PLAIN(4096);
	else if (length <= RECORD_PAYLOAD_MAX)
		EMIT_PLAIN(RECORD_PAYLOAD_MAX);
	return 1;
full:
	count(COUNTER_LOST_EVENTS, 1);
	count(COUNTER_LOST_BYTES, p->length);
	return 0;
}

/* The last record says in `size` how many bytes the call moved from there on, captured or not. */
static __always_inline void emit_plain(struct plain *p)
{
	for (int i = 0; i < TLS_CAP / RECORD_PAYLOAD_MAX; i++) {
		bool is_last = p->cap <= RECORD_PAYLOAD_MAX;

		p->length = is_last ? p->cap : RECORD_PAYLOAD_MAX;
		if (!emit_plain_piece(p, is_last ? p->left : p->length) || is_last)
			return;
		p->base += RECORD_PAYLOAD_MAX;
		p->offset += RECORD_PAYLOAD_MAX;
		p->left -= RECORD_PAYLOAD_MAX;
		p->cap -= RECORD_PAYLOAD_MAX;
	}
}

/* Fills in the caller; false for one that is not to be traced. */
static __always_inline bool name_caller(struct plain *p)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;

	p->pid = seen_pid(leader, leader->tgid);
	if (!p->pid || is_ignored(p->pid))
		return false;
	p->start_ticks = leader->start_boottime / NS_PER_TICK;
	bpf_core_read(p->comm, sizeof(p->comm), &leader->comm);
	p->time_ns = bpf_ktime_get_ns();
	return !is_left_out(p->comm);
}

/* User space's decision about the data of a connection; 0: there is none. */
static __always_inline __u64 plain_verdict(__u64 conn_id)
{
	__u32 slot = conn_id & (VERDICT_SLOTS - 1);
	__u64 *word = conn_id ? bpf_map_lookup_elem(&plain_verdicts, &slot) : NULL;

	return word && (*word & VERDICT_SET) && (*word & VERDICT_TAG_MASK) == conn_id / VERDICT_SLOTS ? *word : 0;
}

/* Bytes of a call's data that are captured. */
static __always_inline __u64 plain_cap(const struct plain *p, __u64 size)
{
	__u64 word = plain_verdict(p->conn_id), cap = TLS_CAP, room;

	if (word)
		cap = word & VERDICT_COUNT ? 0 : (word >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX;
	if (cap > TLS_CAP)
		cap = TLS_CAP;
	if (cap > size)
		cap = size;
	if (cap > FULL_RING_CAP) {
		room = room_in_ring();
		if (cap > room)
			cap = room;
	}
	return cap;
}

/* Tells which connection an object's data belongs to, after some of it was told without one. */
static __always_inline void tell_link(const struct tls_link *link)
{
	struct plain p = { .conn_id = link->conn_id, .token = link->token, .kind = EVENT_LINK };

	p.time_ns = bpf_ktime_get_ns();
	emit_plain_piece(&p, 0);
}

/* Tells the data that a call has moved. Not static: so the verifier checks it once and not for each caller. */
__noinline int tell_plain(struct tls_link *link, const struct tls_call *call, __u32 moved, __u8 direction)
{
	struct plain p = { .kind = EVENT_PLAIN, .direction = direction };
	struct tls_target *target, *here;
	__u64 cap;

	if (!link || !call)
		return 0;
	target = target_of(call->target);
	here = target_here(call->target);
	p.conn_id = link->conn_id;
	p.token = link->token;
	p.offset = direction == SENT ? link->sent : link->received;
	if (direction == SENT)
		link->sent += moved;
	else
		link->received += moved;
	if (!target || !here)
		return 0;
	here->transfers++;
	if (!p.conn_id)
		target->unlinked++;
	p.since_ns = target->since_ns;
	cap = plain_cap(&p, moved);
	/* Nobody reads it. */
	if (!cap && p.conn_id && call->buffer)
		return 0;
	if (!name_caller(&p))
		return 0;
	cap = fair_part(p.conn_id ? p.conn_id : p.token, p.pid, moved, cap, waiting_in_ring());
	if (cap == NO_ROOM) {
		count(COUNTER_LOST_EVENTS, 1);
		return 0;
	}
	p.base = call->buffer;
	p.left = moved;
	p.cap = call->buffer ? cap : 0;
	emit_plain(&p);
	return 0;
}

/* Pieces of one call that are captured. */
#define PLAIN_PIECES 64

struct piece {
	__u64 at;
	__u32 length;
	__u32 reserved;
};

/* Data that is sent in pieces: the part of them from `start` to `end`. */
struct pieces {
	struct tls_key key;
	struct tls_call call;
	__u64 list;
	__u64 start;
	__u64 end;
	/* Where the next piece begins. */
	__u64 at;
	/* Up to here it was told. */
	__u64 told;
};

static long tell_piece(__u32 index, struct pieces *pieces)
{
	struct tls_link *link = bpf_map_lookup_elem(&tls_links, &pieces->key);
	__u64 from = pieces->at < pieces->start ? pieces->start - pieces->at : 0, to;
	struct piece piece = {};

	if (!link || pieces->at >= pieces->end ||
	    bpf_probe_read_user(&piece, sizeof(piece), (void *)(pieces->list + index * sizeof(piece))))
		return 1;
	to = pieces->end - pieces->at < piece.length ? pieces->end - pieces->at : piece.length;
	if (from < to) {
		pieces->call.buffer = piece.at + from;
		tell_plain(link, &pieces->call, to - from, SENT);
		pieces->told = pieces->at + to;
	}
	pieces->at += piece.length;
	return 0;
}

/* Tells data whose `count` pieces are listed at the call's buffer; of what lies behind the last one that can be, the length. */
static __always_inline void tell_pieces(const struct tls_key *key, const struct tls_call *call, __u64 count, __u64 start,
					__u64 end)
{
	struct pieces pieces = { .key = *key, .call = *call, .list = call->buffer, .start = start, .end = end, .told = start };
	struct tls_link *link;

	bpf_loop(count < PLAIN_PIECES ? count : PLAIN_PIECES, tell_piece, &pieces, 0);
	link = pieces.told < end ? bpf_map_lookup_elem(&tls_links, key) : NULL;
	if (!link)
		return;
	pieces.call.buffer = 0;
	tell_plain(link, &pieces.call, end - pieces.told, SENT);
}

#endif
