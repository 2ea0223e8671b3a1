// Operations on tables of rows with bounds that are compiled only once, for all instruction sets.

#include "CKernels.h"

size_t ck_inexact(ck_bounds bounds, size_t count, float threshold, uint32_t first, uint32_t *positions) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const float upper = bounds.uppers[i], lower = bounds.lowers[i];
    positions[found] = first + (uint32_t)i;
    found += (lower < upper) & ((upper + lower) * 0.5f >= threshold);
  }
  return found;
}

void ck_group(const uint32_t *positions, size_t count, const uint32_t *rows, uint32_t *ends, size_t row_count,
              uint32_t *grouped) {
  for (size_t i = 0; i < count; i++) ends[rows[positions[i]]]++;
  // Until the last loop has run, ends[row] is where the next position of the row goes.
  uint32_t start = 0;
  for (size_t row = 0; row < row_count; row++) {
    const uint32_t size = ends[row];
    ends[row] = start;
    start += size;
  }
  for (size_t i = 0; i < count; i++) grouped[ends[rows[positions[i]]]++] = positions[i];
}

void ck_set_exact(ck_bounds bounds, const uint32_t *positions, const float *scores, size_t count) {
  for (size_t i = 0; i < count; i++) bounds.uppers[positions[i]] = bounds.lowers[positions[i]] = scores[i];
}
