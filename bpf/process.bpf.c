// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the resources that every process uses, in one walk over the tasks: reading /proc would cost several system calls and a
 * formatted text for each. Needs Linux 5.8 with BTF.
 */
#include "lib/kernel.bpf.h"
#include "lib/pid.bpf.h"
#include "process.h"

enum { MM_FILEPAGES = 0, MM_ANONPAGES = 1, MM_SHMEMPAGES = 3, MM_COUNTERS = 4 };

struct percpu_counter {
	__s64 count;
} KERNEL;

struct mm_struct {
	unsigned long total_vm;
	/* Since Linux 6.2. */
	struct percpu_counter rss_stat[MM_COUNTERS];
} KERNEL;

typedef struct {
	__s64 counter;
} atomic_long_t;

/* Before Linux 6.2. */
struct mm_rss_stat {
	atomic_long_t count[MM_COUNTERS];
} KERNEL;

struct mm_struct___5 {
	struct mm_rss_stat rss_stat;
} KERNEL;

struct task_io_accounting {
	__u64 rchar;
	__u64 wchar;
	__u64 read_bytes;
	__u64 write_bytes;
} KERNEL;

struct signal_struct {
	int nr_threads;
	__u64 utime;
	__u64 stime;
	unsigned long min_flt;
	unsigned long maj_flt;
	unsigned long long sum_sched_runtime;
	struct task_io_accounting ioac;
} KERNEL;

struct sched_entity {
	__u64 sum_exec_runtime;
} KERNEL;

struct task_struct___process {
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct___process *group_leader;
	__u64 start_boottime;
	char comm[16];
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct sched_entity se;
	__u64 utime;
	__u64 stime;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct task_io_accounting ioac;
} KERNEL;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct___process *task;
} KERNEL;

/* Puts the layout into the object's BTF; a test compares it with user space's. */
const struct thread_sample *sample_layout __attribute__((unused));

static __always_inline __u64 resident_pages(struct mm_struct *mm)
{
	__s64 pages = 0;

	if (bpf_core_type_exists(struct mm_rss_stat)) {
		struct mm_struct___5 *old = (void *)mm;
		struct mm_rss_stat rss = {};

		/* Copied, as the verifier of 5.10 follows no array of a typedef. */
		bpf_core_read(&rss, sizeof(rss), &old->rss_stat);
		pages = rss.count[MM_FILEPAGES].counter + rss.count[MM_ANONPAGES].counter +
			rss.count[MM_SHMEMPAGES].counter;
	} else {
		pages = mm->rss_stat[MM_FILEPAGES].count +
			mm->rss_stat[MM_ANONPAGES].count +
			mm->rss_stat[MM_SHMEMPAGES].count;
	}
	return pages < 0 ? 0 : pages;
}

SEC("iter/task")
int read_processes(struct bpf_iter__task *ctx)
{
	struct task_struct___process *task = ctx->task;
	struct thread_sample sample = {};
	struct mm_struct *mm;

	/* Kernel threads have no memory of their own, and an ended task has none left. */
	if (!task || (task->flags & PF_KTHREAD) || !(mm = task->mm))
		return 0;
	sample.pid = seen_pid(task->group_leader, task->tgid);
	if (!sample.pid)
		return 0;
	sample.start_ticks = task->group_leader->start_boottime / NS_PER_TICK;
	sample.runtime_ns = task->se.sum_exec_runtime;
	sample.user_ns = task->utime;
	sample.kernel_ns = task->stime;
	sample.minor_faults = task->min_flt;
	sample.major_faults = task->maj_flt;
	if (bpf_core_field_exists(task->ioac.rchar)) {
		sample.rchar = task->ioac.rchar;
		sample.wchar = task->ioac.wchar;
	}
	if (bpf_core_field_exists(task->ioac.read_bytes)) {
		sample.read_bytes = task->ioac.read_bytes;
		sample.write_bytes = task->ioac.write_bytes;
	}
	sample.vsize_pages = mm->total_vm;
	sample.rss_pages = resident_pages(mm);
	BPF_CORE_READ_STR_INTO(&sample.comm, task, group_leader, comm);
	if (task->tgid == task->pid) {
		struct signal_struct *ended = task->signal;

		sample.threads = ended->nr_threads;
		sample.runtime_ns += ended->sum_sched_runtime;
		sample.user_ns += ended->utime;
		sample.kernel_ns += ended->stime;
		sample.minor_faults += ended->min_flt;
		sample.major_faults += ended->maj_flt;
		if (bpf_core_field_exists(task->ioac.rchar)) {
			sample.rchar += ended->ioac.rchar;
			sample.wchar += ended->ioac.wchar;
		}
		if (bpf_core_field_exists(task->ioac.read_bytes)) {
			sample.read_bytes += ended->ioac.read_bytes;
			sample.write_bytes += ended->ioac.write_bytes;
		}
	}
	bpf_seq_write(ctx->meta->seq, &sample, sizeof(sample));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
