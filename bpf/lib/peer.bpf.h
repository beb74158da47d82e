/* SPDX-License-Identifier: GPL-2.0 */
/* The address that one datagram went to or came from, if the call names it. */
#ifndef NIXIE_PEER_BPF_H
#define NIXIE_PEER_BPF_H

#include "transfer.bpf.h"

static __always_inline void peer_v6(struct endpoints *ends, const struct in6_addr *v6)
{
	ends->version = is_mapped(v6) ? 4 : 6;
	copy_addr(ends->remote_addr, v6, ends->version == 4);
}

static __always_inline void read_address(struct endpoints *ends, __u64 name)
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
		peer_v6(ends, &v6);
	} else {
		return;
	}
	ends->remote_port = bpf_ntohs(addr.port);
}

#ifdef AT_SYSCALL_EXIT

static __always_inline void read_peer(struct transfer *t, __u64 name)
{
	read_address(&t->ends, name);
}

#else

/* The sender of the datagram that a task receives. */
struct peer {
	__u64 socket;
	__u32 family;
	__be16 port;
	__u16 reserved;
	__u32 addr[4];
};

/*
 * The kernel writes a received datagram's address to the process after the tracepoint has passed. So programs of the root
 * cgroup, which see it before that, leave it here by task.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct peer);
} peers SEC(".maps");

static __always_inline int remember_peer(struct bpf_sock_addr *from, __u32 family)
{
	__u64 task = bpf_get_current_task();
	struct peer peer = { .socket = (__u64)from->sk, .family = family, .port = from->user_port };

	if (family == AF_INET) {
		peer.addr[0] = from->user_ip4;
	} else {
		peer.addr[0] = from->user_ip6[0];
		peer.addr[1] = from->user_ip6[1];
		peer.addr[2] = from->user_ip6[2];
		peer.addr[3] = from->user_ip6[3];
	}
	bpf_map_update_elem(&peers, &task, &peer, BPF_ANY);
	/* Any other value would refuse the datagram. */
	return 1;
}

SEC("cgroup/recvmsg4")
int datagram_from_v4(struct bpf_sock_addr *from)
{
	return remember_peer(from, AF_INET);
}

SEC("cgroup/recvmsg6")
int datagram_from_v6(struct bpf_sock_addr *from)
{
	return remember_peer(from, AF_INET6);
}

static __always_inline void read_peer(struct transfer *t, __u64 name)
{
	__u64 task = bpf_get_current_task();
	struct peer *peer;

	if (t->direction == SENT) {
		read_address(&t->ends, name);
		return;
	}
	peer = bpf_map_lookup_elem(&peers, &task);
	if (!peer || peer->socket != t->socket)
		return;
	if (peer->family == AF_INET) {
		t->ends.version = 4;
		__builtin_memset(t->ends.remote_addr, 0, 16);
		__builtin_memcpy(t->ends.remote_addr, peer->addr, 4);
	} else {
		peer_v6(&t->ends, (struct in6_addr *)peer->addr);
	}
	t->ends.remote_port = bpf_ntohs(peer->port);
}

#endif

#endif
