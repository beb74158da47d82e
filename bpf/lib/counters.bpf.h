/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters that user space reads without a system call. Each CPU has its own line of memory: a counter of all of them would
 * travel from one to the next with each event.
 */
#ifndef NIXIE_COUNTERS_BPF_H
#define NIXIE_COUNTERS_BPF_H

#include "kernel.bpf.h"
#include "../counters.h"

/* User space makes room for all CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNTERS_PER_CPU);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 counter, __u64 amount)
{
	__u32 at = bpf_get_smp_processor_id() * COUNTERS_PER_CPU + counter;
	__u64 *value;

	/* The compiler turns adding a constant 0 into an atomic or, which Linux has since 5.12. */
	if (!amount)
		return;
	value = bpf_map_lookup_elem(&counters, &at);
	if (value)
		__sync_fetch_and_add(value, amount);
}

#endif
