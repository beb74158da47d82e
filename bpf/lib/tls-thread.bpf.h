/* SPDX-License-Identifier: GPL-2.0 */
/* The calls of TLS functions that a thread is in, the innermost one last. They are kept with the task, and go with it. */
#ifndef NIXIE_TLS_THREAD_BPF_H
#define NIXIE_TLS_THREAD_BPF_H

#include "kernel.bpf.h"
#include "../tls.h"

/* The registers of a process at a probe, or as it entered the kernel. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs___user {
	unsigned long di, si, dx, cx, r8, ax, ip, sp;
} KERNEL;
#define USER_ARG0(at) ((at)->di)
#define USER_ARG1(at) ((at)->si)
#define USER_ARG2(at) ((at)->dx)
#define USER_ARG3(at) ((at)->cx)
#define USER_ARG4(at) ((at)->r8)
#define USER_RESULT(at) ((at)->ax)
#define USER_STACK(at) ((at)->sp)
#define USER_PLACE(at) ((at)->ip)
/* A return takes its address off the stack. */
#define RETURN_SLOT 8
#else
struct pt_regs___user {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
} KERNEL;
#define USER_ARG0(at) ((at)->regs[0])
#define USER_ARG1(at) ((at)->regs[1])
#define USER_ARG2(at) ((at)->regs[2])
#define USER_ARG3(at) ((at)->regs[3])
#define USER_ARG4(at) ((at)->regs[4])
#define USER_RESULT(at) ((at)->regs[0])
#define USER_STACK(at) ((at)->sp)
#define USER_PLACE(at) ((at)->pc)
#define RETURN_SLOT 0
#endif

struct tls_call {
	/* The library's object for the connection, and the application's data. */
	__u64 object;
	__u64 buffer;
	__u64 size;
	/* Where the function writes how much it has moved; 0: it returns that. Of a call that is alone: the first bytes of its data. */
	union {
		__u64 moved_at;
		__u64 head;
	};
	/* The stack pointer at its entry. */
	__u64 stack;
	/* Of the socket that was used within the call; 0: none was yet. */
	__u64 conn_id;
	/* The connection that the object was linked to at the entry; 0: none. */
	__u64 linked;
	__u32 target;
	/* Bytes of a record that are still to be sent, of a call that is alone; of TLS_LAYER_WRITEV the number of pieces. */
	__u32 rest;
	/* Bytes behind the header of the record that a nested call sent as a whole; 0: it sent anything else. */
	__u16 record;
	/* Nested calls that sent a record; SENDS_UNKNOWN: not all could be told. */
	__u8 sends;
	__u8 kind;
	/* Calls within this one that are about the same object. */
	__u8 within;
	/* Its return is not seen: its data is told when its record is sent. */
	__u8 is_alone;
	/* `rest` is of the record with its data. */
	__u8 is_own_record;
	__u8 reserved;
};
#define SENDS_UNKNOWN 255

static __always_inline bool is_sending(__u8 kind)
{
	return kind == TLS_WRITE || kind == TLS_WRITE_EX || kind == TLS_WRITE_FLAGS || kind == TLS_SENDFILE ||
	       kind == TLS_LAYER_WRITE || kind == TLS_LAYER_WRITEV;
}

/* Whether a call's object need not be one of TLS. */
static __always_inline bool is_of_layer(__u8 kind)
{
	return kind >= TLS_LAYER_READ && kind <= TLS_LAYER_WRITEV;
}

struct tls_thread {
	__u32 depth;
	__u32 reserved;
	struct tls_call calls[TLS_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tls_thread);
} tls_threads SEC(".maps");

/* Which processes have called a library: most have not, and looking for their threads would be most of what their socket calls cost here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_CALLERS);
	__type(key, __u32);
	__type(value, __u32);
} tls_callers SEC(".maps");

#define CALLER_ANY 1
/* Its receives are remembered. */
#define CALLER_RUST 2

static __always_inline __u32 *current_caller(void)
{
	__u32 slot = (bpf_get_current_pid_tgid() >> 32) & (TLS_CALLERS - 1);

	return bpf_map_lookup_elem(&tls_callers, &slot);
}

/* What it has called: CALLER_…; 0: nothing. */
static __always_inline __u32 what_called(void)
{
	__u32 *caller = current_caller();

	return caller ? *caller : 0;
}

static __always_inline void note_caller(__u32 what)
{
	__u32 *caller = current_caller();

	if (caller && !(*caller & what))
		*caller |= what;
}

static __always_inline struct tls_thread *current_thread(bool make)
{
	return bpf_task_storage_get(&tls_threads, bpf_get_current_task_btf(), NULL,
				    make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

/* The innermost call; NULL when the thread is in none. */
static __always_inline struct tls_call *innermost(struct tls_thread *thread)
{
	__u32 depth = thread->depth;

	return depth ? &thread->calls[(depth - 1) & (TLS_DEPTH - 1)] : NULL;
}

/*
 * Forgets calls that the thread has left without their return being seen (longjmp, or a probe that came late): the stack
 * grows downwards, so they are those that lie below. A call that is alone ends there too, and with the next one about its `object`.
 */
static __always_inline void leave_below(struct tls_thread *thread, __u64 stack, __u64 object)
{
	for (int i = 0; i < TLS_DEPTH; i++) {
		struct tls_call *call = innermost(thread);

		if (!call)
			return;
		if (call->stack > stack && !(call->is_alone && call->object == object))
			return;
		if (call->stack == stack && !call->is_alone)
			return;
		thread->depth--;
	}
}

#endif
