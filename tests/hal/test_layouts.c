/*
 * test_layouts.c: sizes, offsets and values of hal/include against those of 64-bit Windows.
 *
 * Each list is used twice: as static assertions, so that a mistake stops the build at the line that
 * made it, and as a table that a test walks, so that a report names everything that differs at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ntddk.h"

/* clang-format off */

#define SIZES(X) \
    X(CHAR, 1) X(WCHAR, 2) X(SHORT, 2) X(LONG, 4) X(ULONG, 4) X(LONGLONG, 8) X(ULONG_PTR, 8) \
    X(SIZE_T, 8) X(PVOID, 8) X(BOOLEAN, 1) X(KIRQL, 1) X(NTSTATUS, 4) X(KAFFINITY, 8) X(GUID, 16) \
    X(KPROCESSOR_MODE, 1) X(KSPIN_LOCK, 8) X(LARGE_INTEGER, 8) X(PHYSICAL_ADDRESS, 8) \
    X(LIST_ENTRY, 16) X(SINGLE_LIST_ENTRY, 8) X(SLIST_ENTRY, 16) X(SLIST_HEADER, 16) \
    X(STRING, 16) X(UNICODE_STRING, 16) X(OBJECT_ATTRIBUTES, 48) X(IO_STATUS_BLOCK, 16) \
    X(PROCESSOR_NUMBER, 4) X(GROUP_AFFINITY, 16) \
    X(DISPATCHER_HEADER, 24) X(KEVENT, 24) X(KSEMAPHORE, 32) X(KMUTANT, 56) X(KMUTEX, 56) \
    X(KTIMER, 64) X(KDPC, 64) X(FAST_MUTEX, 56) X(KGUARDED_MUTEX, 56) X(KLOCK_QUEUE_HANDLE, 24) \
    X(KWAIT_BLOCK, 48) X(KAPC, 88) X(KDEVICE_QUEUE, 40) X(KDEVICE_QUEUE_ENTRY, 24) \
    X(ERESOURCE, 104) X(EX_RUNDOWN_REF, 8) X(WORK_QUEUE_ITEM, 32) X(GENERAL_LOOKASIDE, 128) \
    X(MDL, 48) X(IO_STACK_LOCATION, 72) X(IRP, 208) X(DEVICE_OBJECT, 336) X(DRIVER_OBJECT, 336) \
    X(FILE_OBJECT, 216) X(IO_CSQ, 64) X(IO_CSQ_IRP_CONTEXT, 24) \
    X(DEVICE_CAPABILITIES, 64) X(INTERFACE, 32) X(BUS_INTERFACE_STANDARD, 64) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, 20) X(CM_PARTIAL_RESOURCE_LIST, 28) \
    X(CM_FULL_RESOURCE_DESCRIPTOR, 36) X(CM_RESOURCE_LIST, 40) \
    X(IO_RESOURCE_DESCRIPTOR, 32) X(IO_RESOURCE_LIST, 40) X(IO_RESOURCE_REQUIREMENTS_LIST, 72) \
    X(PCI_COMMON_CONFIG, 256) X(PCI_SLOT_NUMBER, 4) X(RTL_BITMAP, 16) \
    X(RTL_OSVERSIONINFOW, 276) X(RTL_OSVERSIONINFOEXW, 284) X(TIME_FIELDS, 16) \
    X(WAIT_CONTEXT_BLOCK, 72) X(DEVICE_DESCRIPTION, 64) X(DMA_ADAPTER, 16) \
    X(SCATTER_GATHER_ELEMENT, 24) X(SCATTER_GATHER_LIST, 16) X(DMA_ADAPTER_INFO_V1, 20) \
    X(DMA_ADAPTER_INFO, 24) X(DMA_TRANSFER_INFO_V1, 12) X(DMA_TRANSFER_INFO_V2, 16) \
    X(DMA_TRANSFER_INFO, 20) X(DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION, 40) X(DMA_OPERATIONS, 320)

#define OFFSETS(X) \
    X(DISPATCHER_HEADER, Type, 0) X(DISPATCHER_HEADER, Size, 2) \
    X(DISPATCHER_HEADER, SignalState, 4) X(DISPATCHER_HEADER, WaitListHead, 8) \
    X(KDPC, Type, 0) X(KDPC, Importance, 1) X(KDPC, Number, 2) X(KDPC, DpcListEntry, 8) \
    X(KDPC, DeferredRoutine, 24) X(KDPC, DeferredContext, 32) X(KDPC, SystemArgument1, 40) \
    X(KDPC, SystemArgument2, 48) X(KDPC, DpcData, 56) \
    X(KSEMAPHORE, Limit, 24) X(KMUTANT, OwnerThread, 40) X(KMUTANT, Abandoned, 48) \
    X(KTIMER, DueTime, 24) X(KTIMER, TimerListEntry, 32) X(KTIMER, Dpc, 48) X(KTIMER, Period, 60) \
    X(FAST_MUTEX, Owner, 8) X(FAST_MUTEX, Contention, 16) X(FAST_MUTEX, Event, 24) \
    X(FAST_MUTEX, OldIrql, 48) X(KLOCK_QUEUE_HANDLE, OldIrql, 16) \
    X(KDEVICE_QUEUE, DeviceListHead, 8) X(KDEVICE_QUEUE, Lock, 24) X(KDEVICE_QUEUE, Busy, 32) \
    X(KDEVICE_QUEUE_ENTRY, SortKey, 16) X(KDEVICE_QUEUE_ENTRY, Inserted, 20) \
    X(MDL, Next, 0) X(MDL, Size, 8) X(MDL, MdlFlags, 10) X(MDL, Process, 16) \
    X(MDL, MappedSystemVa, 24) X(MDL, StartVa, 32) X(MDL, ByteCount, 40) X(MDL, ByteOffset, 44) \
    X(IRP, Size, 2) X(IRP, MdlAddress, 8) X(IRP, Flags, 16) X(IRP, AssociatedIrp, 24) \
    X(IRP, ThreadListEntry, 32) X(IRP, IoStatus, 48) X(IRP, RequestorMode, 64) \
    X(IRP, PendingReturned, 65) X(IRP, StackCount, 66) X(IRP, CurrentLocation, 67) \
    X(IRP, Cancel, 68) X(IRP, CancelIrql, 69) X(IRP, AllocationFlags, 71) X(IRP, UserIosb, 72) \
    X(IRP, UserEvent, 80) X(IRP, Overlay, 88) X(IRP, CancelRoutine, 104) X(IRP, UserBuffer, 112) \
    X(IRP, Tail, 120) X(IRP, Tail.Overlay.Thread, 152) X(IRP, Tail.Overlay.ListEntry, 168) \
    X(IRP, Tail.Overlay.CurrentStackLocation, 184) X(IRP, Tail.Overlay.OriginalFileObject, 192) \
    X(IO_STACK_LOCATION, MinorFunction, 1) X(IO_STACK_LOCATION, Flags, 2) \
    X(IO_STACK_LOCATION, Control, 3) X(IO_STACK_LOCATION, Parameters, 8) \
    X(IO_STACK_LOCATION, Parameters.Read.Key, 16) \
    X(IO_STACK_LOCATION, Parameters.Read.Flags, 20) \
    X(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24) \
    X(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 16) \
    X(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24) \
    X(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 32) \
    X(IO_STACK_LOCATION, Parameters.Create.FileAttributes, 24) \
    X(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 26) \
    X(IO_STACK_LOCATION, Parameters.Create.EaLength, 32) \
    X(IO_STACK_LOCATION, Parameters.Power.Type, 16) X(IO_STACK_LOCATION, Parameters.Power.State, 24) \
    X(IO_STACK_LOCATION, Parameters.QueryInterface.Size, 16) \
    X(IO_STACK_LOCATION, Parameters.QueryInterface.Version, 18) \
    X(IO_STACK_LOCATION, Parameters.QueryInterface.Interface, 24) \
    X(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Offset, 24) \
    X(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Length, 32) \
    X(IO_STACK_LOCATION, DeviceObject, 40) X(IO_STACK_LOCATION, FileObject, 48) \
    X(IO_STACK_LOCATION, CompletionRoutine, 56) X(IO_STACK_LOCATION, Context, 64) \
    X(DEVICE_OBJECT, Size, 2) X(DEVICE_OBJECT, ReferenceCount, 4) X(DEVICE_OBJECT, DriverObject, 8) \
    X(DEVICE_OBJECT, NextDevice, 16) X(DEVICE_OBJECT, AttachedDevice, 24) \
    X(DEVICE_OBJECT, CurrentIrp, 32) X(DEVICE_OBJECT, Flags, 48) \
    X(DEVICE_OBJECT, Characteristics, 52) X(DEVICE_OBJECT, DeviceExtension, 64) \
    X(DEVICE_OBJECT, DeviceType, 72) X(DEVICE_OBJECT, StackSize, 76) X(DEVICE_OBJECT, Queue, 80) \
    X(DEVICE_OBJECT, AlignmentRequirement, 152) X(DEVICE_OBJECT, DeviceQueue, 160) \
    X(DEVICE_OBJECT, Dpc, 200) X(DEVICE_OBJECT, DeviceLock, 280) X(DEVICE_OBJECT, SectorSize, 304) \
    X(DEVICE_OBJECT, DeviceObjectExtension, 312) \
    X(DRIVER_OBJECT, DeviceObject, 8) X(DRIVER_OBJECT, DriverExtension, 48) \
    X(DRIVER_OBJECT, DriverName, 56) X(DRIVER_OBJECT, DriverInit, 88) \
    X(DRIVER_OBJECT, DriverStartIo, 96) X(DRIVER_OBJECT, DriverUnload, 104) \
    X(DRIVER_OBJECT, MajorFunction, 112) X(DRIVER_EXTENSION, AddDevice, 8) \
    X(FILE_OBJECT, DeviceObject, 8) X(FILE_OBJECT, FsContext, 24) X(FILE_OBJECT, FsContext2, 32) \
    X(FILE_OBJECT, Flags, 80) X(FILE_OBJECT, FileName, 88) X(FILE_OBJECT, Event, 152) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u, 4) X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Generic.Length, 12) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Vector, 8) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Affinity, 12) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.RequestLine, 8) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.TransferWidth, 12) \
    X(IO_RESOURCE_DESCRIPTOR, u, 8) X(IO_RESOURCE_DESCRIPTOR, u.Memory.MaximumAddress, 24) \
    X(DEVICE_CAPABILITIES, Address, 8) X(DEVICE_CAPABILITIES, DeviceState, 16) \
    X(DEVICE_CAPABILITIES, D3Latency, 60) \
    X(BUS_INTERFACE_STANDARD, TranslateBusAddress, 32) X(BUS_INTERFACE_STANDARD, GetDmaAdapter, 40) \
    X(WAIT_CONTEXT_BLOCK, DeviceRoutine, 24) X(WAIT_CONTEXT_BLOCK, DeviceContext, 32) \
    X(WAIT_CONTEXT_BLOCK, NumberOfMapRegisters, 40) X(WAIT_CONTEXT_BLOCK, DeviceObject, 48) \
    X(WAIT_CONTEXT_BLOCK, CurrentIrp, 56) X(WAIT_CONTEXT_BLOCK, BufferChainingDpc, 64) \
    X(DEVICE_DESCRIPTION, Version, 0) X(DEVICE_DESCRIPTION, Master, 4) \
    X(DEVICE_DESCRIPTION, ScatterGather, 5) X(DEVICE_DESCRIPTION, DemandMode, 6) \
    X(DEVICE_DESCRIPTION, AutoInitialize, 7) X(DEVICE_DESCRIPTION, Dma32BitAddresses, 8) \
    X(DEVICE_DESCRIPTION, IgnoreCount, 9) X(DEVICE_DESCRIPTION, Reserved1, 10) \
    X(DEVICE_DESCRIPTION, Dma64BitAddresses, 11) X(DEVICE_DESCRIPTION, BusNumber, 12) \
    X(DEVICE_DESCRIPTION, DmaChannel, 16) X(DEVICE_DESCRIPTION, InterfaceType, 20) \
    X(DEVICE_DESCRIPTION, DmaWidth, 24) X(DEVICE_DESCRIPTION, DmaSpeed, 28) \
    X(DEVICE_DESCRIPTION, MaximumLength, 32) X(DEVICE_DESCRIPTION, DmaPort, 36) \
    X(DEVICE_DESCRIPTION, DmaAddressWidth, 40) X(DEVICE_DESCRIPTION, DmaControllerInstance, 44) \
    X(DEVICE_DESCRIPTION, DmaRequestLine, 48) X(DEVICE_DESCRIPTION, DeviceAddress, 56) \
    X(DMA_ADAPTER, Version, 0) X(DMA_ADAPTER, Size, 2) X(DMA_ADAPTER, DmaOperations, 8) \
    X(SCATTER_GATHER_LIST, Reserved, 8) X(SCATTER_GATHER_LIST, Elements, 16) \
    X(SCATTER_GATHER_LIST, Elements[3], 88) \
    X(SCATTER_GATHER_ELEMENT, Length, 8) X(SCATTER_GATHER_ELEMENT, Reserved, 16) \
    X(DMA_ADAPTER_INFO, V1, 4) X(DMA_TRANSFER_INFO, V1, 4) X(DMA_TRANSFER_INFO, V2, 4) \
    X(DMA_OPERATIONS, Size, 0) X(DMA_OPERATIONS, PutDmaAdapter, 8) \
    X(DMA_OPERATIONS, AllocateCommonBuffer, 16) X(DMA_OPERATIONS, FreeCommonBuffer, 24) \
    X(DMA_OPERATIONS, AllocateAdapterChannel, 32) X(DMA_OPERATIONS, FlushAdapterBuffers, 40) \
    X(DMA_OPERATIONS, FreeAdapterChannel, 48) X(DMA_OPERATIONS, FreeMapRegisters, 56) \
    X(DMA_OPERATIONS, MapTransfer, 64) X(DMA_OPERATIONS, GetDmaAlignment, 72) \
    X(DMA_OPERATIONS, ReadDmaCounter, 80) X(DMA_OPERATIONS, GetScatterGatherList, 88) \
    X(DMA_OPERATIONS, PutScatterGatherList, 96) \
    X(DMA_OPERATIONS, CalculateScatterGatherList, 104) X(DMA_OPERATIONS, BuildScatterGatherList, 112) \
    X(DMA_OPERATIONS, BuildMdlFromScatterGatherList, 120) \
    X(DMA_OPERATIONS, GetDmaAdapterInfo, 128) X(DMA_OPERATIONS, GetDmaTransferInfo, 136) \
    X(DMA_OPERATIONS, InitializeDmaTransferContext, 144) \
    X(DMA_OPERATIONS, AllocateCommonBufferEx, 152) X(DMA_OPERATIONS, AllocateAdapterChannelEx, 160) \
    X(DMA_OPERATIONS, ConfigureAdapterChannel, 168) X(DMA_OPERATIONS, CancelAdapterChannel, 176) \
    X(DMA_OPERATIONS, MapTransferEx, 184) X(DMA_OPERATIONS, GetScatterGatherListEx, 192) \
    X(DMA_OPERATIONS, BuildScatterGatherListEx, 200) X(DMA_OPERATIONS, FlushAdapterBuffersEx, 208) \
    X(DMA_OPERATIONS, FreeAdapterObject, 216) X(DMA_OPERATIONS, CancelMappedTransfer, 224) \
    X(DMA_OPERATIONS, AllocateDomainCommonBuffer, 232) X(DMA_OPERATIONS, FlushDmaBuffer, 240) \
    X(DMA_OPERATIONS, JoinDmaDomain, 248) X(DMA_OPERATIONS, LeaveDmaDomain, 256) \
    X(DMA_OPERATIONS, GetDmaDomain, 264) X(DMA_OPERATIONS, AllocateCommonBufferWithBounds, 272) \
    X(DMA_OPERATIONS, AllocateCommonBufferVector, 280) \
    X(DMA_OPERATIONS, GetCommonBufferFromVectorByIndex, 288) \
    X(DMA_OPERATIONS, FreeCommonBufferFromVector, 296) \
    X(DMA_OPERATIONS, FreeCommonBufferVector, 304) X(DMA_OPERATIONS, CreateCommonBufferFromMdl, 312)

#define VALUES(X) \
    X(DEVICE_DESCRIPTION_VERSION, 0) X(DEVICE_DESCRIPTION_VERSION1, 1) \
    X(DEVICE_DESCRIPTION_VERSION2, 2) X(DEVICE_DESCRIPTION_VERSION3, 3) \
    X(DMA_TRANSFER_CONTEXT_VERSION1, 1) X(DMA_TRANSFER_CONTEXT_SIZE_V1, 128) \
    X(DMA_ADAPTER_INFO_VERSION1, 1) X(DMA_TRANSFER_INFO_VERSION1, 1) \
    X(DMA_TRANSFER_INFO_VERSION2, 2) X(ADAPTER_INFO_SYNCHRONOUS_CALLBACK, 1) \
    X(ADAPTER_INFO_API_BYPASS, 2) X(DMA_SYNCHRONOUS_CALLBACK, 1) X(DMA_ZERO_BUFFERS, 2) \
    X(DMA_FAIL_ON_BOUNCE, 4) X(DOMAIN_COMMON_BUFFER_LARGE_PAGE, 1) \
    X(KeepObject, 1) X(DeallocateObject, 2) X(DeallocateObjectKeepRegisters, 3) \
    X(DmaComplete, 0) X(DmaAborted, 1) X(DmaError, 2) X(DmaCancelled, 3) \
    X(Width8Bits, 0) X(Width16Bits, 1) X(Width32Bits, 2) X(Width64Bits, 3) X(WidthNoWrap, 4) \
    X(MaximumDmaWidth, 5) X(Compatible, 0) X(TypeA, 1) X(TypeB, 2) X(TypeC, 3) X(TypeF, 4) \
    X(MaximumDmaSpeed, 5) X(InterfaceTypeUndefined, -1) X(Internal, 0) X(Isa, 1) X(Eisa, 2) \
    X(PCIBus, 5) X(PNPISABus, 14) X(PNPBus, 15) X(Vmcs, 16) X(ACPIBus, 17) \
    X(MaximumInterfaceType, 18) X(CommonBufferConfigTypeLogicalAddressLimits, 0) \
    X(CommonBufferConfigTypeSubSection, 1) X(CommonBufferConfigTypeHardwareAccessPermissions, 2) \
    X(CommonBufferConfigTypeMax, 3) X(CommonBufferHardwareAccessReadOnly, 0) \
    X(CommonBufferHardwareAccessWriteOnly, 1) X(CommonBufferHardwareAccessReadWrite, 2) \
    X(CommonBufferHardwareAccessMax, 3) X(PASSIVE_LEVEL, 0) X(APC_LEVEL, 1) X(DISPATCH_LEVEL, 2) \
    X(HIGH_LEVEL, 15) X(PAGE_SIZE, 4096) X(IRP_MJ_PNP, 0x1b) X(IRP_MJ_POWER, 0x16) \
    X(WrDispatchInt, 31) X(NonPagedPoolNx, 512) X(MmWriteCombined, 2) \
    X(PowerDeviceD3, 4) X(PowerSystemMaximum, 7) X(DevicePropertyRemovalPolicy, 0x13) \
    X(STATUS_INVALID_PARAMETER, (NTSTATUS)0xC000000D) X(STATUS_CANCELLED, (NTSTATUS)0xC0000120) \
    X(STATUS_INSUFFICIENT_RESOURCES, (NTSTATUS)0xC000009A) X(STATUS_PENDING, 0x103) \
    X(STATUS_BUFFER_TOO_SMALL, (NTSTATUS)0xC0000023) X(STATUS_NONE_MAPPED, (NTSTATUS)0xC0000073) \
    X(STATUS_NOT_SUPPORTED, (NTSTATUS)0xC00000BB) X(STATUS_NOT_IMPLEMENTED, (NTSTATUS)0xC0000002) \
    X(FIELD_OFFSET(IRP, Tail), 120) X(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0xfff, 2), 2) \
    X(ADDRESS_AND_SIZE_TO_SPAN_PAGES(0x1000, 0), 0) X(BYTES_TO_PAGES(4097), 2) \
    X(CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS), 0x222000)

/* clang-format on */

#define ASSERT_SIZE(type, expected) \
    _Static_assert(sizeof(type) == (expected), "size of " #type " is not " #expected);
#define ASSERT_OFFSET(type, member, expected)                      \
    _Static_assert(__builtin_offsetof(type, member) == (expected), \
                   "offset of " #type "." #member " is not " #expected);
#define ASSERT_VALUE(name, expected) \
    _Static_assert((long long)(name) == (long long)(expected), #name " is not " #expected);

SIZES(ASSERT_SIZE)
OFFSETS(ASSERT_OFFSET)
VALUES(ASSERT_VALUE)

_Static_assert(_Alignof(SLIST_HEADER) == 16, "interlocked lists need 16-byte alignment");
_Static_assert(_Alignof(DEVICE_OBJECT) == 16, "device extensions follow at 16-byte alignment");
_Static_assert(_Alignof(CM_PARTIAL_RESOURCE_DESCRIPTOR) == 4, "resource descriptors are packed");
_Static_assert((LONG)-1 < 0 && (ULONG)-1 > 0, "signedness of LONG and ULONG");
_Static_assert((WCHAR)-1 > 0, "WCHAR is unsigned");

struct fact {
    const char *what;
    long long is;
    long long expected;
};

#define FACT_SIZE(type, expected) {"sizeof(" #type ")", (long long)sizeof(type), (expected)},
#define FACT_OFFSET(type, member, expected) \
    {#type "." #member, (long long)__builtin_offsetof(type, member), (expected)},
#define FACT_VALUE(name, expected) {#name, (long long)(name), (long long)(expected)},

static const struct fact sizes[] = {SIZES(FACT_SIZE)};
static const struct fact offsets[] = {OFFSETS(FACT_OFFSET)};
static const struct fact values[] = {VALUES(FACT_VALUE)};

static int count_differences(const struct fact *facts, size_t count)
{
    int different = 0;

    for (size_t i = 0; i < count; i++) {
        if (facts[i].is != facts[i].expected) {
            print_error("%s is %lld, not %lld\n", facts[i].what, facts[i].is, facts[i].expected);
            different++;
        }
    }
    return different;
}

static void sizes_are_those_of_windows(void **state)
{
    (void)state;
    assert_int_equal(count_differences(sizes, sizeof(sizes) / sizeof(sizes[0])), 0);
}

static void offsets_are_those_of_windows(void **state)
{
    (void)state;
    assert_int_equal(count_differences(offsets, sizeof(offsets) / sizeof(offsets[0])), 0);
}

static void values_are_those_of_windows(void **state)
{
    (void)state;
    assert_int_equal(count_differences(values, sizeof(values) / sizeof(values[0])), 0);
}

/* FIELD_OFFSET is a constant expression: it may label a case. */
static void field_offset_labels_a_case(void **state)
{
    int found = 0;

    (void)state;
    switch (FIELD_OFFSET(MDL, ByteCount)) {
    case FIELD_OFFSET(MDL, ByteOffset):
        break;
    case FIELD_OFFSET(MDL, ByteCount):
        found = 1;
        break;
    default:
        break;
    }
    assert_int_equal(found, 1);
}

/* The list inlines, which have no other home than the header. */
static void lists_keep_order(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY entries[3];

    (void)state;
    InitializeListHead(&head);
    assert_true(IsListEmpty(&head));
    InsertTailList(&head, &entries[1]);
    InsertTailList(&head, &entries[2]);
    InsertHeadList(&head, &entries[0]);
    assert_false(RemoveEntryList(&entries[1]));
    assert_ptr_equal(RemoveTailList(&head), &entries[2]);
    assert_ptr_equal(head.Flink, &entries[0]);
    assert_true(RemoveEntryList(&entries[0]));
    assert_true(IsListEmpty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_windows),
        cmocka_unit_test(offsets_are_those_of_windows),
        cmocka_unit_test(values_are_those_of_windows),
        cmocka_unit_test(field_offset_labels_a_case),
        cmocka_unit_test(lists_keep_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
