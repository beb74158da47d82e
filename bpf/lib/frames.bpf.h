/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts the exchanges of HTTP/2 connections that are shed: many streams share one connection, so turns tell nothing. A client begins a
 * stream with a frame HEADERS whose number is above all earlier ones (RFC 9113, sections 4.1 and 5.1.1).
 */
#ifndef NIXIE_FRAMES_BPF_H
#define NIXIE_FRAMES_BPF_H

#include "data.bpf.h"

#define FRAME_HEADERS 1
/* What is larger, or has a higher type, is no frame. */
#define FRAME_MAX (1U << 20)
#define FRAME_TYPE_MAX 0x10

/* The head of a frame is complete; false if it is none. */
static __always_inline bool take_head(struct transfer *t)
{
	const __u8 *head = t->frames.head;
	__u32 length = head[0] << 16 | head[1] << 8 | head[2];
	__u32 stream = (__u32)head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8];

	t->frames.filled = 0;
	t->frames.left = length;
	if (length > FRAME_MAX || head[3] > FRAME_TYPE_MAX || head[5] & 0x80)
		return false;
	if (head[3] == FRAME_HEADERS && (stream & 1) && stream > t->frames.stream) {
		t->frames.stream = stream;
		t->begun++;
	}
	return true;
}

/* One step: over a part of a frame, or a part of a head. 0 while there is more to do. Not static: see emit_step. */
__noinline int frame_step(__u32 direction)
{
	struct transfer *t = transfer_of(direction);
	__u32 filled;
	__u64 part;

	if (!t || !t->left)
		return 1;
	if (!t->piece && !next_piece(t)) {
		t->frames.is_known = 0;
		return 1;
	}
	part = t->piece < t->left ? t->piece : t->left;
	if (t->frames.left) {
		if (part > t->frames.left)
			part = t->frames.left;
		t->frames.left -= part;
	} else {
		filled = t->frames.filled;
		if (filled >= FRAME_HEAD)
			return 1;
		if (part > FRAME_HEAD - filled)
			part = FRAME_HEAD - filled;
		/* Otherwise the compiler leaves out the next check, which older verifiers need (Linux 6.1 refused it). */
		barrier_var(part);
		if (part > FRAME_HEAD || bpf_probe_read_user(t->frames.head + filled, part, (void *)t->base)) {
			t->frames.is_known = 0;
			return 1;
		}
		t->frames.filled = filled + part;
		if (t->frames.filled == FRAME_HEAD && !take_head(t)) {
			t->frames.is_known = 0;
			return 1;
		}
	}
	advance(t, part);
	t->left -= part;
	return 0;
}

DEFINE_STEPS(frame_steps, frame_step, FRAME_STEPS)

/*
 * Counts the streams that begin in a shed call of the client. `before`: bytes of this direction before it. `t` is the caller's. A
 * connection may be shed from its first byte to its last, so this looks for the preface, too.
 */
static __noinline int count_frames(struct connection *conn, struct transfer *t, struct sock *sk, const struct call *call,
				   __u64 before)
{
	__u32 offset;

	t->left = call->result;
	t->messages = 0;
	t->skip = 0;
	t->cap = 0;
	t->ends = conn->ends;
	t->begun = 0;
	offset = sequence_after(sk, call->direction) - (__u32)t->left;
	if (call->shape == SHAPE_MESSAGES || call->shape == SHAPE_NOWHERE || !find_bytes(t, call)) {
		conn->frames.is_known = 0;
		return 0;
	}
	t->frames = conn->frames;
	if (!conn->frames.is_known || conn->frames.next != offset) {
		t->frames.left = t->frames.filled = 0;
		t->frames.is_known = 1;
	}
	if (!before && is_preface(t)) {
		t->frames.left = PREFACE_SIZE;
		/* It was counted as a turn. */
		if (!is_framed(conn))
			count_shed(conn, -1);
		t->frames.is_framed = 1;
	}
	if (!t->frames.is_framed && !is_framed(conn))
		return 0;
	t->frames.next = offset + (__u32)t->left;
	frame_steps(call->direction);
	if (t->left)
		t->frames.is_known = 0;
	conn->frames = t->frames;
	if (t->begun)
		count_shed(conn, t->begun);
	return 0;
}

/* Whether a call that is not captured is to be looked at. `before`: as above. */
static __always_inline bool counts_frames(const struct connection *conn, __u8 direction, __u64 before)
{
	__u8 from_client = conn->role == ROLE_CLIENT ? SENT : RECEIVED;

	if (!is_gated || !conn->shedding.is_shed || (conn->verdict & VERDICT_COUNT) || direction != from_client)
		return false;
	return conn->ends.protocol == IPPROTO_TCP && (is_framed(conn) || (!conn->verdict && !before));
}

#endif
