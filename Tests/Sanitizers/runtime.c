// Preloaded under ThreadSanitizer: tells it of what Swift's runtime on Linux hands from thread to thread, where it can't
// look. Without, whatever a Mutex guards or a continuation returns is reported as a race.
//
// - The runtime tells of its tasks itself once somebody has called its hook; the linker has left it out.
// - Mutex takes its lock in instrumented code, and in an instrumented way, unless it has to wait: that part lies in a
//   library that isn't instrumented.
// - A continuation may be resumed before it is awaited.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context))
#define ASYNC __attribute__((swift_async_context))

// Missing in programs that aren't instrumented.
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

__attribute__((constructor)) static void tellOfTasks(void) {
  int (*hook)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "__tsan_on_initialize");
  if (hook && __tsan_acquire) hook();
}

// Synchronization._MutexHandle._lockSlow(UInt32) and _unlockSlow().

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

// Swift.CheckedContinuation.resume(returning:) and resume(throwing:), whose task nobody outside can tell: all are one.

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

// What a continuation begins with.
struct continuation {
  void *parent;
  SWIFT_ASYNC void (*resume)(ASYNC void *);
  uintptr_t flags;
};
enum { switchesExecutor = 2 };

// Where a task goes on that needn't wait, as its continuation has been resumed, perhaps only while it was about to wait.
// That goes on in this thread; one that waits goes on with its own job, of which the runtime tells.
static _Thread_local SWIFT_ASYNC void (*goesOn)(ASYNC void *);

static SWIFT_ASYNC void goOn(ASYNC void *async) {
  acquire(&continuations);
  acquire(swift_task_getCurrent());
  __attribute__((musttail)) return goesOn(async);
}

SWIFT_ASYNC void swift_continuation_await(ASYNC void *async, struct continuation *continuation) {
  typedef SWIFT_ASYNC void (*function)(ASYNC void *, struct continuation *);
  function real = REAL(function, "swift_continuation_await");
  if (!(continuation->flags & switchesExecutor)) {
    goesOn = continuation->resume;
    continuation->resume = goOn;
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

// A job, on its way to the thread that runs it.
void dispatch_async_f(void *queue, void *job, void *function) {
  typedef void (*dispatch)(void *, void *, void *);
  release(job);
  REAL(dispatch, "dispatch_async_f")(queue, job, function);
}
