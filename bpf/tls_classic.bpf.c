// SPDX-License-Identifier: GPL-2.0
/* Data within TLS, beside socket_classic.bpf.c, whose maps it shares. */
#define CLASSIC_HOOKS
#include "lib/tls-go.bpf.h"
#include "lib/tls-rust.bpf.h"

char LICENSE[] SEC("license") = "GPL";
