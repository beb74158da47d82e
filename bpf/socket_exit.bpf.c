// SPDX-License-Identifier: GPL-2.0
/*
 * Captures traffic over TCP and UDP at the exit of the system calls that move the bytes.
 *
 * At exit the registers still hold the arguments, so no state is kept between entry and exit. The socket is
 * found by the file descriptor, so connections older than Nixie are no special case. Order comes from TCP:
 * copied_seq after a read and write_seq after a write tell the end of the bytes just moved. User space decides for
 * each connection (see `verdicts`) how many bytes of each call it wants; this program knows no protocols.
 *
 * Needs Linux 5.8 with BTF: ring buffers and iterators are of 5.8, typed tracepoints of 5.5, bounded loops of 5.3. Atomics
 * only add (all others are of 5.12), loops are plain ones (bpf_loop is of 5.17), and newer features are guarded; a
 * test checks the built object for this.
 */

#define AT_SYSCALL_EXIT
#include "lib/frames.bpf.h"
#include "lib/lifecycle.bpf.h"
#include "lib/older.bpf.h"

static __always_inline void read_process(struct transfer *t)
{
	struct task_struct *leader;

	if (HAVE_TYPED_TASK) {
		read_leader(t, bpf_get_current_task_btf()->group_leader);
	} else {
		leader = current_leader();
		t->start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
		bpf_core_read(t->comm, sizeof(t->comm), &leader->comm);
	}
}

static __always_inline void on_socket(struct transfer *t, const struct call *call, struct sock *sk, __u64 inode)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct connection *conn;
	__u64 *moved, before;

	if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
		return;
	t->left = call->result;
	t->messages = 0;
	if (call->shape == SHAPE_MESSAGES) {
		t->messages = call->result;
		t->next_message = call->pointer;
		sum_messages(t);
	}
	if (family == AF_UNIX) {
		count(COUNTER_UNIX_CALLS, 1);
		count(COUNTER_UNIX_BYTES, t->left);
		return;
	}
	conn = connection_of(sk, inode, family, 0);
	if (!conn)
		return;
	if (!conn->owner.pid)
		own(&conn->owner, current_leader());
	tell_open(conn);
	moved = call->direction == SENT ? &conn->totals.bytes_sent : &conn->totals.bytes_received;
	before = *moved;
	__sync_fetch_and_add(moved, t->left);
	if (!is_wanted(conn, call->direction)) {
		if (counts_frames(conn, call->direction, before))
			count_frames(conn, t, sk, call, before);
		return;
	}
	read_process(t);
	if (!emit_data(conn, t, sk, call) && counts_frames(conn, call->direction, call->result))
		count_frames(conn, t, sk, call, call->result);
}

/* It was accepted: now its owner is known, so its opening is told. */
static __always_inline void on_accepted(struct sock *sk, __u64 inode)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct connection *conn;

	if (family != AF_INET && family != AF_INET6)
		return;
	conn = connection_of(sk, inode, family, ROLE_SERVER);
	if (!conn || conn->closed)
		return;
	own(&conn->owner, current_leader());
	tell_open(conn);
}

static __always_inline void on_call(const struct call *call, __u32 tgid)
{
	struct file *file = file_of(call->fd);
	struct transfer *t;
	struct socket *socket;
	__u64 inode;

	if (!file || !(socket = socket_of(file, &inode)))
		return;
	if (call->shape == SHAPE_ACCEPTED) {
		on_accepted(BPF_CORE_READ(socket, sk), inode);
		return;
	}
	t = take_transfer(call->direction, tgid);
	if (!t)
		return;
	t->call = *call;
	on_socket(t, &t->call, BPF_CORE_READ(socket, sk), inode);
	t->busy = 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	struct call call;
	__u32 tgid;

	if (result <= 0 || !decode_call(&call, regs, result))
		return 0;
	tgid = bpf_get_current_pid_tgid() >> 32;
	if (pid_namespace)
		tgid = seen_pid(current_leader(), tgid);
	if (!tgid || is_ignored(tgid))
		return 0;
	if (CALL_IS_COMPAT(regs)) {
		count(COUNTER_COMPAT_CALLS, 1);
		return 0;
	}
	/* MSG_PEEK leaves its bytes in the socket, and MSG_OOB's are outside of the stream. */
	if (call.direction == RECEIVED && (call.flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)))
		return 0;
	on_call(&call, tgid);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int old, int new)
{
	on_state(sk, old, new);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
