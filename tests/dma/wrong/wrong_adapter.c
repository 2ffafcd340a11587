/*
 * Wrong values of getting an adapter, asking it, and letting it go; and of system DMA's own operations.
 */
#include <ntddk.h>

#include "wrong.h"

/* A transfer runs. */
static void prepare_running(struct wrong_call *c)
{
    wrong_prepare_channel(c);
    rig_expect_equal(
        c->table->MapTransferEx(c->DmaAdapter, c->Mdl, c->base, 0, 0, &c->length, TRUE, NULL, 0, NULL, NULL),
        STATUS_SUCCESS);
}

WRONG_MEMBER_OF_NOTHING(PutDmaAdapter, wrong_prepare_fresh, c->DmaAdapter);
WRONG_MEMBER(GetDmaAlignment, wrong_prepare_fresh, wrong_not_zero, c->DmaAdapter);
WRONG_MEMBER(ReadDmaCounter, prepare_running, wrong_not_zero, c->DmaAdapter);
WRONG_MEMBER(GetDmaAdapterInfo, wrong_prepare_fresh, wrong_succeeds, c->DmaAdapter, c->AdapterInfo);
WRONG_MEMBER(ConfigureAdapterChannel, wrong_prepare_channel, wrong_unimplemented, c->DmaAdapter,
             c->FunctionNumber, c->Context);
WRONG_MEMBER(CancelMappedTransfer, prepare_running, wrong_succeeds, c->DmaAdapter, c->DmaTransferContext);

/* Functions of their own: the table is not asked. */
#define FUNCTION(name, good, ...)                            \
    static uint64_t call_##name(struct wrong_call *c)        \
    {                                                        \
        return (uint64_t)name(__VA_ARGS__);                  \
    }                                                        \
    static const struct wrong_operation operation_##name = { \
        #name, 0, #__VA_ARGS__, wrong_prepare_fresh, call_##name, good}
FUNCTION(IoGetDmaAdapter, wrong_not_zero, c->PhysicalDeviceObject, c->DeviceDescription,
         c->pNumberOfMapRegisters);

FUNCTION(HalGetAdapter, wrong_zero, c->DeviceDescription, c->pNumberOfMapRegisters);

/* A subordinate device of version 3 on a line that nobody serves. */
static void put_on_a_wrong_line(struct wrong_call *c)
{
    enum { UNSERVED = 7 };
    c->description = world_subordinate(UNSERVED);
}

/* A subordinate device before version 3, by channel and width. */
static void put_on_a_channel(struct wrong_call *c, ULONG channel, unsigned width)
{
    c->description = (DEVICE_DESCRIPTION){
        .Version = DEVICE_DESCRIPTION_VERSION1,
        .InterfaceType = Isa,
        .DmaChannel = channel,
        .DmaWidth = (DMA_WIDTH)width,
        .MaximumLength = PAGE_SIZE,
    };
}

static void outlive(struct wrong_call *c)
{
    world_take(c->DmaAdapter, c->other_transfer, 1);
}

#define ROWS(ROW)                                                                                            \
    ROW(PutDmaAdapter, DmaAdapter, with_its_channel, outlive(c), STOPS("DMA-ADAPTER-11", "0xE6/08"))         \
    ROW(GetDmaAdapterInfo, AdapterInfo, null, c->AdapterInfo = NULL, RETURNS(wrong_invalid))                 \
    ROW(GetDmaAdapterInfo, AdapterInfo, version_0, c->adapter_info.Version = 0, RETURNS(wrong_unsupported))  \
    ROW(GetDmaAdapterInfo, AdapterInfo, unknown_version, c->adapter_info.Version = WRONG_VERSION,            \
        RETURNS(wrong_unsupported))                                                                          \
    ROW(ConfigureAdapterChannel, DmaAdapter, of_a_bus_master, c->DmaAdapter = world_adapter(32),             \
        RETURNS(wrong_unimplemented))                                                                        \
    ROW(ConfigureAdapterChannel, FunctionNumber, unknown, c->FunctionNumber = MAXULONG,                      \
        RETURNS(wrong_unimplemented))                                                                        \
    ROW(ConfigureAdapterChannel, Context, null, c->Context = NULL, RETURNS(wrong_unimplemented))             \
    ROW(CancelMappedTransfer, DmaAdapter, of_a_bus_master, c->DmaAdapter = world_adapter(32),                \
        RETURNS(wrong_unsupported))                                                                          \
    ROW(CancelMappedTransfer, DmaTransferContext, null, c->DmaTransferContext = NULL,                        \
        RETURNS(wrong_invalid))                                                                              \
    ROW(CancelMappedTransfer, DmaTransferContext, not_initialized,                                           \
        c->DmaTransferContext = wrong_blank_context(c), STOPS("DMA-CONTEXT-4", NULL))                        \
    ROW(CancelMappedTransfer, DmaTransferContext, copied, c->DmaTransferContext = wrong_copied_context(c),   \
        STOPS("DMA-CONTEXT-5", NULL))                                                                        \
    ROW(IoGetDmaAdapter, PhysicalDeviceObject, null, c->PhysicalDeviceObject = NULL,                         \
        RETURNS(wrong_not_zero))                                                                             \
    ROW(IoGetDmaAdapter, PhysicalDeviceObject, deleted, c->PhysicalDeviceObject = wrong_deleted_device(c),   \
        STOPS("DMA-ADAPTER-24", NULL))                                                                       \
    ROW(IoGetDmaAdapter, DeviceDescription, null, c->DeviceDescription = NULL, RETURNS(wrong_zero))          \
    ROW(IoGetDmaAdapter, DeviceDescription, unknown_version, c->description.Version = WRONG_VERSION,         \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, DeviceDescription, no_address_bits, c->description.DmaAddressWidth = 0,             \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, DeviceDescription, too_many_address_bits, c->description.DmaAddressWidth = 65,      \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, DeviceDescription, line_without_controller, put_on_a_wrong_line(c),                 \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, DeviceDescription, no_length, c->description.MaximumLength = 0,                     \
        RETURNS(wrong_not_zero))                                                                             \
    ROW(IoGetDmaAdapter, DeviceDescription, largest_length, c->description.MaximumLength = MAXULONG,         \
        RETURNS(wrong_not_zero))                                                                             \
    ROW(IoGetDmaAdapter, DeviceDescription, channel_that_is_none, put_on_a_channel(c, MAXULONG, Width8Bits), \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, DeviceDescription, width_that_is_none, put_on_a_channel(c, 0, MaximumDmaWidth),     \
        RETURNS(wrong_zero))                                                                                 \
    ROW(HalGetAdapter, DeviceDescription, null, c->DeviceDescription = NULL, RETURNS(wrong_zero))            \
    ROW(HalGetAdapter, DeviceDescription, unknown_version, c->description.Version = WRONG_VERSION,           \
        RETURNS(wrong_zero))                                                                                 \
    ROW(HalGetAdapter, DeviceDescription, of_version_2,                                                      \
        c->description.Version = DEVICE_DESCRIPTION_VERSION2, RETURNS(wrong_not_zero))                       \
    ROW(HalGetAdapter, pNumberOfMapRegisters, null,                                                          \
        (c->description.Version = DEVICE_DESCRIPTION_VERSION2, c->pNumberOfMapRegisters = NULL),             \
        RETURNS(wrong_zero))                                                                                 \
    ROW(IoGetDmaAdapter, pNumberOfMapRegisters, null, c->pNumberOfMapRegisters = NULL, RETURNS(wrong_zero))

ROWS(WRONG_SPOIL)

static const struct wrong_row rows[] = {ROWS(WRONG_ROW)};

static const struct wrong_operation *const operations[] = {
    &operation_PutDmaAdapter,     &operation_GetDmaAlignment,         &operation_ReadDmaCounter,
    &operation_GetDmaAdapterInfo, &operation_ConfigureAdapterChannel, &operation_CancelMappedTransfer,
    &operation_IoGetDmaAdapter,   &operation_HalGetAdapter,
};

const struct wrong_table wrong_adapter = WRONG_TABLE(operations, rows);
