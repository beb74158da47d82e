/* SPDX-License-Identifier: GPL-2.0 */
/* Which socket a call was about, and what is known of it: identity, verdict, totals, role. */
#ifndef NIXIE_CONNECTION_BPF_H
#define NIXIE_CONNECTION_BPF_H

#include "kernel.bpf.h"
#include "../socket.h"

/* Forgets the sockets that were quiet longest: a datagram socket's end is not announced. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERDICT_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct listener {
	__u32 netns;
	__u16 port;
	__u16 reserved;
};

/*
 * Ports that were listened on. Nothing is taken out: only sockets older than Nixie are looked up here, and they may
 * outlive their listener.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct listener);
	__type(value, __u8);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} connection_serial SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 counter, __u64 amount)
{
	__u64 *value;

	/* The compiler turns adding a constant 0 into an atomic or, which Linux has since 5.12. */
	if (!amount)
		return;
	value = bpf_map_lookup_elem(&counters, &counter);
	if (value)
		__sync_fetch_and_add(value, amount);
}

/*
 * A number that no other connection ever has; 0 when none could be had. A program that interrupts this one on the
 * same CPU moves the serial between the reads, so the second read tells whether the number is ours alone
 * (atomics that return the old value would need Linux 5.12).
 */
static __always_inline __u64 new_connection_id(void)
{
	__u32 zero = 0;
	volatile __u64 *serial = bpf_map_lookup_elem(&connection_serial, &zero);

	if (!serial)
		return 0;
	for (int i = 0; i < 8; i++) {
		__u64 before = *serial;

		__sync_fetch_and_add((__u64 *)serial, 1);
		if (*serial == before + 1)
			return before * cpu_count + bpf_get_smp_processor_id() + 1;
	}
	return 0;
}

static __always_inline void copy_addr(__u8 *to, const struct in6_addr *addr, bool mapped)
{
	const __u32 *from = (const __u32 *)addr;
	__u32 *out = (__u32 *)to;

	out[0] = mapped ? from[3] : from[0];
	out[1] = mapped ? 0 : from[1];
	out[2] = mapped ? 0 : from[2];
	out[3] = mapped ? 0 : from[3];
}

static __always_inline bool is_mapped(const struct in6_addr *addr)
{
	const __u32 *words = (const __u32 *)addr;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline void read_endpoints(struct endpoints *ends, struct sock *sk, __u16 family, __u8 protocol)
{
	struct in6_addr local, remote;
	bool mapped;

	ends->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	ends->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	ends->protocol = protocol;
	if (family == AF_INET) {
		ends->version = 4;
		*(__u32 *)ends->local_addr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		*(__u32 *)ends->remote_addr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		return;
	}
	BPF_CORE_READ_INTO(&local, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&remote, sk, __sk_common.skc_v6_daddr);
	mapped = is_mapped(&remote) || is_mapped(&local);
	ends->version = mapped ? 4 : 6;
	copy_addr(ends->local_addr, &local, mapped);
	copy_addr(ends->remote_addr, &remote, mapped);
}

static __always_inline bool is_listened(struct sock *sk, __u16 port)
{
	struct listener key = { .port = port };

	key.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	return bpf_map_lookup_elem(&listeners, &key) != NULL;
}

static __always_inline void remember_listener(struct sock *sk)
{
	struct listener key = {};
	__u8 one = 1;

	key.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	bpf_map_update_elem(&listeners, &key, &one, BPF_ANY);
}

/* The side of a TCP socket whose handshake was not seen. */
static __always_inline __u8 guess_role(struct sock *sk, const struct endpoints *ends)
{
	if (ends->protocol != IPPROTO_TCP)
		return ROLE_UNKNOWN;
	if (is_listened(sk, ends->local_port))
		return ROLE_SERVER;
	return is_listened(sk, ends->remote_port) ? ROLE_CLIENT : ROLE_UNKNOWN;
}

/* Puts a new connection in the place of whatever was known of this struct sock; NULL when there is no room. */
static __always_inline struct connection *new_connection(struct sock *sk, __u64 inode, __u16 family,
							 __u8 protocol, __u8 role)
{
	struct connection fresh = {};
	__u64 key = (__u64)sk;

	fresh.id = new_connection_id();
	if (!fresh.id)
		return NULL;
	fresh.inode = inode;
	read_endpoints(&fresh.ends, sk, family, protocol);
	fresh.role = role ? role : guess_role(sk, &fresh.ends);
	bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&connections, &key);
}

/* TCP or UDP when the socket is one of ours, else 0. */
static __always_inline __u8 protocol_of(struct sock *sk, struct socket *socket)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	short type = BPF_CORE_READ(socket, type);

	if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
		return IPPROTO_TCP;
	return type == SOCK_DGRAM && protocol == IPPROTO_UDP ? IPPROTO_UDP : 0;
}

/* The socket behind an open file, or NULL. */
static __always_inline struct socket *socket_of(struct file *file, __u64 *ino)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	*ino = BPF_CORE_READ(inode, i_ino);
	return BPF_CORE_READ(file, private_data);
}

/* Linux 5.11 and later give a task whose fields can be read without a call for each. */
#define HAVE_TYPED_TASK bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct file *file_of(__u32 fd)
{
	struct file **slots, *file = NULL;
	__u32 slot_count;

	if (HAVE_TYPED_TASK) {
		struct fdtable *table = bpf_get_current_task_btf()->files->fdt;

		slot_count = table->max_fds;
		slots = table->fd;
	} else {
		struct task_struct *task = (struct task_struct *)bpf_get_current_task();
		struct fdtable *table = BPF_CORE_READ(task, files, fdt);

		slot_count = BPF_CORE_READ(table, max_fds);
		slots = BPF_CORE_READ(table, fd);
	}
	/* Another thread may have closed it, and the table may be another one since. */
	if (fd >= slot_count)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

/* Obeys what user space decided since the last call. */
static __always_inline __u64 current_verdict(struct connection *conn)
{
	__u32 slot = conn->id & (VERDICT_SLOTS - 1);
	__u64 *word = bpf_map_lookup_elem(&verdicts, &slot);

	if (word && *word != conn->verdict && (*word & VERDICT_SET) &&
	    (*word & VERDICT_TAG_MASK) == conn->id / VERDICT_SLOTS)
		conn->verdict = *word;
	return conn->verdict;
}

#endif
