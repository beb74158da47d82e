/* SPDX-License-Identifier: GPL-2.0 */
/* Follows the states of TCP sockets: which processes connect, listen and close. */
#ifndef NIXIE_LIFECYCLE_BPF_H
#define NIXIE_LIFECYCLE_BPF_H

#include "tell.bpf.h"

/* The call that begins to connect tells the process: later steps run in any task. */
static __always_inline void on_connecting(struct sock *sk)
{
	struct connection begun = {};

	own(&begun.owner, current_leader());
	keep(sk, &begun);
}

/* A server's end is told when it is accepted: until then it belongs to no process. */
static __always_inline void on_established(struct sock *sk, __u16 family, __u8 role)
{
	struct connection *conn = known(sk);

	conn = new_connection(sk, 0, family, IPPROTO_TCP, role, conn && !conn->id ? &conn->owner : NULL);
	if (conn && role == ROLE_CLIENT)
		tell_open(conn);
}

/* The owner's own call closes or shuts down the socket. */
static __always_inline void on_leaving(struct sock *sk)
{
	struct connection *conn = known(sk);

	if (!conn || !conn->id || conn->owner.pid)
		return;
	own(&conn->owner, current_leader());
	tell_open(conn);
}

static __always_inline void on_closed(struct sock *sk)
{
	struct connection *conn = known_or_found(sk);
	bool accepted;

	if (!conn || conn->closed)
		return;
	accepted = conn->told;
	if (conn->id)
		tell_close(conn);
	/* A process that holds the socket, or has yet to accept it, may still read. */
	if (!conn->id || (accepted && !BPF_CORE_READ(sk, sk_socket)))
		forget(sk);
}

static __always_inline void on_state(struct sock *sk, int old, int new)
{
	__u16 family = FIELD(sk, __sk_common.skc_family);

	if (FIELD(sk, sk_protocol) != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return;
	if (new == TCP_LISTEN) {
		struct owner owner = {};

		own(&owner, current_leader());
		remember_listener(sk, &owner);
	} else if (new == TCP_SYN_SENT) {
		on_connecting(sk);
	} else if (new == TCP_ESTABLISHED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV)) {
		on_established(sk, family, old == TCP_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER);
	} else if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK) {
		on_leaving(sk);
	} else if (new == TCP_CLOSE) {
		on_closed(sk);
	}
}

#endif
