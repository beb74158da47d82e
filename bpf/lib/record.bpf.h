/* SPDX-License-Identifier: GPL-2.0 */
/* Records of the ring: the smallest class that holds the bytes, read straight from the process into the ring. */
#ifndef NIXIE_RECORD_BPF_H
#define NIXIE_RECORD_BPF_H

#include "connection.bpf.h"

/* User space sets its size. It drains on a timer: no record wakes it up. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} events SEC(".maps");

/*
 * One call on its way into records. It lives in a map, not on the stack: the verifier knows nothing of what a map
 * holds, so it checks each loop once and not once for every way to get there.
 */
struct transfer {
	/* Set while a program uses it: one that interrupts another on the same CPU gives up its call. */
	__u32 busy;
	__u32 pid;
	__u64 time_ns;
	__u64 start_ticks;
	__u8 comm[COMM_SIZE];
	struct endpoints ends;
	__u32 offset;
	__u8 direction;
	/* Bytes of the message not yet in a record, and how many of them may be captured. */
	__u64 left;
	__u64 cap;
	/* Where they lie: the rest of the piece at hand, and the vector that further ones come from. */
	__u64 base;
	__u64 piece;
	__u64 iov;
	__u64 iov_left;
	/* The record being made. */
	__u32 length;
	__u32 filled;
	__u32 part;
	/* It is the last one of its message, so its size is all that is left. */
	__u32 last;
	/* The messages of sendmmsg and recvmmsg that are still to come. */
	__u64 next_message;
	__u64 messages;
	__u64 message_cap;
	struct mmsghdr message;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct transfer);
} transfers SEC(".maps");

static __always_inline void fill_record(struct socket_event *event, const struct connection *conn,
					const struct transfer *t, __u32 captured, __u32 size)
{
	event->conn_id = conn->id;
	event->time_ns = t->time_ns;
	event->start_ticks = t->start_ticks;
	event->pid = t->pid;
	event->offset = t->offset;
	event->size = size;
	event->captured = captured;
	event->kind = EVENT_DATA;
	event->direction = t->direction;
	event->role = conn->role;
	event->reserved = 0;
	event->sent_offset = 0;
	event->ends = t->ends;
	__builtin_memcpy(event->comm, t->comm, COMM_SIZE);
}

static __always_inline void lose_events(struct connection *conn, __u64 events)
{
	__sync_fetch_and_add(&conn->totals.lost_events, events);
	count(COUNTER_LOST_EVENTS, events);
}

static __always_inline void lose(struct connection *conn, __u64 bytes)
{
	lose_events(conn, 1);
	count(COUNTER_LOST_BYTES, bytes);
}

static __always_inline void next_piece(struct transfer *t)
{
	struct iovec iov = {};

	t->piece = 0;
	if (!t->iov_left)
		return;
	bpf_probe_read_user(&iov, sizeof(iov), (void *)t->iov);
	t->iov += sizeof(iov);
	t->iov_left--;
	t->base = iov.base;
	t->piece = iov.length;
}

static __always_inline void advance(struct transfer *t, __u32 moved)
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
		fill_record(event, conn, t, length, size);                                                            \
		bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);                                                          \
	} while (0)

/* A record of `t->length` bytes from the piece at hand. False when the ring is full. */
static __noinline bool emit_piece(struct connection *conn, struct transfer *t, __u32 size)
{
	__u32 length = t->length;

	if (length == 0) {
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

		if (!event)
			goto full;
		fill_record(event, conn, t, 0, size);
		bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
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
	else if (length <= 16384)
		EMIT_PIECE(16384);
	return true;
full:
	lose(conn, t->length);
	return false;
}

/* Copies pieces until `t->length` bytes are there; `event` has room for twice `class`, a power of two. */
static __always_inline void gather(struct socket_event *event, struct transfer *t, __u32 class)
{
	volatile __u32 *filled = &t->filled, *part = &t->part;

	*filled = 0;
#pragma unroll
	for (int i = 0; i < VECTORS_PER_RECORD; i++) {
		__u32 at = *filled, room = t->length - at, length;

		if (room == 0 || room > t->length)
			return;
		*part = t->piece < room ? t->piece : room;
		length = *part;
		if (length > class)
			return;
		if (length && bpf_probe_read_user(event->payload + (at & (class - 1)), length, (void *)t->base)) {
			count(COUNTER_UNREAD_BYTES, length);
			return;
		}
		*filled = at + length;
		advance(t, length);
		if (!t->piece)
			next_piece(t);
	}
}

#define EMIT_PIECES(class)                                                                                            \
	do {                                                                                                          \
		struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + 2 * (class), 0);           \
		if (!event)                                                                                           \
			goto full;                                                                                    \
		gather(event, t, class);                                                                              \
		if (t->filled == 0 || (all && t->filled == t->length))                                                \
			t->last = 1;                                                                                  \
		fill_record(event, conn, t, t->filled, t->last ? t->left : t->filled);                                \
		bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);                                                          \
	} while (0)

/*
 * A record of up to `t->length` bytes (`all`: the rest of what may be captured) from several pieces; `t->filled` says
 * how many it got. False when the ring is full.
 */
static __noinline bool emit_pieces(struct connection *conn, struct transfer *t, bool all)
{
	__u32 length = t->length;

	if (length <= 256)
		EMIT_PIECES(256);
	else if (length <= 1024)
		EMIT_PIECES(1024);
	else if (length <= 4096)
		EMIT_PIECES(4096);
	else if (length <= GATHER_PAYLOAD_MAX)
		EMIT_PIECES(GATHER_PAYLOAD_MAX);
	return true;
full:
	lose(conn, t->length);
	return false;
}

/* Several pieces are worth one record only while they are small: a copy into twice the room has its price. */
#define GATHER_BELOW 4096

/* The peer of one datagram, when the call names it. */
static __always_inline void read_peer(struct endpoints *ends, __u64 name)
{
	struct sockaddr_any addr = {};
	struct in6_addr v6;

	if (bpf_probe_read_user(&addr, 8, (void *)name))
		return;
	if (addr.family == AF_INET) {
		ends->version = 4;
		__builtin_memset(ends->remote_addr, 0, 16);
		__builtin_memcpy(ends->remote_addr, addr.v4, 4);
	} else if (addr.family == AF_INET6 && !bpf_probe_read_user(&addr, 24, (void *)name)) {
		__builtin_memcpy(&v6, addr.v6, 16);
		ends->version = is_mapped(&v6) ? 4 : 6;
		copy_addr(ends->remote_addr, &v6, ends->version == 4);
	} else {
		return;
	}
	ends->remote_port = bpf_ntohs(addr.port);
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
		read_peer(&t->ends, header->name);
	return 0;
}

/* False when there is no further message. */
static __always_inline bool next_message(struct connection *conn, struct transfer *t)
{
	if (!t->messages)
		return false;
	t->messages--;
	if (bpf_probe_read_user(&t->message, sizeof(t->message), (void *)t->next_message))
		return false;
	t->next_message += sizeof(t->message);
	t->ends = conn->ends;
	t->left = t->message.length;
	t->cap = t->message_cap;
	open_message(t);
	return true;
}

/* Bytes of the messages, of which the call returned only the number. */
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

/*
 * Emits the records of one call: at most RECORDS_PER_CALL, one per datagram. A message's last record says in `size`
 * how many bytes the call moved from there on, captured or not.
 */
static __noinline int emit_records(struct connection *conn, struct transfer *t)
{
	bool stream = conn->ends.protocol == IPPROTO_TCP;

#pragma unroll
	for (int i = 0; i < RECORDS_PER_CALL; i++) {
		__u64 wanted = t->left < t->cap ? t->left : t->cap;
		__u64 length = wanted;

		t->last = !stream || i == RECORDS_PER_CALL - 1;
		if (!t->piece)
			next_piece(t);
		if (!t->iov_left || t->piece >= length || (stream && t->piece >= GATHER_BELOW)) {
			if (length > RECORD_PAYLOAD_MAX)
				length = RECORD_PAYLOAD_MAX;
			if (length > t->piece)
				length = t->piece;
			if (length == 0 || length == wanted)
				t->last = 1;
			t->length = t->filled = length;
			if (!emit_piece(conn, t, t->last ? t->left : length))
				return 0;
			advance(t, length);
		} else {
			if (length > GATHER_PAYLOAD_MAX)
				length = GATHER_PAYLOAD_MAX;
			t->length = length;
			if (!emit_pieces(conn, t, length == wanted))
				return 0;
		}
		if (t->last) {
			if (stream)
				t->offset += t->left;
			if (!next_message(conn, t))
				return 0;
			continue;
		}
		t->offset += t->filled;
		t->left -= t->filled;
		t->cap -= t->filled;
	}
	/* The message at hand and those behind it. */
	lose_events(conn, t->messages + 1);
	return 0;
}

#endif
