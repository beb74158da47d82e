/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The events of the identity probe. src/events/identity.ts decodes these bytes; a test compares its offsets
 * and numbers with this file and the BTF of the built object.
 */
#ifndef NIXIE_IDENTITY_H
#define NIXIE_IDENTITY_H

enum process_event_kind {
	PROCESS_EXEC = 1,
	/* A copy of its parent, except for the payload. */
	PROCESS_FORK = 2,
	PROCESS_RENAME = 3,
	PROCESS_EXIT = 4,
};

/*
 * After it come `cgroup_bytes` of paths, `exe_bytes` of the program's path, and `args_bytes` of arguments as in /proc/PID/cmdline.
 * The path of a cgroup is its folders from the innermost one outwards, each with its NUL, and one more NUL. The first path is
 * that of cgroup v2; one of v1 follows where there is one. A fork has paths only when they differ from its parent's.
 */
struct process_event {
	/* As field 22 of /proc/PID/stat; the parent's fields are 0 for renames and exits, or when the parent is outside of our namespace. */
	__u64 start_ticks;
	__u64 parent_start_ticks;
	__u32 pid;
	__u32 parent_pid;
	__u16 kind;
	__u16 cgroup_bytes;
	__u16 exe_bytes;
	__u16 args_bytes;
	char comm[16];
};

/* One listening TCP socket of a process. */
struct listening {
	__u64 start_ticks;
	__u32 pid;
	__u32 port;
};

/* Folders of a cgroup's path, and bytes of each part, at most: more is cut. */
#define CGROUP_DEPTH 16
#define CGROUP_NAME_MAX 256
#define EXE_MAX 256
#define ARGS_MAX 1024

/* Index into the counters of a CPU, see counters.h. */
enum identity_counter {
	/* Events that were lost because the ring was full. */
	IDENTITY_LOST = 0,
	/* Events beyond what one CPU may send in a second. */
	IDENTITY_LIMITED = 1,
};

#endif
