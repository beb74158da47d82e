// SPDX-License-Identifier: GPL-2.0
/* Data within TLS, beside socket.bpf.c, whose maps it shares. */
#define STATE_IN_SOCKET
#include "lib/tls-go.bpf.h"
#include "lib/tls-rust.bpf.h"

char LICENSE[] SEC("license") = "GPL";
