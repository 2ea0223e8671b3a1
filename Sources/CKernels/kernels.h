// One table of functions per instruction set; dispatch.c picks one.
#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

typedef struct kernel_table {
  void (*products)(const float *, size_t, size_t, const float *, size_t, float *);
  size_t (*scores_above)(const float *, const float *, size_t, float, float, float *, uint32_t *);
  size_t (*above)(const float *, size_t, float, uint32_t *);
  void (*float_from_half)(const uint16_t *, size_t, float *);
  void (*half_from_float)(const float *, size_t, uint16_t *);
  double (*sum_of_squares)(const float *, size_t);
  void (*scale)(const float *, size_t, float, float *);
} kernel_table;

extern const kernel_table kernels_portable;
#if defined(__x86_64__)
extern const kernel_table kernels_avx2;
extern const kernel_table kernels_avx512;
#endif

#endif
