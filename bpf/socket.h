/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one declaration of the socket probe's events, its maps' values and its limits.
 * src/events/socket.ts decodes these bytes; a test compares its offsets with the BTF of the built object.
 */
#ifndef NIXIE_SOCKET_H
#define NIXIE_SOCKET_H

enum event_kind {
	EVENT_DATA = 1,
	EVENT_OPEN = 2,
	EVENT_CLOSE = 3,
	/* A connection that was open before this probe, and has moved no data since: `offset` and `size` say where it stands. */
	EVENT_FOUND = 4,
	/* From here on a connection that had events is shed: see struct gate. */
	EVENT_SHED = 5,
	/* Data within TLS, as a process gave it to its library or got it: see struct within. `conn_id` is 0 while the connection isn't known. */
	EVENT_PLAIN = 6,
	/* The connection of an object whose data had none. */
	EVENT_LINK = 7,
	/* A connection of HTTP/2 that was shed has events again; `size` says how many exchanges were counted meanwhile. */
	EVENT_BACK = 8,
};

/* Flags of an event: its connection's close has been told already. */
#define EVENT_AFTER_CLOSE 1
/* The bytes just before this event, in both directions, were only counted: see struct gate. */
#define EVENT_AFTER_SHED 2
/* This was sent while bytes that had come were not read yet. */
#define EVENT_UNREAD 4
/* Since the connection's last event its thread has not slept: nothing else can have woken it in between. */
#define EVENT_AWAKE 8
/* With EVENT_AFTER_SHED: the exchange had begun before, and was counted. */
#define EVENT_WITHIN 16

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
	/*
	 * TCP sequence numbers of the first bytes that this end sends and receives. The other end has the same two
	 * exchanged, even if addresses are translated in between.
	 */
	__u32 first_sent;
	__u32 first_received;
};

/* Data within TLS has this in the place of the ends: which object of a TLS library the data belongs to. `offset` counts its data, in each direction from 0 on. */
struct within {
	__u64 token;
	/* CLOCK_MONOTONIC: since then all calls of that library are seen. */
	__u64 since_ns;
};

#define COMM_SIZE 16

struct totals {
	__u64 bytes_sent;
	__u64 bytes_received;
	/* Records lost because the ring was full, or beyond STEPS_PER_CALL. */
	__u64 lost_events;
	/* Exchanges that began while the connection was shed, see struct gate. */
	__u64 shed_exchanges;
};

/* The process that a socket belongs to: the one that connected, accepted, or made the first call. */
struct owner {
	/* As field 22 of /proc/PID/stat. */
	__u64 start_ticks;
	/* 0: not known. */
	__u32 pid;
	__u32 reserved;
	/* As /proc/PID/comm: a process may be gone before that can be read. */
	__u8 comm[COMM_SIZE];
};

/* All events except data have a struct totals in the place of the payload. */
struct socket_event {
	__u64 conn_id;
	/* CLOCK_MONOTONIC. */
	__u64 time_ns;
	/* The caller's, as in struct owner, or the owner's when there is no call. */
	__u64 start_ticks;
	__u32 pid;
	/* TCP sequence number of the first byte; 0 for a datagram. */
	__u32 offset;
	/* Bytes moved from offset on; the first `captured` of them follow as payload. */
	__u32 size;
	__u32 captured;
	__u8 kind;
	__u8 direction;
	__u8 role;
	__u8 flags;
	/* Inode of the network namespace. */
	__u32 netns;
	struct endpoints ends;
	__u8 comm[COMM_SIZE];
	__u8 payload[];
};

/*
 * The one entry of `gates`, and with it `sheds`: they tell what is too much for user space. `sheds` has for each server's port
 * how many of GATE_WHOLE connections are shed: their bytes and exchanges are counted, and no event is sent.
 * Each seed draws these connections anew. All zero: nothing is shed.
 */
#define GATE_WHOLE 1024
#define GATE_PORTS 65536
struct gate {
	__u32 seed;
	/* A shed connection stays so until this number changes: it grows by EPOCH_DRAW with each seed. */
	__u32 epoch;
};
#define EPOCH_DRAW 256
/* Within an exchange a connection is shed after so many draws, and comes back after so many. */
#define DRAWS_CAPTURED 1
#define DRAWS_SHED 4
/* What is said in datagrams is shed all at once, at both ends alike, for this part of the time, as if it were at this port. */
#define GATE_DATAGRAMS 0
#define SLICE_SHIFT 25
#define FIRST_QUESTIONS 16

/* The gate's state of a connection. */
struct shedding {
	/* When the gate last decided about it. */
	__u32 epoch;
	union {
		/* The direction of the last call, plus one. */
		__u8 direction;
		/* Of a socket of datagrams: how many questions, up to FIRST_QUESTIONS. */
		__u8 asked;
	};
	__u8 is_shed;
	/* It was shed, and its next event must tell these flags. */
	__u8 was_shed;
	/* Data was sent since it was last shed. */
	__u8 is_seen;
	/* Exchanges that were counted since then. */
	__u32 counted;
};

#define FRAME_HEAD 9
/* What the kernel knows of the frames that a client of HTTP/2 sends while the connection is shed (RFC 9113, section 4.1). */
struct frames {
	/* Sequence number behind the bytes that were read, and bytes of the frame that are still to come. */
	__u32 next;
	__u32 left;
	/* The last stream that the client began. */
	__u32 stream;
	/* Bytes of the next frame's head so far. */
	__u8 filled;
	/* It is a connection of HTTP/2. */
	__u8 is_framed;
	/* What `next` and the following say holds. */
	__u8 is_known;
	__u8 head[FRAME_HEAD];
};

/* The state of a socket: a value of `connections`, in the socket itself or by the address of the struct sock. */
struct connection {
	/* 0: it is being opened; only the owner is known. */
	__u64 id;
	/* Inode of the socket's file: another one means that the address was reused. 0: not accepted yet. */
	__u64 inode;
	/* As last read from `verdicts`; 0: none yet. */
	__u64 verdict;
	struct totals totals;
	struct owner owner;
	struct endpoints ends;
	__u32 netns;
	__u8 role;
	/* Its opening was told. */
	__u8 told;
	/* Its close was told. */
	__u8 closed;
	/* Seen from its opening on. */
	__u8 fresh;
	/* A call that moves several messages used it. */
	__u8 batched;
	/* A call was only counted. */
	__u8 counted;
	/* The next counted call begins a peek. */
	__u8 peek_begins;
	/* For datagrams: the direction of those that ask, plus one. */
	__u8 asks;
	/* The thread of the last call that had an event, and how often it has slept by then. */
	__u32 run;
	/* The direction of the last counted call, the bytes that may still be captured of it, and the time at which the peeks so far are paid off. */
	__u32 direction;
	__u32 peek_left;
	__u64 peeked_ns;
	/* The same of peeks beyond PEEK_BYTES. */
	__u64 peeked_more_ns;
	struct shedding shedding;
	struct frames frames;
};

/* What an iterator writes for each connection that is open. */
struct connection_row {
	__u64 id;
	struct totals totals;
	/* 1: it was accepted, and its process isn't known yet, as it had no call since. */
	__u64 is_silent;
};

/*
 * A verdict is one word, so that it is never half written: the connection in bits 0-35, the cap in bits 36-56, VERDICT_FRAMES (it
 * speaks HTTP/2), VERDICT_SHED (it is shed, whatever the gate says), VERDICT_COUNT (the cap is that of a peek), VERDICT_SET. It waits in `verdicts` at the id modulo
 * VERDICT_SLOTS and names the connection by the quotient, until the connection's next call takes it over. A verdict for a dead
 * connection is never taken.
 */
#define VERDICT_SLOTS 131072
#define VERDICT_TAG_MASK 0xfffffffffULL
#define VERDICT_CAP_SHIFT 36
#define VERDICT_CAP_MAX 0x1fffffULL
#define VERDICT_FRAMES (1ULL << 60)
#define VERDICT_SHED (1ULL << 61)
#define VERDICT_COUNT (1ULL << 62)
#define VERDICT_SET (1ULL << 63)

/*
 * On a counted connection whose verdict has a cap, the calls after a change of direction are captured up to that cap if they begin
 * like text, as they may have a long head; of anything else the first call up to PEEK_BINARY. That happens PEEK_BURST times in a row,
 * and then every PEEK_EVERY_NS. Beyond PEEK_BYTES a peek goes only when PEEK_EVERY_NS have passed for each PEEK_BYTES of those before.
 */
#define PEEK_EVERY_NS 500000000ULL
#define PEEK_BURST 8
#define PEEK_BYTES 16384
#define PEEK_BINARY 1024
/* This many first characters show whether a call is text. */
#define PEEK_TEXT 16

/*
 * Bytes that user space doesn't need, such as a body of known length: those of one direction before a sequence number are not
 * captured. A word of `skips`, at the id modulo SKIP_SLOTS, has in bits 0-31 the quotient and in bits 32-63
 * that number, which is at most SKIP_MAX ahead: farther ones are left over from an earlier turn of the numbers.
 */
#define SKIP_SLOTS 16384
#define SKIP_MAX 0x40000000
struct skip {
	/* One for each direction. */
	__u64 until[2];
};

/* Index into the counters of a CPU, see counters.h. */
enum counter {
	COUNTER_LOST_EVENTS = 0,
	COUNTER_LOST_BYTES = 1,
	COUNTER_UNIX_CALLS = 2,
	COUNTER_UNIX_BYTES = 3,
	COUNTER_COMPAT_CALLS = 4,
	COUNTER_UNREAD_BYTES = 5,
};

/* Bounds of one record: bytes of a datagram beyond them are in `size` only. */
#define RECORD_PAYLOAD_MAX 16384
#define GATHER_PAYLOAD_MAX 8192
/* Bytes of a call that are captured while the ring is seven eighths full, and fifteen sixteenths. */
#define FULL_RING_CAP 1024
#define FULLER_RING_CAP 128
/* Once the ring is half full, the part of its free room for one connection; and for how many connections and processes parts are kept. */
#define RING_FRACTION 128
#define RING_SHARES 32768
/* An exchange that takes less of the ring than this is shed as a whole before it is cut. */
#define SHED_AHEAD 8192
/* Bounds of one call's work: further messages and bytes are lost, and counted. */
#define STEPS_PER_CALL 2048
#define FRAME_STEPS 512
#define VECTORS_PER_STEP 32
/* Entries of a vector that are read at once: a power of two. */
#define VECTORS_AHEAD 8
/* UIO_MAXIOV: the kernel accepts no more. */
#define MESSAGES_PER_CALL 1024
#define IGNORED_MAX 8

#endif
