/* SPDX-License-Identifier: GPL-2.0 */
/* How the counters lie that user space reads. */
#ifndef NIXIE_COUNTERS_H
#define NIXIE_COUNTERS_H

/* Entries of the array `counters` for each CPU: a line of memory. */
enum counters_layout {
	COUNTERS_PER_CPU = 8,
};

#endif
