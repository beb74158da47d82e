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

#include "tls-plain.bpf.h"

/*
 * Whether a call's data can be told when its record is sent, so that its return needs no probe: the data of many calls before, as long as
 * this, went out so. What can't be sent now is told by the return of the call that repeats it.
 */
static __always_inline bool goes_as_a_whole(const struct tls_link *link, __u8 kind, __u64 size)
{
	return is_sending(kind) && kind != TLS_SENDFILE && kind != TLS_LAYER_WRITEV && size >= sizeof(__u64) && link->wholes >= TLS_WHOLES &&
	       size <= link->whole;
}

/* The call before did not send its data after all: it is lost, and from here on returns are seen. */
static __always_inline void lose_pending(struct tls_link *link)
{
	if (!link->pending)
		return;
	count(COUNTER_UNREAD_BYTES, link->pending);
	link->sent += link->pending;
	link->pending = link->wholes = 0;
}

static __always_inline bool is_of_process_left_out(void)
{
	struct task_struct *leader;
	__u8 comm[COMM_SIZE] __attribute__((aligned(8)));

	if (!left_out[0][0])
		return false;
	leader = bpf_get_current_task_btf()->group_leader;
	bpf_core_read(comm, sizeof(comm), &leader->comm);
	return is_left_out(comm);
}

/*
 * Whether the outer one of two calls about the same object tells what the inner one moves, as one function of a library calls another
 * one. Else the program itself calls within its callback: Node.js writes first when it hears that the handshake is done, within a read.
 */
static __always_inline bool tells_of(__u8 outer, __u8 inner)
{
	if (inner == TLS_HANDSHAKE)
		return true;
	return outer != TLS_HANDSHAKE && is_sending(outer) == is_sending(inner);
}

/*
 * A function was entered. False: its return needs no probe; only where `may_skip`.
 */
static __always_inline bool enter(struct pt_regs___user *ctx, bool may_skip)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), object = USER_ARG0(ctx), stack = USER_STACK(ctx), size = USER_ARG2(ctx);
	struct tls_target *here = target_here(cookie >> TLS_TARGET_SHIFT);
	struct tls_key key = key_of(object);
	struct tls_thread *thread;
	struct tls_link *link;
	struct tls_call *call;
	__u8 kind = cookie;
	__u64 linked;

	if (!here)
		return false;
	here->calls++;
	link = bpf_map_lookup_elem(&tls_links, &key);
	linked = link ? link->conn_id : 0;
	/* Nobody reads it, ever. */
	if (may_skip && ((plain_verdict(linked) & VERDICT_COUNT) || is_of_process_left_out()))
		return false;
	if (kind == TLS_LAYER_TAKE && (USER_ARG3(ctx) & TLS_LAYER_PEEK))
		return false;
	if (kind == TLS_READ || kind == TLS_WRITE || is_of_layer(kind))
		size = (__u32)size;
	if (link && is_sending(kind))
		lose_pending(link);
	note_caller(CALLER_ANY);
	thread = current_thread(true);
	if (!thread)
		return false;
	leave_below(thread, stack, object);
	call = innermost(thread);
	if (call && call->object == object && (call->stack > stack || call->kind != kind) && tells_of(call->kind, kind)) {
		if (!may_skip)
			call->within++;
		return false;
	}
	if (!call || call->stack > stack) {
		/* Deeper calls are not told. */
		if (thread->depth >= TLS_DEPTH)
			return false;
		call = &thread->calls[thread->depth & (TLS_DEPTH - 1)];
		thread->depth++;
	}
	call->object = object;
	call->stack = stack;
	call->conn_id = 0;
	call->linked = linked;
	call->target = cookie >> TLS_TARGET_SHIFT;
	call->rest = 0;
	call->record = 0;
	call->sends = may_skip && is_sending(kind) ? 0 : SENDS_UNKNOWN;
	call->within = 0;
	call->kind = kind;
	call->buffer = USER_ARG1(ctx);
	call->size = size;
	call->is_alone = may_skip && link && linked && goes_as_a_whole(link, kind, size) &&
			 !bpf_probe_read_user(&call->head, sizeof(call->head), (void *)call->buffer);
	if (call->is_alone) {
		link->pending = size;
		return false;
	}
	call->moved_at = 0;
	if (kind == TLS_READ_EX || kind == TLS_WRITE_EX) {
		call->moved_at = USER_ARG3(ctx);
	} else if (kind == TLS_WRITE_FLAGS) {
		call->moved_at = USER_ARG4(ctx);
	} else if (kind == TLS_SENDFILE) {
		call->buffer = 0;
		call->size = USER_ARG3(ctx);
	} else if (kind == TLS_LAYER_WRITEV) {
		call->rest = size;
		call->size = 1U << 31;
	}
	return true;
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

/* Learns from a call how its object's data goes out. */
static __always_inline void learn(struct tls_link *link, const struct tls_call *call, __u64 moved)
{
	if (call->sends != 1 || !call->record || moved != call->size) {
		link->wholes = 0;
		return;
	}
	if (!link->wholes || moved > link->whole)
		link->whole = moved;
	if (link->wholes < TLS_WHOLES)
		link->wholes++;
}

/* A function returns. */
static __always_inline void leave(struct pt_regs___user *ctx)
{
	struct tls_thread *thread = current_thread(false);
	__u64 stack = USER_STACK(ctx) - RETURN_SLOT, moved;
	struct tls_call *call;
	struct tls_link *link;
	struct tls_key key;

	if (!thread)
		return;
	leave_below(thread, stack, 0);
	call = innermost(thread);
	if (!call)
		return;
	if (call->within && call->stack >= stack) {
		call->within--;
		return;
	}
	/* Its entry was not seen. */
	if (call->stack != stack)
		return;
	thread->depth--;
	moved = moved_by(call, USER_RESULT(ctx));
	if (!moved && (!call->conn_id || call->conn_id == call->linked))
		return;
	if (is_of_layer(call->kind) && !call->conn_id && !call->linked)
		return;
	key = key_of(call->object);
	link = link_of(&key);
	if (!link)
		return;
	if (call->conn_id && link->conn_id != call->conn_id) {
		bool waits = !link->conn_id && (link->received || link->sent);

		put_link(link, call->conn_id);
		if (waits)
			tell_link(link);
	}
	if (!moved)
		return;
	if (is_sending(call->kind))
		learn(link, call, moved);
	if (call->kind == TLS_LAYER_WRITEV)
		tell_pieces(&key, call, call->rest, 0, moved);
	else
		tell_plain(link, call, moved, is_sending(call->kind) ? SENT : RECEIVED);
}

SEC("uprobe.multi")
int tls_enter(struct pt_regs___user *ctx)
{
	enter(ctx, false);
	return 0;
}

SEC("uretprobe.multi")
int tls_leave(struct pt_regs___user *ctx)
{
	leave(ctx);
	return 0;
}

/* Both in one (Linux 6.13), so that the entry decides whether the return is probed. */
SEC("uprobe.session")
int tls_around(struct pt_regs___user *ctx)
{
	if (bpf_get_func_ip(ctx) == USER_PLACE(ctx))
		return !enter(ctx, true);
	leave(ctx);
	return 0;
}

/* (object): it ends, or begins anew. */
SEC("uprobe.multi")
int tls_forget(struct pt_regs___user *ctx)
{
	struct tls_key key = key_of(USER_ARG0(ctx));
	struct tls_link *link = bpf_map_lookup_elem(&tls_links, &key);

	if (!link)
		return 0;
	lose_pending(link);
	bpf_map_delete_elem(&tls_links, &key);
	return 0;
}

/* (channel, bytes, size): the library hands out ciphertext, to a socket or to the program. */
SEC("uprobe.multi")
int tls_cipher(struct pt_regs___user *ctx)
{
	struct tls_target *here = target_here(bpf_get_attach_cookie(ctx) >> TLS_TARGET_SHIFT);
	struct tls_thread *thread = current_thread(false);
	__u8 bytes[TLS_HEADER + TLS_PRINT];
	struct tls_print print = {};
	struct tls_call *call;
	struct tls_link *link;
	struct tls_key key;
	__u64 now;
	__u32 slot;

	if (!here)
		return 0;
	here->calls++;
	call = thread ? innermost(thread) : NULL;
	if (!call || call->linked || call->conn_id || USER_ARG2(ctx) < sizeof(bytes))
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
	here->transfers++;
	now = bpf_ktime_get_ns();
	slot = key.tgid & (TLS_PRINTERS - 1);
	bpf_map_update_elem(&tls_printers, &slot, &now, BPF_ANY);
	return 0;
}

#endif
