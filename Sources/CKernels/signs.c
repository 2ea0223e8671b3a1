// Packing of the sign codes of rows and of queries. Compiled only once, for all instruction sets.

#include "kernels.h"

#include <string.h>

// The places of the parts of a row's sign code in a block.
typedef struct places {
  size_t columns, leading, signs;
} places;

static places places_of(ck_layout layout, size_t slot) {
  const size_t group = slot / CK_GROUP, row = slot % CK_GROUP;
  const size_t start = group * sign_group_size(layout);
  const size_t leading = start + CK_GROUP * ck_sign_columns * sizeof(float);
  return (places){
    .columns = start + row * sizeof(float),
    .leading = leading + row * 4,
    .signs = leading + CK_GROUP * layout.leading + row % 16 * 4 + row / 16,
  };
}

size_t ck_sign_bytes(ck_layout layout) { return sign_group_size(layout) / CK_GROUP; }

float ck_sign_scale_of(const float *values, size_t count) {
  double squares = 0, magnitudes = 0;
  for (size_t i = 0; i < count; i++) {
    squares += (double)values[i] * (double)values[i];
    magnitudes += __builtin_fabs((double)values[i]);
  }
  return magnitudes == 0 ? 0 : (float)(squares / magnitudes);
}

void ck_store_signs(uint8_t *block, ck_layout layout, size_t slot, const uint8_t *leading, const uint8_t *rest,
                    const float columns[ck_sign_columns]) {
  const places at = places_of(layout, slot);
  for (size_t i = 0; i < ck_sign_columns; i++)
    memcpy(block + at.columns + i * CK_GROUP * sizeof(float), columns + i, sizeof(float));
  for (size_t i = 0; i < layout.leading; i += 4) memcpy(block + at.leading + i * CK_GROUP, leading + i, 4);
  for (size_t i = 0; i < layout.rest; i += 8) {
    uint64_t eight;
    memcpy(&eight, rest + i, sizeof eight);
    // The product moves the highest bit of each byte i to bit 56 + i.
    block[at.signs + i / 8 * CK_GROUP] = (uint8_t)(((eight >> 7 & 0x0101010101010101) * 0x0102040810204080) >> 56);
  }
}

void ck_load_signs(const uint8_t *block, ck_layout layout, size_t slot, uint8_t *leading, uint8_t *signs,
                   float columns[ck_sign_columns]) {
  const places at = places_of(layout, slot);
  for (size_t i = 0; i < ck_sign_columns; i++)
    memcpy(columns + i, block + at.columns + i * CK_GROUP * sizeof(float), sizeof(float));
  for (size_t i = 0; i < layout.leading; i += 4) memcpy(leading + i, block + at.leading + i * CK_GROUP, 4);
  for (size_t i = 0; i < layout.rest; i++) signs[i] = block[at.signs + i / 8 * CK_GROUP] >> i % 8 & 1;
}

void ck_copy_signs(const uint8_t *from, ck_layout layout, size_t from_slot, uint8_t *to, size_t to_slot) {
  const places source = places_of(layout, from_slot), target = places_of(layout, to_slot);
  for (size_t i = 0; i < ck_sign_columns; i++) {
    const size_t column = i * CK_GROUP * sizeof(float);
    memcpy(to + target.columns + column, from + source.columns + column, sizeof(float));
  }
  for (size_t i = 0; i < layout.leading; i += 4)
    memcpy(to + target.leading + i * CK_GROUP, from + source.leading + i * CK_GROUP, 4);
  for (size_t i = 0; i < layout.rest / 8; i++) to[target.signs + i * CK_GROUP] = from[source.signs + i * CK_GROUP];
}

size_t ck_sign_query_stride(ck_layout layout) { return sign_query_stride(layout); }

void ck_encode_sign_query(const float *values, size_t leading, size_t count, ck_layout layout, int8_t *codes,
                          ck_sign_query *query) {
  uint8_t *bytes = (uint8_t *)codes;
  query->leading_scale = ck_encode(values, leading, layout.leading, 127, bytes).scale;
  query->leading_sum = 0;
  for (size_t i = 0; i < layout.leading; i++) {
    codes[i] = (int8_t)(bytes[i] - 128);
    query->leading_sum += codes[i];
  }
  // The codes are written behind the table of four components that the loop below reads last: a table has 16 bytes.
  uint8_t *tables = bytes + layout.leading, *rest = tables + 3 * layout.rest;
  query->rest_scale = ck_encode(values + leading, count, layout.rest, CK_SIGN_LIMIT, rest).scale;
  for (size_t i = 0; i < layout.rest; i += 4) {
    int four[4];
    for (size_t j = 0; j < 4; j++) four[j] = rest[i + j] - 128;
    for (size_t signs = 0; signs < 16; signs++) {
      int sum = CK_SIGN_OFFSET;
      for (size_t j = 0; j < 4; j++) sum += signs >> j & 1 ? four[j] : -four[j];
      tables[4 * i + signs] = (uint8_t)sum;
    }
  }
}
