// libcurl as Debian ships it. Swift cannot call variadic functions: one wrapper for each kind of argument; no logic.
//
// Each setter returns libcurl's own code. The option must take the kind of argument that the wrapper passes: libcurl reads
// it with va_arg and cannot tell.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdint.h>

static inline CURLcode shoal_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode shoal_curl_set_offset(CURL *easy, CURLoption option, int64_t value) {
  return curl_easy_setopt(easy, option, (curl_off_t)value);
}
// Copied by libcurl, whatever it is, but for lists, which must outlive the transfer.
static inline CURLcode shoal_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode shoal_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode shoal_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
  return curl_easy_setopt(easy, option, list);
}

// Body and header bytes that arrive; the two have one signature.
static inline CURLcode shoal_curl_set_receiver(
    CURL *easy, CURLoption option, size_t (*function)(char *, size_t, size_t, void *)) {
  return curl_easy_setopt(easy, option, function);
}
static inline CURLcode shoal_curl_set_reader(CURL *easy, size_t (*function)(char *, size_t, size_t, void *)) {
  return curl_easy_setopt(easy, CURLOPT_READFUNCTION, function);
}
static inline CURLcode shoal_curl_set_seeker(CURL *easy, int (*function)(void *, curl_off_t, int)) {
  return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, function);
}
static inline CURLcode shoal_curl_set_before_request(CURL *easy, int (*function)(void *, char *, char *, int, int)) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}
static inline CURLcode shoal_curl_set_socket_opener(
    CURL *easy, curl_socket_t (*function)(void *, curlsocktype, struct curl_sockaddr *)) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode shoal_curl_set_socket_closer(CURL *easy, int (*function)(void *, curl_socket_t)) {
  return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}
static inline CURLcode shoal_curl_set_tls_preparer(CURL *easy, CURLcode (*function)(CURL *, void *, void *)) {
  return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, function);
}

static inline CURLcode shoal_curl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode shoal_curl_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, (char **)value);
}

static inline CURLMcode shoal_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode shoal_curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode shoal_curl_multi_set_watcher(
    CURLM *multi, int (*function)(CURL *, curl_socket_t, int, void *, void *)) {
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}
static inline CURLMcode shoal_curl_multi_set_timer(CURLM *multi, int (*function)(CURLM *, long, void *)) {
  return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}

// What a message says of a transfer that is done; its fields are a union.
static inline CURLcode shoal_curl_result(const CURLMsg *message) { return message->data.result; }

static const size_t shoal_curl_pause_receiving = CURL_WRITEFUNC_PAUSE;
static const size_t shoal_curl_pause_sending = CURL_READFUNC_PAUSE;
static const size_t shoal_curl_abort_sending = CURL_READFUNC_ABORT;
