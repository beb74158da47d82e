/* SPDX-License-Identifier: GPL-2.0 */
/* Connections without calls, where the state is in a table that any program can search. */
#ifndef NIXIE_SILENT_TABLE_BPF_H
#define NIXIE_SILENT_TABLE_BPF_H

#include "tell.bpf.h"

static __always_inline bool is_known(struct sock *sk)
{
	return known(sk) != NULL;
}

static __always_inline struct connection *find(struct sock *sk, __u64 inode, __u16 family, const struct owner *owner)
{
	return new_connection(sk, inode, family, IPPROTO_TCP, 0, owner);
}

static __always_inline void own_silent(struct sock *sk, struct task_struct *task, __u64 inode)
{
	struct connection *conn = known(sk);

	if (!conn || !conn->id || conn->told || conn->closed || (conn->inode && conn->inode != inode))
		return;
	own(&conn->owner, BPF_CORE_READ(task, group_leader));
	if (conn->owner.pid)
		tell_open(conn);
}

#ifndef AT_SYSCALL_EXIT

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	struct connection *value;
} KERNEL;

/* Run now and then: what the connections have moved so far. User space can't read the table itself, see loader/src/array.rs. */
SEC("iter/bpf_map_elem")
int each_connection(struct bpf_iter__bpf_map_elem *ctx)
{
	struct connection_row row = {};
	struct connection *conn = ctx->value;

	/* One that is being connected has no id; a closed one told its totals when it closed. */
	if (!conn || !conn->id || conn->closed)
		return 0;
	row.is_silent = !conn->told;
	row.id = conn->id;
	row.totals = conn->totals;
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

#endif

#endif
