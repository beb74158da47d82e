/* SPDX-License-Identifier: GPL-2.0 */
/* The state of each socket in a table, for programs that can't keep it in the socket. */
#ifndef NIXIE_TABLE_BPF_H
#define NIXIE_TABLE_BPF_H

#include "kernel.bpf.h"
#include "../socket.h"

/* Forgets the sockets that were unused longest: no event tells the end of a datagram socket. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

static __always_inline struct connection *known(struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&connections, &key);
}

#define known_or_found known

#ifndef AT_SYSCALL_EXIT

/* The state for a call; NULL for the first call on this socket. */
static __always_inline struct connection *current_of(struct sock *sk)
{
	struct connection *conn = known(sk);
	__u64 inode;

	if (!conn || !conn->id)
		return NULL;
	inode = inode_of(sk);
	/* It has been accepted since. */
	if (!conn->inode && conn->ends.protocol == FIELD(sk, sk_protocol))
		conn->inode = inode;
	return conn->inode == inode ? conn : NULL;
}

#endif

/* Puts `fresh` in place of the old state; NULL when there is no room. */
static __always_inline struct connection *keep(struct sock *sk, struct connection *fresh)
{
	__u64 key = (__u64)sk;

	bpf_map_update_elem(&connections, &key, fresh, BPF_ANY);
	return bpf_map_lookup_elem(&connections, &key);
}

static __always_inline void forget(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&connections, &key);
}

#endif
