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

/* Arrays of one element at the end of a structure have as many as there is room for, also within one another.
 */
static ULONG KindsOf(_In_ PCM_RESOURCE_LIST List)
{
    ULONG kinds = 0;
    for (ULONG i = 0; i < List->List[0].PartialResourceList.Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR part = &List->List[0].PartialResourceList.PartialDescriptors[i];
        kinds |= 1u << part->Type;
    }
    return kinds;
}

static BOOLEAN AllKindsAreSeen(void)
{
    UCHAR room[sizeof(CM_RESOURCE_LIST) + sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)];
    PCM_RESOURCE_LIST list = (PCM_RESOURCE_LIST)room;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR part = list->List[0].PartialResourceList.PartialDescriptors;
    list->List[0].PartialResourceList.Count = 2;
    part[0].Type = CmResourceTypeMemory;
    part[1].Type = CmResourceTypeInterrupt;
    return KindsOf(list) == (1u << CmResourceTypeMemory | 1u << CmResourceTypeInterrupt);
}

VOID Unload(_In_ PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    if (write(COUNTER_FIRST) != CounterNext() || Large >> 32 != 1 || Tag >> 24 != 't' || !AllKindsAreSeen())
        return STATUS_UNSUCCESSFUL;
    return STATUS_SUCCESS;
}
