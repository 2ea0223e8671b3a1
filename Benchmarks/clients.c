// Clients of nnnd: N connections over its Unix socket, each sending prepared requests one after the other.
//
//     clients SOCKET REQUESTS SIZE CONNECTIONS MAXIMUM SECONDS INTERVAL OUTPUT
//
// REQUESTS is a file of whole HTTP requests of SIZE bytes each, sent in turn. It ends after MAXIMUM requests, after
// SECONDS or at SIGTERM; what was sent is still waited for. INTERVAL is the time in microseconds from one request of a
// connection to its next, 0 for "at once". A request that an earlier answer delays counts from when it was due.
// OUTPUT receives two doubles a request: when it was due, and when its answer was complete (CLOCK_MONOTONIC).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES (1 << 18)
#define PATIENCE 60.0  // seconds without any answer before giving up

typedef struct connection {
  int fd;
  int busy;
  int blocked;  // the socket has not accepted the whole request yet
  double due;
  const char *request;
  size_t sent;
  size_t received, expected;  // bytes of the answer; expected is 0 until its header has been read
  char *answer;
} connection;

static volatile sig_atomic_t stopped;
static const char *requests;
static size_t request_size, request_count;
static long next_request, maximum, finished;
static double *times;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "clients: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void watch(int epoll, connection *c, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(epoll, operation, c->fd, &event)) fail("epoll_ctl");
}

/// Sends as much as the socket accepts; waits until it is writable only if a part is left.
static void send_rest(int epoll, connection *c) {
  while (c->sent < request_size) {
    ssize_t n = send(c->fd, c->request + c->sent, request_size - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      if (!c->blocked) watch(epoll, c, EPOLLOUT | EPOLLIN, EPOLL_CTL_MOD);
      c->blocked = 1;
      return;
    }
    if (n < 0 && errno != EINTR) fail("send");
    if (n > 0) c->sent += (size_t)n;
  }
  if (c->blocked) watch(epoll, c, EPOLLIN, EPOLL_CTL_MOD);
  c->blocked = 0;
}

static void begin(int epoll, connection *c) {
  c->request = requests + (size_t)(next_request++ % (long)request_count) * request_size;
  c->busy = 1;
  c->sent = c->received = c->expected = 0;
  send_rest(epoll, c);
}

/// Takes what has come; 1 when the answer is complete.
static int receive(connection *c) {
  while (1) {
    ssize_t n = recv(c->fd, c->answer + c->received, ANSWER_BYTES - c->received, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("recv");
    c->received += (size_t)n;
    c->answer[c->received] = 0;
    if (!c->expected) {
      char *end = strstr(c->answer, "\r\n\r\n");
      if (!end) continue;
      char *length = strcasestr(c->answer, "\r\ncontent-length:");
      if (strncmp(c->answer, "HTTP/1.1 200", 12) || !length || length > end) {
        fprintf(stderr, "clients: unexpected answer: %s\n", c->answer);
        exit(1);
      }
      c->expected = (size_t)(end + 4 - c->answer) + strtoull(length + 17, NULL, 10);
      if (c->expected > ANSWER_BYTES) exit(1);
    }
    if (c->received == c->expected) return 1;
  }
}

static connection *open_connections(int epoll, const char *path, int count) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  connection *all = calloc((size_t)count, sizeof *all);
  for (connection *c = all; c < all + count; c++) {
    c->answer = malloc(ANSWER_BYTES + 1);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail(path);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK)) fail("fcntl");
    watch(epoll, c, EPOLLIN, EPOLL_CTL_ADD);
  }
  return all;
}

static void load_requests(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat status;
  if (fd < 0 || fstat(fd, &status)) fail(path);
  size_t bytes = (size_t)status.st_size;
  char *content = malloc(bytes);
  for (size_t done = 0; done < bytes;) {
    ssize_t n = read(fd, content + done, bytes - done);
    if (n <= 0) fail(path);
    done += (size_t)n;
  }
  close(fd);
  requests = content;
  request_count = bytes / request_size;
}

int main(int argc, char **argv) {
  if (argc != 9) return 2;
  request_size = strtoull(argv[3], NULL, 10);
  int count = atoi(argv[4]);
  maximum = atol(argv[5]);
  double seconds = atof(argv[6]), interval = atof(argv[7]) * 1e-6;
  if (request_size == 0 || count < 1 || maximum < 1) return 2;
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  load_requests(argv[2]);
  if (request_count == 0) return 2;
  times = malloc((size_t)maximum * 2 * sizeof *times);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  connection *all = open_connections(epoll, argv[1], count);

  double start = now(), last_answer = start;
  for (int i = 0; i < count; i++) all[i].due = start + interval * i / count;
  int busy = 0;
  while (1) {
    double time = now(), soonest = time + 1;
    int open = !stopped && time - start < seconds;
    for (connection *c = all; c < all + count && open; c++) {
      if (c->busy || next_request >= maximum) continue;
      if (c->due <= time) {
        begin(epoll, c);
        busy++;
      } else if (c->due < soonest) {
        soonest = c->due;
      }
    }
    if (busy == 0 && (!open || next_request >= maximum)) break;
    if (busy > 0 && time - last_answer > PATIENCE) fail("no answer for a minute");

    double wait = soonest - now();
    if (wait < 0) wait = 0;
    struct timespec timeout = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    struct epoll_event events[256];
    int ready = epoll_pwait2(epoll, events, 256, &timeout, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int i = 0; i < ready; i++) {
      connection *c = events[i].data.ptr;
      if (!c->busy) fail("a connection was closed");
      if (c->sent < request_size) send_rest(epoll, c);
      if (!(events[i].events & ~(uint32_t)EPOLLOUT) || !receive(c)) continue;
      double end = now();
      times[2 * finished] = c->due;
      times[2 * finished + 1] = end;
      finished++;
      busy--;
      c->busy = 0;
      last_answer = end;
      c->due = interval > 0 ? c->due + interval : end;
    }
    if (busy == 0) last_answer = now();
  }

  FILE *output = fopen(argv[8], "wb");
  if (!output || fwrite(times, 2 * sizeof *times, (size_t)finished, output) != (size_t)finished || fclose(output))
    fail(argv[8]);
  return 0;
}
