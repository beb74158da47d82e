/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls of sockets beside those of TLS libraries: within one they tell which connection its object belongs to, and that its data has
 * left; elsewhere the ciphertext that they send does.
 */
#ifndef NIXIE_TLS_NESTED_BPF_H
#define NIXIE_TLS_NESTED_BPF_H

#include "socket-hooks.bpf.h"
#include "syscall.bpf.h"
#include "tls-plain.bpf.h"
#include "tls-rust-thread.bpf.h"

/* Where bytes are that a system call moves: the first ones, and the vectors that it was given, if it was. */
struct places {
	__u64 at;
	__u64 vectors;
	__u64 count;
};

/* Finds the bytes that the current system call moves over this socket; returns how many lie at the first place, 0: they can't be found. */
static __always_inline __u32 find_bytes(struct sock *sk, int result, __u8 direction, struct places *places)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct user_msghdr header;
	struct iovec vector = { .length = result };
	struct call call = {};

	if (result <= 0 || (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)) || CALL_IS_COMPAT(regs))
		return 0;
	if (!CALL_IS_UNDER_WAY(regs) || !decode_call(&call, regs, result) || call.direction != direction ||
	    call.shape == SHAPE_ACCEPTED || file_of(task, call.fd) != file_of_socket(sk))
		return 0;
	if (call.shape == SHAPE_MESSAGE) {
		if (bpf_probe_read_user(&header, sizeof(header), (void *)call.pointer) || !header.iov_count)
			return 0;
		call.pointer = header.iov;
		call.count = header.iov_count;
		call.shape = SHAPE_VECTOR;
	}
	places->at = call.pointer;
	if (call.shape == SHAPE_VECTOR) {
		if (bpf_probe_read_user(&vector, sizeof(vector), (void *)call.pointer))
			return 0;
		places->at = vector.base;
		places->vectors = call.pointer;
		places->count = call.count;
	} else if (call.shape != SHAPE_BUFFER) {
		return 0;
	}
	return vector.length < result ? vector.length : result;
}

/* The first bytes that the current system call moves over this socket; false when they can't be found or are too few. */
static __always_inline bool first_bytes(struct sock *sk, int result, __u8 direction, __u8 *bytes, __u32 size)
{
	struct places places = {};

	return (__u32)result >= size && find_bytes(sk, result, direction, &places) >= size &&
	       !bpf_probe_read_user(bytes, size, (void *)places.at);
}

/* Bytes behind a record's header. */
static __always_inline __u16 record_length(const __u8 *header)
{
	return header[3] << 8 | header[4];
}

static __always_inline bool may_hold(const __u8 *header, __u64 size)
{
	return header[0] == TLS_DATA && record_length(header) >= size + TLS_TAG;
}

/* Within a call that is alone something was sent: its data is told as soon as its record has left as a whole. */
static __always_inline void on_alone(struct tls_thread *thread, struct tls_call *call, struct sock *sk, __u32 result)
{
	struct tls_key key = key_of(call->object);
	struct tls_link *link = bpf_map_lookup_elem(&tls_links, &key);
	__u8 header[TLS_HEADER] = {};
	__u64 head = 0;
	__u32 whole;

	if (!link || link->conn_id != call->linked)
		return;
	if (call->rest > result) {
		call->rest -= result;
		return;
	}
	if (call->rest) {
		call->rest = 0;
		if (!call->is_own_record)
			return;
	} else if (first_bytes(sk, result, SENT, header, sizeof(header)) && is_record(header)) {
		whole = TLS_HEADER + record_length(header);
		call->is_own_record = may_hold(header, call->size);
		if (result < whole) {
			call->rest = whole - result;
			/* If that is all for now, the call is repeated, and then its return is seen. */
			link->pending = link->wholes = 0;
			return;
		}
		/* Something else goes before it. */
		if (result == whole && !call->is_own_record)
			return;
	} else {
		link->wholes = 0;
	}
	thread->depth--;
	/* Data that was kept for a while may be another one by now: then it is lost. */
	if (bpf_probe_read_user(&head, sizeof(head), (void *)call->buffer) || head != call->head)
		return;
	link->pending = 0;
	tell_plain(link, call, call->size, SENT);
}

/* A socket has no room: a call that is alone will be repeated. */
static __always_inline void on_blocked(const struct tls_call *call)
{
	struct tls_key key = key_of(call->object);
	struct tls_link *link = call->is_alone ? bpf_map_lookup_elem(&tls_links, &key) : NULL;

	if (link)
		link->pending = 0;
}

/* A socket call within a call of the library. */
static __always_inline void on_nested(struct tls_thread *thread, struct tls_call *call, struct sock *sk, int result,
				      __u8 direction)
{
	bool learns = direction == SENT && call->sends != SENDS_UNKNOWN;
	__u8 header[TLS_HEADER] = {};
	struct connection *conn;

	if (call->conn_id && !learns)
		return;
	conn = known(sk);
	if (!conn || !conn->id)
		return;
	if (call->is_alone) {
		if (learns && conn->id == call->linked)
			on_alone(thread, call, sk, result);
		return;
	}
	if (conn->id == call->linked && !learns) {
		call->conn_id = conn->id;
		return;
	}
	if (!first_bytes(sk, result, direction, header, sizeof(header)) || !is_record(header)) {
		call->sends = SENDS_UNKNOWN;
		return;
	}
	if (!call->conn_id)
		call->conn_id = conn->id;
	if (!learns)
		return;
	call->sends++;
	call->record = may_hold(header, call->size) && result == TLS_HEADER + record_length(header) ? record_length(header) : 0;
}

/* The object whose record this is belongs to the connection. Not static: so the verifier checks it once. */
__noinline int link_print(__u64 at, __u64 conn_id)
{
	struct tls_print print = { .tgid = bpf_get_current_pid_tgid() >> 32 };
	__u8 bytes[TLS_HEADER + TLS_PRINT];
	struct tls_link *link;
	struct tls_key *key;

	if (bpf_probe_read_user(bytes, sizeof(bytes), (void *)at) || !is_record(bytes))
		return 0;
	__builtin_memcpy(print.bytes, bytes + TLS_HEADER, TLS_PRINT);
	key = bpf_map_lookup_elem(&tls_prints, &print);
	if (!key)
		return 0;
	link = bpf_map_lookup_elem(&tls_links, key);
	if (link && !link->conn_id) {
		put_link(link, conn_id);
		tell_link(link);
	}
	bpf_map_delete_elem(&tls_prints, &print);
	return 0;
}

/* A process that moves ciphertext itself sends something. rustls sends each record as a vector of its own, some of a handshake first. */
static __always_inline void on_sent(struct sock *sk, int result, __u32 called)
{
	__u32 slot = (bpf_get_current_pid_tgid() >> 32) & (TLS_PRINTERS - 1), length;
	__u64 *printed = bpf_map_lookup_elem(&tls_printers, &slot);
	struct places places = {};
	struct connection *conn;
	struct iovec vector;

	if (!printed || !*printed || bpf_ktime_get_ns() - *printed > TLS_PRINT_NS)
		return;
	length = find_bytes(sk, result, SENT, &places);
	conn = length ? known(sk) : NULL;
	if (!conn || !conn->id)
		return;
	if (length >= TLS_HEADER + TLS_PRINT)
		link_print(places.at, conn->id);
	for (int i = 1; i < TLS_VECTORS; i++) {
		if (!(called & CALLER_RUST) || i >= places.count ||
		    bpf_probe_read_user(&vector, sizeof(vector), (void *)(places.vectors + i * sizeof(vector))))
			return;
		if (vector.length >= TLS_HEADER + TLS_PRINT)
			link_print(vector.base, conn->id);
	}
}

/* A process that uses rustls receives something: a record that it decrypts from there belongs to this connection. */
static __always_inline void on_received(struct sock *sk, int result)
{
	struct rust_thread *thread = rust_thread_of(true);
	struct connection *conn = known(sk);
	struct places places = {};
	__u32 length;

	if (!thread)
		return;
	length = conn && conn->id ? find_bytes(sk, result, RECEIVED, &places) : 0;
	thread->conn_id = length ? conn->id : 0;
	thread->into = places.at;
	thread->length = length;
}

static __always_inline void on_moved(struct sock *sk, int result, int flags, __u8 direction)
{
	struct pt_regs___user *regs;
	struct tls_thread *thread;
	struct tls_call *call;
	__u32 called;

	if (direction == RECEIVED && result <= 0)
		return;
	called = what_called();
	if (!called || (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)) || FIELD(sk, sk_protocol) != IPPROTO_TCP)
		return;
	if (direction == RECEIVED && (called & CALLER_RUST))
		on_received(sk, result);
	if (result < TLS_HEADER && (direction == RECEIVED || result >= 0))
		return;
	thread = current_thread(false);
	call = thread ? innermost(thread) : NULL;
	regs = (struct pt_regs___user *)bpf_task_pt_regs(bpf_get_current_task_btf());
	/* Elsewhere the thread has left the call without its return being seen. */
	if (call && USER_STACK(regs) < call->stack) {
		if (result < 0)
			on_blocked(call);
		else
			on_nested(thread, call, sk, result, direction);
		return;
	}
	if (direction == SENT && result >= 0)
		on_sent(sk, result, called);
}

AT_SEND(tls_sent, on_moved)
AT_RECEIVE(tls_received, on_moved)

#endif
