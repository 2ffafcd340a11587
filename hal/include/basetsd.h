/*
 * basetsd.h: integers of exact width, and integers as wide as a pointer.
 *
 * As on 64-bit Windows, everything of 64 bits is a long long, also where libc would use long.
 */
#ifndef HALDMA_BASETSD_H
#define HALDMA_BASETSD_H

#include "wdk/compiler.h"

typedef signed char INT8, *PINT8;
typedef signed short INT16, *PINT16;
typedef signed int INT32, *PINT32;
typedef __int64 INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef unsigned __int64 UINT64, *PUINT64;

typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
typedef __int64 LONG64, *PLONG64;
typedef unsigned __int64 ULONG64, *PULONG64;
typedef unsigned __int64 DWORD64, *PDWORD64;

typedef __int64 INT_PTR, *PINT_PTR;
typedef unsigned __int64 UINT_PTR, *PUINT_PTR;
typedef __int64 LONG_PTR, *PLONG_PTR;
typedef unsigned __int64 ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;

typedef int HALF_PTR, *PHALF_PTR;
typedef unsigned int UHALF_PTR, *PUHALF_PTR;

typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;

typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

HALDMA_STATIC_ASSERT(sizeof(ULONG_PTR) == sizeof(void *), "ULONG_PTR is as wide as a pointer");

#define MAXUINT8  ((UINT8) ~((UINT8)0))
#define MAXINT8   ((INT8)(MAXUINT8 >> 1))
#define MININT8   ((INT8)~MAXINT8)
#define MAXUINT16 ((UINT16) ~((UINT16)0))
#define MAXINT16  ((INT16)(MAXUINT16 >> 1))
#define MININT16  ((INT16)~MAXINT16)
#define MAXUINT32 ((UINT32) ~((UINT32)0))
#define MAXINT32  ((INT32)(MAXUINT32 >> 1))
#define MININT32  ((INT32)~MAXINT32)
#define MAXUINT64 ((UINT64) ~((UINT64)0))
#define MAXINT64  ((INT64)(MAXUINT64 >> 1))
#define MININT64  ((INT64)~MAXINT64)

#define MAXULONG32   ((ULONG32) ~((ULONG32)0))
#define MAXLONG32    ((LONG32)(MAXULONG32 >> 1))
#define MAXULONG64   ((ULONG64) ~((ULONG64)0))
#define MAXLONG64    ((LONG64)(MAXULONG64 >> 1))
#define MINLONG64    ((LONG64)~MAXLONG64)
#define MAXULONGLONG ((ULONGLONG) ~((ULONGLONG)0))
#define MAXLONGLONG  ((LONGLONG)(MAXULONGLONG >> 1))
#define MINLONGLONG  ((LONGLONG)~MAXLONGLONG)

#define MAXINT_PTR   ((INT_PTR)(MAXUINT_PTR >> 1))
#define MININT_PTR   ((INT_PTR)~MAXINT_PTR)
#define MAXUINT_PTR  ((UINT_PTR) ~((UINT_PTR)0))
#define MAXULONG_PTR ((ULONG_PTR) ~((ULONG_PTR)0))
#define MAXLONG_PTR  ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MAXSIZE_T    ((SIZE_T) ~((SIZE_T)0))
#define MAXSSIZE_T   ((SSIZE_T)(MAXSIZE_T >> 1))
#define SIZE_T_MAX   MAXSIZE_T

#define MAXUINT ((UINT) ~((UINT)0))
#define MAXINT  ((INT)(MAXUINT >> 1))
#define MININT  ((INT)~MAXINT)

/* Conversions between pointers and narrower integers, spelled out. */
#define HandleToULong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToLong(h)  ((LONG)(LONG_PTR)(h))
#define ULongToHandle(u) ((HANDLE)(ULONG_PTR)(u))
#define LongToHandle(l)  ((HANDLE)(LONG_PTR)(l))
#define PtrToUlong(p)    ((ULONG)(ULONG_PTR)(p))
#define PtrToLong(p)     ((LONG)(LONG_PTR)(p))
#define PtrToUint(p)     ((UINT)(UINT_PTR)(p))
#define PtrToInt(p)      ((INT)(INT_PTR)(p))
#define PtrToUshort(p)   ((USHORT)(ULONG_PTR)(p))
#define PtrToShort(p)    ((SHORT)(LONG_PTR)(p))
#define IntToPtr(i)      ((VOID *)(INT_PTR)(INT)(i))
#define UIntToPtr(u)     ((VOID *)(UINT_PTR)(UINT)(u))
#define LongToPtr(l)     ((VOID *)(LONG_PTR)(LONG)(l))
#define ULongToPtr(u)    ((VOID *)(ULONG_PTR)(ULONG)(u))
#define HandleToUlong    HandleToULong
#define UlongToHandle    ULongToHandle
#define UlongToPtr       ULongToPtr
#define UintToPtr        UIntToPtr
#define PtrToULong       PtrToUlong
#define PtrToUInt        PtrToUint

#endif /* HALDMA_BASETSD_H */
