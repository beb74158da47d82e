/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of each socket, kept in the socket: it is found without a search, and goes with the socket. Linux allows that in
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

/* Accepted sockets without a call since, by address, and their owners as soon as these are found. */
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
 * Puts `fresh` in place of the old state; NULL when there is no room. Of two simultaneous first calls the faster one's
 * stays.
 */
static __always_inline struct connection *keep(struct sock *sk, struct connection *fresh)
{
	struct connection *conn = bpf_sk_storage_get(&connections, sk, fresh, BPF_SK_STORAGE_GET_F_CREATE);

	if (conn && (fresh->fresh || !fresh->id || !conn->id || conn->closed))
		*conn = *fresh;
	return conn;
}

/* The state for a call; NULL for the first call. */
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

/* Takes over the state found at the start; NULL when there is none. */
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

/* The state in the socket goes with it. */
static __always_inline void forget(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&found, &key);
}

#endif
