/* SPDX-License-Identifier: MIT
 *
 * abi/annot.h - the facts about locks and user pointers that the compiler checks
 *
 * Every rule a comment would state ("caller holds p->lock", "guarded by rq lock", "this pointer comes
 * from user space") is written with one of these macros instead, so that `make check` (clang >= 22 with
 * -Wthread-safety -Wthread-safety-beta) proves it and gcc ignores it.
 */
#pragma once

#if defined(__clang__) && __clang_major__ >= 22
#define LOCK_TYPE(name)       __attribute__((capability(name)))
#define GUARDED_BY(lock)      __attribute__((guarded_by(lock)))
#define MUST_HOLD(...)        __attribute__((requires_capability(__VA_ARGS__)))
#define MUST_HOLD_SHARED(...) __attribute__((requires_shared_capability(__VA_ARGS__)))
#define MUST_NOT_HOLD(...)    __attribute__((locks_excluded(__VA_ARGS__)))
#define ACQUIRES(...)         __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)         __attribute__((release_capability(__VA_ARGS__)))
#define ACQUIRES_SHARED(...)  __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define RELEASES_SHARED(...)  __attribute__((release_shared_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...)     __attribute__((try_acquire_capability(true, __VA_ARGS__)))
#define ASSERTS_HELD(...)     __attribute__((assert_capability(__VA_ARGS__)))
#define NO_LOCK_CHECK         __attribute__((no_thread_safety_analysis))
#define __user                __attribute__((noderef, address_space(1)))
#define __force               /* a cast that drops __user on purpose */
#else
#define LOCK_TYPE(name)
#define GUARDED_BY(lock)
#define MUST_HOLD(...)
#define MUST_HOLD_SHARED(...)
#define MUST_NOT_HOLD(...)
#define ACQUIRES(...)
#define RELEASES(...)
#define ACQUIRES_SHARED(...)
#define RELEASES_SHARED(...)
#define TRY_ACQUIRES(...)
#define ASSERTS_HELD(...)
#define NO_LOCK_CHECK
#define __user
#define __force
#endif

#define MUST_CHECK        __attribute__((warn_unused_result))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define NORETURN          __attribute__((noreturn))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define COLD              __attribute__((cold, noinline))
#define INIT_CODE         __attribute__((section(".init.text"), cold))
#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
