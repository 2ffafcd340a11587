/*
 * A driver that does nothing but use the dialect of the Windows compilers.
 */
#include "COUNTER.H"
#include <NtDDK.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

C_ASSERT(sizeof(WCHAR) == 2 && sizeof(LONG) == 4 && sizeof(PVOID) == 8);
C_ASSERT(sizeof(L"ab") == 6);

/* Hidden: it replaces nobody's write(). */
int write(int a)
{
    return a + 1;
}

#ifdef __clang__
static const unsigned __int64 Large = 0x100000000I64;
#else
static const unsigned __int64 Large = 0x100000000ULL;
#endif

static ULONG Tag = 'tnuC';

VOID Unload(_In_ PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    if (write(COUNTER_FIRST) != CounterNext() || Large >> 32 != 1 || Tag >> 24 != 't')
        return STATUS_UNSUCCESSFUL;
    return STATUS_SUCCESS;
}
