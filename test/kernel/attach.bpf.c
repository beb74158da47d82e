// SPDX-License-Identifier: GPL-2.0
/* Programs for the test of the loader: each counts its runs in `runs` by its number. */
#include "kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

static __always_inline int count(__u32 program)
{
	__u64 one = 1, *value = bpf_map_lookup_elem(&runs, &program);

	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&runs, &program, &one, BPF_ANY);
	return 0;
}

SEC("uprobe")
int at_call(void *ctx)
{
	return count(1);
}

SEC("uretprobe")
int at_return(void *ctx)
{
	return count(2);
}

SEC("perf_event")
int at_tick(void *ctx)
{
	return count(3);
}

SEC("tp_btf/sched_process_exit")
int at_exit(void *ctx)
{
	return count(4);
}

/* Prints where a print is told of: the kernel passes over the run within its own. */
SEC("tp_btf/bpf_trace_printk")
int at_print(void *ctx)
{
	bpf_printk("again");
	return count(7);
}

/* Runs for each task. */
SEC("iter/task")
int print_once(void *ctx)
{
	__u32 program = 8;

	if (bpf_map_lookup_elem(&runs, &program))
		return 0;
	bpf_printk("once");
	return count(program);
}

/* No kernel has this tracepoint. */
SEC("tp_btf/nixie_has_no_such_event")
int at_nothing(void *ctx)
{
	return count(5);
}

/* The verifier refuses: the loop has no end. */
SEC("tp_btf/sched_process_fork")
int without_end(void *ctx)
{
	for (;;)
		count(6);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
