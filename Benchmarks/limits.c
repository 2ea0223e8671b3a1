// What this machine can do at most, for the shares that the benchmark states.
//
//     limits THREADS BYTES
//
// prints as JSON the bytes per second of reading BYTES (summing them, each thread its part; the best of several), and
// the operations per second of fused float32 multiply-adds and of int8 multiply-adds on registers alone. It names the
// instructions of the latter: those that this CPU has.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#define CHAINS 12  // more than latency times throughput of an FMA, fewer than registers
#define REPETITIONS 9
#define MAXIMUM_THREADS 1024

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
// A register: gcc computes larger vectors through memory.
typedef uint64_t words __attribute__((vector_size(LANES * sizeof(float))));

static pthread_barrier_t barrier;
static volatile uint64_t sink;
static volatile float one = 1;
static int threads;
static const words *array;
static size_t count;  // of words
static long passes;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void read_part(int thread) {
  size_t begin = count * (size_t)thread / (size_t)threads, end = count * (size_t)(thread + 1) / (size_t)threads;
  words sums[8] = {{0}};
  for (long pass = 0; pass < passes; pass++) {
    for (size_t i = begin; i + 8 <= end; i += 8)
      for (int j = 0; j < 8; j++) sums[j] += array[i + (size_t)j];
    __asm__ volatile("" ::: "memory");  // each pass reads again
  }
  for (int j = 1; j < 8; j++) sums[0] += sums[j];
  for (size_t j = 0; j < sizeof(words) / sizeof(uint64_t); j++) sink += sums[0][j];
}

static void multiply_floats(int thread) {
  (void)thread;
  lanes x[CHAINS], factor = {0}, term = {0};
  factor += one, term += one;
  for (int i = 0; i < CHAINS; i++) x[i] = term * (float)i;
  for (long pass = 0; pass < passes; pass++)
    for (int i = 0; i < CHAINS; i++) x[i] = x[i] * factor + term;
  for (int i = 1; i < CHAINS; i++) x[0] += x[i];
  sink += (uint64_t)x[0][0];
}

#if defined(__x86_64__)
#define REGISTER "x"
#else
#define REGISTER "w"
#endif

#if defined(__AVX2__) && !defined(__AVX512VNNI__) && !defined(__AVXVNNI__)
#define CODE_CHAINS 6  // the chains are of additions, which take one cycle
#else
#define CODE_CHAINS CHAINS
#endif

// A register of int8 numbers, and `add(sums, a, b)`, which adds the products of four neighbours to each 32-bit sum.
#if defined(__AVX512VNNI__)
#define INT8 "AVX-512 VNNI"
typedef __m512i numbers;
#define set(value) _mm512_set1_epi8((char)(value))
#define add(sums, a, b) _mm512_dpbusd_epi32(sums, a, b)
#elif defined(__AVXVNNI__)
#define INT8 "AVX-VNNI"
typedef __m256i numbers;
#define set(value) _mm256_set1_epi8((char)(value))
#define add(sums, a, b) _mm256_dpbusd_avx_epi32(sums, a, b)
#elif defined(__AVX2__)
#define INT8 "AVX2: maddubs, madd, add"
typedef __m256i numbers;
#define set(value) _mm256_set1_epi8((char)(value))
#define add(sums, a, b) \
  _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)))
#elif defined(__ARM_FEATURE_DOTPROD)
#define INT8 "Neon: sdot"
typedef int8x16_t numbers;
#define set(value) vdupq_n_s8((signed char)(value))
#define add(sums, a, b) vreinterpretq_s8_s32(vdotq_s32(vreinterpretq_s32_s8(sums), a, b))
#else
#define INT8 "the compiler's"
typedef int32_t numbers __attribute__((vector_size(16)));
#define set(value) ((numbers){0} + (value))
#define add(sums, a, b) ((sums) + (a) * (b))
#endif

static void multiply_codes(int thread) {
  (void)thread;
  numbers x[CODE_CHAINS], row = set(one), query = set(one);
  for (int i = 0; i < CODE_CHAINS; i++) x[i] = set(i);
  for (long pass = 0; pass < passes; pass++) {
    for (int i = 0; i < CODE_CHAINS; i++) {
      x[i] = add(x[i], row, query);
      __asm__ volatile("" : "+" REGISTER(query));  // so that each sum has a product of its own
    }
  }
  union {
    numbers all;
    uint8_t one[sizeof(numbers)];
  } last;
  for (int i = 0; i < CODE_CHAINS; i++) {
    last.all = x[i];
    for (size_t j = 0; j < sizeof(numbers); j++) sink += last.one[j];
  }
}

typedef struct work {
  void (*call)(int);
  int thread;
  double begin[REPETITIONS], end[REPETITIONS];
} work;

static void *run(void *argument) {
  work *own = argument;
  for (int i = 0; i < REPETITIONS; i++) {
    pthread_barrier_wait(&barrier);
    own->begin[i] = now();
    own->call(own->thread);
    own->end[i] = now();
  }
  return NULL;
}

/// The seconds of the fastest repetition, from the first thread's begin to the last one's end.
static double best(void (*call)(int)) {
  static pthread_t ids[MAXIMUM_THREADS];
  static work works[MAXIMUM_THREADS];
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    works[i].call = call;
    works[i].thread = i;
    if (pthread_create(&ids[i], NULL, run, &works[i])) abort();
  }
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  pthread_barrier_destroy(&barrier);
  double best = 1e9;
  for (int i = 0; i < REPETITIONS; i++) {
    double begin = works[0].begin[i], end = works[0].end[i];
    for (int t = 1; t < threads; t++) {
      if (works[t].begin[i] < begin) begin = works[t].begin[i];
      if (works[t].end[i] > end) end = works[t].end[i];
    }
    if (end - begin < best) best = end - begin;
  }
  return best;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  threads = atoi(argv[1]);
  size_t bytes = strtoull(argv[2], NULL, 10) / 4096 * 4096;
  if (threads < 1 || threads > MAXIMUM_THREADS || bytes == 0) return 2;
  words *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  madvise(memory, bytes, MADV_HUGEPAGE);
  count = bytes / sizeof(words);
  for (size_t i = 0; i < count; i++) memory[i] = (words){0} + i;
  array = memory;

  passes = (long)(((size_t)1 << 30) / bytes) + 1;
  double bandwidth = (double)passes * (double)bytes / best(read_part);
  passes = 20 * 1000 * 1000;
  double floats = 2.0 * LANES * CHAINS * (double)passes * threads / best(multiply_floats);
  double codes = 2.0 * sizeof(numbers) * CODE_CHAINS * (double)passes * threads / best(multiply_codes);
  printf("{\"bandwidth\": %.0f, \"float32\": %.0f, \"int8\": %.0f, \"int8_instruction\": \"%s\"}\n", bandwidth, floats,
         codes, INT8);
  return 0;
}
