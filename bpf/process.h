/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the process iterator says to user space. src/events/process.ts decodes these bytes; a test compares its offsets
 * with the BTF of the built object.
 */
#ifndef NIXIE_PROCESS_H
#define NIXIE_PROCESS_H

/* One thread; what a process used is the sum over its threads, and that of ended ones is with the leader's. */
struct thread_sample {
	/* Field 22 of /proc/PID/stat of the process. */
	__u64 start_ticks;
	__u64 runtime_ns;
	/* Sampled by the timer: only their ratio is of use. */
	__u64 user_ns;
	__u64 kernel_ns;
	__u64 minor_faults;
	__u64 major_faults;
	/* Bytes of read and write calls, and bytes that went to and from storage. */
	__u64 rchar;
	__u64 wchar;
	__u64 read_bytes;
	__u64 write_bytes;
	/* Of the process; each thread says the same. */
	__u64 vsize_pages;
	__u64 rss_pages;
	__u32 pid;
	/* Of the process with the leader, else 0. */
	__u32 threads;
	char comm[16];
};

#endif
