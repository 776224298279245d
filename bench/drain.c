/* drain ADDRESS PORT PATH CONNECTIONS EXPECTED-BYTES plain|tls
 *
 * Fetches PATH over that many connections at once and throws the bytes away inside the kernel (MSG_TRUNC), so
 * that what is measured is the server. Over TLS 1.3 it shakes hands, decrypts the first record for the status
 * line, and lets the kernel discard the rest of the ciphertext up to the server's close: decryption would cost
 * as much as the server's encryption and hide it on a small machine. One cipher, the same for every server.
 *
 * Prints the seconds from the first connect to the last byte. Fails if an answer is not 200 or is too short.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server;
static char request[4096];
static long long expected;
static SSL_CTX *tls; /* NULL for plaintext */

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void give_up(const char *what) {
  fprintf(stderr, "drain: %s (%s)\n", what, errno ? strerror(errno) : "no system error");
  exit(1);
}

/* The first bytes must hold the whole head of a success. Returns the head's length. */
static long long head_length(const char *buffer, ssize_t length) {
  const char *end = memmem(buffer, (size_t)length, "\r\n\r\n", 4);
  if (length < 12 || strncmp(buffer, "HTTP/1.1 200", 12) != 0 || !end) {
    fprintf(stderr, "drain: not a 200: %.*s\n", (int)(length < 60 ? length : 60), buffer);
    exit(1);
  }
  return end + 4 - buffer;
}

static void *fetch(void *unused) {
  static const struct timeval patience = {.tv_sec = 120};
  char first[16384];
  long long total = 0;
  SSL *session = NULL;
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (descriptor < 0) give_up("socket");
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(descriptor, (struct sockaddr *)&server, sizeof server) != 0) give_up("connect");

  ssize_t read_first;
  if (tls) {
    session = SSL_new(tls);
    SSL_set_fd(session, descriptor);
    if (SSL_connect(session) != 1) give_up("TLS handshake");
    if (SSL_write(session, request, (int)strlen(request)) <= 0) give_up("TLS write");
    read_first = SSL_read(session, first, sizeof first);
  } else {
    if (send(descriptor, request, strlen(request), MSG_NOSIGNAL) < 0) give_up("send");
    read_first = recv(descriptor, first, sizeof first, 0);
  }
  if (read_first <= 0) give_up("no answer");
  total = read_first - head_length(first, read_first);
  for (;;) {
    ssize_t discarded = recv(descriptor, NULL, 16 << 20, MSG_TRUNC);
    if (discarded == 0) break;
    if (discarded < 0 && errno == EINTR) continue;
    if (discarded < 0) give_up("recv");
    total += discarded;
  }
  /* In plaintext this is exact; TLS adds its framing. */
  if (total < expected || (!session && total > expected)) give_up("the answer has not the blob's length");
  if (session) SSL_free(session);
  close(descriptor);
  return unused;
}

int main(int count, char **argument) {
  if (count != 7) {
    fprintf(stderr, "usage: drain ADDRESS PORT PATH CONNECTIONS EXPECTED-BYTES plain|tls\n");
    return 2;
  }
  int connections = atoi(argument[4]);
  if (connections < 1 || connections > 256) return 2;
  expected = atoll(argument[5]);
  server.sin_family = AF_INET;
  server.sin_port = htons((unsigned short)atoi(argument[2]));
  if (inet_pton(AF_INET, argument[1], &server.sin_addr) != 1) return 2;
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", argument[3],
           argument[1], argument[2]);
  if (strcmp(argument[6], "tls") == 0) {
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
  }

  pthread_t threads[256];
  double began = now();
  for (int each = 0; each < connections; each++)
    if (pthread_create(&threads[each], NULL, fetch, NULL) != 0) give_up("pthread_create");
  for (int each = 0; each < connections; each++) pthread_join(threads[each], NULL);
  printf("%.6f\n", now() - began);
  return 0;
}
