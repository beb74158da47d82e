/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the socket of a call, and its connection: identity, verdict, totals, role. */
#ifndef NIXIE_CONNECTION_BPF_H
#define NIXIE_CONNECTION_BPF_H

#include "counters.bpf.h"
#include "kernel.bpf.h"
#include "pid.bpf.h"
#include "../socket.h"

/* Knobs, set before loading. */
const volatile __u32 cpu_count = 1;
const volatile __u32 default_cap = 4096;
const volatile __u32 fresh_bytes = 0;
/* User space has a budget, see budget.bpf.h; without one that code is removed. */
const volatile __u32 is_gated = 0;
const volatile __u32 ignored_tgids[IGNORED_MAX] = {};

/* Puts the events' layout into the object's BTF; a test compares it with user space's. */
const struct socket_event *event_layout __attribute__((unused));

#ifdef STATE_IN_SOCKET
#include "storage.bpf.h"
#else
#include "table.bpf.h"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERDICT_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

/* User space's decisions about the data within a connection's TLS, in the same form. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERDICT_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} plain_verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SKIP_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct skip);
} skips SEC(".maps");

struct listener {
	__u32 netns;
	__u16 port;
	__u16 reserved;
};

/*
 * Ports that processes have listened on, and these processes. Entries are never removed: sockets older than Nixie, and those that end
 * before they are accepted, are looked up here, and they may outlive their listener.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct listener);
	__type(value, struct owner);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} connection_serial SEC(".maps");

/*
 * A number that no other connection ever has; 0 when the attempt failed. A program that interrupts this one on the
 * same CPU changes the serial between the reads, so the second read tells whether the number is unique
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

static __always_inline struct owner *listener_of(__u32 netns, __u16 port)
{
	struct listener key = { .netns = netns, .port = port };

	return bpf_map_lookup_elem(&listeners, &key);
}

static __always_inline __u32 netns_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

static __always_inline void remember_listener(struct sock *sk, struct owner *owner)
{
	struct listener key = {};

	key.netns = netns_of(sk);
	key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	bpf_map_update_elem(&listeners, &key, owner, BPF_ANY);
}

static __always_inline bool is_ignored(__u32 tgid)
{
	for (int i = 0; i < IGNORED_MAX; i++)
		if (ignored_tgids[i] && ignored_tgids[i] == tgid)
			return true;
	return false;
}

/* Fills `owner` from a process's leader; its pid stays 0 for kernel threads, ignored processes and those outside of our namespace. */
static __always_inline void own(struct owner *owner, struct task_struct *leader)
{
	__u32 tgid = BPF_CORE_READ(leader, tgid);

	owner->pid = 0;
	if (BPF_CORE_READ(leader, flags) & PF_KTHREAD)
		return;
	tgid = seen_pid(leader, tgid);
	if (!tgid || is_ignored(tgid))
		return;
	owner->pid = tgid;
	owner->start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	BPF_CORE_READ_INTO(&owner->comm, leader, comm);
}

/* The role of a TCP socket whose handshake was not seen and whose counts don't tell it. */
static __always_inline __u8 guess_role(__u32 netns, const struct endpoints *ends)
{
	if (listener_of(netns, ends->local_port))
		return ROLE_SERVER;
	return listener_of(netns, ends->remote_port) ? ROLE_CLIENT : ROLE_UNKNOWN;
}

/*
 * Finds where both streams began, and from that the role of this end: snd_una has moved by bytes_acked, which counts the
 * SYN of the end that connected, and snd_nxt by the data that was sent.
 */
static __always_inline __u8 read_beginnings(struct endpoints *ends, struct sock *sk, __u32 netns, __u8 role)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	__u32 acked_from = BPF_CORE_READ(tcp, snd_una) - (__u32)BPF_CORE_READ(tcp, bytes_acked);
	__u32 sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	__u32 sent_from = BPF_CORE_READ(tcp, snd_nxt) - sent;

	if (!role && (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT)) {
		if (sent_from == acked_from + 1)
			role = ROLE_CLIENT;
		else if (sent_from == acked_from)
			role = ROLE_SERVER;
	}
	if (!role)
		role = guess_role(netns, ends);
	ends->first_sent = acked_from + (role == ROLE_CLIENT);
	ends->first_received = BPF_CORE_READ(tcp, rcv_nxt) - (__u32)BPF_CORE_READ(tcp, bytes_received);
	return role;
}

/* Fills in a connection from its socket; false when it gets no number. The role is 0 when its opening was not seen. */
static __always_inline bool describe(struct connection *fresh, struct sock *sk, __u64 inode, __u16 family, __u8 protocol,
				     __u8 role, const struct owner *owner)
{
	fresh->id = new_connection_id();
	if (!fresh->id)
		return false;
	fresh->inode = inode;
	fresh->netns = netns_of(sk);
	fresh->fresh = role != 0;
	if (owner)
		fresh->owner = *owner;
	read_endpoints(&fresh->ends, sk, family, protocol);
	fresh->role = ROLE_UNKNOWN;
	if (protocol == IPPROTO_TCP) {
		fresh->role = read_beginnings(&fresh->ends, sk, fresh->netns, role);
		/* Its close has passed: no other one will come. */
		fresh->closed = BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE;
	}
	fresh->told = !fresh->fresh;
	return true;
}

/* Puts a new connection in place of the old entry of this struct sock; NULL when there is no room. */
static __always_inline struct connection *new_connection(struct sock *sk, __u64 inode, __u16 family, __u8 protocol,
							 __u8 role, const struct owner *owner)
{
	struct connection fresh = {};

	return describe(&fresh, sk, inode, family, protocol, role, owner) ? keep(sk, &fresh) : NULL;
}

/* TCP or UDP if the socket is one of these, else 0. */
static __always_inline __u8 protocol_of(struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	__u16 type = BPF_CORE_READ(sk, sk_type);

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

static __always_inline struct task_struct *current_leader(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, group_leader);
}

/* In Linux 5.11 and later the fields of this task can be read without a helper call for each. */
#define HAVE_TYPED_TASK bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

#ifdef AT_SYSCALL_EXIT

/* Another thread may have closed the descriptor since, or replaced the table. */
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
	if (fd >= slot_count)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

#else

/* As above. */
static __always_inline struct file *file_of(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = task->files->fdt;

	if (fd >= table->max_fds)
		return NULL;
	/* This may be any type that begins with a pointer. */
	return (struct file *)CAST(table->fd + fd, struct hlist_head)->first;
}

#endif

/* Takes over user space's decisions since the last call. */
static __always_inline __u64 current_verdict(struct connection *conn)
{
	__u32 slot = conn->id & (VERDICT_SLOTS - 1);
	__u64 *word = bpf_map_lookup_elem(&verdicts, &slot);

	if (word && *word != conn->verdict && (*word & VERDICT_SET) &&
	    (*word & VERDICT_TAG_MASK) == conn->id / VERDICT_SLOTS)
		conn->verdict = *word;
	return conn->verdict;
}

/* How many bytes from `offset` on user space doesn't need; at most `most`. */
static __always_inline __u64 unwanted(const struct connection *conn, __u8 direction, __u32 offset, __u64 most)
{
	__u32 slot = conn->id & (SKIP_SLOTS - 1);
	struct skip *skip = bpf_map_lookup_elem(&skips, &slot);
	__u64 *word;
	__u32 ahead;

	if (!skip)
		return 0;
	word = &skip->until[direction == SENT];
	if (!*word || (__u32)*word != (__u32)(conn->id / SKIP_SLOTS))
		return 0;
	ahead = (__u32)(*word >> 32) - offset;
	if (!ahead || ahead > SKIP_MAX) {
		*word = 0;
		return 0;
	}
	return ahead < most ? ahead : most;
}

#endif
