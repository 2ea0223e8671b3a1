// The functions that are compiled for each instruction set, as one table per instruction set. dispatch.c chooses one.
// CKernels.h and CKCodes.h describe the functions and their parameters, with the prefix ck_.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

// A leading component is the product with the direction of one reflector.
_Static_assert(CK_LEADING_MAX == CK_REFLECTORS_MAX, "each leading component needs a reflector");

typedef struct kernel_table {
  void (*products)(const float *, size_t, size_t, const float *, size_t, float *);
  ck_code (*encode)(const float *, size_t, size_t, int32_t, uint8_t *);
  size_t whole_steps;  // what ck_whole_steps returns
  ck_scan_counts (*scan)(const uint8_t *, const uint8_t *, ck_layout, const float *, const ck_query *, const int8_t *,
                         size_t, const float *, uint32_t, ck_candidates, uint8_t *);
  ck_scan_counts (*scan_whole)(const uint8_t *, const uint8_t *, ck_layout, const float *, const ck_query *,
                               const int8_t *, size_t, const float *, uint32_t, ck_candidates, uint8_t *);
  size_t (*scan_signs)(const uint8_t *, ck_layout, const float *, const ck_sign_query *, const int8_t *, size_t,
                       const float *, uint32_t, ck_candidates);
  size_t (*prune)(ck_bounds, size_t, size_t, float *);
  size_t (*drop)(ck_bounds, size_t, float);
  float (*midpoint_reached)(ck_bounds, size_t, size_t);
  void (*gathered_products)(const float *, size_t, const float *, const uint32_t *, size_t, uint32_t, float *);
  size_t (*above)(const float *, size_t, float, uint32_t *);
  void (*count_above)(const float *, const float *, size_t, const float *, const float *, size_t, uint32_t *);
  size_t (*scores_above)(const float *, const float *, size_t, float, float, uint32_t *, float *);
  void (*sort)(const uint64_t *, size_t, uint64_t *);
  void (*float_from_half)(const uint16_t *, size_t, float *);
  void (*half_from_float)(const float *, size_t, uint16_t *);
  double (*double_product)(const float *, const float *, size_t);
  double (*sum_of_squares)(const float *, size_t);
  void (*scale)(const float *, size_t, float, float *);
  void (*rotate)(const float *, size_t, ck_rotation, const float *, float *);
} kernel_table;

extern const kernel_table kernels_portable;
#if defined(__x86_64__)
extern const kernel_table kernels_avx2;
extern const kernel_table kernels_avx512;
extern const kernel_table kernels_avx512vnni;
#endif

// The size of a group of codes in bytes, without the low halves.
static inline size_t group_size(ck_layout layout) {
  return CK_GROUP * (ck_columns * sizeof(float) + layout.leading + layout.rest / 2);
}

// The size of the packed codes of a query in bytes. First come the codes of the leading components, then those of the
// others, which scans of high halves use. The codes of the others come once more for the low halves: first the even
// components, then the odd ones, both filled up with zeros.
static inline size_t query_stride(ck_layout layout) { return layout.leading + layout.rest + 2 * layout.low_stride; }

// The largest code of a query's components that are multiplied by signs, and what is added to the products of four so
// that none is negative. The sum of two such products fits into a byte.
#define CK_SIGN_LIMIT 15
#define CK_SIGN_OFFSET (4 * CK_SIGN_LIMIT)

// The size of a group of sign codes in bytes.
static inline size_t sign_group_size(ck_layout layout) {
  return CK_GROUP * (ck_sign_columns * sizeof(float) + layout.leading + layout.rest / 8);
}

// The codes of a query for sign codes: those of the leading components, then a table of 16 bytes for each four others.
static inline size_t sign_query_stride(ck_layout layout) { return layout.leading + 4 * layout.rest; }

#endif
