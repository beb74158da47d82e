/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the identity probe says to user space. src/events/identity.ts decodes these bytes; a test compares its offsets
 * and numbers with this file and the BTF of the built object.
 */
#ifndef NIXIE_IDENTITY_H
#define NIXIE_IDENTITY_H

enum process_event_kind {
	PROCESS_EXEC = 1,
	/* It is what its parent is, but for what follows as payload. */
	PROCESS_FORK = 2,
	PROCESS_RENAME = 3,
	PROCESS_EXIT = 4,
};

/*
 * Behind it follow `cgroup_bytes` of paths, `exe_bytes` of the program's path, `args_bytes` of arguments, as /proc/PID/cmdline has
 * them. A path of a cgroup is its folders from the innermost one outwards, each with its NUL, and one more NUL. The first one is
 * that of cgroup v2; one of v1 follows where there is one. A fork has the paths only when they aren't its parent's.
 */
struct process_event {
	/* As field 22 of /proc/PID/stat; the parent's are 0 for renames and exits, or when it can't be seen. */
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

/* Folders of a cgroup's path, and bytes of each part: what lies beyond is cut. */
#define CGROUP_DEPTH 16
#define CGROUP_NAME_MAX 256
#define EXE_MAX 256
#define ARGS_MAX 1024

/* Index into the counters of a CPU, see counters.h. */
enum identity_counter {
	/* Events that found the ring full. */
	IDENTITY_LOST = 0,
	/* Events beyond what one CPU may send in a second. */
	IDENTITY_LIMITED = 1,
};

#endif
