// SPDX-License-Identifier: GPL-2.0
/* Data within TLS, beside socket_exit.bpf.c, whose maps it shares. Its hooks need no list of tracepoints. */
#include "lib/tls-go.bpf.h"
#include "lib/tls-rust.bpf.h"

char LICENSE[] SEC("license") = "GPL";
