/* SPDX-License-Identifier: GPL-2.0 */
/* What user space and the probes of TLS libraries share. The events are in socket.h; a test compares the numbers with src/sources/tls-libraries. */
#ifndef NIXIE_TLS_H
#define NIXIE_TLS_H

/* What a probed function does. An attachment's cookie is the kind, and above TLS_TARGET_SHIFT the number of the file it is in. */
enum tls_kind {
	/* (object, buffer, size) returns the number of bytes. */
	TLS_READ = 1,
	TLS_WRITE = 2,
	/* (object, buffer, size, *moved) returns 1. */
	TLS_READ_EX = 3,
	TLS_WRITE_EX = 4,
	/* (object, buffer, size, flags, *moved) returns 1. */
	TLS_WRITE_FLAGS = 5,
	/* (object, descriptor, offset, size, flags) returns the number of bytes, which are in no buffer. */
	TLS_SENDFILE = 6,
	/* (object): moves no data of the application. */
	TLS_HANDSHAKE = 7,
	/* Of rustls: (self, message, number) returns a record, or a message. */
	TLS_RUST_ENCRYPT = 8,
	TLS_RUST_DECRYPT = 9,
	/*
	 * Of NSPR, on which NSS is a layer: (object, buffer, size) returns the number of bytes. Most descriptors are no TLS: only what belongs to
	 * a connection is told. TLS_LAYER_TAKE: the fourth argument may be TLS_LAYER_PEEK.
	 */
	TLS_LAYER_READ = 10,
	TLS_LAYER_TAKE = 11,
	TLS_LAYER_WRITE = 12,
	/* (object, pieces, their number) */
	TLS_LAYER_WRITEV = 13,
};
/* PR_MSG_PEEK. */
#define TLS_LAYER_PEEK 2
#define TLS_TARGET_SHIFT 8
/*
 * Above that, for Go: the bytes of the function's frame, if the return address is kept at its end. At what a function has deferred: how far
 * the function's entry is above the stack pointer, and where its result is.
 */
#define TLS_SLOT_SHIFT 16
#define TLS_FRAME_SHIFT 40

/* Names of processes that are left out. */
#define TLS_LEFT_OUT 8

/* Files whose probes are attached at one time. */
#define TLS_TARGETS 256

/* An entry of `tls_targets`: user space writes the first field when all probes of the file are attached. */
struct tls_target {
	/* CLOCK_MONOTONIC: all calls since then are seen. 0: none is to be reported yet. Only the first CPU's entry has it. */
	__u64 since_ns;
	/* Calls of its functions, and those that moved data, or whose ciphertext was remembered. */
	__u64 calls;
	__u64 transfers;
	/* Calls that moved data of an object whose connection was not known; near enough, as all CPUs count in the first one's entry. */
	__u64 unlinked;
};

/* Processes that have called a library, by id modulo this. */
#define TLS_CALLERS 4096

/* Nested calls of one thread: TLS within TLS. A power of two. */
#define TLS_DEPTH 4
/* Objects of libraries that are remembered; the ones unused longest are forgotten. */
#define TLS_OBJECTS 32768

/* A record's header (RFC 8446, 5.1), and its type for data. */
#define TLS_HEADER 5
#define TLS_DATA 23
/* A record of data is at least this much longer than the data: its tag. */
#define TLS_TAG 16
/* After so many calls in a row whose data was sent at once, the return of the next one needs no probe. */
#define TLS_WHOLES 16
/* The bytes after the header that identify a record. */
#define TLS_PRINT 16
/* Vectors of one call whose records are looked at. */
#define TLS_VECTORS 8
/* Prints of records that no socket has sent yet. */
#define TLS_PRINTS 8192
/* Processes that have such a print, by id modulo this; and how long it may take to be sent. */
#define TLS_PRINTERS 1024
#define TLS_PRINT_NS 5000000000ULL

/* Goroutines that are in calls of Go's library at one time; what more of them say is missing, and counted. */
#define TLS_GO_ROUTINES 65536
/* Processes that have had such calls, by id modulo this. */
#define TLS_GO_PROCESSES 1024

/* Of one call this much is captured at most, in records of up to RECORD_PAYLOAD_MAX. */
#define TLS_CAP (1 << 20)

#endif
