/* SPDX-License-Identifier: GPL-2.0 */
/* Connections at rest, where the table can be searched by any program. */
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

#endif
