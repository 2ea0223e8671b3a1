// Selection of the smallest keys by quickselect, with ck_sort for short arrays.

#include "CKernels.h"

#include <string.h>

// Moves the keys below `limit` to the front, and returns their number.
static size_t partition(uint64_t *keys, size_t count, uint64_t limit) {
  size_t smaller = 0;
  for (size_t i = 0; i < count; i++) {
    const uint64_t key = keys[i];
    keys[i] = keys[smaller];
    keys[smaller] = key;
    smaller += key < limit;
  }
  return smaller;
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c) {
  const uint64_t low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

void ck_smallest(uint64_t *keys, size_t count, size_t wanted, uint64_t *scratch) {
  if (wanted > count) wanted = count;
  while (wanted > 0) {
    if (count <= CK_SORT_MAX && (count <= wanted + wanted / 4 || count <= 32)) {
      ck_sort(keys, count, scratch);
      memcpy(keys, scratch, count * sizeof *keys);
      return;
    }
    const uint64_t pivot = median(keys[count / 4], keys[count / 2], keys[count - 1 - count / 4]);
    size_t smaller = partition(keys, count, pivot);
    // No key is smaller than the pivot. This happens only if keys are equal: move those equal to the pivot to the
    // front.
    if (smaller == 0) smaller = partition(keys, count, pivot + 1);
    if (smaller == 0 || smaller == count) return;
    if (wanted <= smaller) {
      count = smaller;
    } else if (smaller <= count - smaller) {
      // Only the shorter part is handled by recursion, so the depth is at most the logarithm of the count.
      ck_smallest(keys, smaller, smaller, scratch);
      keys += smaller;
      count -= smaller;
      wanted -= smaller;
    } else {
      ck_smallest(keys + smaller, count - smaller, wanted - smaller, scratch);
      count = wanted = smaller;
    }
  }
}
