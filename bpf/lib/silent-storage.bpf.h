/* SPDX-License-Identifier: GPL-2.0 */
/* Connections without calls, where the state is kept in the sockets: iterators over files reach it through maps of their own. */
#ifndef NIXIE_SILENT_STORAGE_BPF_H
#define NIXIE_SILENT_STORAGE_BPF_H

#include "tell.bpf.h"

struct bpf_local_storage_map;

struct bpf_local_storage {
	struct hlist_head list;
} KERNEL;

struct bpf_local_storage_data {
	struct bpf_local_storage_map *smap;
} KERNEL;

struct bpf_local_storage_elem {
	struct hlist_node snode;
	struct bpf_local_storage_data sdata;
} KERNEL;

struct sock___storage {
	struct bpf_local_storage *sk_bpf_storage;
} KERNEL;

/* Programs of others may keep state in a socket too. */
#define STORAGES_MAX 16

/* Whether the socket has this object's storage: the helper for that doesn't accept a socket found through a file. */
static __always_inline bool is_known(struct sock *sk)
{
	struct sock___storage *socket = (void *)sk;
	struct hlist_node *node = BPF_CORE_READ(socket, sk_bpf_storage, list.first);

	for (int i = 0; i < STORAGES_MAX && node; i++) {
		struct bpf_local_storage_elem *elem = (void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);

		if ((__u64)BPF_CORE_READ(elem, sdata.smap) == (__u64)&connections)
			return true;
		node = BPF_CORE_READ(node, next);
	}
	return false;
}

static __always_inline struct connection *find(struct sock *sk, __u64 inode, __u16 family, const struct owner *owner)
{
	struct connection fresh = {};
	__u64 key = (__u64)sk;

	/* Another task has the same file. */
	if (bpf_map_lookup_elem(&found, &key) || !describe(&fresh, sk, inode, family, IPPROTO_TCP, 0, owner))
		return NULL;
	bpf_map_update_elem(&found, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&found, &key);
}

static __always_inline void own_silent(struct sock *sk, struct task_struct *task, __u64 inode)
{
	__u64 key = (__u64)sk;
	struct owner *owner = bpf_map_lookup_elem(&silent, &key);

	if (owner && !owner->pid)
		own(owner, BPF_CORE_READ(task, group_leader));
}

/* Takes the owner that find_owners found, else asks it for one; returns whether the connection still had no call. */
static __always_inline bool ask_owner(struct connection *conn, struct sock *sk)
{
	struct owner nobody = {}, *owner;
	__u64 key = (__u64)sk;

	/* No process has accepted it, or it has ended. */
	if (conn->told || conn->closed || !FIELD(sk, sk_socket))
		return false;
	owner = bpf_map_lookup_elem(&silent, &key);
	if (!owner) {
		bpf_map_update_elem(&silent, &key, &nobody, BPF_NOEXIST);
		return true;
	}
	conn->owner = *owner;
	bpf_map_delete_elem(&silent, &key);
	if (!conn->owner.pid)
		return true;
	tell_open(conn);
	return false;
}

/* Puts the rows' layout into the object's BTF; a test compares it with user space's. */
const struct connection_row *row_layout __attribute__((unused));

/* Runs now and then: tells how much the connections have moved so far. */
SEC("iter/bpf_sk_storage_map")
int each_connection(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct connection_row row = {};
	struct sock *sk = ctx->sk;
	struct connection *conn;

	if (!sk)
		return 0;
	conn = known(sk);
	if (!conn || !conn->id || conn->closed)
		return 0;
	row.is_silent = ask_owner(conn, sk);
	row.id = conn->id;
	row.totals = conn->totals;
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

#endif
