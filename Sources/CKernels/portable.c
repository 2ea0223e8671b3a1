// The level for every CPU: four floats per register, SSE2 on x86-64, Neon on arm64.
#include "kernels.h"

#include <string.h>

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

// body.inc explains the macros.
#define LANES 4
#define TILE 2
#define TABLE kernels_portable

#define TILE_ROWS 2
#define TILE_QUERIES 2
typedef int16_t partial_sums __attribute__((vector_size(16)));

#include "lanes.inc"

// The bytes with even numbers and those with odd numbers are multiplied separately, in 16 bits.
static inline partial_sums add_products(partial_sums sums, uint8_t __attribute__((vector_size(16))) row,
                                        uint8_t __attribute__((vector_size(16))) query) {
  typedef uint16_t unsigned_sums __attribute__((vector_size(16)));
  const partial_sums even = ((partial_sums)query << 8) >> 8, odd = (partial_sums)query >> 8;
  return sums + ((partial_sums)row & 255) * even + (partial_sums)((unsigned_sums)row >> 8) * odd;
}

static inline numbers whole_sums(partial_sums sums) {
  return (((numbers)sums << 16) >> 16) + ((numbers)sums >> 16);
}

static inline uint8_t __attribute__((vector_size(16))) lookup(const uint8_t *table,
                                                              uint8_t __attribute__((vector_size(16))) index) {
#if defined(__aarch64__)
  return (uint8_t __attribute__((vector_size(16))))vqtbl1q_u8(vld1q_u8(table), (uint8x16_t)index);
#else
  uint8_t __attribute__((vector_size(16))) found;
  for (size_t i = 0; i < sizeof found; i++) found[i] = table[index[i]];
  return found;
#endif
}

#include "body.inc"
