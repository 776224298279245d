#ifndef SHOAL_CHASH_H
#define SHOAL_CHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// SHA-256's chaining value (FIPS 180-4, 6.2): a to h.
typedef struct {
  uint32_t words[8];
} shoal_sha256_state;

/// Whether this processor has the instructions that `shoal_sha256_pair` is made of. Any thread.
bool shoal_sha256_has_pair(void);

/// Takes `count` blocks of 64 bytes into two states at once. Padding is the caller's. May be called only where
/// `shoal_sha256_has_pair` says so. Any thread; the states are the caller's alone, and not the same one.
///
/// A round of one state waits for the round before it, so a single hash leaves half of the unit idle: the second state
/// goes through in its gaps. Both have the same message schedule, which is computed once.
void shoal_sha256_pair(shoal_sha256_state *left, shoal_sha256_state *right, const void *blocks, size_t count);

/// The same for one state.
void shoal_sha256_one(shoal_sha256_state *state, const void *blocks, size_t count);

#endif
