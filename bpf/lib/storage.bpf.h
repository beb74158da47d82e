/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of each socket, kept in the socket: found without a search, and gone with it. Linux takes that from
 * tracepoints with typed arguments since 6.1.
 */
#ifndef NIXIE_STORAGE_BPF_H
#define NIXIE_STORAGE_BPF_H

#include "kernel.bpf.h"
#include "../socket.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection);
} connections SEC(".maps");

/*
 * Connections that were found at the start, by their socket's address: an iterator over files can't put anything into a
 * socket. The first call takes them over.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct connection);
} found SEC(".maps");

/* Sockets that were accepted and had no call since, by address, and who holds them as soon as that is found out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct owner);
} silent SEC(".maps");

static __always_inline struct connection *known(struct sock *sk)
{
	return bpf_sk_storage_get(&connections, sk, NULL, 0);
}

/*
 * Puts `fresh` in the place of whatever was known; NULL when there is no room. Of two first calls at once the faster one's
 * stays.
 */
static __always_inline struct connection *keep(struct sock *sk, struct connection *fresh)
{
	struct connection *conn = bpf_sk_storage_get(&connections, sk, fresh, BPF_SK_STORAGE_GET_F_CREATE);

	if (conn && (fresh->fresh || !fresh->id || !conn->id || conn->closed))
		*conn = *fresh;
	return conn;
}

/* The same for a call; NULL when its first one comes. */
static __always_inline struct connection *current_of(struct sock *sk)
{
	struct connection *conn = known(sk);

	return conn && conn->id ? conn : NULL;
}

static __always_inline struct connection *known_or_found(struct sock *sk)
{
	struct connection *conn = known(sk);
	__u64 key = (__u64)sk;

	return conn ? conn : bpf_map_lookup_elem(&found, &key);
}

/* Takes over what was found at the start; NULL when nothing was. */
static __always_inline struct connection *take_found(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *old = bpf_map_lookup_elem(&found, &key), *conn;

	if (!old)
		return NULL;
	/* Another file at the same address is another socket. */
	conn = old->inode == inode_of(sk) ? keep(sk, old) : NULL;
	bpf_map_delete_elem(&found, &key);
	return conn;
}

/* What is in the socket goes with it. */
static __always_inline void forget(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&found, &key);
}

#endif
