// Codes of vectors. Included by CKernels.h.
#ifndef CKCODES_H
#define CKCODES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The layout of a block of codes. docs/search.md describes codes and the bounds that follow from them.
///
/// A vector has `leading` components with 8 bits and `rest` components with 8 bits in two halves: the high four bits,
/// which a scan reads for all rows, and the low four bits, which it reads for few. A block has these parts:
///
///     rows / 64 groups of 64 rows, each with
///         8 columns of 64 floats            see ck_column
///         leading / 4 x 64 rows x 4 bytes   the codes of the leading components, four of each row
///         rest / 8 x 64 rows x 4 bytes      the high halves of the other components, eight of each row: byte i has
///                                           component i in its low four bits and component 4 + i in its high ones
///     rows x low_stride bytes               the low halves: byte i has component 2 i in its low four bits and
///                                           component 2 i + 1 in its high ones
typedef struct ck_layout {
  size_t rows;        ///< a multiple of CK_GROUP
  size_t leading;     ///< a multiple of 4, at most CK_LEADING_MAX
  size_t rest;        ///< a multiple of 8, at most 65,536
  size_t low_stride;  ///< at least rest / 2; a multiple of CK_LOW_STEP
} ck_layout;

/// The number of rows in a group of codes.
#define CK_GROUP 64
/// The maximum number of leading components; the same as CK_REFLECTORS_MAX.
#define CK_LEADING_MAX 32
/// The size of the low halves of a row is a multiple of this.
#define CK_LOW_STEP 32

/// The columns of a group of codes: a float for each row. Lengths are rounded up.
typedef enum ck_column {
  ck_leading_scale = 0,     ///< the decoded leading components are scale * (code - 128)
  ck_rest_scale = 1,        ///< the same for the other components
  ck_offset = 2,            ///< a number that is added to the similarity of the row with every query
  ck_leading_residual = 3,  ///< the length of the leading components minus the decoded ones
  ck_high_residual = 4,     ///< the length of the others minus those decoded from the high halves alone
  ck_rest_residual = 5,     ///< the length of the others minus the decoded ones
  ck_leading_norm = 6,      ///< the length of the leading components
  ck_rest_norm = 7,         ///< the length of the others
  ck_columns = 8,
} ck_column;

/// The code of some components of a vector, before it is packed into a block.
typedef struct ck_code {
  float scale;          ///< the decoded components are scale * (code - 128)
  float norm;           ///< at least the length of the components
  float residual;       ///< at least the length of the components minus the decoded ones
  float high_residual;  ///< the same if the low four bits of every code are taken as 8
} ck_code;

/// Encodes components of a vector: one byte each, 128 + the component / scale, rounded half away from zero. The largest
/// magnitude becomes `limit`.
///
/// Some vectors can't be scaled: zero, not finite, or so small that limit / largest magnitude overflows. Their codes
/// are 128, their scales 0, and both residuals the length of the vector.
///
/// @param values `count` floats
/// @param limit at most 127; 127 for rows
/// @param padded the number of codes, at least count; those after the first `count` become 128
/// @param codes receives `padded` bytes
ck_code ck_encode(const float *values, size_t count, size_t padded, int32_t limit, uint8_t *codes);

/// Writes the code of one vector to a block.
///
/// @param block the codes of a block, from its first group of rows on
/// @param slot the index of the row in the block
/// @param leading layout.leading codes
/// @param rest layout.rest codes
/// @param columns the row's value in each column
void ck_store_code(uint8_t *block, ck_layout layout, size_t slot, const uint8_t *leading, const uint8_t *rest,
                   const float columns[_Nonnull ck_columns]);

/// Reads the code that ck_store_code has written; parameters as there.
void ck_load_code(const uint8_t *block, ck_layout layout, size_t slot, uint8_t *leading, uint8_t *rest,
                  float columns[_Nonnull ck_columns]);

/// The numbers of a coded query from which ck_scan bounds its scores. Its components are codes of one signed byte.
typedef struct ck_query {
  float leading_scale;     ///< the decoded leading components are scale * code
  float rest_scale;        ///< the same for the other components
  float leading_norm;      ///< at least the length of the decoded leading components
  float rest_norm;         ///< the same for the other components
  float leading_residual;  ///< at least the length of what the codes of the leading components lose
  float rest_residual;     ///< the same for the other components
  float offset;            ///< a number that is added to the similarity of the query with every row
  float slack;             ///< added to the width of all bounds
  float alpha;             ///< the weight of the means in the scores
  int32_t leading_sum;     ///< the sum of the codes of the leading components
  int32_t rest_sum;        ///< the same for the other components
} ck_query;

/// Encodes a query for ck_scan or ck_scan_whole, and packs its codes.
///
/// A step is the product of four codes of the query and four codes of a row. If sums of steps have 16 bits, they could
/// overflow: then the query gets smaller codes, which lose more.
///
/// @param values the leading components, then `count` others
/// @param leading the number of leading components; at most layout.leading
/// @param steps the number of steps that are added up in 16 bits: 0 for ck_scan, ck_whole_steps() for ck_scan_whole
/// @param codes receives ck_query_stride(layout) bytes
/// @param query receives scales, norms, residuals and sums; the other members stay
void ck_encode_query(const float *values, size_t leading, size_t count, ck_layout layout, size_t steps, int8_t *codes,
                     ck_query *query);

/// The size of the packed codes of a query, in bytes.
size_t ck_query_stride(ck_layout layout);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
