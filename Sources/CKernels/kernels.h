// The functions that are compiled for each instruction set, as one table per instruction set. dispatch.c chooses one.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

typedef struct kernel_table {
  void (*products)(const float *, size_t, size_t, const float *, size_t, float *);
  ck_code (*encode)(const float *, size_t, size_t, int8_t *);
  void (*code_products)(const int8_t *, size_t, size_t, const int8_t *, size_t, int32_t *);
  size_t (*collect)(const int32_t *, const float *, const float *, const float *, const float *, size_t, ck_query,
                    float, ck_bounds);
  size_t (*prune)(ck_bounds, size_t, size_t, float *);
  size_t (*drop)(ck_bounds, size_t, float);
  float (*midpoint_reached)(ck_bounds, size_t, size_t);
  void (*gathered_products)(const float *, size_t, const float *, const uint32_t *, size_t, uint32_t, float *);
  size_t (*above)(const float *, size_t, float, uint32_t *);
  void (*sort)(const uint64_t *, size_t, uint64_t *);
  void (*float_from_half)(const uint16_t *, size_t, float *);
  void (*half_from_float)(const float *, size_t, uint16_t *);
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

#endif
