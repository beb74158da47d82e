/* SPDX-License-Identifier: GPL-2.0 */
/* The ends of socket calls as hooks: typed, or classic (CLASSIC_HOOKS) where Linux skips typed programs (see socket_classic.bpf.c). */
#ifndef NIXIE_SOCKET_HOOKS_BPF_H
#define NIXIE_SOCKET_HOOKS_BPF_H

#include "kernel.bpf.h"

struct trace_event_raw_sock_msg_length {
	void *sk;
	int ret;
	int flags;
} KERNEL;

/* Makes `name` a program that calls `handle(socket, result, flags, direction)` when a call that sends or receives ends. */
#ifndef CLASSIC_HOOKS
#define AT_SEND(name, handle)                                                                                               \
	SEC("tp_btf/sock_send_length")                                                                                      \
	int BPF_PROG(name, struct sock *sk, int result, int flags)                                                          \
	{                                                                                                                   \
		handle(sk, result, flags, SENT);                                                                            \
		return 0;                                                                                                   \
	}
#define AT_RECEIVE(name, handle)                                                                                            \
	SEC("tp_btf/sock_recv_length")                                                                                      \
	int BPF_PROG(name, struct sock *sk, int result, int flags)                                                          \
	{                                                                                                                   \
		handle(sk, result, flags, RECEIVED);                                                                        \
		return 0;                                                                                                   \
	}
#else
#define AT_SEND(name, handle)                                                                                               \
	SEC("tp/sock/sock_send_length")                                                                                     \
	int name(struct trace_event_raw_sock_msg_length *ctx)                                                               \
	{                                                                                                                   \
		handle(CAST(ctx->sk, struct sock), ctx->ret, ctx->flags, SENT);                                             \
		return 0;                                                                                                   \
	}
#define AT_RECEIVE(name, handle)                                                                                            \
	SEC("tp/sock/sock_recv_length")                                                                                     \
	int name(struct trace_event_raw_sock_msg_length *ctx)                                                               \
	{                                                                                                                   \
		handle(CAST(ctx->sk, struct sock), ctx->ret, ctx->flags, RECEIVED);                                         \
		return 0;                                                                                                   \
	}
#endif

#endif
