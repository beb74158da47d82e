/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the socket probe says to user space: the one declaration of its events, its maps' values and its limits.
 * src/events/socket.ts decodes these bytes; a test compares its offsets with the BTF of the built object.
 */
#ifndef NIXIE_SOCKET_H
#define NIXIE_SOCKET_H

enum event_kind {
	EVENT_DATA = 1,
	EVENT_OPEN = 2,
	EVENT_CLOSE = 3,
};

enum direction {
	RECEIVED = 0,
	SENT = 1,
};

/* As src/records/types.ts. */
enum role {
	ROLE_CLIENT = 1,
	ROLE_SERVER = 2,
	ROLE_UNKNOWN = 4,
};

/* Both ends of a socket; ports in host order, addresses as on the wire, IPv4 in the first four bytes. */
struct endpoints {
	__u16 local_port;
	__u16 remote_port;
	/* 4 or 6: an IPv4-mapped IPv6 address is IPv4 here. */
	__u8 version;
	/* IPPROTO_TCP or IPPROTO_UDP. */
	__u8 protocol;
	__u8 reserved[2];
	__u8 local_addr[16];
	__u8 remote_addr[16];
};

#define COMM_SIZE 16

struct totals {
	__u64 bytes_sent;
	__u64 bytes_received;
	/* Records that found the ring full, and messages beyond RECORDS_PER_CALL. */
	__u64 lost_events;
};

/* A close carries a struct totals where a data event has its payload. */
struct socket_event {
	__u64 conn_id;
	/* CLOCK_MONOTONIC. */
	__u64 time_ns;
	/* As field 22 of /proc/PID/stat; pid, start_ticks and comm are 0 for open and close. */
	__u64 start_ticks;
	__u32 pid;
	/* TCP sequence number of the first byte, of an open that of the first to be received; 0 for a datagram. */
	__u32 offset;
	/* Bytes moved from offset on; the first `captured` of them follow as payload. */
	__u32 size;
	__u32 captured;
	__u8 kind;
	__u8 direction;
	__u8 role;
	__u8 reserved;
	/* Of an open only: TCP sequence number of the first byte to be sent. */
	__u32 sent_offset;
	struct endpoints ends;
	/* As /proc/PID/comm: a process may be gone before anyone can look there. */
	__u8 comm[COMM_SIZE];
	__u8 payload[];
};

/* Value of `connections`, keyed by the address of the struct sock. */
struct connection {
	__u64 id;
	/* Inode of the socket's file: another one means that the address was reused. 0: not accepted yet. */
	__u64 inode;
	/* As last read from `verdicts`; 0: none yet. */
	__u64 verdict;
	struct totals totals;
	struct endpoints ends;
	__u8 role;
	__u8 closed;
	__u8 reserved[6];
};

/*
 * A verdict is one word, so that it is never half written: which connection in bits 0-35, the cap in bits 36-53,
 * VERDICT_COUNT, VERDICT_SET. It waits in `verdicts` at the id modulo VERDICT_SLOTS, naming the connection by
 * the quotient, until its next call takes it over: a verdict for a dead connection meets no id and does nothing.
 */
#define VERDICT_SLOTS 131072
#define VERDICT_TAG_MASK 0xfffffffffULL
#define VERDICT_CAP_SHIFT 36
#define VERDICT_CAP_MAX 0x3ffffULL
#define VERDICT_COUNT (1ULL << 62)
#define VERDICT_SET (1ULL << 63)

/* Index into the per-CPU array `counters`. */
enum counter {
	COUNTER_LOST_EVENTS = 0,
	COUNTER_LOST_BYTES = 1,
	COUNTER_UNIX_CALLS = 2,
	COUNTER_UNIX_BYTES = 3,
	COUNTER_COMPAT_CALLS = 4,
	COUNTER_UNREAD_BYTES = 5,
	COUNTER_COUNT = 6,
};

/* Bounds of one call: what lies beyond is in `size` only. */
#define RECORD_PAYLOAD_MAX 16384
#define GATHER_PAYLOAD_MAX 8192
/* Also the messages of a sendmmsg or recvmmsg that get a record; further ones are counted, with their bytes. */
#define RECORDS_PER_CALL 8
/* UIO_MAXIOV: the kernel takes no more. */
#define MESSAGES_PER_CALL 1024
#define VECTORS_PER_RECORD 8
#define IGNORED_MAX 8

#endif
