/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes of TLS libraries: the functions that take and give the application's data, at entry and return. User space finds the
 * functions and attaches them; the attachment's cookie says what a function does.
 *
 * Needs Linux 6.6, for probes at many places of a file. A new process id with an old object's address needs no care: a socket call
 * within the library's call, or the ciphertext, links it anew.
 */
#ifndef NIXIE_TLS_CALLS_BPF_H
#define NIXIE_TLS_CALLS_BPF_H

#include "syscall.bpf.h"
#include "tls-plain.bpf.h"

static __always_inline bool is_sending(__u8 kind)
{
	return kind == TLS_WRITE || kind == TLS_WRITE_EX || kind == TLS_WRITE_FLAGS || kind == TLS_SENDFILE;
}

SEC("uprobe.multi")
int tls_enter(struct pt_regs___user *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), object = USER_ARG0(ctx), stack = USER_STACK(ctx);
	struct tls_thread *thread = current_thread(true);
	struct tls_target *target;
	struct tls_call *call;
	__u8 kind = cookie;
	__u32 at = cookie >> TLS_TARGET_SHIFT;

	target = bpf_map_lookup_elem(&tls_targets, &at);
	if (!thread || !target)
		return 0;
	target->calls++;
	note_caller();
	leave_below(thread, stack);
	call = innermost(thread);
	if (call && call->object == object && (call->stack > stack || call->kind != kind)) {
		/* One function calls another one about the same object: the outer one tells. */
		call->within++;
		return 0;
	}
	if (!call || call->stack > stack) {
		/* Deeper calls are not told. */
		if (thread->depth >= TLS_DEPTH)
			return 0;
		call = &thread->calls[thread->depth & (TLS_DEPTH - 1)];
		thread->depth++;
	}
	call->object = object;
	call->stack = stack;
	call->conn_id = 0;
	call->within = 0;
	call->target = at;
	call->kind = kind;
	call->buffer = USER_ARG1(ctx);
	call->size = USER_ARG2(ctx);
	call->moved_at = 0;
	if (kind == TLS_READ_EX || kind == TLS_WRITE_EX) {
		call->moved_at = USER_ARG3(ctx);
	} else if (kind == TLS_WRITE_FLAGS) {
		call->moved_at = USER_ARG4(ctx);
	} else if (kind == TLS_SENDFILE) {
		call->buffer = 0;
		call->size = USER_ARG3(ctx);
	}
	return 0;
}

/* How many bytes of data a call has moved. */
static __always_inline __u64 moved_by(const struct tls_call *call, long result)
{
	__u64 moved = 0;

	if (call->kind == TLS_HANDSHAKE || (int)result <= 0)
		return 0;
	if (!call->moved_at)
		moved = call->kind == TLS_SENDFILE ? result : (int)result;
	else if (bpf_probe_read_user(&moved, sizeof(moved), (void *)call->moved_at))
		return 0;
	/* No more than was asked for: a function with another meaning than was taken for granted would say anything. */
	return moved <= call->size && moved < 1U << 31 ? moved : 0;
}

SEC("uretprobe.multi")
int tls_leave(struct pt_regs___user *ctx)
{
	struct tls_thread *thread = current_thread(false);
	__u64 stack = USER_STACK(ctx) - RETURN_SLOT, moved;
	struct tls_call *call;
	struct tls_link *link;
	struct tls_key key;

	if (!thread)
		return 0;
	leave_below(thread, stack);
	call = innermost(thread);
	if (!call)
		return 0;
	if (call->within && call->stack >= stack) {
		call->within--;
		return 0;
	}
	/* Its entry was not seen. */
	if (call->stack != stack)
		return 0;
	thread->depth--;
	moved = moved_by(call, USER_RESULT(ctx));
	if (!moved && !call->conn_id)
		return 0;
	key = key_of(call->object);
	link = link_of(&key);
	if (!link)
		return 0;
	if (call->conn_id && link->conn_id != call->conn_id) {
		bool waits = !link->conn_id && (link->received || link->sent);

		put_link(link, call->conn_id);
		if (waits)
			tell_link(link);
	}
	if (moved)
		tell_plain(link, call, moved, is_sending(call->kind) ? SENT : RECEIVED);
	return 0;
}

/* (object): it ends, or begins anew. */
SEC("uprobe.multi")
int tls_forget(struct pt_regs___user *ctx)
{
	struct tls_key key = key_of(USER_ARG0(ctx));

	bpf_map_delete_elem(&tls_links, &key);
	return 0;
}

/* (channel, bytes, size): the library hands out ciphertext, to a socket or to the program. */
SEC("uprobe.multi")
int tls_cipher(struct pt_regs___user *ctx)
{
	struct tls_thread *thread = current_thread(false);
	__u8 bytes[TLS_HEADER + TLS_PRINT];
	struct tls_print print = {};
	struct tls_call *call;
	struct tls_link *link;
	struct tls_key key;
	__u64 now;
	__u32 slot;

	call = thread ? innermost(thread) : NULL;
	if (!call || call->conn_id || USER_ARG2(ctx) < sizeof(bytes))
		return 0;
	key = key_of(call->object);
	link = link_of(&key);
	if (!link || link->conn_id)
		return 0;
	if (bpf_probe_read_user(bytes, sizeof(bytes), (void *)USER_ARG1(ctx)) || !is_record(bytes))
		return 0;
	__builtin_memcpy(print.bytes, bytes + TLS_HEADER, TLS_PRINT);
	print.tgid = key.tgid;
	bpf_map_update_elem(&tls_prints, &print, &key, BPF_ANY);
	now = bpf_ktime_get_ns();
	slot = key.tgid & (TLS_PRINTERS - 1);
	bpf_map_update_elem(&tls_printers, &slot, &now, BPF_ANY);
	return 0;
}

/* The first bytes that the current system call moves over this socket; false when they can't be found or are too few. */
static __always_inline bool first_bytes(struct sock *sk, int result, __u8 direction, __u8 *bytes, __u32 size)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct user_msghdr header;
	struct iovec vector;
	struct call call = {};

	if ((__u32)result < size || (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)) || CALL_IS_COMPAT(regs))
		return false;
	if (!CALL_IS_UNDER_WAY(regs) || !decode_call(&call, regs, result) || call.direction != direction ||
	    call.shape == SHAPE_ACCEPTED || file_of(task, call.fd) != file_of_socket(sk))
		return false;
	if (call.shape == SHAPE_MESSAGE) {
		if (bpf_probe_read_user(&header, sizeof(header), (void *)call.pointer) || !header.iov_count)
			return false;
		call.pointer = header.iov;
		call.shape = SHAPE_VECTOR;
	}
	if (call.shape == SHAPE_VECTOR) {
		if (bpf_probe_read_user(&vector, sizeof(vector), (void *)call.pointer) || vector.length < size)
			return false;
		call.pointer = vector.base;
		call.shape = SHAPE_BUFFER;
	}
	return call.shape == SHAPE_BUFFER && !bpf_probe_read_user(bytes, size, (void *)call.pointer);
}

/* A socket call within a call of the library. */
static __always_inline void on_nested(struct tls_call *call, struct sock *sk, int result, __u8 direction)
{
	struct pt_regs___user *regs = (struct pt_regs___user *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u8 bytes[TLS_HEADER];
	struct connection *conn;

	/* The thread has left the call without its return being seen. */
	if (call->conn_id || USER_STACK(regs) >= call->stack)
		return;
	conn = known(sk);
	if (conn && conn->id && first_bytes(sk, result, direction, bytes, sizeof(bytes)) && is_record(bytes))
		call->conn_id = conn->id;
}

/* A process that moves ciphertext itself sends something. */
static __always_inline void on_sent(struct sock *sk, int result)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, slot = tgid & (TLS_PRINTERS - 1);
	__u64 *printed = bpf_map_lookup_elem(&tls_printers, &slot);
	__u8 bytes[TLS_HEADER + TLS_PRINT];
	struct tls_print print = {};
	struct connection *conn;
	struct tls_link *link;
	struct tls_key *key;

	if (!printed || !*printed || bpf_ktime_get_ns() - *printed > TLS_PRINT_NS)
		return;
	if (!first_bytes(sk, result, SENT, bytes, sizeof(bytes)) || !is_record(bytes))
		return;
	__builtin_memcpy(print.bytes, bytes + TLS_HEADER, TLS_PRINT);
	print.tgid = tgid;
	key = bpf_map_lookup_elem(&tls_prints, &print);
	if (!key)
		return;
	link = bpf_map_lookup_elem(&tls_links, key);
	conn = known(sk);
	if (link && !link->conn_id && conn && conn->id) {
		put_link(link, conn->id);
		tell_link(link);
	}
	bpf_map_delete_elem(&tls_prints, &print);
}

static __always_inline void on_moved(struct sock *sk, int result, int flags, __u8 direction)
{
	struct tls_thread *thread;
	struct tls_call *call;

	if (result < TLS_HEADER || !has_called())
		return;
	if ((flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)) || FIELD(sk, sk_protocol) != IPPROTO_TCP)
		return;
	thread = current_thread(false);
	call = thread ? innermost(thread) : NULL;
	if (call)
		on_nested(call, sk, result, direction);
	else if (direction == SENT)
		on_sent(sk, result);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(tls_sent, struct sock *sk, int result, int flags)
{
	on_moved(sk, result, flags, SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(tls_received, struct sock *sk, int result, int flags)
{
	on_moved(sk, result, flags, RECEIVED);
	return 0;
}

#endif
