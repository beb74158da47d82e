/* SPDX-License-Identifier: GPL-2.0 */
/* Of a thread that uses rustls: its newest receive, and the call that it is in. Kept with the task. */
#ifndef NIXIE_TLS_RUST_THREAD_BPF_H
#define NIXIE_TLS_RUST_THREAD_BPF_H

#include "tls-thread.bpf.h"

/* Words of an argument or of a result that are looked at. */
#define RUST_WORDS 6

struct rust_thread {
	/* Of its newest receive: the connection, and where its bytes are. */
	__u64 conn_id;
	__u64 into;
	__u64 length;
	/* The stack pointer at the call's entry; 0: it is in none. */
	__u64 stack;
	/* The object that encrypts or decrypts, and where the result will be. */
	__u64 object;
	__u64 result;
	__u64 words[RUST_WORDS];
	/* Of a decryption: the ciphertext, and the connection that it came from; 0: not known. */
	__u64 cipher;
	__u64 size;
	__u64 from;
	__u32 target;
	__u8 kind;
	/* Of the record. */
	__u8 type;
	__u8 reserved[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rust_thread);
} tls_rust_threads SEC(".maps");

static __always_inline struct rust_thread *rust_thread_of(bool make)
{
	return bpf_task_storage_get(&tls_rust_threads, bpf_get_current_task_btf(), NULL,
				    make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

#endif
