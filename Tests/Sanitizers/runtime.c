// A library that is preloaded under ThreadSanitizer and reports synchronisation inside the Swift runtime on Linux. The
// runtime is not instrumented, so without the library data that a Mutex protects or that a continuation returns is
// reported as a race.
//
// - Tasks: the runtime reports their synchronisation itself once its function __tsan_on_initialize has been called.
//   As the programs are linked, nothing else calls it, so this library does.
// - Mutex: locking without contention is instrumented; locking that waits happens in a library that is not.
// - Continuations: one can be resumed before it is awaited.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context))
#define ASYNC __attribute__((swift_async_context))

// Weak, because programs that are not instrumented lack these functions.
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);
__attribute__((weak)) SWIFT void *swift_task_getCurrent(void);

static void acquire(void *object) {
  if (__tsan_acquire) __tsan_acquire(object);
}

static void release(void *object) {
  if (__tsan_release) __tsan_release(object);
}

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

__attribute__((constructor)) static void enableTaskReports(void) {
  int (*hook)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "__tsan_on_initialize");
  if (hook && __tsan_acquire) hook();
}

// Interposes Synchronization._MutexHandle._lockSlow(UInt32) and _unlockSlow().

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void lock(uint32_t thread, SELF void *mutex) {
  typedef SWIFT void (*function)(uint32_t, SELF void *);
  REAL(function, LOCK)(thread, mutex);
  acquire(mutex);
}

SWIFT void unlock(SELF void *mutex) __asm__(UNLOCK);
SWIFT void unlock(SELF void *mutex) {
  typedef SWIFT void (*function)(SELF void *);
  release(mutex);
  REAL(function, UNLOCK)(mutex);
}

// Interposes Swift.CheckedContinuation.resume(returning:) and resume(throwing:). They don't give the continuation's
// task, so all continuations share one synchronisation object.

static char continuations;

#define RESUME(name, symbol)                                           \
  SWIFT void name(void *value, void *type, void *more, SELF void *self) __asm__(symbol); \
  SWIFT void name(void *value, void *type, void *more, SELF void *self) { \
    typedef SWIFT void (*function)(void *, void *, void *, SELF void *); \
    release(&continuations);                                           \
    REAL(function, symbol)(value, type, more, self);                   \
  }

RESUME(resumeReturning, "$sScC6resume9returningyxn_tF")
RESUME(resumeThrowing, "$sScC6resume8throwingyq_n_tF")

// The first fields of a continuation in the runtime's layout.
struct continuation {
  void *parent;
  SWIFT_ASYNC void (*resume)(ASYNC void *);
  uintptr_t flags;
};
enum { switchesExecutor = 2 };

// The resume function of a task whose continuation is resumed before the task suspends. Such a task continues on this
// thread; a task that suspends continues as a new job, which the runtime reports.
static _Thread_local SWIFT_ASYNC void (*resumeFunction)(ASYNC void *);

static SWIFT_ASYNC void acquireAndResume(ASYNC void *async) {
  acquire(&continuations);
  acquire(swift_task_getCurrent());
  __attribute__((musttail)) return resumeFunction(async);
}

SWIFT_ASYNC void swift_continuation_await(ASYNC void *async, struct continuation *continuation) {
  typedef SWIFT_ASYNC void (*function)(ASYNC void *, struct continuation *);
  function real = REAL(function, "swift_continuation_await");
  if (!(continuation->flags & switchesExecutor)) {
    resumeFunction = continuation->resume;
    continuation->resume = acquireAndResume;
  }
  __attribute__((musttail)) return real(async, continuation);
}

SWIFT void swift_continuation_resume(void *task) {
  typedef SWIFT void (*function)(void *);
  release(task);
  REAL(function, "swift_continuation_resume")(task);
}

SWIFT void swift_continuation_throwingResume(void *task) {
  typedef SWIFT void (*function)(void *);
  release(task);
  REAL(function, "swift_continuation_throwingResume")(task);
}

SWIFT void swift_continuation_throwingResumeWithError(void *task, void *error) {
  typedef SWIFT void (*function)(void *, void *);
  release(task);
  REAL(function, "swift_continuation_throwingResumeWithError")(task, error);
}

// Interposes the function with which the runtime sends a job to the thread that runs it.
void dispatch_async_f(void *queue, void *job, void *function) {
  typedef void (*dispatch)(void *, void *, void *);
  release(job);
  REAL(dispatch, "dispatch_async_f")(queue, job, function);
}
