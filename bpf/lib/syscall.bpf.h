/* SPDX-License-Identifier: GPL-2.0 */
/* System calls as the registers show them at exit: number and arguments, per architecture. */
#ifndef NIXIE_SYSCALL_BPF_H
#define NIXIE_SYSCALL_BPF_H

#include "kernel.bpf.h"
#include "../socket.h"

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long di, si, dx, r10, r8, ax, orig_ax, cs;
} KERNEL;

#define CALL_NUMBER(regs) ((regs)->orig_ax)
#define CALL_ARG0(regs) ((regs)->di)
#define CALL_ARG1(regs) ((regs)->si)
#define CALL_ARG2(regs) ((regs)->dx)
#define CALL_ARG3(regs) ((regs)->r10)
#define CALL_ARG4(regs) ((regs)->r8)
/* __USER32_CS: the numbers of a 32-bit task mean other calls. */
#define CALL_IS_COMPAT(regs) (((regs)->cs & 0xffff) == 0x23)

/* The kernel puts -ENOSYS there while the call runs; afterwards the result is there. */
#define CALL_IS_UNDER_WAY(regs) ((long)(regs)->ax == -38)

#define NR_READ 0
#define NR_WRITE 1
#define NR_READV 19
#define NR_WRITEV 20
#define NR_SENDFILE 40
#define NR_ACCEPT 43
#define NR_SENDTO 44
#define NR_RECVFROM 45
#define NR_SENDMSG 46
#define NR_RECVMSG 47
#define NR_ACCEPT4 288
#define NR_RECVMMSG 299
#define NR_SENDMMSG 307

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	__u64 regs[31];
	__u64 pstate;
	__u64 orig_x0;
	__s32 syscallno;
} KERNEL;

#define CALL_NUMBER(regs) ((regs)->syscallno)
#define CALL_ARG0(regs) ((regs)->orig_x0)
#define CALL_ARG1(regs) ((regs)->regs[1])
#define CALL_ARG2(regs) ((regs)->regs[2])
#define CALL_ARG3(regs) ((regs)->regs[3])
#define CALL_ARG4(regs) ((regs)->regs[4])
/* PSR_MODE32_BIT. */
#define CALL_IS_COMPAT(regs) ((regs)->pstate & 0x10)

#define CALL_IS_UNDER_WAY(regs) true

#define NR_READ 63
#define NR_WRITE 64
#define NR_READV 65
#define NR_WRITEV 66
#define NR_SENDFILE 71
#define NR_ACCEPT 202
#define NR_SENDTO 206
#define NR_RECVFROM 207
#define NR_SENDMSG 211
#define NR_RECVMSG 212
#define NR_ACCEPT4 242
#define NR_RECVMMSG 243
#define NR_SENDMMSG 269

#else
#error "unknown architecture: define __TARGET_ARCH_x86 or __TARGET_ARCH_arm64"
#endif

/* Where a call's bytes lie in the process. */
enum shape {
	SHAPE_NOWHERE,
	SHAPE_BUFFER,
	SHAPE_VECTOR,
	SHAPE_MESSAGE,
	SHAPE_MESSAGES,
	/* The call moves no data: its result is the descriptor of an accepted socket. */
	SHAPE_ACCEPTED,
};

struct call {
	__u64 pointer;
	/* Bytes of a buffer, or entries of a vector. */
	__u64 count;
	/* struct sockaddr of the peer, or 0. */
	__u64 name;
	__u64 result;
	__u32 fd;
	__u32 flags;
	__u8 shape;
	__u8 direction;
	/* It is a recvmmsg with a time limit. */
	__u8 is_timed;
};

/* Fills `call`; false when the call neither moves socket data nor accepts. */
static __always_inline bool decode_call(struct call *call, struct pt_regs *regs, long result)
{
	call->name = 0;
	call->flags = 0;
	call->is_timed = 0;
	call->direction = RECEIVED;
	call->shape = SHAPE_BUFFER;
	switch (CALL_NUMBER(regs)) {
	case NR_WRITE:
		call->direction = SENT;
		__attribute__((fallthrough));
	case NR_READ:
		break;
	case NR_SENDTO:
		call->direction = SENT;
		__attribute__((fallthrough));
	case NR_RECVFROM:
		call->flags = CALL_ARG3(regs);
		call->name = CALL_ARG4(regs);
		break;
	case NR_WRITEV:
		call->direction = SENT;
		__attribute__((fallthrough));
	case NR_READV:
		call->shape = SHAPE_VECTOR;
		break;
	case NR_SENDMSG:
		call->direction = SENT;
		__attribute__((fallthrough));
	case NR_RECVMSG:
		call->shape = SHAPE_MESSAGE;
		call->flags = CALL_ARG2(regs);
		break;
	case NR_RECVMMSG:
		call->is_timed = CALL_ARG4(regs) != 0;
		call->shape = SHAPE_MESSAGES;
		call->flags = CALL_ARG3(regs);
		break;
	case NR_SENDMMSG:
		call->direction = SENT;
		call->shape = SHAPE_MESSAGES;
		call->flags = CALL_ARG3(regs);
		break;
	case NR_SENDFILE:
		call->direction = SENT;
		call->shape = SHAPE_NOWHERE;
		break;
	case NR_ACCEPT:
	case NR_ACCEPT4:
		call->shape = SHAPE_ACCEPTED;
		call->fd = result;
		return true;
	default:
		return false;
	}
	call->fd = CALL_ARG0(regs);
	call->pointer = CALL_ARG1(regs);
	call->count = CALL_ARG2(regs);
	call->result = result;
	return true;
}

#endif
