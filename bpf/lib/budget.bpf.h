/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sends user space no more than it can process. The rest is counted here: the bytes, as always, and the exchanges, so that
 * rates stay right. A connection changes between shed and captured only between two exchanges: each exchange is either captured
 * or counted.
 */
#ifndef NIXIE_BUDGET_BPF_H
#define NIXIE_BUDGET_BPF_H

#include "record.bpf.h"

/* Of Fibonacci hashing. */
#define RUN_FACTOR 2654435761U

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct gate);
} gates SEC(".maps");

static __always_inline const struct gate *current_gate(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&gates, &zero);
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATE_PORTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} sheds SEC(".maps");

/* The server's port, the same at both ends of a connection. */
static __always_inline __u32 server_port(const struct connection *conn)
{
	if (conn->ends.protocol != IPPROTO_TCP)
		return GATE_DATAGRAMS;
	return conn->role == ROLE_CLIENT ? conn->ends.remote_port : conn->ends.local_port;
}

/*
 * Whether fair_part may cut the next exchange. An exchange that begins while this is false should also reach its end: hence
 * a quarter less of the free room for the process, and SHED_AHEAD less of it for the connection. In the last quarter of the ring
 * there is no room for connections of such a process.
 */
static __always_inline bool is_over_share(const struct connection *conn, __u64 size, __u64 used)
{
	__u32 quarter = bpf_ringbuf_query(&events, BPF_RB_CONS_POS) / (size / 4);
	const struct ring_share *process = share_of(RING_SHARES + (conn->owner.pid & (RING_SHARES - 1)), quarter);
	const struct ring_share *own = share_of(conn->id & (RING_SHARES - 1), quarter);
	__u64 left = used < size ? size - used : 0;

	if (!process || !own || process->bytes < left / 4 * 3)
		return false;
	return used >= size / 4 * 3 || own->bytes + SHED_AHEAD > left / RING_FRACTION;
}

/*
 * How many of the connections at this one's port are to be shed. Shortly before the ring is so full that larger shares are cut,
 * all connections with larger shares are shed: user space may be too late to tell, or be stopped.
 */
static __always_inline __u32 to_shed(const struct connection *conn)
{
	__u64 size = ring_bytes;
	__u64 used = waiting_in_ring();
	__u32 port = server_port(conn) & (GATE_PORTS - 1), *told = bpf_map_lookup_elem(&sheds, &port);
	__u32 shed = told && *told < GATE_WHOLE ? *told : told ? GATE_WHOLE : 0;

	return used >= size / 16 * 7 && is_over_share(conn, size, used) ? GATE_WHOLE : shed;
}

/*
 * Draws a number below GATE_WHOLE: the same one at both ends of a connection, on any node. An end of datagrams knows no beginning
 * that the other one knows, so the time decides, in slices of 34 ms, spread evenly (golden ratio).
 */
static __always_inline __u32 draw(const struct connection *conn, __u32 seed)
{
	__u32 hash = conn->ends.first_sent + conn->ends.first_received;

	if (conn->ends.protocol != IPPROTO_TCP)
		return ((__u32)(bpf_ktime_get_ns() >> SLICE_SHIFT) * RUN_FACTOR + seed) >> 22;
	/* The finaliser of MurmurHash3 mixes the bits. */
	hash ^= seed;
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	hash ^= hash >> 16;
	return hash & (GATE_WHOLE - 1);
}

/* What a client of HTTP/2 says first, "PRI * HTTP/2.0…" (RFC 9113, section 3.4): its first eight bytes, and its length. */
#define PREFACE 0x5448202a20495250ULL
#define PREFACE_SIZE 24

/* Whether the call begins with it. */
static __always_inline bool is_preface(const struct transfer *t)
{
	__u64 first = 0;

	return !bpf_probe_read_user(&first, sizeof(first), (void *)t->base) && first == PREFACE;
}

/* A connection may be shed before its verdict comes. */
static __always_inline void look_for_preface(struct connection *conn, const struct transfer *t)
{
	bool from_client = t->direction == (conn->role == ROLE_CLIENT ? SENT : RECEIVED);
	__u64 moved = t->direction == SENT ? conn->totals.bytes_sent : conn->totals.bytes_received;

	/* The totals include this call already. */
	if (!conn->verdict && from_client && conn->ends.protocol == IPPROTO_TCP && moved == t->left && is_preface(t))
		conn->frames.is_framed = 1;
}

/* HTTP/2: what is shed is counted by the streams that begin, see count_frames. */
static __always_inline bool is_framed(const struct connection *conn)
{
	return conn->frames.is_framed || (conn->verdict & VERDICT_FRAMES);
}

static __always_inline void count_shed(struct connection *conn, __s64 exchanges)
{
	__sync_fetch_and_add(&conn->totals.shed_exchanges, exchanges);
	conn->shedding.counted += exchanges;
}

/*
 * EVENT_SHED tells that waiting requests will get no answer. It does no harm if the ring has no room: the next event says that data
 * was shed.
 */
static __noinline int tell_shed(struct connection *conn, __u8 kind)
{
	struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->conn_id = conn->id;
	event->time_ns = bpf_ktime_get_ns();
	event->kind = kind;
	event->size = kind == EVENT_BACK ? conn->shedding.counted : 0;
	event->role = conn->role;
	event->netns = conn->netns;
	event->ends = conn->ends;
	bpf_ringbuf_submit(event, wake_if_filling(&events));
	return 0;
}

/* It is shed from here on. */
static __always_inline void begin_shed(struct connection *conn, bool was_shed)
{
	conn->shedding.is_shed = 1;
	if (!was_shed)
		conn->shedding.counted = 0;
	conn->shedding.was_shed = EVENT_AFTER_SHED;
	if (conn->shedding.is_seen)
		tell_shed(conn, EVENT_SHED);
	conn->shedding.is_seen = 0;
}

static __always_inline void decide(struct connection *conn, const struct gate *gate)
{
	bool was_shed = conn->shedding.is_shed;

	conn->shedding.epoch = gate->epoch;
	if ((conn->verdict & VERDICT_SHED) || draw(conn, gate->seed) < to_shed(conn)) {
		begin_shed(conn, was_shed);
		return;
	}
	conn->shedding.is_shed = 0;
	if (was_shed && is_framed(conn))
		tell_shed(conn, EVENT_BACK);
}

/*
 * Whether a connection of HTTP/2 is shed before a call of `size` bytes is cut to `cap` for want of room in the ring: its frames would be
 * lost, and with them the meaning of all later heads. `most`: as much as there would be of it before the verdict.
 */
static __always_inline bool is_shed_uncut(struct connection *conn, __u64 cap, __u64 size, __u64 most)
{
	const struct gate *gate;

	if (conn->verdict)
		most = (conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX;
	if (!is_gated || cap >= size || cap >= most || !is_framed(conn) || (conn->verdict & VERDICT_COUNT))
		return false;
	gate = current_gate();
	if (!gate)
		return false;
	conn->shedding.epoch = gate->epoch;
	begin_shed(conn, false);
	return true;
}

static __always_inline void decide_exchange(struct connection *conn, const struct gate *gate)
{
	/* To change more than once in an epoch, as the ring fills and empties, would cost more than it gains. */
	if (!conn->shedding.is_shed || conn->shedding.epoch != gate->epoch || conn->ends.protocol != IPPROTO_TCP)
		decide(conn, gate);
	if (conn->shedding.is_shed && !is_framed(conn))
		count_shed(conn, 1);
}

/* An exchange whose request is shed in part has no row. Of one whose answer is shed in part the row says that it is cut. */
static __always_inline void decide_within(struct connection *conn, const struct gate *gate, bool is_asking)
{
	__u32 draws = gate->epoch / EPOCH_DRAW - conn->shedding.epoch / EPOCH_DRAW;
	bool was_shed = conn->shedding.is_shed;

	if (draws <= (was_shed ? DRAWS_SHED : DRAWS_CAPTURED) && !(conn->verdict & VERDICT_SHED))
		return;
	decide(conn, gate);
	if (was_shed && !conn->shedding.is_shed)
		conn->shedding.was_shed = EVENT_AFTER_SHED | EVENT_WITHIN;
	/* What a verdict sheds, user space counts. */
	if (!was_shed && conn->shedding.is_shed && is_asking && !(conn->verdict & VERDICT_SHED) && !is_framed(conn))
		count_shed(conn, 1);
}

/*
 * Each datagram in the direction of the first one, or to a well-known port, is taken for a question. Nothing tells the end of a socket,
 * and so the counts of one that asks a few questions and is closed; so these are captured.
 */
static __always_inline bool is_datagram_shed(struct connection *conn, const struct gate *gate, __u8 direction)
{
	if (!conn->asks)
		conn->asks = (conn->ends.local_port < 1024 ? RECEIVED : direction) + 1;
	if (conn->asks != direction + 1)
		return conn->shedding.is_shed;
	if (direction == SENT && conn->shedding.asked < FIRST_QUESTIONS)
		conn->shedding.asked++;
	else
		decide_exchange(conn, gate);
	return conn->shedding.is_shed;
}

/*
 * Whether this call is only counted, on a connection that is captured otherwise. This is decided where an exchange begins, with
 * the first call in the client's direction after one in the other; and also within data that goes on in one direction for longer
 * than some draws.
 */
static __always_inline bool is_shed(struct connection *conn, __u8 direction)
{
	const struct gate *gate = is_gated ? current_gate() : NULL;
	__u8 from_client = conn->role == ROLE_CLIENT ? SENT : RECEIVED;

	if (!gate)
		return false;
	if (conn->ends.protocol != IPPROTO_TCP)
		return is_datagram_shed(conn, gate, direction);
	if (conn->shedding.direction == direction + 1) {
		decide_within(conn, gate, direction == from_client);
	} else {
		conn->shedding.direction = direction + 1;
		if (direction == from_client)
			decide_exchange(conn, gate);
	}
	return conn->shedding.is_shed;
}

/* The flags of a connection's next event. */
static __always_inline __u8 shedding_flags(struct connection *conn)
{
	__u8 flags;

	if (!is_gated)
		return 0;
	conn->shedding.is_seen = 1;
	flags = conn->shedding.was_shed;
	conn->shedding.was_shed = 0;
	return flags;
}

#endif
