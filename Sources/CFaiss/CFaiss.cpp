#include "CFaiss.h"

#include "CKernels.h"

#include <faiss/impl/FaissException.h>
#include <faiss/impl/ResultHandler.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <numeric>
#include <vector>

extern "C" {
// OpenBLAS: the Fortran interface, 32-bit integers.
int sgemm_(const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k, const float *alpha,
           const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc);
void openblas_set_num_threads(int threads);
}

namespace {

using Order = faiss::CMin<float, int64_t>;
using Reservoir = faiss::ReservoirTopN<Order>;

cf_status report(cf_status status, const char *what, char *message, size_t size) noexcept {
  if (size > 0) {
    std::strncpy(message, what, size - 1);
    message[size - 1] = '\0';
  }
  return status;
}

/// Runs `body`; turns an exception into a status and a message.
template <class Body>
cf_status guarded(char *message, size_t size, Body body) noexcept {
  try {
    body();
    return cf_ok;
  } catch (const std::bad_alloc &) {
    return report(cf_out_of_memory, "out of memory", message, size);
  } catch (const std::exception &e) {
    return report(cf_failed, e.what(), message, size);
  } catch (...) {
    return report(cf_failed, "unknown C++ exception", message, size);
  }
}

/// Columns multiplied at a time: rows x this many products stay in the second-level cache.
constexpr size_t column_step = 512;

} // namespace

struct cf_search {
  size_t capacity;
  size_t reservoir_size;
  std::vector<float> values;
  std::vector<int64_t> ids;
  std::vector<Reservoir> reservoirs;
  std::vector<float> products;
  std::vector<uint32_t> positions;
  std::vector<uint32_t> order;

  cf_search(size_t rows, size_t capacity)
      : capacity(capacity), reservoir_size((2 * capacity + 15) / 16 * 16), values(rows * reservoir_size),
        ids(rows * reservoir_size), products(rows * column_step), positions(column_step), order(reservoir_size) {
    reservoirs.reserve(rows);
  }
};

cf_status cf_search_create(size_t rows, size_t capacity, cf_search **out, char *message, size_t message_size) {
  return guarded(message, message_size, [&] { *out = new cf_search(rows, capacity); });
}

void cf_search_free(cf_search *search) { delete search; }

void cf_search_begin(cf_search *search, size_t rows, const float *thresholds) {
  search->reservoirs.clear();
  for (size_t i = 0; i < rows; i++) {
    size_t offset = i * search->reservoir_size;
    search->reservoirs.emplace_back(search->capacity, search->reservoir_size, search->values.data() + offset,
                                    search->ids.data() + offset);
    if (thresholds) search->reservoirs.back().threshold = thresholds[i];
  }
}

cf_status cf_search_add(cf_search *search, const float *matrix, const float *columns, size_t dimension,
                        size_t column_count, uint32_t first_column, char *message, size_t message_size) {
  return guarded(message, message_size, [&] {
    const int n = static_cast<int>(search->reservoirs.size()), d = static_cast<int>(dimension);
    const float one = 1, zero = 0;
    for (size_t start = 0; start < column_count && n > 0; start += column_step) {
      const size_t step = std::min(column_step, column_count - start);
      const int m = static_cast<int>(step);
      sgemm_("T", "N", &m, &n, &d, &one, columns + start * dimension, &d, matrix, &d, &zero, search->products.data(),
             &m);
      for (size_t i = 0; i < search->reservoirs.size(); i++) {
        Reservoir &reservoir = search->reservoirs[i];
        const float *row = search->products.data() + i * step;
        const size_t found = ck_above(row, step, reservoir.threshold, search->positions.data());
        for (size_t f = 0; f < found; f++) {
          const uint32_t position = search->positions[f];
          reservoir.add(row[position], static_cast<int64_t>(first_column + start + position));
        }
      }
    }
  });
}

size_t cf_search_result(cf_search *search, size_t row, float *products, uint32_t *columns) {
  const Reservoir &reservoir = search->reservoirs[row];
  // Equal products stand by rising column, so that a heap doesn't depend on the order of the work.
  auto before = [&](uint32_t a, uint32_t b) {
    if (reservoir.vals[a] != reservoir.vals[b]) return reservoir.vals[a] > reservoir.vals[b];
    return reservoir.ids[a] < reservoir.ids[b];
  };
  const auto begin = search->order.begin();
  const size_t kept = std::min(reservoir.i, search->capacity);
  std::iota(begin, begin + reservoir.i, 0);
  std::partial_sort(begin, begin + kept, begin + reservoir.i, before);
  for (size_t i = 0; i < kept; i++) {
    products[i] = reservoir.vals[search->order[i]];
    columns[i] = static_cast<uint32_t>(reservoir.ids[search->order[i]]);
  }
  return kept;
}

void cf_use_single_threaded_blas(void) { openblas_set_num_threads(1); }
