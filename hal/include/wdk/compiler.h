/*
 * compiler.h: the words that the Microsoft compiler knows and gcc and clang do not.
 *
 * Included first by every other header of hal/include.
 *
 * The headers live in two worlds. A driver is compiled with nothing but hal/include in reach and may
 * use the whole dialect: IN and OUT, min and max, __in, __try, try. Our own library and tests include
 * the same headers beside those of libc and of the C++ library, which use some of these words as names
 * of their own. HALDMA_DIALECT tells the two apart: 1 in a driver, 0 beside a hosted C library. Define
 * HALDMA_DRIVER to force it on.
 */
#ifndef HALDMA_COMPILER_H
#define HALDMA_COMPILER_H

#include <stddef.h>

#if defined(HALDMA_DRIVER)
#define HALDMA_DIALECT 1
#elif defined(__has_include)
#if __has_include(<unistd.h>)
#define HALDMA_DIALECT 0
#else
#define HALDMA_DIALECT 1
#endif
#else
#define HALDMA_DIALECT 1
#endif

#if !defined(__GNUC__)
#error "haldma needs gcc or clang"
#endif
#if !defined(__LP64__)
#error "haldma emulates 64-bit Windows only: the target must have 64-bit pointers"
#endif

/* Static assertions that work in C11, C++17 and inside structures. */
#if defined(__cplusplus)
#define HALDMA_STATIC_ASSERT(condition, message) static_assert(condition, message)
#else
#define HALDMA_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

HALDMA_STATIC_ASSERT(sizeof(wchar_t) == 2, "WCHAR has 16 bits on Windows: compile with -fshort-wchar");
HALDMA_STATIC_ASSERT(sizeof(int) == 4, "LONG has 32 bits on Windows: int must have 32 bits");
HALDMA_STATIC_ASSERT(sizeof(long long) == 8, "LONGLONG has 64 bits on Windows");

/*
 * Around declarations: C linkage, and visible from a driver's module even where the library or the
 * driver is built with -fvisibility=hidden.
 */
#if defined(__cplusplus)
#define HALDMA_DECLS_BEGIN                             \
    _Pragma("GCC visibility push(default)") extern "C" \
    {
#define HALDMA_DECLS_END \
    }                    \
    _Pragma("GCC visibility pop")
#else
#define HALDMA_DECLS_BEGIN _Pragma("GCC visibility push(default)")
#define HALDMA_DECLS_END   _Pragma("GCC visibility pop")
#endif

/* clang knows some of these words as keywords of targets that we do not have: silence its remark. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wkeyword-macro"
#pragma clang diagnostic ignored "-Wreserved-macro-identifier"
#endif

/* Calling conventions: 64-bit Windows has one, and so has the target. */
#undef __cdecl
#undef __stdcall
#undef __fastcall
#undef __thiscall
#undef __vectorcall
#define __cdecl
#define __stdcall
#define __fastcall
#define __thiscall
#define __vectorcall
#define _cdecl
#define _stdcall
#define _fastcall
#define CDECL
#define STDCALL
#define FASTCALL
#define NTAPI
#define NTAPI_INLINE
#define FASTCALL_INLINE

/* Integers of a given width, so that "unsigned __int64" works as well. */
#undef __int8
#undef __int16
#undef __int32
#undef __int64
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

/* Pointer qualifiers that mean nothing here. */
#undef __ptr32
#undef __ptr64
#undef __unaligned
#undef __w64
#define __ptr32
#define __ptr64
#define __unaligned
#define __w64

/*
 * Inline functions. A driver may write FORCEINLINE (or __inline, or inline) with or without "static"; a
 * C99 inline function without it has no external definition, so the call has to be inlined even
 * without optimisation. Taking the address of such a function needs "static".
 */
#undef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#define _forceinline __forceinline
#define FORCEINLINE  __forceinline
#define CFORCEINLINE __forceinline
#if HALDMA_DIALECT && !defined(__cplusplus)
#define __inline __inline__ __attribute__((__always_inline__))
#define _inline __inline__ __attribute__((__always_inline__))
#define inline __inline__ __attribute__((__always_inline__))
#else
#define _inline __inline__
#endif

/* __declspec(x): one macro for each word that drivers use. An unknown word fails to compile. */
#undef __declspec
#define __declspec(x) HALDMA_DECLSPEC_##x
#define _declspec(x) HALDMA_DECLSPEC_##x
#define HALDMA_DECLSPEC_align(n) __attribute__((__aligned__(n)))
#define HALDMA_DECLSPEC_allocate(s)
#define HALDMA_DECLSPEC_allocator
#define HALDMA_DECLSPEC_code_seg(s)
#define HALDMA_DECLSPEC_deprecated __attribute__((__deprecated__))
#define HALDMA_DECLSPEC_dllexport  __attribute__((__visibility__("default")))
#define HALDMA_DECLSPEC_dllimport
#define HALDMA_DECLSPEC_guard(x)
#define HALDMA_DECLSPEC_naked
#define HALDMA_DECLSPEC_noalias
#define HALDMA_DECLSPEC_noinline __attribute__((__noinline__))
#define HALDMA_DECLSPEC_noreturn __attribute__((__noreturn__))
#define HALDMA_DECLSPEC_nothrow
#define HALDMA_DECLSPEC_novtable
#define HALDMA_DECLSPEC_property(...)
#define HALDMA_DECLSPEC_restrict
#define HALDMA_DECLSPEC_safebuffers
#define HALDMA_DECLSPEC_selectany __attribute__((__weak__))
#define HALDMA_DECLSPEC_thread    __thread
#define HALDMA_DECLSPEC_uuid(s)

/* Function calls that the Microsoft compiler answers itself. */
#if HALDMA_DIALECT
#define __pragma(x)
#define __assume(x) ((void)0)
#define __noop(...) ((void)0)
#define __analysis_assume(x)
#define _Analysis_assume_(x)
#define __alignof __alignof__
#define _alignof __alignof__
#define __debugbreak() DbgBreakPoint()
#define __nop()        ((void)0)
#endif

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#define DECLSPEC_ALIGN(x)   __attribute__((__aligned__(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_EXPORT     __attribute__((__visibility__("default")))
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_NOTHROW
#define DECLSPEC_NOVTABLE
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK_WIN2K
#define DECLSPEC_DEPRECATED_DDK_WINXP
#define DECLSPEC_ADDRSAFE
#define DECLSPEC_RESTRICT
#define DECLSPEC_HOTPATCH
#define DECLSPEC_UUID(x)
#define DECLSPEC_SAFEBUFFERS
#define DECLSPEC_CFG
#define DECLSPEC_GUARD_SUPPRESS
#define DECLSPEC_CHPE_GUEST
#define RESTRICTED_POINTER
#define UNALIGNED
#define UNALIGNED64
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)

/* Where the documented declarations say which module of the kernel a function comes from. */
#define NTSYSAPI
#define NTSYSCALLAPI
#define NTKERNELAPI
#define NTHALAPI
#define NTHALAPI_PRIVATE
#define NTFSAPI
#define NTDDK_API
#define DECLSPEC_SAFE

/* The target, in the words that drivers ask for it. Never seen by code beside a hosted C library. */
#if HALDMA_DIALECT
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _WIN32
#define _WIN32 1
#endif
#if defined(__x86_64__)
#ifndef _AMD64_
#define _AMD64_ 1
#endif
#ifndef _M_AMD64
#define _M_AMD64 100
#endif
#ifndef _M_X64
#define _M_X64 100
#endif
#elif defined(__aarch64__)
#ifndef _ARM64_
#define _ARM64_ 1
#endif
#ifndef _M_ARM64
#define _M_ARM64 1
#endif
#endif
#endif

/* Checked ("debug") drivers: DBG is 0 or 1, set from outside. */
#ifndef DBG
#define DBG 0
#endif

#endif /* HALDMA_COMPILER_H */
