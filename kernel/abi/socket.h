/* SPDX-License-Identifier: MIT
 * abi/socket.h - sockets: socket(2), socket(7), unix(7), cmsg(3); x86 numbers. */
#pragma once
#include <abi/types.h>

enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_MAX = 46 };
enum {
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	SOCK_RAW = 3,
	SOCK_RDM = 4,
	SOCK_SEQPACKET = 5,
	SOCK_TYPES = 11,
	SOCK_TYPE_MASK = 0xf,
};
#define SOCK_CLOEXEC  02000000u
#define SOCK_NONBLOCK 04000u

enum { SHUT_RD, SHUT_WR, SHUT_RDWR };
enum { SOMAXCONN = 4096, UIO_MAX_MMSG = 1024, OPTMEM_MAX = 20480, SCM_MAX_FD = 253 };

enum { SOCKADDR_MAX = 128, UNIX_PATH_MAX = 108, SUN_PATH_OFFSET = 2 };
struct sockaddr_any {
	u16 family;
	u8 data[SOCKADDR_MAX - 2];
};
struct sockaddr_un_k {
	u16 sun_family;
	char sun_path[UNIX_PATH_MAX];
};

enum msg_flag {
	MSG_OOB = 1,
	MSG_PEEK = 2,
	MSG_DONTROUTE = 4,
	MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20,
	MSG_DONTWAIT = 0x40,
	MSG_EOR = 0x80,
	MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000,
	MSG_NOSIGNAL = 0x4000,
	MSG_MORE = 0x8000,
	MSG_WAITFORONE = 0x10000,
	MSG_CMSG_CLOEXEC = 0x40000000,
};
#define MSG_CMSG_COMPAT 0x80000000u

struct msghdr_k {
	unsigned long msg_name;
	s32 msg_namelen, pad1;
	unsigned long msg_iov, msg_iovlen, msg_control, msg_controllen;
	u32 msg_flags, pad2;
};
struct msghdr32 {
	u32 msg_name;
	s32 msg_namelen;
	u32 msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags;
};
struct mmsghdr_k {
	struct msghdr_k hdr;
	u32 msg_len, pad;
};
struct cmsghdr_k { /* the data follow */
	u64 cmsg_len;
	s32 cmsg_level, cmsg_type;
};
struct cmsghdr32 {
	u32 cmsg_len;
	s32 cmsg_level, cmsg_type;
};
enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };
struct ucred_k {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};
struct linger_k {
	s32 l_onoff, l_linger;
};

enum { SOL_SOCKET = 1 };
enum sockopt {
	SO_DEBUG = 1,
	SO_REUSEADDR = 2,
	SO_TYPE = 3,
	SO_ERROR = 4,
	SO_DONTROUTE = 5,
	SO_BROADCAST = 6,
	SO_SNDBUF = 7,
	SO_RCVBUF = 8,
	SO_KEEPALIVE = 9,
	SO_OOBINLINE = 10,
	SO_PRIORITY = 12,
	SO_LINGER = 13,
	SO_REUSEPORT = 15,
	SO_PASSCRED = 16,
	SO_PEERCRED = 17,
	SO_RCVLOWAT = 18,
	SO_SNDLOWAT = 19,
	SO_RCVTIMEO_OLD = 20,
	SO_SNDTIMEO_OLD = 21,
	SO_ACCEPTCONN = 30,
	SO_SNDBUFFORCE = 32,
	SO_RCVBUFFORCE = 33,
	SO_PROTOCOL = 38,
	SO_DOMAIN = 39,
	SO_PEEK_OFF = 42,
	SO_PEERGROUPS = 59,
	SO_RCVTIMEO_NEW = 66,
	SO_TIMESTAMP_OLD = 29, /* SCM_ messages have the same numbers */
	SO_TIMESTAMPNS_OLD = 35,
	SO_TIMESTAMP_NEW = 63,
	SO_TIMESTAMPNS_NEW = 64,
	SO_SNDTIMEO_NEW = 67,
};

#define SIOCINQ  0x541b /* = FIONREAD */
#define SIOCOUTQ 0x5411 /* = TIOCOUTQ */
