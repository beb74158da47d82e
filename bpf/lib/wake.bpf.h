/* SPDX-License-Identifier: GPL-2.0 */
/* User space looks at a ring by itself, the less often the less it finds. Only where a ring fills meanwhile it is woken up. */
#ifndef NIXIE_WAKE_BPF_H
#define NIXIE_WAKE_BPF_H

/* Bytes of a ring, a power of two: as many and each multiple of them are too many to wait. */
const volatile __u32 wake_bytes = 1 << 20;

/*
 * With which flags a record goes to the ring. Those in the first eighth behind each multiple wake: a single one might be
 * jumped over by the records of other CPUs, and to wake for all of them would cost those who are recorded.
 */
static __noinline __u64 wake_if_filling(void *ring)
{
	__u64 waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	return waiting >= wake_bytes && (waiting & (wake_bytes - 1)) < wake_bytes / 8 ? BPF_RB_FORCE_WAKEUP :
											BPF_RB_NO_WAKEUP;
}

#endif
