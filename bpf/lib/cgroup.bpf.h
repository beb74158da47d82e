/* SPDX-License-Identifier: GPL-2.0 */
/* The path of a task's cgroup, walked up through kernfs. */
#ifndef NIXIE_CGROUP_BPF_H
#define NIXIE_CGROUP_BPF_H

#include "kernel.bpf.h"

/* Linux 6.15 and later: the parent is read under RCU, hence another name (kernfs: Use RCU to access kernfs_node::parent). */
struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
} KERNEL;

struct kernfs_node___14 {
	struct kernfs_node___14 *parent;
} KERNEL;

struct cgroup {
	struct kernfs_node *kn;
	/* How far it is from the root. */
	int level;
} KERNEL;

struct list_head {
	struct list_head *next;
} KERNEL;

/* Joins a css_set with its cgroup of one hierarchy. */
struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link;
} KERNEL;

struct css_set {
	struct cgroup *dfl_cgrp;
	struct list_head cgrp_links;
} KERNEL;

struct task_struct___cgroup {
	struct css_set *cgroups;
} KERNEL;

/* Mounted hierarchies that are looked at: v1 has one for each controller at most, and those with a name only. */
#define HIERARCHIES_MAX 16

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return (void *)BPF_CORE_READ((struct kernfs_node___14 *)node, parent);
}

static __always_inline struct css_set *css_set_of(const void *task)
{
	return BPF_CORE_READ((const struct task_struct___cgroup *)task, cgroups);
}

/*
 * The cgroup of v1 that says the most: the innermost one of all hierarchies, since a machine may lack any of them, and a process can be
 * in the root of some. NULL where there is only v2.
 */
static __always_inline struct cgroup *v1_cgroup(struct css_set *set, struct cgroup *unified)
{
	void *head = (void *)set + bpf_core_field_offset(struct css_set, cgrp_links);
	struct cgroup *found = NULL;
	int innermost = 0;
	struct list_head *at = BPF_CORE_READ(set, cgrp_links.next);

	for (int i = 0; i < HIERARCHIES_MAX && at && at != head; i++) {
		struct cgrp_cset_link *link = (void *)at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
		struct cgroup *cgroup = BPF_CORE_READ(link, cgrp);
		int level = BPF_CORE_READ(cgroup, level);

		if (cgroup != unified && level > innermost) {
			innermost = level;
			found = cgroup;
		}
		at = BPF_CORE_READ(at, next);
	}
	return found;
}

#endif
