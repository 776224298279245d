#include "CHash.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

// FIPS 180-4, 4.2.2.
static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool shoal_sha256_has_pair(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

// The order in which `sha256rnds2` wants the words: its two operands, the high lane first.
typedef struct {
  __m128i abef, cdgh;
} lanes;

#define WITH_SHA __attribute__((target("sha,ssse3,sse4.1"), always_inline)) static inline

WITH_SHA lanes load(const shoal_sha256_state *state) {
  const int *w = (const int *)state->words;
  return (lanes){_mm_set_epi32(w[0], w[1], w[4], w[5]), _mm_set_epi32(w[2], w[3], w[6], w[7])};
}

WITH_SHA void store(lanes from, shoal_sha256_state *state) {
  state->words[0] = (uint32_t)_mm_extract_epi32(from.abef, 3);
  state->words[1] = (uint32_t)_mm_extract_epi32(from.abef, 2);
  state->words[2] = (uint32_t)_mm_extract_epi32(from.cdgh, 3);
  state->words[3] = (uint32_t)_mm_extract_epi32(from.cdgh, 2);
  state->words[4] = (uint32_t)_mm_extract_epi32(from.abef, 1);
  state->words[5] = (uint32_t)_mm_extract_epi32(from.abef, 0);
  state->words[6] = (uint32_t)_mm_extract_epi32(from.cdgh, 1);
  state->words[7] = (uint32_t)_mm_extract_epi32(from.cdgh, 0);
}

WITH_SHA lanes sum(lanes left, lanes right) {
  return (lanes){_mm_add_epi32(left.abef, right.abef), _mm_add_epi32(left.cdgh, right.cdgh)};
}

// Four rounds. Two rounds turn the old ABEF into the new CDGH, so the operands change places twice.
WITH_SHA lanes four_rounds(lanes state, __m128i words) {
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, words);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(words, 0x0e));
  return state;
}

// The next four words of the message schedule after the sixteen in a to d.
WITH_SHA __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d) {
  __m128i with_seven_back = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
  return _mm_sha256msg2_epu32(with_seven_back, d);
}

// One body for both entries: `both` is a constant in each.
WITH_SHA void take(
    shoal_sha256_state *left, shoal_sha256_state *right, bool both, const void *blocks, size_t count) {
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  const __m128i *constants = (const __m128i *)round_constants;
  const __m128i *message = blocks;
  lanes l = load(left), r = both ? load(right) : l;
  for (; count > 0; count--, message += 4) {
    const lanes l_before = l, r_before = r;
    __m128i words[16];
#pragma clang loop unroll(full)
    for (int group = 0; group < 16; group++) {
      words[group] = group < 4 ? _mm_shuffle_epi8(_mm_loadu_si128(message + group), big_endian)
                               : next_words(words[group - 4], words[group - 3], words[group - 2], words[group - 1]);
      const __m128i sums = _mm_add_epi32(words[group], constants[group]);
      l = four_rounds(l, sums);
      if (both) r = four_rounds(r, sums);
    }
    l = sum(l, l_before);
    if (both) r = sum(r, r_before);
  }
  store(l, left);
  if (both) store(r, right);
}

__attribute__((target("sha,ssse3,sse4.1"))) void shoal_sha256_pair(
    shoal_sha256_state *left, shoal_sha256_state *right, const void *blocks, size_t count) {
  take(left, right, true, blocks, count);
}

__attribute__((target("sha,ssse3,sse4.1"))) void shoal_sha256_one(
    shoal_sha256_state *state, const void *blocks, size_t count) {
  take(state, state, false, blocks, count);
}

#else

bool shoal_sha256_has_pair(void) { return false; }

void shoal_sha256_pair(shoal_sha256_state *left, shoal_sha256_state *right, const void *blocks, size_t count) {
  (void)left, (void)right, (void)blocks, (void)count;
  __builtin_trap();
}

void shoal_sha256_one(shoal_sha256_state *state, const void *blocks, size_t count) {
  (void)state, (void)blocks, (void)count;
  __builtin_trap();
}

#endif
