/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The samples of the process iterator. src/events/process.ts decodes these bytes; a test compares its offsets
 * with the BTF of the built object.
 */
#ifndef NIXIE_PROCESS_H
#define NIXIE_PROCESS_H

/* One thread. The use of a process is the sum over its threads; that of ended ones is in the leader's sample. */
struct thread_sample {
	/* Field 22 of /proc/PID/stat of the process. */
	__u64 start_ticks;
	__u64 runtime_ns;
	/* Sampled by the timer: only their ratio is used. */
	__u64 user_ns;
	__u64 kernel_ns;
	__u64 minor_faults;
	__u64 major_faults;
	/* Bytes of read and write calls, and bytes that went to and from storage. */
	__u64 rchar;
	__u64 wchar;
	__u64 read_bytes;
	__u64 write_bytes;
	/* About the process: the same in the samples of all its threads. */
	__u64 vsize_pages;
	__u64 rss_pages;
	__u32 pid;
	/* About the process, in the leader's sample; else 0. */
	__u32 threads;
	char comm[16];
};

#endif
