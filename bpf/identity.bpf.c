// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the identity of each process when it changes: at exec its command line, program, cgroup and parent; at fork its
 * parent, which it is a copy of; at a change of its command name; and when it ends. So a process that lives for a millisecond has
 * a name, while /proc only has processes that still run. Needs Linux 5.8 with BTF.
 *
 * A machine that forks without end could fill the ring and cost user space a CPU, so each CPU may send only so many events a second.
 */
#include "lib/kernel.bpf.h"
#include "lib/pid.bpf.h"
#include "lib/cgroup.bpf.h"
#include "lib/counters.bpf.h"
#include "lib/wake.bpf.h"
#include "identity.h"

/* Knobs, set before loading. */
const volatile __u32 events_per_second = 8000;

#define SECOND_NS 1000000000ULL
/* A power of two: the offset of the next part is masked with it, for the verifier. */
#define PARTS_MAX 4096
#define PARTS_USED (PARTS_MAX - 1024)

struct mm_struct___args {
	unsigned long arg_start;
	unsigned long arg_end;
} KERNEL;

struct signal_live {
	int counter;
} KERNEL;

struct signal_struct___live {
	struct signal_live live;
} KERNEL;

struct task_struct___identity {
	int pid;
	int tgid;
	struct task_struct___identity *group_leader;
	struct task_struct___identity *real_parent;
	__u64 start_boottime;
	char comm[16];
	struct mm_struct___args *mm;
	struct signal_struct___live *signal;
	unsigned int in_execve : 1;
} KERNEL;

struct linux_binprm {
	const char *interp;
} KERNEL;

/* Puts the layouts into the object's BTF; a test compares them with user space's. */
const struct process_event *event_layout __attribute__((unused));
const struct listening *listening_layout __attribute__((unused));

/* User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 19);
} identities SEC(".maps");

/* The event that is being made, in a map and not on the stack: so the verifier checks each loop once. */
struct draft {
	/* The beginning of the current second, and how many events this CPU has sent since. */
	__u64 window_ns;
	__u32 sent;
	__u32 filled;
	struct process_event event;
	char parts[PARTS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct draft);
} drafts SEC(".maps");

static __always_inline bool within_limit(struct draft *draft)
{
	__u64 now = bpf_ktime_get_ns();

	if (now - draft->window_ns >= SECOND_NS) {
		draft->window_ns = now;
		draft->sent = 0;
	}
	if (draft->sent >= events_per_second)
		return false;
	draft->sent++;
	return true;
}

static __always_inline __u32 pid_of(struct task_struct___identity *leader)
{
	return seen_pid(leader, BPF_CORE_READ(leader, tgid));
}

/* Begins an event about a process; NULL when the process is outside of our namespace, or this second's events are used up. */
static __always_inline struct draft *begin(__u16 kind, struct task_struct___identity *leader)
{
	__u32 zero = 0, pid = pid_of(leader);
	struct draft *draft = bpf_map_lookup_elem(&drafts, &zero);

	if (!pid || !draft)
		return NULL;
	if (!within_limit(draft)) {
		count(IDENTITY_LIMITED, 1);
		return NULL;
	}
	draft->filled = 0;
	__builtin_memset(&draft->event, 0, sizeof(draft->event));
	draft->event.kind = kind;
	draft->event.pid = pid;
	draft->event.start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	BPF_CORE_READ_STR_INTO(&draft->event.comm, leader, comm);
	return draft;
}

static __always_inline void name_parent(struct draft *draft, struct task_struct___identity *leader)
{
	draft->event.parent_pid = pid_of(leader);
	if (draft->event.parent_pid)
		draft->event.parent_start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
}

static __always_inline void emit(struct draft *draft)
{
	__u32 filled = draft->filled;

	if (filled > PARTS_USED)
		filled = PARTS_USED;
	if (bpf_ringbuf_output(&identities, &draft->event, sizeof(draft->event) + filled, wake_if_filling(&identities)))
		count(IDENTITY_LOST, 1);
}

/* Appends a kernel string of up to `most` bytes with its NUL. */
static __always_inline void append_text(struct draft *draft, const char *text, __u32 most)
{
	volatile __u32 *filled = &draft->filled;
	__u32 at = *filled;
	long length;

	if (at > PARTS_USED - most)
		return;
	length = bpf_probe_read_kernel_str(draft->parts + (at & (PARTS_MAX - 1)), most, text);
	if (length > 0)
		*filled = at + length;
}

static __always_inline void append_nul(struct draft *draft)
{
	volatile __u32 *filled = &draft->filled;
	__u32 at = *filled;

	if (at >= PARTS_USED)
		return;
	draft->parts[at & (PARTS_MAX - 1)] = 0;
	*filled = at + 1;
}

static __noinline int append_path(struct draft *draft, struct cgroup *cgroup)
{
	struct kernfs_node *node, *parent;

	if (!draft)
		return 0;
	node = BPF_CORE_READ(cgroup, kn);
	for (int i = 0; i < CGROUP_DEPTH; i++) {
		/* The root has no parent and no name. */
		parent = node ? parent_of(node) : NULL;
		if (!parent)
			break;
		append_text(draft, BPF_CORE_READ(node, name), CGROUP_NAME_MAX);
		node = parent;
	}
	append_nul(draft);
	return 0;
}

static __always_inline void append_cgroups(struct draft *draft, struct css_set *set)
{
	struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup *v1 = v1_cgroup(set, unified);

	append_path(draft, unified);
	if (v1)
		append_path(draft, v1);
	draft->event.cgroup_bytes = draft->filled;
}

static __always_inline void append_args(struct draft *draft, struct mm_struct___args *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	__u64 length = BPF_CORE_READ(mm, arg_end) - start;
	volatile __u32 *filled = &draft->filled;
	__u32 at = *filled;

	if (at > PARTS_USED - ARGS_MAX || length == 0)
		return;
	if (length > ARGS_MAX)
		length = ARGS_MAX;
	if (bpf_probe_read_user(draft->parts + (at & (PARTS_MAX - 1)), length, (void *)start))
		return;
	draft->event.args_bytes = length;
	*filled = at + length;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct___identity *task, int old_pid, struct linux_binprm *program)
{
	struct draft *draft = begin(PROCESS_EXEC, task);
	__u32 before;

	if (!draft)
		return 0;
	name_parent(draft, BPF_CORE_READ(task, real_parent, group_leader));
	append_cgroups(draft, css_set_of(task));
	before = draft->filled;
	append_text(draft, BPF_CORE_READ(program, interp), EXE_MAX);
	draft->event.exe_bytes = draft->filled - before;
	append_args(draft, BPF_CORE_READ(task, mm));
	emit(draft);
	return 0;
}

/* Runs in the parent. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct___identity *parent, struct task_struct___identity *child)
{
	struct css_set *set;
	struct draft *draft;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid) || !BPF_CORE_READ(child, mm))
		return 0;
	draft = begin(PROCESS_FORK, child);
	if (!draft)
		return 0;
	name_parent(draft, BPF_CORE_READ(parent, group_leader));
	set = css_set_of(child);
	if (set != css_set_of(parent))
		append_cgroups(draft, set);
	emit(draft);
	return 0;
}

/* An exec's new name is in its own event. */
static __always_inline bool is_in_exec(struct task_struct___identity *task)
{
	return bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
}

SEC("tp_btf/task_rename")
int BPF_PROG(process_rename, struct task_struct___identity *task, const char *comm)
{
	struct draft *draft;

	if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid) || !BPF_CORE_READ(task, mm) || is_in_exec(task))
		return 0;
	draft = begin(PROCESS_RENAME, task);
	if (!draft)
		return 0;
	bpf_probe_read_kernel_str(draft->event.comm, sizeof(draft->event.comm), comm);
	emit(draft);
	return 0;
}

static __always_inline void on_exit(struct task_struct___identity *task)
{
	struct task_struct___identity *leader;
	struct draft *draft;

	/* The process ends with its last thread. */
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return;
	leader = BPF_CORE_READ(task, group_leader);
	draft = begin(PROCESS_EXIT, leader);
	if (draft)
		emit(draft);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct___identity *task)
{
	on_exit(task);
	return 0;
}

/* For Linux 7.2 and later, which skip a typed program while another task is preempted in it. */
SEC("tp/sched/sched_process_exit")
int process_exit_classic(void *ctx)
{
	on_exit((struct task_struct___identity *)bpf_get_current_task());
	return 0;
}

struct bpf_iter__task_file___identity {
	struct bpf_iter_meta *meta;
	struct task_struct___identity *task;
	struct file *file;
} KERNEL;

/* Runs when only the ports that they listen on tell two processes apart. */
SEC("iter/task_file")
int read_listening(struct bpf_iter__task_file___identity *ctx)
{
	struct file *file = ctx->file;
	struct task_struct___identity *task = ctx->task, *leader;
	struct listening listening = {};
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (!task || !file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((family != AF_INET && family != AF_INET6) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	leader = BPF_CORE_READ(task, group_leader);
	listening.pid = pid_of(leader);
	listening.start_ticks = BPF_CORE_READ(leader, start_boottime) / NS_PER_TICK;
	listening.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (listening.pid)
		bpf_seq_write(ctx->meta->seq, &listening, sizeof(listening));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
