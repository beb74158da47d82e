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
const volatile __u32 fresh_bytes = 0;
const volatile __u32 ignored_tgids[IGNORED_MAX] = {};

/* Names the events' layout in the object's BTF, for the test that compares it with user space's. */
const struct socket_event *event_layout __attribute__((unused));

#include "lib/connection.bpf.h"
#include "lib/record.bpf.h"

/* Not to capture less than this saves nothing. */
#define SKIP_WORTH 512

/* Tells that a connection began, and where in its streams, or ended, with its totals. */
static __noinline int emit_state(struct connection *conn, __u8 kind)
{
	struct socket_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + sizeof(struct totals), 0);

	if (!event) {
		lose_events(conn, 1);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->conn_id = conn->id;
	event->time_ns = bpf_ktime_get_ns();
	event->start_ticks = conn->owner.start_ticks;
	event->pid = conn->owner.pid;
	event->kind = kind;
	event->role = conn->role;
	event->captured = sizeof(struct totals);
	event->netns = conn->netns;
	event->ends = conn->ends;
	__builtin_memcpy(event->comm, conn->owner.comm, COMM_SIZE);
	__builtin_memcpy(event->payload, &conn->totals, sizeof(struct totals));
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void tell_open(struct connection *conn)
{
	if (conn->told)
		return;
	conn->told = 1;
	emit_state(conn, EVENT_OPEN);
}

/* Tells of the close, and of the opening when nobody accepted the connection: then it was its listener's. */
static __always_inline void tell_close(struct connection *conn)
{
	struct owner *listener;

	if (conn->closed)
		return;
	if (!conn->told && !conn->owner.pid) {
		listener = listener_of(conn->netns, conn->ends.local_port);
		if (listener)
			conn->owner = *listener;
	}
	tell_open(conn);
	conn->closed = 1;
	emit_state(conn, EVENT_CLOSE);
}

/* What is known of the call's socket, `role` if nothing was; NULL when it is not a TCP or UDP socket. */
static __always_inline struct connection *connection_of(struct sock *sk, struct socket *socket, __u64 inode,
							 __u16 family, __u8 role)
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
	if (conn && conn->id)
		tell_close(conn);
	return new_connection(sk, inode, family, protocol, role, NULL);
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

/* Where the call's bytes lie; false when it says nowhere. */
static __always_inline bool find_bytes(struct transfer *t, const struct call *call)
{
	t->piece = 0;
	t->iov_left = 0;
	t->ahead_at = t->ahead_end = 0;
	switch (call->shape) {
	case SHAPE_VECTOR:
		open_vector(t, call->pointer, call->count);
		break;
	case SHAPE_MESSAGE:
		if (!bpf_probe_read_user(&t->message.header, sizeof(t->message.header), (void *)call->pointer))
			open_message(t);
		break;
	case SHAPE_MESSAGES:
		t->own = t->ends;
		return next_message(t);
	case SHAPE_BUFFER:
		t->base = call->pointer;
		t->piece = call->count;
		if (call->name && t->ends.protocol == IPPROTO_UDP)
			read_peer(&t->ends, call->name);
		/* MSG_TRUNC counts bytes that had no room. */
		if (t->cap > t->piece)
			t->cap = t->piece;
		break;
	default:
		t->cap = 0;
	}
	want(t);
	return true;
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

/*
 * How much of a call is captured. Of a new connection the first bytes are, whole, until its verdict comes: nobody knows yet
 * how much it takes to see what it speaks and how long its first messages are.
 */
static __always_inline __u64 cap_of(const struct connection *conn, const struct call *call, __u64 size)
{
	__u64 cap = default_cap, moved, room;

	if (conn->verdict) {
		cap = (conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX;
	} else if (conn->fresh) {
		/* The totals have this call already. */
		moved = (call->direction == SENT ? conn->totals.bytes_sent : conn->totals.bytes_received) - size;
		if (moved + cap < fresh_bytes)
			cap = fresh_bytes - moved;
	}
	if (cap > FULL_RING_CAP && size > FULL_RING_CAP) {
		room = room_in_ring();
		if (cap > room)
			cap = room;
	}
	return cap;
}

static __always_inline void emit_data(struct connection *conn, struct transfer *t, struct sock *sk,
				      const struct call *call)
{
	t->time_ns = bpf_ktime_get_ns();
	read_process(t);
	t->ends = conn->ends;
	t->direction = call->direction;
	t->conn_id = conn->id;
	t->netns = conn->netns;
	t->flags = conn->closed ? EVENT_AFTER_CLOSE : 0;
	t->role = conn->role;
	t->cap = cap_of(conn, call, t->left);
	t->skip = 0;
	t->offset = 0;
	if (conn->ends.protocol == IPPROTO_TCP) {
		struct tcp_sock *tcp = (struct tcp_sock *)sk;

		t->offset = call->direction == SENT ? BPF_CORE_READ(tcp, write_seq) : read_until(sk);
		t->offset -= t->left;
		/* Bytes that MSG_TRUNC threw away are in no buffer. */
		if (call->direction == RECEIVED && (call->flags & MSG_TRUNC))
			t->cap = 0;
		if (t->left >= SKIP_WORTH && call->shape != SHAPE_MESSAGES)
			t->skip = unwanted(conn, call->direction, t->offset, t->left);
	}
	t->lost_events = 0;
	if (find_bytes(t, call))
		emit_records(t);
	if (t->lost_events)
		lose_events(conn, t->lost_events);
}

/* Of what is only counted, the begin of a message: the other direction begins to speak. */
static __always_inline bool is_peek(struct connection *conn, const struct call *call)
{
	__u64 now;

	if (!((conn->verdict >> VERDICT_CAP_SHIFT) & VERDICT_CAP_MAX) || conn->direction == call->direction + 1ULL)
		return false;
	conn->direction = call->direction + 1ULL;
	now = bpf_ktime_get_ns();
	if (conn->peeked_ns > now + (PEEK_BURST - 1) * PEEK_EVERY_NS)
		return false;
	conn->peeked_ns = (conn->peeked_ns > now ? conn->peeked_ns : now) + PEEK_EVERY_NS;
	return true;
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
	conn = connection_of(sk, socket, inode, family, 0);
	if (!conn)
		return;
	if (!conn->owner.pid)
		own(&conn->owner, current_leader());
	tell_open(conn);
	__sync_fetch_and_add(call->direction == SENT ? &conn->totals.bytes_sent : &conn->totals.bytes_received, t->left);
	if (!(current_verdict(conn) & VERDICT_COUNT) || is_peek(conn, call))
		emit_data(conn, t, sk, call);
}

/* Accepted: its owner is known, and so its opening is told. */
static __always_inline void on_accepted(struct socket *socket, struct sock *sk, __u64 inode)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct connection *conn;

	if (family != AF_INET && family != AF_INET6)
		return;
	conn = connection_of(sk, socket, inode, family, ROLE_SERVER);
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
	__u32 zero = 0;

	if (!file || !(socket = socket_of(file, &inode)))
		return;
	if (call->shape == SHAPE_ACCEPTED) {
		on_accepted(socket, BPF_CORE_READ(socket, sk), inode);
		return;
	}
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

/* Who connects is known from the call that begins it: later steps run in whatever task is current. */
static __always_inline void on_connecting(__u64 key)
{
	struct connection begun = {};

	own(&begun.owner, current_leader());
	bpf_map_update_elem(&connections, &key, &begun, BPF_ANY);
}

/* A server's end is told of when it is accepted: until then it is no process's. */
static __always_inline void on_established(struct sock *sk, __u64 key, __u16 family, __u8 role)
{
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);

	conn = new_connection(sk, 0, family, IPPROTO_TCP, role, conn && !conn->id ? &conn->owner : NULL);
	if (conn && role == ROLE_CLIENT)
		tell_open(conn);
}

/* The owner's own call closes or shuts down the socket. */
static __always_inline void on_leaving(__u64 key)
{
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);

	if (!conn || !conn->id || conn->owner.pid)
		return;
	own(&conn->owner, current_leader());
	tell_open(conn);
}

static __always_inline void on_closed(struct sock *sk, __u64 key)
{
	struct connection *conn = bpf_map_lookup_elem(&connections, &key);
	bool accepted;

	if (!conn || conn->closed)
		return;
	accepted = conn->told;
	if (conn->id)
		tell_close(conn);
	/* A process that holds the socket, or is yet to accept it, may read on: then the entry stays until the address is reused. */
	if (!conn->id || (accepted && !BPF_CORE_READ(sk, sk_socket)))
		bpf_map_delete_elem(&connections, &key);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int old, int new)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u64 key = (__u64)sk;

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return 0;
	if (new == TCP_LISTEN) {
		struct owner owner = {};

		own(&owner, current_leader());
		remember_listener(sk, &owner);
	} else if (new == TCP_SYN_SENT) {
		on_connecting(key);
	} else if (new == TCP_ESTABLISHED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV)) {
		on_established(sk, key, family, old == TCP_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER);
	} else if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK) {
		on_leaving(key);
	} else if (new == TCP_CLOSE) {
		on_closed(sk, key);
	}
	return 0;
}

/* The TCP socket that an iterator is at, and its file's inode; NULL when it is at something else. */
static __always_inline struct sock *iterated_tcp(struct bpf_iter__task_file *ctx, __u64 *inode, __u16 *family)
{
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!file || !(socket = socket_of(file, inode)))
		return NULL;
	sk = BPF_CORE_READ(socket, sk);
	*family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((*family != AF_INET && *family != AF_INET6) || protocol_of(sk, socket) != IPPROTO_TCP)
		return NULL;
	return sk;
}

static __always_inline void own_by_task(struct owner *owner, struct task_struct *task)
{
	if (task)
		own(owner, BPF_CORE_READ(task, group_leader));
}

/* Run once after loading: the listeners of every network namespace, by way of the processes that hold them. */
SEC("iter/task_file")
int find_listeners(struct bpf_iter__task_file *ctx)
{
	struct owner owner = {};
	__u16 family;
	__u64 inode;
	struct sock *sk = iterated_tcp(ctx, &inode, &family);

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	own_by_task(&owner, ctx->task);
	remember_listener(sk, &owner);
	return 0;
}

/* Run after that: the connections that nothing has been seen of, which may stay silent for long. */
SEC("iter/task_file")
int find_connections(struct bpf_iter__task_file *ctx)
{
	struct connection *conn;
	__u16 family;
	__u64 inode, key;
	struct sock *sk = iterated_tcp(ctx, &inode, &family);
	struct owner owner = {};
	__u8 state;

	if (!sk)
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TCP_LISTEN || state == TCP_CLOSE || state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return 0;
	key = (__u64)sk;
	if (bpf_map_lookup_elem(&connections, &key))
		return 0;
	own_by_task(&owner, ctx->task);
	if (!owner.pid)
		return 0;
	conn = new_connection(sk, inode, family, IPPROTO_TCP, 0, &owner);
	if (conn)
		emit_state(conn, EVENT_FOUND);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
