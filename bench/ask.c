/* ask ADDRESS PORT METHOD PATH CONNECTIONS SECONDS [HEADER]
 *
 * Keep-alive load: each connection has one request under way, always. One thread, one epoll. (wrk waits for a
 * body after HEAD, so it can't be used for it.) Prints requests a second, then the 50th and 99th percentile of
 * the time to the whole answer in milliseconds. Any status but 200, and any early close, ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { connections_max = 4096, samples_max = 1 << 25 };

struct connection {
  int descriptor;
  double asked;     /* when the request under way was sent */
  long long length; /* of the whole answer; 0 while the head is incomplete */
  long long have;
  char buffer[65536]; /* holds the head; a longer body is counted, not kept */
};

static char request[4096];
static size_t request_length;
static int has_body;
static float *samples; /* seconds */
static long long sampled;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void give_up(const char *what) {
  fprintf(stderr, "ask: %s (%s)\n", what, errno ? strerror(errno) : "no system error");
  exit(1);
}

static void ask(struct connection *connection) {
  connection->have = connection->length = 0;
  connection->asked = now();
  if (send(connection->descriptor, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) give_up("send");
}

/* The length of head and body, or 0 when the head has not ended. */
static long long answer_length(struct connection *connection) {
  connection->buffer[connection->have] = 0;
  char *end = strstr(connection->buffer, "\r\n\r\n");
  if (!end) return 0;
  if (strncmp(connection->buffer, "HTTP/1.1 200", 12) != 0) {
    fprintf(stderr, "ask: not a 200: %.60s\n", connection->buffer);
    exit(1);
  }
  long long head = end + 4 - connection->buffer;
  if (!has_body) return head;
  char *field = strcasestr(connection->buffer, "\r\ncontent-length:");
  if (!field || field > end) give_up("an answer without Content-Length");
  return head + atoll(field + strlen("\r\ncontent-length:"));
}

/* One turn: takes what has come, and asks again after a whole answer. */
static void take(struct connection *connection) {
  size_t room = sizeof connection->buffer - 1;
  /* Once the head is known the body may overwrite it. */
  char *into = connection->length ? connection->buffer : connection->buffer + connection->have;
  ssize_t came = recv(connection->descriptor, into, connection->length ? room : room - (size_t)connection->have, MSG_DONTWAIT);
  if (came < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (came <= 0) give_up("the server closed the connection");
  connection->have += came;
  if (!connection->length) connection->length = answer_length(connection);
  if (!connection->length || connection->have < connection->length) return;
  if (connection->have > connection->length) give_up("more bytes than the answer has");
  if (sampled < samples_max) samples[sampled++] = (float)(now() - connection->asked);
  ask(connection);
}

static int by_value(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return (a > b) - (a < b);
}

static void open_connection(struct connection *connection, const struct sockaddr_in *server, int poll) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  int on = 1;
  connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(connection->descriptor, (const struct sockaddr *)server, sizeof *server) != 0) give_up("connect");
  setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event);
  ask(connection);
}

int main(int count, char **argument) {
  if (count < 7) {
    fprintf(stderr, "usage: ask ADDRESS PORT METHOD PATH CONNECTIONS SECONDS [HEADER]\n");
    return 2;
  }
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argument[2]))};
  int number = atoi(argument[5]), poll = epoll_create1(EPOLL_CLOEXEC);
  double seconds = atof(argument[6]);
  if (inet_pton(AF_INET, argument[1], &server.sin_addr) != 1 || number < 1 || number > connections_max) return 2;
  has_body = strcmp(argument[3], "HEAD") != 0;
  request_length = (size_t)snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n%s%s\r\n", argument[3],
                                    argument[4], argument[1], argument[2], count > 7 ? argument[7] : "",
                                    count > 7 ? "\r\n" : "");
  struct connection *connections = calloc((size_t)number, sizeof *connections);
  samples = malloc(sizeof *samples * samples_max);
  if (!connections || !samples) give_up("memory");
  for (int each = 0; each < number; each++) open_connection(&connections[each], &server, poll);

  struct epoll_event events[256];
  double began = now();
  while (now() - began < seconds) {
    int ready = epoll_wait(poll, events, 256, 1000);
    for (int each = 0; each < ready; each++) take(events[each].data.ptr);
  }
  double took = now() - began;
  if (!sampled) give_up("no answer at all");
  qsort(samples, (size_t)sampled, sizeof *samples, by_value);
  printf("%.1f %.4f %.4f\n", (double)sampled / took, samples[sampled / 2] * 1e3, samples[sampled * 99 / 100] * 1e3);
  return 0;
}
