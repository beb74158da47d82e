/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes of rustls, a Rust library: at each record's encryption and decryption, methods that it calls by a table, so that no compiler makes
 * them a part of others. What they are given and return has no layout that Rust promises. So each place is taken by what it must be:
 * ciphertext of a record's length, text that is as much shorter as a tag is long, a type and a version. Where nothing fits, nothing is told.
 *
 * A decrypted record lies in the buffer that a socket's call was given: that call's connection is the one. An encrypted one is
 * seen again when a socket sends it. A key's first record begins its object anew, as memory is used again.
 */
#ifndef NIXIE_TLS_RUST_BPF_H
#define NIXIE_TLS_RUST_BPF_H

#include "tls-calls.bpf.h"
#include "tls-nested.bpf.h"

/* (result, self, message, number of the record); a result of this size is written to where the caller says. */
#if defined(__TARGET_ARCH_x86)
#define RUST_RESULT(at) USER_ARG0(at)
#define RUST_SELF(at) USER_ARG1(at)
#define RUST_MESSAGE(at) USER_ARG2(at)
#define RUST_NUMBER(at) USER_ARG3(at)
#else
#define RUST_RESULT(at) ((at)->regs[8])
#define RUST_SELF(at) USER_ARG0(at)
#define RUST_MESSAGE(at) USER_ARG1(at)
#define RUST_NUMBER(at) USER_ARG2(at)
#endif

/* ContentType::ApplicationData and ProtocolVersion::TLSv1_2, as Rust numbers them. */
#define RUST_DATA 3
#define RUST_TLS12 4
/* A record's bytes behind its header (RFC 8446, 5.2). */
#define RECORD_MAX ((1 << 14) + 256)
/* AES-GCM of TLS 1.2 has a nonce in front of the ciphertext (RFC 5288, 3). */
#define GCM_NONCE 8
static __always_inline bool is_overhead(__u64 bytes)
{
	/* TLS 1.3: a tag and a type; TLS 1.2: a tag, and a nonce with GCM. */
	return bytes == TLS_TAG + 1 || bytes == TLS_TAG || bytes == TLS_TAG + GCM_NONCE;
}

/* Finds the ciphertext in a message: a slice whose record's header lies before it. */
__noinline int find_record(struct rust_thread *thread)
{
	__u8 header[TLS_HEADER];

	if (!thread)
		return false;
	for (int i = 0; i + 1 < RUST_WORDS; i++) {
		__u64 at = thread->words[i], size = thread->words[i + 1];

		if (!at || !size || size > RECORD_MAX ||
		    bpf_probe_read_user(header, sizeof(header), (void *)(at - TLS_HEADER)) || !is_record(header) ||
		    record_length(header) != size)
			continue;
		thread->cipher = at;
		thread->size = size;
		thread->type = header[0];
		return true;
	}
	return false;
}

/* A function was entered. False: its return needs no probe. */
static __always_inline bool enter_rust(struct pt_regs___user *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), message = RUST_MESSAGE(ctx), end;
	struct tls_target *here = target_here(cookie >> TLS_TARGET_SHIFT);
	struct tls_key key = key_of(RUST_SELF(ctx));
	struct rust_thread *thread;
	struct tls_link *link;

	if (!here)
		return false;
	here->calls++;
	note_caller(CALLER_RUST);
	if (!RUST_NUMBER(ctx))
		bpf_map_delete_elem(&tls_links, &key);
	link = bpf_map_lookup_elem(&tls_links, &key);
	/* Nobody reads it, ever. */
	if ((plain_verdict(link ? link->conn_id : 0) & VERDICT_COUNT) || is_of_process_left_out())
		return false;
	thread = rust_thread_of(true);
	if (!thread)
		return false;
	thread->stack = 0;
	thread->object = key.object;
	thread->result = RUST_RESULT(ctx);
	thread->target = cookie >> TLS_TARGET_SHIFT;
	thread->kind = cookie;
	if (bpf_probe_read_user(thread->words, sizeof(thread->words), (void *)message))
		return false;
	thread->stack = USER_STACK(ctx);
	if (thread->kind == TLS_RUST_ENCRYPT)
		return true;
	if (find_record(thread)) {
		end = thread->cipher + thread->size;
		thread->from = thread->into < end && end <= thread->into + thread->length ? thread->conn_id : 0;
		return true;
	}
	thread->stack = 0;
	return false;
}

/*
 * What a decrypted record holds, by how much shorter its text is. TLS 1.3: the type stands behind the text, and zeros follow it (RFC 8446,
 * 5.2). TLS 1.2: the record's header says it. As much as a nonce and a tag may be either, so then all of the zeros are looked at.
 */
static __always_inline __u8 type_of_text(const struct rust_thread *thread, __u64 end, __u64 over)
{
	__u64 tail = 0;

	if (over == TLS_TAG)
		return thread->type;
	if (bpf_probe_read_user(&tail, over == TLS_TAG + GCM_NONCE ? GCM_NONCE : 1, (void *)end))
		return 0;
	return over == TLS_TAG + GCM_NONCE && tail > 0xff ? thread->type : tail;
}

/* Finds the text of a decrypted record, if it is the application's; false for any other, and where it failed. */
__noinline int find_decrypted(struct rust_thread *thread)
{
	__u64 words[RUST_WORDS];

	if (!thread || thread->type != TLS_DATA ||
	    bpf_probe_read_user(words, sizeof(words), (void *)thread->result))
		return false;
	for (int i = 0; i + 1 < RUST_WORDS; i++) {
		__u64 at = words[i], size = words[i + 1], over = thread->size - size;

		if (at < thread->cipher || at > thread->cipher + GCM_NONCE || !size || size >= thread->size || over < TLS_TAG)
			continue;
		if (type_of_text(thread, at + size, over) != TLS_DATA)
			return false;
		thread->cipher = at;
		thread->size = size;
		return true;
	}
	return false;
}

static __always_inline void leave_decrypt(struct rust_thread *thread, struct tls_call *call)
{
	struct tls_key key = key_of(call->object);
	struct tls_link *link = find_decrypted(thread) ? link_of(&key) : NULL;

	if (!link)
		return;
	if (thread->from && link->conn_id != thread->from) {
		bool waits = !link->conn_id && link->received;

		put_link(link, thread->from);
		if (waits)
			tell_link(link);
	}
	call->buffer = thread->cipher;
	tell_plain(link, call, thread->size, RECEIVED);
}

/* Whether a message is the application's: beside its text it has a type and a version, in either order. */
static __always_inline bool is_data_message(__u64 word)
{
	return ((__u8)word == RUST_DATA && (__u16)(word >> 16) == RUST_TLS12) ||
	       ((__u16)word == RUST_TLS12 && (__u8)(word >> 32) == RUST_DATA);
}

/* Whether a record's ciphertext is there: in front there is room for its header, of zeros. */
static __always_inline bool is_room(__u64 at)
{
	__u64 room = 1;

	return !bpf_probe_read_user(&room, sizeof(room), (void *)at) && !(room << (64 - 8 * TLS_HEADER));
}

/*
 * Where the ciphertext for a text is, by its length; 0: nowhere, as it failed. It is a vector: capacity, address, length, or in older
 * compilers' order address, capacity, length.
 */
__noinline __u64 find_encrypted(__u64 result, __u64 size)
{
	__u64 words[RUST_WORDS];

	if (bpf_probe_read_user(words, sizeof(words), (void *)result))
		return 0;
	for (int i = 0; i + 2 < RUST_WORDS; i++) {
		__u64 length = words[i + 2];

		if (length > TLS_HEADER + RECORD_MAX || !is_overhead(length - TLS_HEADER - size))
			continue;
		if (words[i] >= length && is_room(words[i + 1]))
			return words[i + 1] + TLS_HEADER;
		if (words[i + 1] >= length && is_room(words[i]))
			return words[i] + TLS_HEADER;
	}
	return 0;
}

static __always_inline void print_rust(const struct tls_key *key, __u64 cipher)
{
	__u32 slot = key->tgid & (TLS_PRINTERS - 1);
	struct tls_print print = { .tgid = key->tgid };
	__u64 now = bpf_ktime_get_ns();

	if (bpf_probe_read_user(print.bytes, sizeof(print.bytes), (void *)cipher))
		return;
	bpf_map_update_elem(&tls_prints, &print, key, BPF_ANY);
	bpf_map_update_elem(&tls_printers, &slot, &now, BPF_ANY);
}

/* A message: its text in one piece (0, address, length) or in many (address of slices, their number, start, end), and what it is. */
static __always_inline void leave_encrypt(struct rust_thread *thread, struct tls_call *call)
{
	struct tls_key key = key_of(call->object);
	bool is_one = !thread->words[0];
	__u64 size = is_one ? thread->words[2] : thread->words[3] - thread->words[2], cipher;
	struct tls_link *link;

	if (!size || size > RECORD_MAX)
		return;
	cipher = find_encrypted(thread->result, size);
	link = cipher ? link_of(&key) : NULL;
	if (!link)
		return;
	if (!link->conn_id)
		print_rust(&key, cipher);
	if (!is_data_message(thread->words[4]))
		return;
	call->buffer = thread->words[is_one ? 1 : 0];
	if (is_one)
		tell_plain(link, call, size, SENT);
	else
		tell_pieces(&key, call, thread->words[1], thread->words[2], thread->words[3]);
}

static __always_inline void leave_rust(struct pt_regs___user *ctx)
{
	struct rust_thread *thread = rust_thread_of(false);
	struct tls_call call = {};

	/* Its entry was not seen. */
	if (!thread || thread->stack != USER_STACK(ctx) - RETURN_SLOT)
		return;
	thread->stack = 0;
	call.object = thread->object;
	call.target = thread->target;
	if (thread->kind == TLS_RUST_ENCRYPT)
		leave_encrypt(thread, &call);
	else
		leave_decrypt(thread, &call);
}

SEC("uprobe.multi")
int tls_rust_enter(struct pt_regs___user *ctx)
{
	enter_rust(ctx);
	return 0;
}

SEC("uretprobe.multi")
int tls_rust_leave(struct pt_regs___user *ctx)
{
	leave_rust(ctx);
	return 0;
}

/* Both in one (Linux 6.13). */
SEC("uprobe.session")
int tls_rust_around(struct pt_regs___user *ctx)
{
	if (bpf_get_func_ip(ctx) == USER_PLACE(ctx))
		return !enter_rust(ctx);
	leave_rust(ctx);
	return 0;
}

#endif
