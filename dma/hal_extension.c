/*
 * HAL extensions: loading one, and the services of nthalext.h that it registers its controllers with.
 *
 * A handle is the number of the extension that is being loaded; tables of the firmware belong to it.
 */
#include "dma/hal_extension.h"

#include <emu/cpu.h>
#include <emu/mem.h>
#include <hal/io_driver.h>
#include <string.h>

#include "dma/controller.h"
#include "dma/system.h"

enum { BITS_64 = 64 };

/* ---- Registering ----------------------------------------------------------------------------- */

static bool is_good_table(const DMA_INITIALIZATION_BLOCK *b)
{
    const DMA_FUNCTION_TABLE *t = b->Operations;
    return t != NULL && t->InitializeController != NULL && t->ValidateRequestLineBinding != NULL &&
           t->QueryMaxFragments != NULL && t->ProgramChannel != NULL && t->FlushChannel != NULL &&
           t->CancelTransfer != NULL && (t->HandleInterrupt != NULL || !b->GeneratesInterrupt);
}

static bool is_good(const struct dma_system *s, const DMA_INITIALIZATION_BLOCK *b)
{
    if (b == NULL || b->Header.TableVersion != DMA_INITIALIZATION_VERSION || b->Header.TableSize != sizeof *b)
        return false;
    if (b->ChannelCount == 0 || b->ChannelCount > DMA_CHANNELS_MAX || b->DmaAddressWidth == 0 ||
        b->DmaAddressWidth > BITS_64 || b->MinimumRequestLine > b->MaximumRequestLine ||
        (b->InternalDataSize != 0 && b->InternalData == NULL) || !is_good_table(b))
        return false;
    for (uint32_t i = 0; i < s->controller_count; i++) {
        const struct dma_controller *c = s->controllers[i];
        if (b->MinimumRequestLine <= c->last_line && c->first_line <= b->MaximumRequestLine)
            return false;
    }
    return true;
}

NTSTATUS HalRegisterDmaController(PDMA_INITIALIZATION_BLOCK ControllerDescription)
{
    struct dma_system *s = dma_system();
    DMA_INITIALIZATION_BLOCK *b = ControllerDescription;
    if (!is_good(s, b))
        return STATUS_INVALID_PARAMETER;
    struct dma_controller *c = dma_controller_make(s, b);
    if (c == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (s->loading != NULL) {
        c->name = s->loading->name;
        c->is_explored = !s->loading->is_atomic;
        c->requester = s->loading->requester;
    }
    c->interrupts = b->GeneratesInterrupt;
    b->ControllerId = c->id;
    return !b->GeneratesInterrupt || dma_controller_connect(c, b->Gsi, b->InterruptMode)
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

NTSTATUS HalRegisterDmaChannel(PDMA_CHANNEL_INITIALIZATION_BLOCK ChannelDescription)
{
    const DMA_CHANNEL_INITIALIZATION_BLOCK *b = ChannelDescription;
    if (b == NULL || b->Header.TableVersion != DMA_CHANNEL_INITIALIZATION_VERSION ||
        b->Header.TableSize != sizeof *b)
        return STATUS_INVALID_PARAMETER;
    struct dma_controller *c = dma_controller_of_id(dma_system(), b->ControllerId);
    if (c == NULL || b->ChannelNumber >= c->channel_count || c->channels[b->ChannelNumber].is_registered)
        return STATUS_INVALID_PARAMETER;
    if (b->CommonBufferLength != 0 && c->operations.ReportCommonBuffer == NULL)
        return STATUS_INVALID_PARAMETER;
    if (b->GeneratesInterrupt &&
        (c->operations.HandleInterrupt == NULL || !dma_controller_connect(c, b->Gsi, b->InterruptMode)))
        return STATUS_INVALID_PARAMETER;
    struct dma_channel *channel = &c->channels[b->ChannelNumber];
    channel->is_registered = true;
    channel->interrupts = c->interrupts || b->GeneratesInterrupt;
    channel->common_bytes = b->CommonBufferLength;
    return STATUS_SUCCESS;
}

NTSTATUS RegisterResourceDescriptor(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup,
                                    PCSRT_RESOURCE_DESCRIPTOR_HEADER ResourceDescriptor,
                                    PVOID ResourceDescriptorInfo)
{
    UNREFERENCED_PARAMETER(Handle);
    if (ResourceGroup == NULL || ResourceDescriptor == NULL)
        return STATUS_INVALID_PARAMETER;
    if (ResourceDescriptor->Type != CSRT_RD_TYPE_DMA)
        return STATUS_NOT_SUPPORTED;
    switch (ResourceDescriptor->Subtype) {
    case CSRT_RD_SUBTYPE_DMA_CONTROLLER:
        return HalRegisterDmaController(ResourceDescriptorInfo);
    case CSRT_RD_SUBTYPE_DMA_CHANNEL:
        return HalRegisterDmaChannel(ResourceDescriptorInfo);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

/* ---- The firmware's tables ------------------------------------------------------------------- */

static bool fits(const CSRT_RESOURCE_DESCRIPTOR_HEADER *d, ULONG type, ULONG subtype, ULONG uid)
{
    return (type == CSRT_RD_TYPE_ANY || type == d->Type) &&
           (subtype == CSRT_RD_SUBTYPE_ANY || subtype == d->Subtype) &&
           (uid == CSRT_RD_UID_ANY || uid == d->Uid);
}

PCSRT_RESOURCE_DESCRIPTOR_HEADER
GetNextResourceDescriptor(ULONG Handle, PCSRT_RESOURCE_GROUP_HEADER ResourceGroup,
                          PCSRT_RESOURCE_DESCRIPTOR_HEADER ResourceDescriptor, USHORT ResourceType,
                          USHORT ResourceSubtype, ULONG ResourceID)
{
    UNREFERENCED_PARAMETER(Handle);
    unsigned char *group = (unsigned char *)ResourceGroup;
    if (group == NULL)
        return NULL;
    uint64_t at = ResourceDescriptor != NULL
                      ? (uint64_t)((unsigned char *)ResourceDescriptor - group) + ResourceDescriptor->Length
                      : sizeof *ResourceGroup + (uint64_t)ResourceGroup->SharedInfoLength;
    while (at + sizeof(CSRT_RESOURCE_DESCRIPTOR_HEADER) <= ResourceGroup->Length) {
        PCSRT_RESOURCE_DESCRIPTOR_HEADER d = (PCSRT_RESOURCE_DESCRIPTOR_HEADER)(void *)(group + at);
        if (d->Length < sizeof *d)
            return NULL;
        if (fits(d, ResourceType, ResourceSubtype, ResourceID))
            return d;
        at += d->Length;
    }
    return NULL;
}

static bool says(const char *field, size_t bytes, const char *wanted)
{
    return wanted == NULL || strncmp(field, wanted, bytes) == 0;
}

PVOID GetAcpiTable(ULONG Handle, ULONG Signature, PCSTR OemId, PCSTR OemTableId)
{
    const struct dma_system *s = dma_system();
    const struct haldma_extension *e = Handle < s->extension_count ? s->extensions[Handle] : NULL;
    for (unsigned i = 0; e != NULL && i < e->table_count; i++) {
        DESCRIPTION_HEADER *t = e->tables[i];
        if (t->Signature == Signature && says(t->OEMID, sizeof t->OEMID, OemId) &&
            says(t->OEMTableID, sizeof t->OEMTableID, OemTableId))
            return t;
    }
    return NULL;
}

/* ---- Registers ------------------------------------------------------------------------------- */

PVOID HalMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    struct emu_machine *m = emu_current();
    UNREFERENCED_PARAMETER(CacheType);
    uint64_t physical = (uint64_t)PhysicalAddress.QuadPart;
    void *memory = emu_ram_at(m, physical);
    return memory != NULL ? memory : emu_bus_map(m, physical, NumberOfBytes);
}

VOID HalUnmapIoSpace(PVOID VirtualAddress, SIZE_T NumberOfBytes)
{
    UNREFERENCED_PARAMETER(NumberOfBytes);
    emu_bus_unmap(emu_current(), VirtualAddress);
}

/* Nobody else can have claimed them: addresses are handed out by the scenario. */
NTSTATUS HalRegisterPermanentAddressUsage(PHYSICAL_ADDRESS PhysicalAddress, ULONG SizeInBytes)
{
    uint64_t first = (uint64_t)PhysicalAddress.QuadPart;
    return SizeInBytes != 0 && first + SizeInBytes > first ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* ---- Loading --------------------------------------------------------------------------------- */

NTSTATUS dma_extension_load(struct dma_system *s, const struct haldma_extension *extension)
{
    if (s->extension_count == DMA_EXTENSIONS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    ULONG handle = s->extension_count++;
    uint32_t before = s->controller_count;
    s->extensions[handle] = extension;
    s->loading = extension;
    NTSTATUS status = extension->entry(handle, extension->group);
    s->loading = NULL;
    for (uint32_t i = before; NT_SUCCESS(status) && i < s->controller_count; i++)
        if (!dma_controller_make_ready(s->controllers[i]))
            status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        s->controller_count = before;
    return status;
}

NTSTATUS haldma_load_extension(const struct haldma_extension *extension)
{
    struct dma_system *s = dma_system();
    if (!hal_driver_restore((const void *)(uintptr_t)extension->entry))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct haldma_extension *kept = emu_arena_alloc(s->machine, sizeof *kept);
    *kept = *extension;
    dma_builtin_load(s);
    return dma_extension_load(s, kept);
}
