/* SPDX-License-Identifier: GPL-2.0 */
/* User space looks at a ring by itself, less often when it finds less. It is woken only when a ring fills meanwhile. */
#ifndef NIXIE_WAKE_BPF_H
#define NIXIE_WAKE_BPF_H

/* A power of two: user space is woken when this many bytes wait in a ring, and again at each multiple. */
const volatile __u32 wake_bytes = 1 << 20;

/*
 * The flags with which a record is submitted. Records in the first eighth after each multiple wake user space: records of other CPUs
 * may jump over a single one, and waking for every record would slow down the traced processes.
 */
static __noinline __u64 wake_if_filling(void *ring)
{
	__u64 waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	return waiting >= wake_bytes && (waiting & (wake_bytes - 1)) < wake_bytes / 8 ? BPF_RB_FORCE_WAKEUP :
											BPF_RB_NO_WAKEUP;
}

#endif
