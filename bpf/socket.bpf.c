// SPDX-License-Identifier: GPL-2.0
/*
 * Captures traffic over TCP and UDP at the typed tracepoints of the socket layer (Linux 6.3). Other system calls
 * cost nothing. The state of a socket is in the socket, and its fields are plain loads: a call that is only counted costs
 * about 100 ns. User space decides for each connection (see `verdicts`) how many bytes of each call it wants; this program
 * knows no protocols.
 *
 * Order comes from TCP: copied_seq after a read and write_seq after a write tell the end of the bytes just moved.
 */
#define STATE_IN_SOCKET
#include "lib/length.bpf.h"
#include "lib/lifecycle.bpf.h"
#include "lib/older.bpf.h"
#include "lib/socket-hooks.bpf.h"

AT_SEND(sent_typed, on_length)
AT_RECEIVE(received_typed, on_length)

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state, struct sock *sk, int old, int new)
{
	on_state(sk, old, new);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
