/* SPDX-License-Identifier: GPL-2.0 */
/* Tells user space that a connection began or ended. */
#ifndef NIXIE_TELL_BPF_H
#define NIXIE_TELL_BPF_H

#include "budget.bpf.h"

/* Tells that a connection began, with the offsets of its streams, or ended, with its totals, or was found, with their positions. */
static __noinline int emit_state(struct connection *conn, __u8 kind, __u32 received, __u32 sent)
{
	struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + sizeof(struct totals), 0);

	if (!event) {
		lose_events(conn, 1);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->conn_id = conn->id;
	event->time_ns = bpf_ktime_get_ns();
	event->start_ticks = conn->owner.start_ticks;
	event->pid = conn->owner.pid;
	event->offset = received;
	event->size = sent;
	event->kind = kind;
	event->role = conn->role;
	event->flags = shedding_flags(conn);
	event->captured = sizeof(struct totals);
	event->netns = conn->netns;
	event->ends = conn->ends;
	__builtin_memcpy(event->comm, conn->owner.comm, COMM_SIZE);
	__builtin_memcpy(event->payload, &conn->totals, sizeof(struct totals));
	bpf_ringbuf_submit(event, wake_if_filling(&events));
	return 0;
}

static __always_inline void tell_open(struct connection *conn)
{
	if (conn->told)
		return;
	conn->told = 1;
	emit_state(conn, EVENT_OPEN, 0, 0);
}

/* Tells the close, and before it the opening if no process accepted the connection: its owner is then the listener's. */
static __always_inline void tell_close(struct connection *conn)
{
	struct owner *listener;

	if (conn->closed)
		return;
	if (!conn->told && !conn->owner.pid) {
		listener = listener_of(conn->netns, conn->ends.local_port);
		if (listener)
			conn->owner = *listener;
	}
	tell_open(conn);
	conn->closed = 1;
	emit_state(conn, EVENT_CLOSE, 0, 0);
}

/* The connection of a socket; a new one gets `role`. NULL when it is not a TCP or UDP socket. */
static __always_inline struct connection *connection_of(struct sock *sk, __u64 inode, __u16 family, __u8 role)
{
	struct connection *conn = known(sk);
	__u8 protocol;

#ifdef STATE_IN_SOCKET
	if (conn && conn->id)
		return conn;
	conn = take_found(sk);
	if (conn)
		return conn;
	protocol = protocol_of(sk);
	if (!protocol)
		return NULL;
#else
	if (conn && conn->inode == inode)
		return conn;
	protocol = protocol_of(sk);
	if (!protocol)
		return NULL;
	if (conn && conn->inode == 0 && conn->ends.protocol == protocol) {
		conn->inode = inode;
		return conn;
	}
	if (conn && conn->id)
		tell_close(conn);
#endif
	return new_connection(sk, inode, family, protocol, role, NULL);
}

#endif
