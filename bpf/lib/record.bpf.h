/* SPDX-License-Identifier: GPL-2.0 */
/* Records of the ring: the smallest class that holds the bytes, read straight from the process into the ring. */
#ifndef NIXIE_RECORD_BPF_H
#define NIXIE_RECORD_BPF_H

#include "connection.bpf.h"
#include "transfer.bpf.h"
#include "peer.bpf.h"
#include "wake.bpf.h"

/* No room in the ring for any record of a call. */
#define NO_ROOM (~0ULL)

/* User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} events SEC(".maps");

static __always_inline __u64 waiting_in_ring(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
}

static __always_inline void fill_event(struct socket_event *event, const struct transfer *t, __u32 captured, __u32 size)
{
	event->conn_id = t->conn_id;
	event->time_ns = t->time_ns;
	event->start_ticks = t->start_ticks;
	event->pid = t->pid;
	event->offset = t->offset;
	event->size = size;
	event->captured = captured;
	event->kind = EVENT_DATA;
	event->direction = t->direction;
	event->role = t->role;
	event->flags = t->flags;
	event->netns = t->netns;
	event->ends = t->ends;
	__builtin_memcpy(event->comm, t->comm, COMM_SIZE);
}

static __always_inline void lose_events(struct connection *conn, __u64 events)
{
	__sync_fetch_and_add(&conn->totals.lost_events, events);
	count(COUNTER_LOST_EVENTS, events);
}

/* The ring is full: the rest of the current message is lost, and so are the messages after it. */
static __always_inline void lose_rest(struct transfer *t)
{
	t->lost_events = t->messages + 1;
	count(COUNTER_LOST_BYTES, t->wanted);
}

static __always_inline bool next_piece(struct transfer *t)
{
	const struct iovec *entry;

	if (t->ahead_at >= t->ahead_end) {
		volatile __u64 *left = &t->iov_left;
		__u64 entries = *left;

		if (!entries)
			return false;
		if (entries > VECTORS_AHEAD)
			entries = VECTORS_AHEAD;
		if (bpf_probe_read_user(t->ahead, entries * sizeof(struct iovec), (void *)t->iov)) {
			count(COUNTER_UNREAD_BYTES, t->wanted);
			*left = 0;
			return false;
		}
		t->iov += entries * sizeof(struct iovec);
		*left -= entries;
		t->ahead_at = 0;
		t->ahead_end = entries;
	}
	entry = &t->ahead[t->ahead_at & (VECTORS_AHEAD - 1)];
	t->ahead_at++;
	t->base = entry->base;
	t->piece = entry->length;
	return true;
}

static __always_inline void advance(struct transfer *t, __u64 moved)
{
	t->base += moved;
	t->piece -= moved;
}

#define EMIT_PIECE(class)                                                                                             \
	do {                                                                                                          \
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + (class), 0);               \
		if (!event)                                                                                           \
			goto full;                                                                                    \
		if (bpf_probe_read_user(event->payload, length, (void *)t->base)) {                                   \
			count(COUNTER_UNREAD_BYTES, length);                                                          \
			length = 0;                                                                                   \
		}                                                                                                     \
		fill_event(event, t, length, size);                                                                   \
		bpf_ringbuf_submit(event, wake_flags(t->waiting));                                                    \
	} while (0)

/*
 * Emits a record with the first `t->length` bytes of the current piece, for `size` bytes. 0 when the ring is full. Not static: so the
 * verifier checks it once and not for every kind of call.
 */
__noinline int emit_piece(__u32 direction, __u32 size)
{
	struct transfer *t = transfer_of(direction);
	__u32 length;

	if (!t)
		return 0;
	length = t->length;
	if (length == 0) {
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

		if (!event)
			goto full;
		fill_event(event, t, 0, size);
		bpf_ringbuf_submit(event, wake_flags(t->waiting));
	} else if (length <= 128)
		EMIT_PIECE(128);
	else if (length <= 256)
		EMIT_PIECE(256);
	else if (length <= 512)
		EMIT_PIECE(512);
	else if (length <= 1024)
		EMIT_PIECE(1024);
	else if (length <= 2048)
		EMIT_PIECE(2048);
	else if (length <= 4096)
		EMIT_PIECE(4096);
	else if (length <= 8192)
		EMIT_PIECE(8192);
	else if (length <= RECORD_PAYLOAD_MAX)
		EMIT_PIECE(RECORD_PAYLOAD_MAX);
	return 1;
full:
	lose_rest(t);
	return 0;
}

static __always_inline void open_vector(struct transfer *t, __u64 iov, __u64 iov_count)
{
	t->iov = iov;
	t->iov_left = iov_count;
	next_piece(t);
}

static __noinline int open_message(struct transfer *t)
{
	const struct user_msghdr *header = &t->message.header;

	open_vector(t, header->iov, header->iov_count);
	if (t->ends.protocol == IPPROTO_UDP && header->name && header->name_length)
		read_peer(t, header->name);
	return 0;
}

#ifdef AT_SYSCALL_EXIT
/* The sum of the messages' bytes; the call returned only their number. */
static __noinline int sum_messages(struct transfer *t)
{
	const struct mmsghdr *message = (const struct mmsghdr *)t->next_message;

	t->left = 0;
	for (int i = 0; i < MESSAGES_PER_CALL; i++) {
		if (i >= t->messages)
			break;
		bpf_probe_read_user(&t->length, sizeof(t->length), &message[i].length);
		t->left += t->length;
	}
	return 0;
}
#endif

/* Sets how many bytes of the current message are to be captured. */
static __always_inline void want(struct transfer *t)
{
	t->wanted = t->left - t->skip;
	if (t->wanted > t->cap)
		t->wanted = t->cap;
	if (t->ends.protocol != IPPROTO_UDP)
		return;
	if (t->wanted > RECORD_PAYLOAD_MAX)
		t->wanted = RECORD_PAYLOAD_MAX;
	if (t->wanted > GATHER_PAYLOAD_MAX && t->piece < t->wanted)
		t->wanted = GATHER_PAYLOAD_MAX;
}

/* False when there is no further message. */
static __always_inline bool next_message(struct transfer *t)
{
	if (!t->messages)
		return false;
	t->messages--;
	if (bpf_probe_read_user(&t->message, sizeof(t->message), (void *)t->next_message))
		return false;
	t->next_message += sizeof(t->message);
	t->ends = t->own;
	t->piece = 0;
	t->ahead_at = t->ahead_end = 0;
	t->left = t->message.length;
	open_message(t);
	want(t);
	return true;
}

/* Puts pieces into the record until it is full, the message ends or `VECTORS_PER_STEP` were used; returns the unread bytes. */
static __always_inline __u32 gather(struct transfer *t)
{
	struct socket_event *event = (struct socket_event *)t->record;
	volatile __u32 *filled = &t->filled, *part = &t->length;

	for (int i = 0; i < VECTORS_PER_STEP; i++) {
		__u32 at = *filled, room = GATHER_PAYLOAD_MAX - at, length;

		if (!t->wanted || at >= GATHER_PAYLOAD_MAX)
			break;
		if (!t->piece) {
			if (next_piece(t))
				continue;
			/* MSG_TRUNC counts bytes that had no room; or the vector can't be read. */
			t->wanted = 0;
			break;
		}
		if (t->skip) {
			__u64 passed = t->piece < t->skip ? t->piece : t->skip;

			advance(t, passed);
			t->skip -= passed;
			continue;
		}
		if (room > t->wanted)
			room = t->wanted;
		*part = t->piece < room ? t->piece : room;
		length = *part;
		if (length > GATHER_PAYLOAD_MAX)
			break;
		t->wanted -= length;
		if (bpf_probe_read_user(event->payload + (at & (GATHER_PAYLOAD_MAX - 1)), length, (void *)t->base)) {
			count(COUNTER_UNREAD_BYTES, length);
			advance(t, length);
			return length;
		}
		advance(t, length);
		*filled = at + length;
	}
	return 0;
}

/* Moves on after bytes that a record has told. */
static __always_inline void told(struct transfer *t, __u32 size)
{
	if (t->ends.protocol == IPPROTO_TCP)
		t->offset += size;
	t->left -= size;
}

/* Emits the collected pieces, with `unread` bytes after them that have no payload. */
static __always_inline bool emit_gathered(struct transfer *t, __u32 unread)
{
	__u32 filled = *(volatile __u32 *)&t->filled;
	__u32 size = t->wanted ? filled + unread : t->left;

	if (filled > GATHER_PAYLOAD_MAX)
		return false;
	fill_event((struct socket_event *)t->record, t, filled, size);
	if (bpf_ringbuf_output(&events, t->record, sizeof(struct socket_event) + filled, wake_if_filling(&events))) {
		t->wanted += filled;
		lose_rest(t);
		return false;
	}
	t->filled = 0;
	told(t, size);
	return true;
}

/* Emits a part of a piece without collecting it first: as much as fills a record, or a whole datagram. */
static __always_inline bool emit_part(struct transfer *t, __u64 part)
{
	__u32 size;

	if (t->ends.protocol == IPPROTO_UDP)
		t->length = part;
	else
		t->length = part >= RECORD_PAYLOAD_MAX ? RECORD_PAYLOAD_MAX : GATHER_PAYLOAD_MAX;
	size = t->wanted == t->length ? t->left : t->length;
	t->waiting = waiting_in_ring();
	if (!emit_piece(t->direction, size))
		return false;
	advance(t, t->length);
	t->wanted -= t->length;
	told(t, size);
	return true;
}

/*
 * One step of a call's records: a large part of one piece, straight into the ring, or small ones gathered. 0 while there
 * is more to do. Not static: so the verifier checks it once and not in every turn of the loop around it.
 */
__noinline int emit_step(__u32 direction)
{
	struct transfer *t = transfer_of(direction);
	__u32 unread;
	__u64 part;

	if (!t)
		return 1;
	part = t->piece < t->wanted ? t->piece : t->wanted;
	if (!t->filled && !t->skip && part >= GATHER_PAYLOAD_MAX) {
		if (!emit_part(t, part))
			return 1;
	} else {
		unread = gather(t);
		if (unread && t->ends.protocol == IPPROTO_UDP)
			t->wanted = 0;
		if (t->wanted && t->filled < GATHER_PAYLOAD_MAX && !unread)
			return 0;
		if (!emit_gathered(t, unread))
			return 1;
	}
	return t->wanted == 0 && !next_message(t);
}

DEFINE_STEPS(emit_steps, emit_step, STEPS_PER_CALL)

/* The unneeded bytes are a record of their own, without payload. */
static __always_inline bool emit_skipped(struct transfer *t)
{
	t->length = 0;
	if (!emit_piece(t->direction, t->skip))
		return false;
	told(t, t->skip);
	return true;
}

/* The bytes that a process or a connection has put into the ring while user space read the last quarter of it. */
struct ring_share {
	__u32 quarter;
	__u32 bytes;
};

/* By connection id and by process id, each modulo RING_SHARES; two in the same slot share a part. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * RING_SHARES);
	__type(key, __u32);
	__type(value, struct ring_share);
} ring_shares SEC(".maps");

static __always_inline struct ring_share *share_of(__u32 slot, __u32 quarter)
{
	struct ring_share *share = bpf_map_lookup_elem(&ring_shares, &slot);

	if (share && share->quarter != quarter) {
		share->quarter = quarter;
		share->bytes = 0;
	}
	return share;
}

/*
 * Bytes of a call of `size` bytes that may be put into the ring while `used` bytes wait there, at most `cap`; NO_ROOM: not even its
 * size. Once half of the ring is full a process may put as much into it as is free, and each connection of a process that has more a
 * fraction of that (dynamic thresholds: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches",
 * 1998). Of further calls only the beginning is captured, and in the last eighth nothing. So a sender of much gets less and less, and
 * a sender of little finds room, also within a process that sends much; but ever new connections of such a process would take all of it,
 * so the last sixteenth is for other processes.
 */
static __always_inline __u64 fair_part(__u64 conn_id, __u32 pid, __u64 size, __u64 cap, __u64 used)
{
	__u64 ring = ring_bytes;
	__u64 wanted = size < cap ? size : cap, taken, left, least;
	struct ring_share *process, *conn;
	__u32 quarter;

	if (used < ring / 4)
		return cap;
	quarter = bpf_ringbuf_query(&events, BPF_RB_CONS_POS) / (ring / 4);
	conn = share_of(conn_id & (RING_SHARES - 1), quarter);
	process = share_of(RING_SHARES + (pid & (RING_SHARES - 1)), quarter);
	if (!conn || !process)
		return cap;
	left = used < ring ? ring - used : 0;
	if (used >= ring / 2 && process->bytes + wanted > left) {
		left /= RING_FRACTION;
		taken = conn->bytes + sizeof(struct socket_event);
		if ((taken > left && used >= ring / 8 * 7) || used >= ring / 16 * 15) {
			count(COUNTER_LOST_BYTES, wanted);
			return NO_ROOM;
		}
		least = used < ring / 4 * 3 ? FULL_RING_CAP : FULLER_RING_CAP;
		left = taken + least < left ? left - taken : least;
		if (wanted > left)
			cap = wanted = left;
	}
	conn->bytes += wanted + sizeof(struct socket_event);
	process->bytes += wanted + sizeof(struct socket_event);
	return cap;
}

static __always_inline bool is_mostly_free(void)
{
	return waiting_in_ring() < ring_bytes / 4;
}

/*
 * Bytes of one large call that the ring has room for: fewer the fuller it is, so that room remains for the size of each call,
 * which must always be known.
 */
static __always_inline __u64 room_in_ring(void)
{
	__u64 size = ring_bytes;
	__u64 used = waiting_in_ring();

	if (used < size / 4 * 3)
		return VERDICT_CAP_MAX;
	if (used < size / 8 * 7)
		return RECORD_PAYLOAD_MAX;
	return used < size / 16 * 15 ? FULL_RING_CAP : FULLER_RING_CAP;
}

/*
 * Emits the records of one call: several of a stream, one per datagram. A message's last record says in `size` how many
 * bytes the call moved from there on, captured or not.
 */
static __always_inline void emit_records(struct transfer *t)
{
	if (!t->messages && t->wanted <= t->piece && t->wanted <= RECORD_PAYLOAD_MAX && (!t->skip || !t->wanted)) {
		t->length = t->wanted;
		emit_piece(t->direction, t->left);
		return;
	}
	if (t->skip && !emit_skipped(t))
		return;
	t->filled = 0;
	if (!emit_steps(t->direction))
		lose_rest(t);
}

#endif
