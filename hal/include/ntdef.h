/*
 * ntdef.h: the basic types of the Windows kernel, and the macros that go with them.
 *
 * Holds scalar types, strings, lists, large integers, object attributes and the macros that compute
 * with types (FIELD_OFFSET, CONTAINING_RECORD, C_ASSERT, RTL_NUMBER_OF).
 */
#ifndef _NTDEF_
#define _NTDEF_

#include "basetsd.h"
#include "sal.h"
#include "sdkddkver.h"

#include <stdarg.h>

/* --- words without meaning ---------------------------------------------------------------------- */

#if HALDMA_DIALECT
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
#endif

#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef EXTERN_C
#if defined(__cplusplus)
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif
#if defined(__cplusplus)
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END   }
#else
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/* --- scalar types ------------------------------------------------------------------------------- */

typedef void *PVOID, **PPVOID;
typedef void *HANDLE, **PHANDLE;

typedef char CHAR, *PCHAR, *LPCH, *PCH, *NPSTR, *LPSTR, *PSTR, CCHAR;
typedef const char *LPCCH, *PCCH, *LPCSTR, *PCSTR, *PCSZ;
typedef PSTR *PZPSTR;
typedef char *PSZ;
typedef unsigned char UCHAR, *PUCHAR;
typedef const UCHAR *PCUCHAR;
typedef short SHORT, *PSHORT, CSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef int LONG, *PLONG;
typedef unsigned int ULONG, *PULONG, CLONG, *PCLONG, LOGICAL, *PLOGICAL;
typedef int INT, *PINT;
typedef unsigned int UINT, *PUINT;
typedef __int64 LONGLONG, *PLONGLONG;
typedef unsigned __int64 ULONGLONG, *PULONGLONG, QUAD;
typedef ULONGLONG DWORDLONG, *PDWORDLONG;
typedef LONGLONG USN;

typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef LONG NTSTATUS, *PNTSTATUS;

/* The few names of user mode that kernel drivers also use. */
typedef int BOOL, *PBOOL;
typedef unsigned char BYTE, *PBYTE;
typedef unsigned short WORD, *PWORD;
typedef unsigned int DWORD, *PDWORD;

typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH, *LPWSTR, *PWSTR, *NWPSTR;
typedef const wchar_t *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR, *PCNZWCH;
typedef PWSTR *PZPWSTR;
typedef PCWSTR *PZPCWSTR;
typedef WCHAR *PZZWSTR;
typedef const WCHAR *PCZZWSTR;
typedef const WCHAR UNALIGNED *LPCUWSTR, *PCUWSTR;

#if defined(UNICODE)
typedef WCHAR TCHAR, *PTCHAR, *PTSTR, *LPTSTR;
typedef const WCHAR *PCTSTR, *LPCTSTR;
#define __TEXT(quote) L##quote
#else
typedef char TCHAR, *PTCHAR, *PTSTR, *LPTSTR;
typedef const char *PCTSTR, *LPCTSTR;
#define __TEXT(quote) quote
#endif
#define TEXT(quote) __TEXT(quote)

typedef UCHAR FCHAR;
typedef ULONG LCID, *PLCID;
typedef USHORT LANGID;

#define ANSI_NULL                ((CHAR)0)
#define UNICODE_NULL             ((WCHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)

#define MINCHAR   0x80
#define MAXCHAR   0x7f
#define MINSHORT  0x8000
#define MAXSHORT  0x7fff
#define MINLONG   ((LONG)0x80000000)
#define MAXLONG   0x7fffffff
#define MAXUCHAR  0xff
#define MAXUSHORT 0xffff
#define MAXULONG  0xffffffffU
#define MAXDWORD  0xffffffffU

/* --- NTSTATUS ----------------------------------------------------------------------------------- */

#define NT_SUCCESS(status)     (((NTSTATUS)(status)) >= 0)
#define NT_INFORMATION(status) ((((ULONG)(status)) >> 30) == 1)
#define NT_WARNING(status)     ((((ULONG)(status)) >> 30) == 2)
#define NT_ERROR(status)       ((((ULONG)(status)) >> 30) == 3)
#define NT_FACILITY_MASK       0xfff
#define NT_FACILITY_SHIFT      16
#define NT_FACILITY(status)    ((((ULONG)(status)) >> NT_FACILITY_SHIFT) & NT_FACILITY_MASK)

#define APPLICATION_ERROR_MASK       0x20000000
#define ERROR_SEVERITY_SUCCESS       0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING       0x80000000
#define ERROR_SEVERITY_ERROR         0xC0000000

/* --- large integers ----------------------------------------------------------------------------- */

typedef union _LARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

#define Int32x32To64(a, b)       (((LONGLONG)((LONG)(a))) * ((LONGLONG)((LONG)(b))))
#define UInt32x32To64(a, b)      (((ULONGLONG)((ULONG)(a))) * ((ULONGLONG)((ULONG)(b))))
#define Int64ShllMod32(v, shift) (((ULONGLONG)(v)) << (shift))
#define Int64ShraMod32(v, shift) (((LONGLONG)(v)) >> (shift))
#define Int64ShrlMod32(v, shift) (((ULONGLONG)(v)) >> (shift))

/* --- lists -------------------------------------------------------------------------------------- */

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* --- strings ------------------------------------------------------------------------------------ */

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING;

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    const char *Buffer;
} CSTRING, *PCSTRING_CONST;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#if defined(__cplusplus)
extern "C++" { /* overloads, even where a driver includes this in an extern "C" block */
static constexpr inline PWCH haldma_unconst(const WCHAR *text)
{
    return const_cast<PWCH>(text);
}
static constexpr inline PCHAR haldma_unconst(const CHAR *text)
{
    return const_cast<PCHAR>(text);
}
}
#define HALDMA_UNCONST(text) haldma_unconst(text)
#else
#define HALDMA_UNCONST(text) ((void *)(ULONG_PTR)(text))
#endif

/* An initialiser for a counted string, from a literal or an array of characters. */
#define RTL_CONSTANT_STRING(s)                                                     \
    {                                                                              \
        (USHORT)(sizeof(s) - sizeof((s)[0])), (USHORT)sizeof(s), HALDMA_UNCONST(s) \
    }

#define DECLARE_CONST_UNICODE_STRING(variable, text)                                               \
    const WCHAR variable##_buffer[] = text;                                                        \
    const UNICODE_STRING variable = {(USHORT)(sizeof(text) - sizeof(WCHAR)), (USHORT)sizeof(text), \
                                     (PWCH)HALDMA_UNCONST(variable##_buffer)}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(variable, text) \
    extern const DECLSPEC_SELECTANY UNICODE_STRING variable = RTL_CONSTANT_STRING(text)
#define DECLARE_UNICODE_STRING_SIZE(variable, characters) \
    WCHAR variable##_buffer[characters];                  \
    UNICODE_STRING variable = {0, (USHORT)((characters) * sizeof(WCHAR)), variable##_buffer}

/* --- objects ------------------------------------------------------------------------------------ */

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT            0x00000002
#define OBJ_PERMANENT          0x00000010
#define OBJ_EXCLUSIVE          0x00000020
#define OBJ_CASE_INSENSITIVE   0x00000040
#define OBJ_OPENIF             0x00000080
#define OBJ_OPENLINK           0x00000100
#define OBJ_KERNEL_HANDLE      0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_DONT_REPARSE       0x00001000
#define OBJ_VALID_ATTRIBUTES   0x00001FF2

#define InitializeObjectAttributes(p, n, a, r, s) \
    do {                                          \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);  \
        (p)->RootDirectory = (r);                 \
        (p)->Attributes = (a);                    \
        (p)->ObjectName = (n);                    \
        (p)->SecurityDescriptor = (s);            \
        (p)->SecurityQualityOfService = NULL;     \
    } while (0)

#define RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes)                                               \
    {                                                                                                  \
        sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)HALDMA_UNCONST(name), attributes, NULL, NULL \
    }
#define RTL_INIT_OBJECT_ATTRIBUTES(name, attributes) RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes)

typedef PVOID PSID;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;

#ifndef GUID_DEFINED
#include "guiddef.h"
#endif

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny } WAIT_TYPE;

/* --- computing with types ----------------------------------------------------------------------- */

#define FIELD_OFFSET(type, field)  ((LONG) __builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG) __builtin_offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) \
    ((type *)(void *)((PCHAR)(address) - (ULONG_PTR) __builtin_offsetof(type, field)))

#define RTL_FIELD_TYPE(type, field)           (((type *)0)->field)
#define RTL_FIELD_SIZE(type, field)           (sizeof(((type *)0)->field))
#define RTL_BITS_OF(value)                    (sizeof(value) * 8)
#define RTL_BITS_OF_FIELD(type, field)        (RTL_BITS_OF(RTL_FIELD_TYPE(type, field)))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(pointer, size, field) \
    ((((PCHAR)(&(pointer)->field)) + sizeof((pointer)->field)) <= (((PCHAR)(pointer)) + (size)))
#define RTL_NUMBER_OF_V1(array)          (sizeof(array) / sizeof((array)[0]))
#define RTL_NUMBER_OF_V2(array)          RTL_NUMBER_OF_V1(array)
#define RTL_NUMBER_OF(array)             RTL_NUMBER_OF_V1(array)
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(RTL_FIELD_TYPE(type, field)))
#ifndef ARRAYSIZE
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#endif
#ifndef _ARRAYSIZE
#define _ARRAYSIZE(array) RTL_NUMBER_OF(array)
#endif
#define TYPE_ALIGNMENT(type)  __alignof__(type)
#define PROBE_ALIGNMENT(type) TYPE_ALIGNMENT(ULONG)

#define C_ASSERT(condition) HALDMA_STATIC_ASSERT((condition), #condition)

#define UNREFERENCED_PARAMETER(p)          ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)      ((void)(p))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))
#define DEFAULT_UNREACHABLE \
    default:                \
        break

#define ARGUMENT_PRESENT(pointer) ((CHAR *)((ULONG_PTR)(pointer)) != (CHAR *)NULL)

#define ALIGN_DOWN_BY(length, alignment) ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment)-1))
#define ALIGN_UP_BY(length, alignment)   (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment)-1), alignment))
#define ALIGN_DOWN_POINTER_BY(address, alignment) \
    ((PVOID)((ULONG_PTR)(address) & ~((ULONG_PTR)(alignment)-1)))
#define ALIGN_UP_POINTER_BY(address, alignment) \
    (ALIGN_DOWN_POINTER_BY(((ULONG_PTR)(address) + (alignment)-1), alignment))
#define ALIGN_DOWN(length, type)          ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type)            ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type)   ALIGN_UP_POINTER_BY(address, sizeof(type))
#define IS_ALIGNED(pointer, alignment)    ((((ULONG_PTR)(pointer)) & ((alignment)-1)) == 0)

#define MAKEWORD(low, high) ((USHORT)(((UCHAR)(low)) | ((USHORT)((UCHAR)(high))) << 8))
#define MAKELONG(low, high) ((LONG)(((USHORT)(low)) | ((ULONG)((USHORT)(high))) << 16))
#define LOWORD(l)           ((USHORT)((ULONG_PTR)(l)&0xffff))
#define HIWORD(l)           ((USHORT)(((ULONG_PTR)(l) >> 16) & 0xffff))
#define LOBYTE(w)           ((UCHAR)((ULONG_PTR)(w)&0xff))
#define HIBYTE(w)           ((UCHAR)(((ULONG_PTR)(w) >> 8) & 0xff))

#if defined(__cplusplus)
#define DEFINE_ENUM_FLAG_OPERATORS(type)                                     \
    inline type operator|(type a, type b)                                    \
    {                                                                        \
        return static_cast<type>(static_cast<int>(a) | static_cast<int>(b)); \
    }                                                                        \
    inline type operator&(type a, type b)                                    \
    {                                                                        \
        return static_cast<type>(static_cast<int>(a) & static_cast<int>(b)); \
    }                                                                        \
    inline type operator~(type a)                                            \
    {                                                                        \
        return static_cast<type>(~static_cast<int>(a));                      \
    }                                                                        \
    inline type &operator|=(type &a, type b)                                 \
    {                                                                        \
        return a = a | b;                                                    \
    }                                                                        \
    inline type &operator&=(type &a, type b)                                 \
    {                                                                        \
        return a = a & b;                                                    \
    }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#endif

#define _strcmpi _stricmp

#endif /* _NTDEF_ */
