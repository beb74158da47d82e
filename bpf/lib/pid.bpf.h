/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Process ids as Nixie sees them. On a node that is itself a container (kind, minikube's docker driver) they are those of
 * its pid namespace, and processes outside of that namespace belong to another node.
 */
#ifndef NIXIE_PID_BPF_H
#define NIXIE_PID_BPF_H

#include "kernel.bpf.h"

/* MAX_PID_NS_LEVEL of the kernel is 32; nodes in containers in containers are 2. */
#define PID_LEVELS 8

/* Knob: the inode of Nixie's pid namespace; 0 for the machine's own, in which every process has its first number. */
const volatile __u32 pid_namespace = 0;

struct pid_namespace {
	struct ns_common ns;
} KERNEL;

struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL;

struct task_struct___pid {
	struct pid *thread_pid;
} KERNEL;

/* The id of the process that `leader` leads; `tgid` is its first number. 0 when it is outside of our namespace. */
static __always_inline __u32 seen_pid(const void *leader, __u32 tgid)
{
	const struct task_struct___pid *task = leader;
	const struct pid *pid;
	const char *numbers;
	__u32 level;

	if (!pid_namespace)
		return tgid;
	pid = BPF_CORE_READ(task, thread_pid);
	level = BPF_CORE_READ(pid, level);
	numbers = (const char *)pid + bpf_core_field_offset(struct pid, numbers);
	for (int i = 0; i < PID_LEVELS; i++) {
		const struct upid *number = (const void *)(numbers + i * bpf_core_type_size(struct upid));

		if (i > level)
			break;
		if (BPF_CORE_READ(number, ns, ns.inum) == pid_namespace)
			return BPF_CORE_READ(number, nr);
	}
	return 0;
}

#endif
