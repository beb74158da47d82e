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

struct cgroup_root {
	int hierarchy_id;
} KERNEL;

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
} KERNEL;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
} KERNEL;

/* The kernel's number of entries depends on its configuration; only existing ones are read. */
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
} KERNEL;

struct task_struct___cgroup {
	struct css_set *cgroups;
} KERNEL;

enum cgroup_subsys_id {
	cpu_cgrp_id___x = 1,
	memory_cgrp_id___x = 2,
	pids_cgrp_id___x = 3,
};

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

static __always_inline struct cgroup *controlled(struct css_set *set, __u32 id)
{
	struct cgroup_subsys_state *state = NULL;

	if (id < 16)
		bpf_core_read(&state, sizeof(state), &set->subsys[id]);
	return state ? BPF_CORE_READ(state, cgroup) : NULL;
}

/* The cgroup in a hierarchy of cgroup v1; NULL where there is only v2. */
static __always_inline struct cgroup *v1_cgroup(struct css_set *set, struct cgroup *unified)
{
	struct cgroup *found = NULL;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id___x))
		found = controlled(set, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id___x));
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id___x))
		found = controlled(set, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id___x));
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, cpu_cgrp_id___x))
		found = controlled(set, bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id___x));
	if (!found || BPF_CORE_READ(found, root) == BPF_CORE_READ(unified, root))
		return NULL;
	return found;
}

#endif
