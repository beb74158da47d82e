// SPDX-License-Identifier: GPL-2.0
/*
 * Captures traffic over TCP and UDP, like socket.bpf.c, at the same tracepoints in their classic form. It needs more time,
 * and misses no call on Linux 7.2 and later, which skip a typed program while another task is preempted in it.
 */
#include "lib/length.bpf.h"
#include "lib/lifecycle.bpf.h"
#include "lib/older.bpf.h"

struct trace_event_raw_sock_msg_length {
	void *sk;
	int ret;
	int flags;
} KERNEL;

struct trace_event_raw_inet_sock_set_state {
	const void *skaddr;
	int oldstate;
	int newstate;
} KERNEL;

SEC("tp/sock/sock_send_length")
int sent_classic(struct trace_event_raw_sock_msg_length *ctx)
{
	on_length(CAST(ctx->sk, struct sock), ctx->ret, ctx->flags, SENT);
	return 0;
}

SEC("tp/sock/sock_recv_length")
int received_classic(struct trace_event_raw_sock_msg_length *ctx)
{
	on_length(CAST(ctx->sk, struct sock), ctx->ret, ctx->flags, RECEIVED);
	return 0;
}

SEC("tp/sock/inet_sock_set_state")
int socket_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	on_state(CAST(ctx->skaddr, struct sock), ctx->oldstate, ctx->newstate);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
