/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's types, with only the fields in use: CO-RE finds their real offsets. */
#ifndef NIXIE_KERNEL_BPF_H
#define NIXIE_KERNEL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define S_IFMT 0170000
#define S_IFSOCK 0140000
/* USER_HZ is 100 on all our architectures. */
#define NS_PER_TICK 10000000
#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000
/* enum sock_flags: the peer's FIN has come. */
#define SOCK_DONE 1

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
};

#define KERNEL __attribute__((preserve_access_index))

/*
 * Reads a field of one of the kernel's objects. Where the verifier knows the object's type (an argument of a typed tracepoint, an object
 * that it points to, or a cast one) this is a plain load; elsewhere it takes a helper call.
 */
#ifdef AT_SYSCALL_EXIT
#define FIELD(object, field) BPF_CORE_READ(object, field)
#else
#define FIELD(object, field) ((object)->field)

/* Linux 6.2: every kernel that has the tracepoints of sockets. */
void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

/* The object at an address, for code that knows only the address. */
#define CAST(address, type) ((type *)bpf_rdonly_cast(address, bpf_core_type_id_kernel(type)))
#endif

struct sock;

struct in6_addr {
	__u8 bytes[16];
};

struct ns_common {
	unsigned int inum;
} KERNEL;

struct net {
	struct ns_common ns;
} KERNEL;

typedef struct {
	struct net *net;
} KERNEL possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned long skc_flags;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} KERNEL;

struct file;

struct socket {
	struct file *file;
	struct sock *sk;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	struct socket *sk_socket;
} KERNEL;

struct tcp_sock {
	__u32 copied_seq;
	__u32 rcv_nxt;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
} KERNEL;

struct hlist_node {
	struct hlist_node *next;
} KERNEL;

struct hlist_head {
	struct hlist_node *first;
} KERNEL;

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
} KERNEL;

struct file {
	void *private_data;
	struct inode *f_inode;
} KERNEL;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} KERNEL;

struct files_struct {
	struct fdtable *fdt;
} KERNEL;

#ifndef AT_SYSCALL_EXIT

/* The file of a socket; NULL for one of the kernel's own. */
static __always_inline struct file *file_of_socket(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;

	return socket ? socket->file : NULL;
}

/* The inode of that file; 0 when there is none. */
static __always_inline __u64 inode_of(struct sock *sk)
{
	struct file *file = file_of_socket(sk);

	return file ? file->f_inode->i_ino : 0;
}

#endif

#define PF_IO_WORKER 0x00000010
#define PF_USER_WORKER 0x00004000
#define PF_KTHREAD 0x00200000

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	struct files_struct *files;
	struct task_struct *group_leader;
	__u64 start_boottime;
	unsigned long nvcsw;
	char comm[16];
} KERNEL;

struct bpf_iter__task_file {
	struct task_struct *task;
	struct file *file;
} KERNEL;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL;

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct sock *sk;
} KERNEL;

/* Types that a process passes to the kernel: they are not relocated. */
struct iovec {
	__u64 base;
	__u64 length;
};

struct user_msghdr {
	__u64 name;
	__u32 name_length;
	__u32 pad;
	__u64 iov;
	__u64 iov_count;
	__u64 control;
	__u64 control_length;
	__u32 flags;
	__u32 pad2;
};

struct mmsghdr {
	struct user_msghdr header;
	__u32 length;
	__u32 pad;
};

struct sockaddr_any {
	__u16 family;
	__be16 port;
	union {
		__u8 v4[4];
		struct {
			__u32 flow;
			__u8 v6[16];
		};
	};
};

#endif
