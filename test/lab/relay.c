/*
 * A long and bad wire between two network namespaces, for tests that must know the truth: a relay between two TAP
 * devices that holds every frame for a fixed time and drops some, each drop counted. It is an ordinary process, so it
 * needs no queueing discipline of the kernel.
 *
 *     relay NETNS_A NETNS_B [-d MICROSECONDS] [-n ONE_IN] [-s SEED] [-p PORT] [-b FROM_MS,TO_MS] [-r KBITS] [-u PORT]
 *
 *     -d  holds each frame so long, in either direction
 *     -n  drops one in so many TCP segments with payload from A to B, at random; -p: of this port alone
 *     -b  drops everything of -p's port between these times, from the first frame of that port on
 *     -r  carries at most so many kbit/s, and lets what is more wait
 *     -u  drops every frame to this TCP port: nobody ever answers there
 *
 * Makes the device "wire" in both namespaces (which the caller gives addresses), says "ready", and on SIGTERM writes
 * what it did as one JSON object. "holdMin" and "holdMean" are what frames really waited, in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 32768
#define FRAME_MAX 2048

struct slot { uint64_t in, due; uint32_t length; uint8_t frame[FRAME_MAX]; };
struct way {
  int from, to;
  struct slot *slots;
  uint32_t head, tail;
  uint64_t free_at;
  uint64_t frames, data, dropped, overflow, blackout, unanswered, failed, held, hold_min, hold_sum;
};

static volatile sig_atomic_t stopping;
static uint64_t delay_ns, rate_kbits, random_state, black_from, black_to, black_start;
static uint32_t one_in, port, dead_port;

static void stop(int number) { (void)number; stopping = 1; }

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* xorshift64*: the same drops for the same seed and frames */
static uint32_t draw(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (uint32_t)((random_state * 2685821657736338717u) >> 32);
}

static int open_wire(const char *netns) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", netns);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) { perror(path); exit(1); }
  close(space);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strcpy(request.ifr_name, "wire");
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) { perror("/dev/net/tun"); exit(1); }
  return tap;
}

/* Whether the frame is lost on the way, counted. */
static int is_lost(struct way *w, int forward, const uint8_t *f, uint32_t length, uint64_t time) {
  if (length < 54 || f[12] != 8 || f[13] != 0 || f[23] != 6) return 0;
  uint32_t header = (f[14] & 15) * 4u, at = 14 + header;
  if (length < at + 20) return 0;
  uint32_t source = f[at] << 8 | f[at + 1], target = f[at + 2] << 8 | f[at + 3];
  uint32_t octets = f[16] << 8 | f[17], payload = octets - header - (f[at + 12] >> 4) * 4u;
  if (forward && target == dead_port) { w->unanswered++; return 1; }
  int is_port = port == 0 || source == port || target == port;
  if (!is_port) return 0;
  if (black_to != 0) {
    if (black_start == 0) black_start = time;
    uint64_t since = time - black_start;
    if (since >= black_from && since < black_to) { w->blackout++; return 1; }
  }
  if (!forward || payload == 0 || payload > 65535) return 0;
  w->data++;
  if (one_in == 0 || draw() % one_in != 0) return 0;
  w->dropped++;
  return 1;
}

static int take(struct way *w, int forward) {
  int taken = 0;
  while (taken < 64) {
    struct slot *s = &w->slots[w->tail % SLOTS];
    if (w->tail - w->head == SLOTS) {
      uint8_t waste[FRAME_MAX];
      if (read(w->from, waste, sizeof waste) <= 0) break;
      w->overflow++;
      continue;
    }
    ssize_t n = read(w->from, s->frame, FRAME_MAX);
    if (n <= 0) break;
    taken++;
    w->frames++;
    s->in = now();
    if (is_lost(w, forward, s->frame, (uint32_t)n, s->in)) continue;
    uint64_t start = w->free_at > s->in ? w->free_at : s->in;
    if (rate_kbits != 0) w->free_at = start + (uint64_t)n * 8000000u / rate_kbits;
    s->due = (rate_kbits != 0 ? w->free_at : s->in) + delay_ns;
    s->length = (uint32_t)n;
    w->tail++;
  }
  return taken;
}

static void give(struct way *w) {
  while (w->head != w->tail) {
    struct slot *s = &w->slots[w->head % SLOTS];
    uint64_t time = now();
    if (s->due > time) return;
    if (write(w->to, s->frame, s->length) < 0) w->failed++;
    uint64_t hold = time - s->in;
    if (w->held++ == 0 || hold < w->hold_min) w->hold_min = hold;
    w->hold_sum += hold;
    w->head++;
  }
}

static void report(const char *name, struct way *w, const char *end) {
  printf("\"%s\":{\"frames\":%lu,\"data\":%lu,\"dropped\":%lu,\"blackout\":%lu,\"unanswered\":%lu,\"overflow\":%lu,"
         "\"failed\":%lu,\"holdMin\":%.1f,\"holdMean\":%.1f}%s",
         name, w->frames, w->data, w->dropped, w->blackout, w->unanswered, w->overflow, w->failed,
         (double)w->hold_min / 1e3, w->held ? (double)w->hold_sum / (double)w->held / 1e3 : 0, end);
}

int main(int count, char **words) {
  if (count < 3) { fprintf(stderr, "relay NETNS_A NETNS_B [OPTION]...\n"); return 2; }
  random_state = 88172645463325252u;
  unsigned long from_ms, to_ms;
  for (int option; (option = getopt(count - 2, words + 2, "d:n:s:p:b:r:u:")) != -1;) {
    if (option == 'd') delay_ns = strtoull(optarg, 0, 10) * 1000;
    else if (option == 'n') one_in = (uint32_t)strtoul(optarg, 0, 10);
    else if (option == 's') random_state ^= strtoull(optarg, 0, 10) * 0x9e3779b97f4a7c15u;
    else if (option == 'p') port = (uint32_t)strtoul(optarg, 0, 10);
    else if (option == 'r') rate_kbits = strtoull(optarg, 0, 10);
    else if (option == 'u') dead_port = (uint32_t)strtoul(optarg, 0, 10);
    else if (option == 'b' && sscanf(optarg, "%lu,%lu", &from_ms, &to_ms) == 2) {
      black_from = from_ms * 1000000u;
      black_to = to_ms * 1000000u;
    } else return 2;
  }
  int a = open_wire(words[1]), b = open_wire(words[2]);
  struct way there = {.from = a, .to = b}, back = {.from = b, .to = a};
  there.slots = malloc(SLOTS * sizeof(struct slot));
  back.slots = malloc(SLOTS * sizeof(struct slot));
  if (!there.slots || !back.slots) return 1;
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  puts("ready");
  fflush(stdout);
  while (!stopping) {
    int taken = take(&there, 1) + take(&back, 0);
    give(&there);
    give(&back);
    if (taken > 0) continue;
    uint64_t due = UINT64_MAX, time = now();
    if (there.head != there.tail) due = there.slots[there.head % SLOTS].due;
    if (back.head != back.tail && back.slots[back.head % SLOTS].due < due) due = back.slots[back.head % SLOTS].due;
    uint64_t wait = due == UINT64_MAX ? 100000000u : due > time ? due - time : 0;
    struct timespec limit = {.tv_sec = 0, .tv_nsec = (long)(wait > 100000000u ? 100000000u : wait)};
    struct pollfd both[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    ppoll(both, 2, &limit, 0);
  }
  printf("{");
  report("forward", &there, ",");
  report("reverse", &back, "}\n");
  return 0;
}
