// Packing of the codes of rows into blocks, and of those of queries. Compiled only once, for all instruction sets.

#include "kernels.h"

#include <string.h>

// The places of the parts of a row in a block.
typedef struct places {
  size_t columns, leading, high, low;
} places;

static places places_of(ck_layout layout, size_t slot) {
  const size_t group = slot / CK_GROUP, row = slot % CK_GROUP, start = group * group_size(layout);
  const size_t leading = start + CK_GROUP * ck_columns * sizeof(float);
  return (places){
    .columns = start + row * sizeof(float),
    .leading = leading + row * 4,
    .high = leading + CK_GROUP * layout.leading + row * 4,
    .low = layout.rows / CK_GROUP * group_size(layout) + slot * layout.low_stride,
  };
}

void ck_store_code(uint8_t *block, ck_layout layout, size_t slot, const uint8_t *leading, const uint8_t *rest,
                   const float columns[ck_columns]) {
  const places at = places_of(layout, slot);
  for (size_t i = 0; i < ck_columns; i++)
    memcpy(block + at.columns + i * CK_GROUP * sizeof(float), columns + i, sizeof(float));
  for (size_t i = 0; i < layout.leading; i += 4) memcpy(block + at.leading + i * CK_GROUP, leading + i, 4);
  for (size_t i = 0; i < layout.rest; i += 8) {
    uint8_t both[4];
    for (size_t j = 0; j < 4; j++) both[j] = (uint8_t)(rest[i + j] >> 4 | (rest[i + 4 + j] & 0xf0));
    memcpy(block + at.high + i / 2 * CK_GROUP, both, sizeof both);
  }
  uint8_t *low = block + at.low;
  for (size_t i = 0; i < layout.rest / 2; i++) low[i] = (uint8_t)((rest[2 * i] & 15) | rest[2 * i + 1] << 4);
  memset(low + layout.rest / 2, 0, layout.low_stride - layout.rest / 2);
}

void ck_load_code(const uint8_t *block, ck_layout layout, size_t slot, uint8_t *leading, uint8_t *rest,
                  float columns[ck_columns]) {
  const places at = places_of(layout, slot);
  for (size_t i = 0; i < ck_columns; i++)
    memcpy(columns + i, block + at.columns + i * CK_GROUP * sizeof(float), sizeof(float));
  for (size_t i = 0; i < layout.leading; i += 4) memcpy(leading + i, block + at.leading + i * CK_GROUP, 4);
  for (size_t i = 0; i < layout.rest; i += 8) {
    const uint8_t *both = block + at.high + i / 2 * CK_GROUP;
    for (size_t j = 0; j < 4; j++) {
      rest[i + j] = (uint8_t)(both[j] << 4);
      rest[i + 4 + j] = both[j] & 0xf0;
    }
  }
  const uint8_t *low = block + at.low;
  for (size_t i = 0; i < layout.rest / 2; i++) {
    rest[2 * i] |= low[i] & 15;
    rest[2 * i + 1] |= low[i] >> 4;
  }
}

size_t ck_query_stride(ck_layout layout) { return query_stride(layout); }

// Makes the codes of some components signed, and returns their sum.
static int32_t sign(const uint8_t *codes, size_t count, int8_t *out) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    out[i] = (int8_t)(codes[i] - 128);
    sum += out[i];
  }
  return sum;
}

// The largest magnitude that a sum of 16 bits has at any time, if no code of a row is larger than 1.
//
// A sum has the products of one half of the codes of each of `steps` steps: of the first two codes, or of the last two.
static int32_t largest_sum(const uint8_t *codes, size_t count, size_t steps) {
  int32_t largest = 0;
  for (size_t start = 0; start < count; start += 4 * steps)
    for (size_t half = 0; half < 4; half += 2) {
      int32_t positive = 0, negative = 0;
      for (size_t i = start + half; i < count && i < start + 4 * steps; i += 4)
        for (size_t j = i; j < i + 2; j++) {
          if (codes[j] > 128) positive += codes[j] - 128; else negative += 128 - codes[j];
        }
      const int32_t larger = positive > negative ? positive : negative;
      if (larger > largest) largest = larger;
    }
  return largest;
}

// Encodes components of a query with codes as large as its sums allow.
static ck_code encode_for_sums(const float *values, size_t count, size_t padded, size_t steps, uint8_t *codes) {
  enum { LARGEST_CODE = 127, LARGEST_SUM = INT16_MAX / 255 };
  ck_code code = ck_encode(values, count, padded, LARGEST_CODE, codes);
  if (steps == 0) return code;
  int32_t limit = LARGEST_CODE, sum;
  while ((sum = largest_sum(codes, padded, steps)) > LARGEST_SUM) {
    // Sums are about proportional to the limit, but rounding can make one a little larger.
    const int32_t next = limit * LARGEST_SUM / sum;
    limit = next < limit ? next : limit - 1;
    code = ck_encode(values, count, padded, limit, codes);
  }
  return code;
}

void ck_encode_query(const float *values, size_t leading, size_t count, ck_layout layout, size_t steps, int8_t *codes,
                     ck_query *query) {
  // The unsigned codes are written where the signed ones follow.
  uint8_t *bytes = (uint8_t *)codes;
  const ck_code first = encode_for_sums(values, leading, layout.leading, steps, bytes);
  const ck_code second = encode_for_sums(values + leading, count, layout.rest, steps, bytes + layout.leading);
  query->leading_sum = sign(bytes, layout.leading, codes);
  query->rest_sum = sign(bytes + layout.leading, layout.rest, codes + layout.leading);
  const int8_t *rest = codes + layout.leading;
  int8_t *even = codes + layout.leading + layout.rest, *odd = even + layout.low_stride;
  memset(even, 0, 2 * layout.low_stride);
  for (size_t i = 0; i < layout.rest / 2; i++) {
    even[i] = rest[2 * i];
    odd[i] = rest[2 * i + 1];
  }
  query->leading_scale = first.scale;
  query->rest_scale = second.scale;
  query->leading_norm = (first.norm + first.residual) * 1.000001f;
  query->rest_norm = (second.norm + second.residual) * 1.000001f;
  query->leading_residual = first.residual;
  query->rest_residual = second.residual;
}

size_t ck_scan_scratch(ck_layout layout) { return CK_GROUP * layout.rest; }
