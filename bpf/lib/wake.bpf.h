/* SPDX-License-Identifier: GPL-2.0 */
/* User space looks at a ring by itself, less often when it finds less. It is woken only when a ring fills meanwhile. */
#ifndef NIXIE_WAKE_BPF_H
#define NIXIE_WAKE_BPF_H

/* Bytes of the object's ring, a power of two. The helper that tells them costs as much as the one that tells what waits. */
const volatile __u32 ring_bytes = 1 << 24;

/* User space is woken when so many bytes wait in the ring, and again at each multiple. */
#define WAKE_BYTES ((__u64)ring_bytes / 16)

/*
 * The flags with which a record is submitted while so many bytes wait. Records in the first eighth after each multiple wake user space:
 * records of other CPUs may jump over a single one, and waking for every record would slow down the traced processes.
 */
static __always_inline __u64 wake_flags(__u64 waiting)
{
	return waiting >= WAKE_BYTES && (waiting & (WAKE_BYTES - 1)) < WAKE_BYTES / 8 ? BPF_RB_FORCE_WAKEUP :
											BPF_RB_NO_WAKEUP;
}

static __noinline __u64 wake_if_filling(void *ring)
{
	return wake_flags(bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA));
}

#endif
