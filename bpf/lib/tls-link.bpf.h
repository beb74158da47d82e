/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which connection an object of a TLS library belongs to. Two things tell it: a socket call within a call of the library, on the same
 * thread; and, where the program moves the ciphertext itself, the ciphertext, which is seen when the library hands
 * it out and again when a socket sends it.
 */
#ifndef NIXIE_TLS_LINK_BPF_H
#define NIXIE_TLS_LINK_BPF_H

#include "connection.bpf.h"
#include "tls-thread.bpf.h"
#include "wake.bpf.h"

struct tls_key {
	__u64 object;
	__u32 tgid;
	__u32 reserved;
};

struct tls_link {
	/* A number that no other object ever has. */
	__u64 token;
	/* 0: not known yet. */
	__u64 conn_id;
	/* Bytes of data so far. */
	__u32 received;
	__u32 sent;
	/* How many calls in a row had their data sent as one record by one call of the socket, and the longest data of these. */
	__u32 wholes;
	__u32 whole;
	/* Bytes of a call whose return is not seen, until its record has left. */
	__u32 pending;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_OBJECTS);
	__type(key, struct tls_key);
	__type(value, struct tls_link);
} tls_links SEC(".maps");

struct tls_print {
	__u8 bytes[TLS_PRINT];
	__u32 tgid;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TLS_PRINTS);
	__type(key, struct tls_print);
	__type(value, struct tls_key);
} tls_prints SEC(".maps");

/* When a process last had a print made. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_PRINTERS);
	__type(key, __u32);
	__type(value, __u64);
} tls_printers SEC(".maps");

static __always_inline struct tls_key key_of(__u64 object)
{
	struct tls_key key = { .object = object, .tgid = bpf_get_current_pid_tgid() >> 32 };

	return key;
}

/* The object's entry, a new one if need be; NULL when there is no room. */
static __always_inline struct tls_link *link_of(const struct tls_key *key)
{
	struct tls_link *link = bpf_map_lookup_elem(&tls_links, key), fresh = {};

	if (link)
		return link;
	fresh.token = new_connection_id();
	if (!fresh.token)
		return NULL;
	bpf_map_update_elem(&tls_links, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tls_links, key);
}

/* The object is used for this connection from here on. */
static __always_inline void put_link(struct tls_link *link, __u64 conn_id)
{
	__u64 token;

	if (link->conn_id == conn_id)
		return;
	if (link->conn_id) {
		/* It was used for another one: its data begins anew. */
		token = new_connection_id();
		if (!token)
			return;
		link->token = token;
		link->received = link->sent = link->wholes = link->pending = 0;
	}
	link->conn_id = conn_id;
}

/* Whether bytes begin like a record: type 20-24, version 3.0-3.4. */
static __always_inline bool is_record(const __u8 *bytes)
{
	return bytes[0] >= 20 && bytes[0] <= 24 && bytes[1] == 3 && bytes[2] <= 4;
}

#endif
