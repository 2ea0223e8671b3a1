#include "CFaiss.h"

#include "CKernels.h"

#include <faiss/impl/FaissException.h>
#include <faiss/impl/ResultHandler.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <vector>

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

/// Rows and columns multiplied at a time: the rows and their products fit the second-level cache.
constexpr size_t row_step = 128;
constexpr size_t column_step = 512;

/// Vectors that begin on a cache line: the given ones if they do, else a copy.
class Aligned {
  std::vector<float> memory;

public:
  const float *of(const float *values, size_t count) {
    constexpr size_t line = 64;
    if (reinterpret_cast<uintptr_t>(values) % line == 0) return values;
    memory.resize(std::max(memory.size(), count + line / sizeof(float)));
    const uintptr_t start = (reinterpret_cast<uintptr_t>(memory.data()) + line - 1) / line * line;
    float *copy = reinterpret_cast<float *>(start);
    std::memcpy(copy, values, count * sizeof(float));
    return copy;
  }
};

} // namespace

struct cf_search {
  size_t capacity;
  size_t reservoir_size;
  std::vector<float> values;
  std::vector<int64_t> ids;
  std::vector<Reservoir> reservoirs;
  std::vector<float> products;
  std::vector<uint32_t> positions;
  Aligned aligned_columns, aligned_rows;

  cf_search(size_t rows, size_t capacity)
      : capacity(capacity), reservoir_size(cf_kept_max(capacity)), values(rows * reservoir_size),
        ids(rows * reservoir_size), products(row_step * column_step),
        positions(column_step) {
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
    const size_t rows = search->reservoirs.size();
    for (size_t start = 0; start < column_count; start += column_step) {
      const size_t columns_here = std::min(column_step, column_count - start);
      const float *block = search->aligned_columns.of(columns + start * dimension, columns_here * dimension);
      for (size_t first = 0; first < rows; first += row_step) {
        const size_t rows_here = std::min(row_step, rows - first);
        const float *part = search->aligned_rows.of(matrix + first * dimension, rows_here * dimension);
        ck_products(block, columns_here, dimension, part, rows_here, search->products.data());
        for (size_t i = 0; i < rows_here; i++) {
          Reservoir &reservoir = search->reservoirs[first + i];
          const float *row = search->products.data() + i * columns_here;
          const size_t found = ck_above(row, columns_here, reservoir.threshold, search->positions.data());
          for (size_t f = 0; f < found; f++) {
            const uint32_t position = search->positions[f];
            reservoir.add(row[position], static_cast<int64_t>(first_column + start + position));
          }
        }
      }
    }
  });
}

size_t cf_kept_max(size_t capacity) { return (2 * capacity + 15) / 16 * 16; }

size_t cf_search_kept(const cf_search *search, size_t row, float *products, uint32_t *columns) {
  const Reservoir &reservoir = search->reservoirs[row];
  std::copy_n(reservoir.vals, reservoir.i, products);
  for (size_t i = 0; i < reservoir.i; i++) columns[i] = static_cast<uint32_t>(reservoir.ids[i]);
  return reservoir.i;
}
