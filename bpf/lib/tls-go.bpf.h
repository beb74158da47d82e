/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes of Go's crypto/tls, from Go 1.18 on, whose functions take their arguments in registers (Go's ABIInternal).
 *
 * A goroutine may go on on another thread within a call, and its stack may be moved: its calls are kept by the goroutine, and a place on its
 * stack is its distance from the stack's beginning, which is negative. A uretprobe would write its own return address into a stack
 * that the runtime walks and moves, so each RET of a function is probed. That is dear (the kernel steps over it), so a write has
 * none: what it was given is told when its first ciphertext has been sent, which is also before anybody could answer. A read has none
 * either where what it defers can be probed instead.
 */
#ifndef NIXIE_TLS_GO_BPF_H
#define NIXIE_TLS_GO_BPF_H

#include "tls-calls.bpf.h"
#include "tls-nested.bpf.h"

#if defined(__TARGET_ARCH_x86)
struct pt_regs___go {
	unsigned long ax, bx, cx, sp, r14;
} KERNEL;
#define GO_ARG0(at) ((at)->ax)
#define GO_ARG1(at) ((at)->bx)
#define GO_ARG2(at) ((at)->cx)
#define GO_RESULT(at) ((at)->ax)
#define GO_STACK(at) ((at)->sp)
#define GO_ROUTINE(at) ((at)->r14)
#else
struct pt_regs___go {
	__u64 regs[31];
	__u64 sp;
} KERNEL;
#define GO_ARG0(at) ((at)->regs[0])
#define GO_ARG1(at) ((at)->regs[1])
#define GO_ARG2(at) ((at)->regs[2])
#define GO_RESULT(at) ((at)->regs[0])
#define GO_STACK(at) ((at)->sp)
#define GO_ROUTINE(at) ((at)->regs[28])
#define GO_LINK(at) ((at)->regs[30])
#endif

/* TLS within TLS. A power of two. */
#define GO_DEPTH 2
/* Application data, the type of a record (RFC 8446, 5.1). */
#define RECORD_DATA 23

struct go_call {
	/* `stack` is a distance, and so is `buffer` if it is on the stack. */
	struct tls_call call;
	/* Where its return address is kept while it runs, as a distance, and the address. */
	__u64 returns_at;
	__u64 returns_to;
	__u32 is_on_stack;
	/* Another object has had a call within this one: that carries what this one says. */
	__u32 is_carried;
};

struct go_calls {
	__u32 depth;
	__u32 reserved;
	struct go_call calls[GO_DEPTH];
};

struct go_key {
	__u64 routine;
	__u32 tgid;
	__u32 reserved;
};

/* Calls under way, by goroutine: each idle connection has one that waits to read. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TLS_GO_ROUTINES);
	__type(key, struct go_key);
	__type(value, struct go_calls);
} tls_go_calls SEC(".maps");

/* Whether a process has had such calls, by id modulo this: the sockets of others cost one look. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_GO_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} tls_go_processes SEC(".maps");

/* The runtime's struct g begins with the bounds of its stack. */
struct go_stack {
	__u64 low;
	__u64 high;
};

/* Where a goroutine is: its key, its stack, and the distance of the stack pointer. */
struct go_place {
	struct go_key key;
	struct go_stack stack;
	__u64 at;
};

static __always_inline bool find_place(struct go_place *place, const struct pt_regs___go *regs)
{
	__u64 sp = GO_STACK(regs);

	place->key.routine = GO_ROUTINE(regs);
	place->key.tgid = bpf_get_current_pid_tgid() >> 32;
	place->key.reserved = 0;
	if (!place->key.routine ||
	    bpf_probe_read_user(&place->stack, sizeof(place->stack), (void *)place->key.routine))
		return false;
	place->at = sp - place->stack.high;
	return place->stack.low < sp && sp < place->stack.high;
}

static __always_inline struct go_call *innermost_go(struct go_calls *calls)
{
	__u32 depth = calls->depth;

	return depth ? &calls->calls[(depth - 1) & (GO_DEPTH - 1)] : NULL;
}

/* Whether a call is still the one whose return address lies there. */
static __always_inline bool is_under_way(const struct go_call *call, const struct go_place *place)
{
	__u64 returns_to = 0;

	bpf_probe_read_user(&returns_to, sizeof(returns_to), (void *)(place->stack.high + call->returns_at));
	return returns_to == call->returns_to;
}

/*
 * Forgets calls that the goroutine has left without a sign: those below, and those whose place on the stack is now another's. A write
 * among them has failed, or was not seen to send: its object's data begins anew.
 */
static __always_inline struct go_call *settle(struct go_calls *calls, const struct go_place *place)
{
	for (int i = 0; i < GO_DEPTH; i++) {
		struct go_call *call = innermost_go(calls);

		if (!call || call->call.stack == place->at ||
		    (call->call.stack > place->at && is_under_way(call, place)))
			return call;
		if (call->call.kind == TLS_WRITE) {
			struct tls_key key = key_of(call->call.object);

			bpf_map_delete_elem(&tls_links, &key);
		}
		calls->depth--;
	}
	return NULL;
}

static __always_inline void drop_if_none(const struct go_calls *calls, const struct go_key *key)
{
	if (!calls->depth)
		bpf_map_delete_elem(&tls_go_calls, key);
}

/* The goroutine's entry, a new one if need be; NULL when there is no room. */
static __always_inline struct go_calls *calls_of(const struct go_key *key)
{
	struct go_calls *calls = bpf_map_lookup_elem(&tls_go_calls, key), none = {};
	__u32 slot = key->tgid & (TLS_GO_PROCESSES - 1), yes = 1;

	if (calls)
		return calls;
	bpf_map_update_elem(&tls_go_processes, &slot, &yes, BPF_ANY);
	bpf_map_update_elem(&tls_go_calls, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tls_go_calls, key);
}

/* Above the file's number, the cookie has the bytes of the function's frame, where the return address is kept below it. */
static __always_inline void begin_go(struct go_call *call, const struct go_place *place, struct pt_regs___go *ctx,
				     __u64 cookie)
{
	__u64 buffer = GO_ARG1(ctx);

	__builtin_memset(call, 0, sizeof(*call));
	call->is_on_stack = buffer >= place->stack.low && buffer < place->stack.high;
	call->call.object = GO_ARG0(ctx);
	call->call.buffer = call->is_on_stack ? buffer - place->stack.high : buffer;
	call->call.size = GO_ARG2(ctx);
	call->call.stack = place->at;
	call->call.kind = cookie;
	call->call.target = (cookie >> TLS_TARGET_SHIFT) & (TLS_TARGETS - 1);
	call->returns_at = place->at - (cookie >> TLS_FRAME_SHIFT);
#ifdef GO_LINK
	call->returns_to = GO_LINK(ctx);
#else
	bpf_probe_read_user(&call->returns_to, sizeof(call->returns_to), (void *)GO_STACK(ctx));
#endif
}

SEC("uprobe.multi")
int tls_go_enter(struct pt_regs___go *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 at = (cookie >> TLS_TARGET_SHIFT) & (TLS_TARGETS - 1);
	struct tls_target *target = target_here(at);
	struct tls_key object = key_of(GO_ARG0(ctx));
	struct go_place place;
	struct go_calls *calls;
	struct go_call *call;

	if (!target || !find_place(&place, ctx))
		return 0;
	target->calls++;
	/* The object's memory may have been another one's. */
	if ((__u8)cookie == TLS_HANDSHAKE)
		bpf_map_delete_elem(&tls_links, &object);
	calls = calls_of(&place.key);
	if (!calls) {
		/* What this call moves is missing: the object's data begins anew. */
		bpf_map_delete_elem(&tls_links, &object);
		count(COUNTER_LOST_EVENTS, 1);
		return 0;
	}
	call = settle(calls, &place);
	if (call && call->call.stack > place.at) {
		if (call->call.object == object.object) {
			/* One function calls another one about the same object: the outer one tells. */
			call->call.within++;
			return 0;
		}
		call->is_carried = 1;
		/* Deeper calls are not told. */
		if (calls->depth >= GO_DEPTH)
			return 0;
	}
	/* The entry is passed a second time after the stack was made larger. */
	if (!call || call->call.stack != place.at)
		calls->depth++;
	call = innermost_go(calls);
	if (call)
		begin_go(call, &place, ctx, cookie);
	return 0;
}

/* Tells what a call has moved over a connection, or over the one that the object is known to have (0). */
static __always_inline void tell_go(const struct go_call *call, const struct go_place *place, __u64 conn_id,
				    __u64 moved, __u8 direction)
{
	struct tls_key key = key_of(call->call.object);
	struct tls_link *link = link_of(&key);
	struct tls_call told = call->call;

	if (!link)
		return;
	if (conn_id && link->conn_id != conn_id) {
		bool waits = !link->conn_id && (link->received || link->sent);

		put_link(link, conn_id);
		if (waits)
			tell_link(link);
	}
	if (call->is_on_stack)
		told.buffer += place->stack.high;
	if (moved)
		tell_plain(link, &told, moved, direction);
}

static __always_inline bool is_count(__u64 moved, __u64 size)
{
	return moved <= size && moved < 1U << 31;
}

/* At each RET. */
SEC("uprobe.multi")
int tls_go_leave(struct pt_regs___go *ctx)
{
	struct go_place place;
	struct go_calls *calls;
	struct go_call *call;
	__u64 moved = 0;

	if (!find_place(&place, ctx))
		return 0;
	calls = bpf_map_lookup_elem(&tls_go_calls, &place.key);
	if (!calls)
		return 0;
	call = settle(calls, &place);
	if (call && call->call.stack > place.at) {
		if (call->call.within)
			call->call.within--;
	} else if (call) {
		if (call->call.kind == TLS_READ && is_count(GO_RESULT(ctx), call->call.size))
			moved = GO_RESULT(ctx);
		if (moved || call->call.conn_id)
			tell_go(call, &place, call->call.conn_id, moved, RECEIVED);
		calls->depth--;
	}
	drop_if_none(calls, &place.key);
	return 0;
}

/* At the entry of what a read has deferred, with which it returns: its result is where it will load it from. */
SEC("uprobe.multi")
int tls_go_done(struct pt_regs___go *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), moved = 0;
	struct go_place place;
	struct go_calls *calls;
	struct go_call *call;

	if (!find_place(&place, ctx))
		return 0;
	calls = bpf_map_lookup_elem(&tls_go_calls, &place.key);
	call = calls ? settle(calls, &place) : NULL;
	if (!call || call->call.stack != place.at + (cookie >> TLS_FRAME_SHIFT) || call->call.kind != TLS_READ)
		return 0;
	cookie = GO_STACK(ctx) + ((cookie >> TLS_SLOT_SHIFT) & 0xffffff);
	if (bpf_probe_read_user(&moved, sizeof(moved), (void *)cookie) || !is_count(moved, call->call.size))
		moved = 0;
	if (moved || call->call.conn_id)
		tell_go(call, &place, call->call.conn_id, moved, RECEIVED);
	calls->depth--;
	drop_if_none(calls, &place.key);
	return 0;
}

static __always_inline void on_go_moved(struct sock *sk, int result, int flags, __u8 direction)
{
	struct pt_regs___go *regs = (struct pt_regs___go *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u32 slot = (bpf_get_current_pid_tgid() >> 32) & (TLS_GO_PROCESSES - 1);
	__u32 *is_go = bpf_map_lookup_elem(&tls_go_processes, &slot);
	struct connection *conn;
	struct go_place place;
	struct go_calls *calls;
	struct go_call *call;
	__u8 bytes[TLS_HEADER];

	if (!is_go || !*is_go || result < TLS_HEADER || (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)) ||
	    FIELD(sk, sk_protocol) != IPPROTO_TCP)
		return;
	if (!find_place(&place, regs))
		return;
	calls = bpf_map_lookup_elem(&tls_go_calls, &place.key);
	call = calls ? settle(calls, &place) : NULL;
	if (!call || call->call.stack <= place.at || call->call.conn_id || call->is_carried)
		return;
	conn = known(sk);
	if (!conn || !conn->id || !first_bytes(sk, result, direction, bytes, sizeof(bytes)) || !is_record(bytes))
		return;
	if (call->call.kind != TLS_WRITE) {
		call->call.conn_id = conn->id;
	} else if (direction == SENT && bytes[0] == RECORD_DATA) {
		if (is_count(call->call.size, call->call.size))
			tell_go(call, &place, conn->id, call->call.size, SENT);
		calls->depth--;
		drop_if_none(calls, &place.key);
	}
}

AT_SEND(tls_go_sent, on_go_moved)
AT_RECEIVE(tls_go_received, on_go_moved)

struct bpf_map;

static long drop_of(struct bpf_map *map, const struct go_key *key, struct go_calls *calls, __u32 *tgid)
{
	if (key->tgid == *tgid)
		bpf_map_delete_elem(map, key);
	return 0;
}

/* A process has ended: its goroutines leave no calls behind. */
#ifdef CLASSIC_HOOKS
SEC("tp/sched/sched_process_exit")
#else
SEC("tp_btf/sched_process_exit")
#endif
int tls_go_gone(void *ctx)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u32 tgid = task >> 32, slot = tgid & (TLS_GO_PROCESSES - 1);
	__u32 *is_go = bpf_map_lookup_elem(&tls_go_processes, &slot);

	if ((__u32)task == tgid && is_go && *is_go)
		bpf_for_each_map_elem(&tls_go_calls, drop_of, &tgid, 0);
	return 0;
}

#endif
