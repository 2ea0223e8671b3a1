// Sign codes of vectors. Included by CKernels.h.
#ifndef CKSIGNS_H
#define CKSIGNS_H

#include "CKCodes.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// A block of sign codes stands beside each block of codes (see ck_layout). Sign codes estimate scores from about a
/// third of the bytes that ck_scan reads, and give no bounds.
///
/// Of the leading components they have the same codes as the block of codes, of the others only the signs: a component
/// is estimated as the sign scale of its row, or as its negative. There are rows / 64 groups of 64 rows, each with
///
///     3 columns of 64 floats            leading scale, offset, sign scale
///     leading / 4 x 64 rows x 4 bytes   the codes of the leading components, four of each row
///     rest / 8 x 64 bytes               the signs of eight components of each row. Bit i of a byte has that of
///                                       component i: 1 if its code is at least 128. Byte 4 j + t belongs to row
///                                       16 t + j of the group
typedef enum ck_sign_column {
  ck_sign_leading_scale = 0,  ///< the same as ck_leading_scale
  ck_sign_offset = 1,         ///< the same as ck_offset
  ck_sign_scale = 2,          ///< the magnitude that the components with a sign alone are estimated by
  ck_sign_columns = 3,
} ck_sign_column;

/// The size of the sign codes of a row, in bytes.
size_t ck_sign_bytes(ck_layout layout);

/// The sign scale of some components: their squared length divided by the sum of their magnitudes. Zero if all are.
///
/// If the signs of the components are random, the estimate of a product is then right on average: RaBitQ (Gao and Long,
/// SIGMOD 2024, arXiv 2405.12497), section 3.2.
float ck_sign_scale_of(const float *values, size_t count);

/// Writes the sign code of one vector to a block.
///
/// @param block a block of sign codes, from its first group of rows on
/// @param slot the index of the row in the block
/// @param leading layout.leading codes
/// @param rest layout.rest codes
/// @param columns the row's value in each column
void ck_store_signs(uint8_t *block, ck_layout layout, size_t slot, const uint8_t *leading, const uint8_t *rest,
                    const float columns[_Nonnull ck_sign_columns]);

/// Reads the sign code that ck_store_signs has written.
///
/// @param leading receives layout.leading codes
/// @param signs receives for each of layout.rest components 1 or 0
/// @param columns receives the row's value in each column
void ck_load_signs(const uint8_t *block, ck_layout layout, size_t slot, uint8_t *leading, uint8_t *signs,
                   float columns[_Nonnull ck_sign_columns]);

/// Copies the sign code of one row from a block to another one. Both have the same layout, apart from their numbers of
/// rows.
void ck_copy_signs(const uint8_t *from, ck_layout layout, size_t from_slot, uint8_t *to, size_t to_slot);

/// The numbers of a query that ck_scan_signs estimates scores from.
typedef struct ck_sign_query {
  float leading_scale;  ///< the decoded leading components are scale * code
  float rest_scale;     ///< the same for the other components
  float offset;         ///< a number that is added to the similarity of the query with every row
  float alpha;          ///< the weight of the means in the scores
  int32_t leading_sum;  ///< the sum of the codes of the leading components
} ck_sign_query;

/// Encodes a query for ck_scan_signs: the leading components with 8 bits, the others with 5. For each four of these it
/// computes the products with all 16 combinations of signs, which a scan looks up.
///
/// @param values the leading components, then `count` others
/// @param leading the number of leading components; at most layout.leading
/// @param codes receives ck_sign_query_stride(layout) bytes
/// @param query receives scales and the sum; the other members stay
void ck_encode_sign_query(const float *values, size_t leading, size_t count, ck_layout layout, int8_t *codes,
                          ck_sign_query *query);

/// The size of a query that ck_encode_sign_query has encoded, in bytes.
size_t ck_sign_query_stride(ck_layout layout);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
