/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds which message of a sendmmsg or recvmmsg a tracepoint is about: it fires once for each, and doesn't tell. A task makes one
 * such call at a time, which ends with its last message, with an error (which fires too), or with a send that was cut short.
 */
#ifndef NIXIE_BATCH_BPF_H
#define NIXIE_BATCH_BPF_H

#include "syscall.bpf.h"

/* The number isn't known: the message's bytes are then told as a length only. */
#define BATCH_UNKNOWN 0xffff

struct batch {
	__u64 vector;
	__u32 count;
	/* The number of the next message, and the bytes that the last one moved. */
	__u32 next;
	__u32 last;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct batch);
} batches SEC(".maps");

struct pieces {
	__u64 vector;
	__u64 bytes;
	bool is_unread;
};

static long add_piece(__u32 at, struct pieces *pieces)
{
	struct iovec piece;

	if (bpf_probe_read_user(&piece, sizeof(piece), (const struct iovec *)pieces->vector + at)) {
		pieces->is_unread = true;
		return 1;
	}
	pieces->bytes += piece.length;
	return 0;
}

/* Whether a message had more bytes than the call moved. Not static: so the verifier checks it once. */
__noinline int is_cut_short(__u64 message, int result)
{
	struct user_msghdr header;
	struct pieces pieces = {};

	if (bpf_probe_read_user(&header, sizeof(header), (void *)message))
		return true;
	pieces.vector = header.iov;
	bpf_loop(header.iov_count < MESSAGES_PER_CALL ? header.iov_count : MESSAGES_PER_CALL, add_piece, &pieces, 0);
	return pieces.is_unread || pieces.bytes != result;
}

/*
 * Moves on in the task's call; `result` is the result of one message. `is_followed`: no message of the call was missed. Returns the
 * message's number, or BATCH_UNKNOWN. Not static, as above.
 */
__noinline int step_batch(__u64 vector, __u32 count, int result, bool is_stream_sent, bool is_followed)
{
	__u64 task = bpf_get_current_task();
	struct batch *known = bpf_map_lookup_elem(&batches, &task);
	struct batch batch = { .vector = vector, .count = count, .last = result };
	const struct mmsghdr *messages = (const struct mmsghdr *)vector;
	__u32 at = 0, length = 0;

	if (known && known->vector == vector && known->count == count)
		at = known->next;
	/* The kernel has stored the length of the last message. */
	if (at && (bpf_probe_read_user(&length, sizeof(length), &messages[at - 1].length) || length != known->last))
		at = BATCH_UNKNOWN;
	if (at >= count || !is_followed)
		at = BATCH_UNKNOWN;
	batch.next = at == BATCH_UNKNOWN ? at : at + 1;
	if (result < 0 || batch.next == count)
		batch.next = 0;
	else if (is_stream_sent && at != BATCH_UNKNOWN && is_cut_short((__u64)&messages[at], result))
		batch.next = 0;
	bpf_map_update_elem(&batches, &task, &batch, BPF_ANY);
	return at;
}

#endif
