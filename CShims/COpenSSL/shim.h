// OpenSSL 3 as Debian ships it, and the macros of it that Swift cannot import.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int shoal_tls_set_minimum_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}

// What both sides of short messages and large files want: no state kept for another time (tickets, sessions), no
// renegotiation, no compression, the server's order of ciphers; buffers only while bytes are in flight; writes that may
// be partial and retried from another address. A peer's chain of certificates is read up to 32 KiB.
static inline void shoal_tls_set_defaults(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list(context, 32 << 10);
}

// Places for a pointer of ours in every context, in every session; `release` is called with it when its owner goes.
static inline int shoal_tls_new_context_index(CRYPTO_EX_free *release) {
  return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release);
}

static inline int shoal_tls_new_session_index(CRYPTO_EX_free *release) {
  return SSL_get_ex_new_index(0, NULL, NULL, NULL, release);
}

static inline int shoal_is_system_error(unsigned long code) { return ERR_SYSTEM_ERROR(code) ? 1 : 0; }
