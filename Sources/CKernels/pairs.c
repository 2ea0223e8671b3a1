// What handles pairs of rows and columns one by one: the same for every instruction set.

#include "CKernels.h"

size_t ck_undecided(ck_bounds bounds, size_t count, float least, uint32_t first, uint32_t *places) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const float upper = bounds.uppers[i], lower = bounds.lowers[i];
    places[found] = first + (uint32_t)i;
    found += (lower < upper) & ((upper + lower) * 0.5f >= least);
  }
  return found;
}

void ck_group(const uint32_t *places, size_t count, const uint32_t *rows, uint32_t *next, size_t next_count,
              uint32_t *grouped) {
  for (size_t i = 0; i < count; i++) next[rows[places[i]]]++;
  uint32_t start = 0;
  for (size_t row = 0; row < next_count; row++) {
    const uint32_t here = next[row];
    next[row] = start;
    start += here;
  }
  for (size_t i = 0; i < count; i++) grouped[next[rows[places[i]]]++] = places[i];
}

void ck_decide(ck_bounds bounds, const uint32_t *places, const float *scores, size_t count) {
  for (size_t i = 0; i < count; i++) bounds.uppers[places[i]] = bounds.lowers[places[i]] = scores[i];
}
