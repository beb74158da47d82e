// SPDX-License-Identifier: GPL-2.0
/*
 * Captures traffic over TCP and UDP, like socket.bpf.c, at the same tracepoints in their classic form. It needs more time,
 * and misses no call on Linux 7.2 and later, which skip a typed program while another task is preempted in it.
 */
#define CLASSIC_HOOKS
#include "lib/length.bpf.h"
#include "lib/lifecycle.bpf.h"
#include "lib/older.bpf.h"
#include "lib/socket-hooks.bpf.h"

struct trace_event_raw_inet_sock_set_state {
	const void *skaddr;
	int oldstate;
	int newstate;
} KERNEL;

AT_SEND(sent_classic, on_length)
AT_RECEIVE(received_classic, on_length)

SEC("tp/sock/inet_sock_set_state")
int socket_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	on_state(CAST(ctx->skaddr, struct sock), ctx->oldstate, ctx->newstate);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
