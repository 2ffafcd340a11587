/*
 * wdm_base.h: what every other part of wdm.h needs.
 *
 * Page arithmetic, interrupt levels, access rights, and the debugging macros (ASSERT, PAGED_CODE,
 * KdPrint).
 */
#ifndef HALDMA_WDM_BASE_H
#define HALDMA_WDM_BASE_H

#include "bugcodes.h"
#include "ntdef.h"
#include "ntstatus.h"

#include <string.h>

/* --- pages -------------------------------------------------------------------------------------- */

#ifndef PAGE_SIZE
#define PAGE_SIZE 0x1000
#endif
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12L
#endif

#define ROUND_TO_PAGES(size) (((ULONG_PTR)(size) + PAGE_SIZE - 1) & ~((ULONG_PTR)PAGE_SIZE - 1))
#define BYTES_TO_PAGES(size) \
    ((ULONG)(((ULONG_PTR)(size) >> PAGE_SHIFT) + (((ULONG_PTR)(size) & (PAGE_SIZE - 1)) != 0)))
#define BYTE_OFFSET(address) ((ULONG)((ULONG_PTR)(address) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(address)  ((PVOID)((ULONG_PTR)(address) & ~((ULONG_PTR)PAGE_SIZE - 1)))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, size) \
    ((ULONG)((((ULONG_PTR)(address) & (PAGE_SIZE - 1)) + (ULONG_PTR)(size) + PAGE_SIZE - 1) >> PAGE_SHIFT))
#define COMPUTE_PAGES_SPANNED(address, size) ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, size)
#define IS_PAGE_ALIGNED(address)             (BYTE_OFFSET(address) == 0)

#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define MAXIMUM_PROCESSORS          64
#define MAXIMUM_WAIT_OBJECTS        64
#define THREAD_WAIT_OBJECTS         3
#define MAXIMUM_SUSPEND_COUNT       MAXCHAR

/* --- interrupt levels (64-bit) ------------------------------------------------------------------ */

#define PASSIVE_LEVEL  0
#define LOW_LEVEL      0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL     5
#define CLOCK_LEVEL    13
#define IPI_LEVEL      14
#define DRS_LEVEL      14
#define POWER_LEVEL    14
#define PROFILE_LEVEL  15
#define HIGH_LEVEL     15

#define LOW_PRIORITY          0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY         31
#define MAXIMUM_PRIORITY      32

/* --- processor modes ---------------------------------------------------------------------------- */

typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

/* --- access rights ------------------------------------------------------------------------------ */

#define DELETE                   0x00010000
#define READ_CONTROL             0x00020000
#define WRITE_DAC                0x00040000
#define WRITE_OWNER              0x00080000
#define SYNCHRONIZE              0x00100000
#define STANDARD_RIGHTS_REQUIRED 0x000F0000
#define STANDARD_RIGHTS_READ     READ_CONTROL
#define STANDARD_RIGHTS_WRITE    READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE  READ_CONTROL
#define STANDARD_RIGHTS_ALL      0x001F0000
#define SPECIFIC_RIGHTS_ALL      0x0000FFFF
#define ACCESS_SYSTEM_SECURITY   0x01000000
#define MAXIMUM_ALLOWED          0x02000000
#define GENERIC_READ             0x80000000U
#define GENERIC_WRITE            0x40000000
#define GENERIC_EXECUTE          0x20000000
#define GENERIC_ALL              0x10000000

#define EVENT_QUERY_STATE      0x0001
#define EVENT_MODIFY_STATE     0x0002
#define EVENT_ALL_ACCESS       (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define SEMAPHORE_QUERY_STATE  0x0001
#define SEMAPHORE_MODIFY_STATE 0x0002
#define SEMAPHORE_ALL_ACCESS   (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define THREAD_ALL_ACCESS      (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

/* --- opaque objects of the kernel --------------------------------------------------------------- */

typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD;
typedef struct _ETHREAD *PETHREAD;
typedef struct _KPROCESS *PKPROCESS, *PRKPROCESS;
typedef struct _EPROCESS *PEPROCESS;
typedef struct _KINTERRUPT *PKINTERRUPT, *PRKINTERRUPT;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;
typedef struct _EX_TIMER *PEX_TIMER;
typedef struct _IO_WORKITEM *PIO_WORKITEM;
typedef struct _IO_TIMER *PIO_TIMER;
typedef struct _ACCESS_STATE *PACCESS_STATE;
typedef struct _VPB *PVPB;
typedef struct _SECTION_OBJECT_POINTERS *PSECTION_OBJECT_POINTERS;
typedef struct _IO_SECURITY_CONTEXT *PIO_SECURITY_CONTEXT;
typedef struct _SCSI_REQUEST_BLOCK *PSCSI_REQUEST_BLOCK;
typedef struct _FILE_GET_QUOTA_INFORMATION *PFILE_GET_QUOTA_INFORMATION;
typedef struct _TARGET_DEVICE_CUSTOM_NOTIFICATION *PTARGET_DEVICE_CUSTOM_NOTIFICATION_OPAQUE;

struct _DEVICE_OBJECT;
struct _DRIVER_OBJECT;
struct _FILE_OBJECT;
struct _IRP;
struct _IO_STACK_LOCATION;
struct _MDL;
struct _KDPC;
struct _KEVENT;
struct _DMA_ADAPTER;
struct _DEVICE_DESCRIPTION;
struct _SCATTER_GATHER_LIST;

typedef struct _IO_STATUS_BLOCK {
    __extension__ union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

/* --- debugging ---------------------------------------------------------------------------------- */

HALDMA_DECLS_BEGIN

/* Formats as the kernel does: %I64x, %wZ, %Z, %ws, %S and %p (16 digits) besides those of C. */
ULONG __cdecl DbgPrint(PCSTR Format, ...);
ULONG __cdecl DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist);
ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist);
void DbgBreakPoint(void);
void DbgBreakPointWithStatus(ULONG Status);
void RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message);

/* Reports that paged code runs at DISPATCH_LEVEL or above; does nothing where it may run. */
void haldma_paged_code(const char *file, int line);

HALDMA_DECLS_END

#define DPFLTR_IHVDRIVER_ID    77
#define DPFLTR_DEFAULT_ID      101
#define DPFLTR_IHVVIDEO_ID     78
#define DPFLTR_IHVAUDIO_ID     79
#define DPFLTR_IHVNETWORK_ID   80
#define DPFLTR_IHVSTREAMING_ID 81
#define DPFLTR_IHVBUS_ID       82
#define DPFLTR_ERROR_LEVEL     0
#define DPFLTR_WARNING_LEVEL   1
#define DPFLTR_TRACE_LEVEL     2
#define DPFLTR_INFO_LEVEL      3
#define DPFLTR_MASK            0x80000000U

#define PAGED_CODE()        haldma_paged_code(__FILE__, __LINE__)
#define PAGED_CODE_LOCKED() ((void)0)
#define PAGED_ASSERT(e)     ((void)0)

#define RTL_ASSERT_ALWAYS(e) \
    ((e) ? (void)0 : RtlAssert((PVOID)HALDMA_UNCONST(#e), (PVOID)HALDMA_UNCONST(__FILE__), __LINE__, NULL))
#define RTL_ASSERTMSG_ALWAYS(m, e)                                                         \
    ((e) ? (void)0                                                                         \
         : RtlAssert((PVOID)HALDMA_UNCONST(#e), (PVOID)HALDMA_UNCONST(__FILE__), __LINE__, \
                     (PSTR)HALDMA_UNCONST(m)))

#if DBG
#define KdPrint(arguments)    DbgPrint arguments
#define KdPrintEx(arguments)  DbgPrintEx arguments
#define vKdPrintEx(arguments) vDbgPrintEx arguments
#define KdBreakPoint()        DbgBreakPoint()
#define RTL_ASSERT(e)         RTL_ASSERT_ALWAYS(e)
#define RTL_ASSERTMSG(m, e)   RTL_ASSERTMSG_ALWAYS(m, e)
#define RTL_SOFT_ASSERT(e)    RTL_ASSERT_ALWAYS(e)
#define NT_VERIFY(e)          RTL_ASSERT_ALWAYS(e)
#define RTL_VERIFY(e)         RTL_ASSERT_ALWAYS(e)
#else
#define KdPrint(arguments)    ((void)0)
#define KdPrintEx(arguments)  ((void)0)
#define vKdPrintEx(arguments) ((void)0)
#define KdBreakPoint()        ((void)0)
#define RTL_ASSERT(e)         ((void)0)
#define RTL_ASSERTMSG(m, e)   ((void)0)
#define RTL_SOFT_ASSERT(e)    ((void)0)
#define NT_VERIFY(e)          ((e) ? TRUE : FALSE)
#define RTL_VERIFY(e)         ((e) ? TRUE : FALSE)
#endif

#ifndef ASSERT
#define ASSERT(e) RTL_ASSERT(e)
#endif
#ifndef ASSERTMSG
#define ASSERTMSG(m, e) RTL_ASSERTMSG(m, e)
#endif
#define SOFT_ASSERT(e)        RTL_SOFT_ASSERT(e)
#define NT_ASSERT(e)          RTL_ASSERT(e)
#define NT_ASSERTMSG(m, e)    RTL_ASSERTMSG(m, e)
#define NT_ASSERT_ASSUME(e)   RTL_ASSERT(e)
#define NT_ANALYSIS_ASSUME(e) ((void)0)
#define NT_FRE_ASSERT(e)      RTL_ASSERT_ALWAYS(e)
#define ASSERT_ALWAYS(e)      RTL_ASSERT_ALWAYS(e)

#if HALDMA_DIALECT && !defined(__cplusplus)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

#endif /* HALDMA_WDM_BASE_H */
