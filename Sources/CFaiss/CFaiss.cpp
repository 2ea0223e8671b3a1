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

/// Calls `body`. Turns an exception into a status and a message.
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

/// The number of queries and of vectors that are multiplied at a time. The queries and the products fit the
/// second-level cache of the CPU.
constexpr size_t query_step = 128;
constexpr size_t vector_step = 512;

/// Gives vectors that begin on a cache line: the given ones if they do, otherwise a copy.
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
  /// The number of elements of `values` and of `ids` that belong to one query.
  size_t reservoir_size;
  std::vector<float> values;
  std::vector<int64_t> ids;
  /// For each query a selection that keeps its products in `values` and the rows of their vectors in `ids`.
  std::vector<Reservoir> reservoirs;
  std::vector<float> products;
  std::vector<uint32_t> positions;
  Aligned aligned_vectors, aligned_queries;

  cf_search(size_t queries, size_t capacity)
      : capacity(capacity), reservoir_size(cf_kept_max(capacity)), values(queries * reservoir_size),
        ids(queries * reservoir_size), products(query_step * vector_step),
        positions(vector_step) {
    reservoirs.reserve(queries);
  }
};

cf_status cf_search_create(size_t queries, size_t capacity, cf_search **out, char *message, size_t message_size) {
  return guarded(message, message_size, [&] { *out = new cf_search(queries, capacity); });
}

void cf_search_free(cf_search *search) { delete search; }

void cf_search_begin(cf_search *search, size_t query_count, const float *thresholds) {
  search->reservoirs.clear();
  for (size_t i = 0; i < query_count; i++) {
    size_t offset = i * search->reservoir_size;
    search->reservoirs.emplace_back(search->capacity, search->reservoir_size, search->values.data() + offset,
                                    search->ids.data() + offset);
    if (thresholds) search->reservoirs.back().threshold = thresholds[i];
  }
}

cf_status cf_search_add(cf_search *search, const float *queries, const float *vectors, size_t dimension,
                        size_t vector_count, uint32_t first_row, char *message, size_t message_size) {
  return guarded(message, message_size, [&] {
    const size_t query_count = search->reservoirs.size();
    for (size_t start = 0; start < vector_count; start += vector_step) {
      const size_t vectors_here = std::min(vector_step, vector_count - start);
      const float *block = search->aligned_vectors.of(vectors + start * dimension, vectors_here * dimension);
      for (size_t first = 0; first < query_count; first += query_step) {
        const size_t queries_here = std::min(query_step, query_count - first);
        const float *part = search->aligned_queries.of(queries + first * dimension, queries_here * dimension);
        ck_products(block, vectors_here, dimension, part, queries_here, search->products.data());
        for (size_t i = 0; i < queries_here; i++) {
          Reservoir &reservoir = search->reservoirs[first + i];
          const float *products = search->products.data() + i * vectors_here;
          const size_t found = ck_above(products, vectors_here, reservoir.threshold, search->positions.data());
          for (size_t f = 0; f < found; f++) {
            const uint32_t position = search->positions[f];
            reservoir.add(products[position], static_cast<int64_t>(first_row + start + position));
          }
        }
      }
    }
  });
}

size_t cf_kept_max(size_t capacity) { return (2 * capacity + 15) / 16 * 16; }

size_t cf_search_kept(const cf_search *search, size_t query, float *products, uint32_t *rows) {
  const Reservoir &reservoir = search->reservoirs[query];
  std::copy_n(reservoir.vals, reservoir.i, products);
  for (size_t i = 0; i < reservoir.i; i++) rows[i] = static_cast<uint32_t>(reservoir.ids[i]);
  return reservoir.i;
}
