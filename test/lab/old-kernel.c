/*
 * A library to preload into a program (LD_PRELOAD): system calls behave as those of a kernel that lacks what the
 * environment variable KERNEL_WITHOUT names, words between commas. Each is refused with the errno that such a kernel
 * gives; everything else goes on to the kernel. Programs that make system calls without the C library are not affected.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Younger than the headers of some distributions. */
#define FANOUT_IGNORE_OUTGOING 0x4000
#define POPULATE_WRITE 23
#define SEGMENT 103
/* A protocol that no module of sock_diag is for. */
#define NO_PROTOCOL 250

static int lacks(const char *name) {
  const char *at = getenv("KERNEL_WITHOUT");
  size_t length = strlen(name);
  while (at != NULL && *at != '\0') {
    size_t word = strcspn(at, ",");
    if (word == length && strncmp(at, name, length) == 0) return 1;
    at += word + (at[word] == ',');
  }
  return 0;
}

static int refused(int with) {
  errno = with;
  return -1;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t octets) {
  static int (*next)(int, int, int, const void *, socklen_t);
  if (next == NULL) next = dlsym(RTLD_NEXT, "setsockopt");
  if (level == IPPROTO_UDP && option == SEGMENT && lacks("UDP_SEGMENT")) return refused(ENOPROTOOPT);
  if (level == SOL_PACKET) {
    if (option == PACKET_IGNORE_OUTGOING && lacks("PACKET_IGNORE_OUTGOING")) return refused(ENOPROTOOPT);
    if (option == PACKET_QDISC_BYPASS && lacks("PACKET_QDISC_BYPASS")) return refused(ENOPROTOOPT);
    if (option == PACKET_FANOUT && (*(const unsigned *)value >> 16 & FANOUT_IGNORE_OUTGOING) != 0 &&
        lacks("PACKET_FANOUT_FLAG_IGNORE_OUTGOING"))
      return refused(EINVAL);
  }
  return next(fd, level, option, value, octets);
}

int madvise(void *at, size_t octets, int advice) {
  static int (*next)(void *, size_t, int);
  if (next == NULL) next = dlsym(RTLD_NEXT, "madvise");
  if (advice == POPULATE_WRITE && lacks("MADV_POPULATE_WRITE")) return refused(EINVAL);
  if (advice == MADV_HUGEPAGE && lacks("MADV_HUGEPAGE")) return refused(EINVAL);
  return next(at, octets, advice);
}

/* Asked for another protocol, the kernel answers as it does without the module for this one. */
ssize_t send(int fd, const void *message, size_t octets, int flags) {
  static ssize_t (*next)(int, const void *, size_t, int);
  if (next == NULL) next = dlsym(RTLD_NEXT, "send");
  const struct nlmsghdr *header = message;
  char changed[NLMSG_LENGTH(sizeof(struct inet_diag_req_v2))];
  if (octets == sizeof(changed) && header->nlmsg_len == octets && header->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
      lacks("SOCK_DIAG_BY_FAMILY")) {
    memcpy(changed, message, octets);
    ((struct inet_diag_req_v2 *)NLMSG_DATA((struct nlmsghdr *)changed))->sdiag_protocol = NO_PROTOCOL;
    message = changed;
  }
  return next(fd, message, octets, flags);
}

long syscall(long number, ...) {
  static long (*next)(long, ...);
  if (next == NULL) next = dlsym(RTLD_NEXT, "syscall");
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
  long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
  va_end(list);
  /* A kernel before 5.12 has maps, and its verifier does not know the instruction. */
  if (number == SYS_bpf && a == BPF_PROG_LOAD && lacks("BPF_FETCH")) return refused(EINVAL);
  return next(number, a, b, c, d, e, f);
}
