// SPDX-License-Identifier: GPL-2.0
/*
 * What processes say over TCP and UDP, seen at the exit of the system calls that move the bytes.
 *
 * At exit the registers still hold the arguments, so nothing is remembered between entry and exit. The socket is
 * found from the file descriptor, so a connection older than Nixie is as good as a new one. Order comes from TCP:
 * copied_seq after a read and write_seq after a write are the end of the bytes just moved. User space decides per
 * connection (see `verdicts`) how many bytes of each call it wants; protocols are none of this program's business.
 *
 * Needs Linux 5.8 with BTF: ring buffers and iterators are of 5.8, typed tracepoints of 5.5, bounded loops of 5.3. Atomics
 * only add (all others are of 5.12), loops are plain ones (bpf_loop is of 5.17), and what is newer is guarded; a
 * test reads the built object for it.
 */
#include "lib/kernel.bpf.h"
#include "lib/pid.bpf.h"
#include "lib/syscall.bpf.h"
#include "socket.h"

/* Knobs, set before loading. */
const volatile __u32 cpu_count = 1;
const volatile __u32 default_cap = 4096;
const volatile __u32 ignored_tgids[IGNORED_MAX] = {};

/* Names the events' layout in the object's BTF, for the test that compares it with user space's. */
const struct socket_event *event_layout __attribute__((unused));

#include "lib/connection.bpf.h"
#include "lib/record.bpf.h"

static __always_inline bool is_ignored(__u32 tgid)
{
	for (int i = 0; i < IGNORED_MAX; i++)
		if (ignored_tgids[i] && ignored_tgids[i] == tgid)
			return true;
	return false;
}

/* Tells that a connection began, and where in its streams, or ended, with its totals. */
static __always_inline void emit_state(struct connection *conn, struct sock *sk, __u8 kind)
{
	struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + sizeof(struct totals), 0);

	if (!event) {
		lose(conn, 0);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->conn_id = conn->id;
	event->time_ns = bpf_ktime_get_ns();
	event->kind = kind;
	event->role = conn->role;
	event->captured = sizeof(struct totals);
	if (kind == EVENT_OPEN) {
		struct tcp_sock *tcp = (struct tcp_sock *)sk;

		event->offset = BPF_CORE_READ(tcp, copied_seq);
		event->sent_offset = BPF_CORE_READ(tcp, write_seq);
	}
	event->ends = conn->ends;
	__builtin_memcpy(event->payload, &conn->totals, sizeof(struct totals));
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

/* What is known of the call's socket; NULL when it is not a TCP or UDP socket. */
static __always_inline struct connection *connection_of(struct sock *sk, struct socket *socket, __u64 inode,
							 __u16 family)
{
	__u64 key = (__u64)sk;
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);
	__u8 protocol;

	if (conn && conn->inode == inode)
		return conn;
	protocol = protocol_of(sk, socket);
	if (!protocol)
		return NULL;
	if (conn && conn->inode == 0 && conn->ends.protocol == protocol) {
		conn->inode = inode;
		return conn;
	}
	if (conn && !conn->closed)
		emit_state(conn, sk, EVENT_CLOSE);
	return new_connection(sk, inode, family, protocol, 0);
}

static __always_inline struct task_struct *current_leader(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, group_leader);
}

static __always_inline void read_process(struct transfer *t)
{
	struct task_struct *leader;

	if (HAVE_TYPED_TASK) {
		leader = bpf_get_current_task_btf()->group_leader;
		t->start_ticks = leader->start_boottime / NS_PER_TICK;
	} else {
		leader = current_leader();
		t->start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	}
	bpf_core_read(t->comm, sizeof(t->comm), &leader->comm);
}

/* Where the call's bytes lie. */
static __always_inline void find_bytes(struct transfer *t, const struct call *call)
{
	switch (call->shape) {
	case SHAPE_VECTOR:
		open_vector(t, call->pointer, call->count);
		break;
	case SHAPE_MESSAGE:
		if (!bpf_probe_read_user(&t->message.header, sizeof(t->message.header), (void *)call->pointer))
			open_message(t);
		break;
	case SHAPE_BUFFER:
		t->base = call->pointer;
		t->piece = call->count;
		if (call->name && t->ends.protocol == IPPROTO_UDP)
			read_peer(&t->ends, call->name);
		break;
	}
}

/* Where the bytes just read end: a read that gets to the peer's FIN takes that one's sequence number too. */
static __always_inline __u32 read_until(struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	__u32 end = BPF_CORE_READ(tcp, copied_seq);

	if ((BPF_CORE_READ(sk, __sk_common.skc_flags) & (1UL << SOCK_DONE)) && end == BPF_CORE_READ(tcp, rcv_nxt))
		end--;
	return end;
}

static __always_inline void emit_data(struct connection *conn, struct transfer *t, struct sock *sk,
				      const struct call *call)
{
	t->time_ns = bpf_ktime_get_ns();
	read_process(t);
	t->ends = conn->ends;
	t->direction = call->direction;
	t->cap = conn->verdict ? (conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX : default_cap;
	t->offset = 0;
	if (conn->ends.protocol == IPPROTO_TCP) {
		struct tcp_sock *tcp = (struct tcp_sock *)sk;

		t->offset = call->direction == SENT ? BPF_CORE_READ(tcp, write_seq) : read_until(sk);
		t->offset -= t->left;
		/* Bytes that MSG_TRUNC threw away are in no buffer. */
		if (call->direction == RECEIVED && (call->flags & MSG_TRUNC))
			t->cap = 0;
	}
	t->piece = 0;
	t->iov_left = 0;
	if (call->shape == SHAPE_MESSAGES) {
		t->message_cap = t->cap;
		if (!next_message(conn, t))
			return;
	} else {
		find_bytes(t, call);
	}
	emit_records(conn, t);
}

static __always_inline void on_socket(struct transfer *t, const struct call *call, struct socket *socket,
				      struct sock *sk, __u64 inode)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct connection *conn;

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
	conn = connection_of(sk, socket, inode, family);
	if (!conn)
		return;
	__sync_fetch_and_add(call->direction == SENT ? &conn->totals.bytes_sent : &conn->totals.bytes_received, t->left);
	if (!(current_verdict(conn) & VERDICT_COUNT))
		emit_data(conn, t, sk, call);
}

static __always_inline void on_call(const struct call *call, __u32 tgid)
{
	struct file *file = file_of(call->fd);
	struct transfer *t;
	struct socket *socket;
	__u64 inode;
	__u32 zero = 0;

	if (!file || !(socket = socket_of(file, &inode)))
		return;
	t = bpf_map_lookup_elem(&transfers, &zero);
	if (!t)
		return;
	if (t->busy) {
		count(COUNTER_LOST_EVENTS, 1);
		return;
	}
	t->busy = 1;
	t->pid = tgid;
	on_socket(t, call, socket, BPF_CORE_READ(socket, sk), inode);
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
	/* Bytes that stay where they are, and bytes beside the stream. */
	if (call.direction == RECEIVED && (call.flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)))
		return 0;
	on_call(&call, tgid);
	return 0;
}

/* Runs in whatever task is current: who owns the socket is learnt from its calls. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int old, int new)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct connection *conn;
	__u64 key = (__u64)sk;

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return 0;
	if (new == TCP_LISTEN) {
		remember_listener(sk);
	} else if (new == TCP_ESTABLISHED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV)) {
		conn = new_connection(sk, 0, family, IPPROTO_TCP, old == TCP_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER);
		if (conn)
			emit_state(conn, sk, EVENT_OPEN);
	} else if (new == TCP_CLOSE) {
		conn = bpf_map_lookup_elem(&connections, &key);
		if (!conn || conn->closed)
			return 0;
		conn->closed = 1;
		emit_state(conn, sk, EVENT_CLOSE);
		/* A process that still holds the socket may read on: then the entry stays until the address is reused. */
		if (!BPF_CORE_READ(sk, sk_socket))
			bpf_map_delete_elem(&connections, &key);
	}
	return 0;
}

/* Run once after loading: the listeners of every network namespace, by way of the processes that hold them. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;
	__u64 inode;
	__u16 family;

	if (!file || !(socket = socket_of(file, &inode)))
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		remember_listener(sk);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
