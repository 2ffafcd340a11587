/*
 * The remapping unit's interface: what the functions of DMA_IOMMU_INTERFACE(_EX) share.
 *
 * A driver makes domains and devices, puts devices into domains, and says what lies behind which logical
 * address. What drivers hold are handles. Each function announces itself on one object, the unit's.
 *
 *   iommu_interface.c   the interfaces themselves
 *   iommu_domains.c     making, configuring, flushing, ending domains
 *   iommu_devices.c     devices: making, attaching, detaching; state changes; fault reporting
 *   iommu_maps.c        mapping and unmapping
 *   iommu_tokens.c      ranges of logical addresses that were set aside
 */
#ifndef DMA_IOMMU_CALLS_H
#define DMA_IOMMU_CALLS_H

#include <emu/iommu.h>
#include <emu/step.h>
#include <wdm.h>

#include "dma/handle.h"

struct dma_domain;
struct dma_reach;
struct dma_system;

struct dma_iommu_domain {
    struct dma_slot slot;
    struct dma_domain *domain;
    IOMMU_DMA_DOMAIN_TYPE type;
    uint32_t allocator_bits; /* address bits of the system's allocator; 0: the driver finds addresses */
    uint32_t devices;        /* that are in it */
    uint32_t tokens;         /* that were not freed */
};

struct dma_iommu_device {
    struct dma_slot slot;
    struct dma_iommu_device *next; /* of those that were not deleted */
    PDEVICE_OBJECT physical_device;
    struct dma_reach *reach;
    struct dma_iommu_domain *in; /* NULL: none */
    bool of_version_1;           /* attached by its device object: goes with the detachment */
    PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK callback;
};

struct dma_iommu_token {
    IOMMU_DMA_LOGICAL_ADDRESS_TOKEN face;
    struct dma_iommu_token *next;
    struct dma_iommu_domain *owner;
    uint64_t base, bytes; /* the face is the driver's to spoil */
};

/* Is the device in a driver's domain? The system then keeps no adapters for it. */
bool dma_iommu_has(const struct dma_system *s, PDEVICE_OBJECT physical_device);

/* Of the machine: s->iommu, NULL where there is no remapping unit. */
struct dma_iommu {
    struct dma_system *system;
    emu_object object;
    struct dma_slots domains;
    struct dma_slots devices;
    struct dma_iommu_device *first_device;
    struct dma_iommu_token *first_token;
    struct dma_iommu_token *spare_tokens;
};
/* The step that runs touches what the unit translates as well. */
void dma_iommu_touch(struct dma_system *s, enum emu_access access);
/* Called at each boot, after the unit's. */
void dma_iommu_boot(struct dma_system *s);

/* The unit of the machine that runs; the call is announced there. */
struct dma_iommu *dma_iommu_enter(emu_op op);
/* What a handle names. Anything else is a finding; call: the function that was given it. */
struct dma_iommu_domain *dma_iommu_domain_of(struct dma_iommu *u, PIOMMU_DMA_DOMAIN handle, const char *call);
struct dma_iommu_device *dma_iommu_device_of(struct dma_iommu *u, PIOMMU_DMA_DEVICE handle, const char *call);

/* Pages of memory, by their numbers or as one range. */
struct dma_iommu_pages {
    const PFN_NUMBER *frames; /* NULL: one range from first on */
    uint64_t first;           /* a frame's number */
    uint64_t count;
};
uint64_t dma_iommu_page(const struct dma_iommu_pages *p, uint64_t index);
/* False where they are no whole pages. */
bool dma_iommu_pages_of(const IOMMU_MAP_PHYSICAL_ADDRESS *a, struct dma_iommu_pages *p);
bool dma_iommu_pages_of_mdl(PMDL mdl, struct dma_iommu_pages *p);

enum { DMA_IOMMU_PAGES_MAX = 1 << 20 }; /* that one call maps or sets aside: 4 GiB */

/* Bits 0 and 1, not none of them. */
bool dma_iommu_permits(ULONG permissions);
/* Are these logical addresses within the unit's? */
bool dma_iommu_reaches(uint64_t logical, uint64_t pages);
/* Where the domain's allocator has room: a multiple of the range's size rounded up to a power of two, as low
 * as possible. EMU_NO_ADDRESS: nowhere between the limits. */
uint64_t dma_iommu_find(const struct dma_iommu_domain *d, uint64_t pages,
                        const IOMMU_DMA_LOGICAL_ADDRESS *lowest, const IOMMU_DMA_LOGICAL_ADDRESS *highest);

/* The functions, by their names in the interfaces. */
IOMMU_DOMAIN_CREATE dma_iommu_create_domain;
IOMMU_DOMAIN_CREATE_EX dma_iommu_create_domain_ex;
IOMMU_DOMAIN_DELETE dma_iommu_delete_domain;
IOMMU_DOMAIN_CONFIGURE dma_iommu_configure_domain;
IOMMU_FLUSH_DOMAIN dma_iommu_flush_domain;
IOMMU_FLUSH_DOMAIN_VA_LIST dma_iommu_flush_domain_by_va_list;

IOMMU_DEVICE_CREATE dma_iommu_create_device;
IOMMU_DEVICE_DELETE dma_iommu_delete_device;
IOMMU_DOMAIN_ATTACH_DEVICE dma_iommu_attach_device;
IOMMU_DOMAIN_ATTACH_DEVICE_EX dma_iommu_attach_device_ex;
IOMMU_DOMAIN_DETACH_DEVICE dma_iommu_detach_device;
IOMMU_DOMAIN_DETACH_DEVICE_EX dma_iommu_detach_device_ex;
IOMMU_QUERY_INPUT_MAPPINGS dma_iommu_query_input_mappings;
IOMMU_SET_DEVICE_FAULT_REPORTING dma_iommu_set_device_fault_reporting;
IOMMU_SET_DEVICE_FAULT_REPORTING_EX dma_iommu_set_device_fault_reporting_ex;
IOMMU_DEVICE_QUERY_DOMAIN_TYPES dma_iommu_query_domain_types;
IOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK dma_iommu_register_callback;
IOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK dma_iommu_unregister_callback;

IOMMU_MAP_LOGICAL_RANGE dma_iommu_map_logical_range;
IOMMU_MAP_LOGICAL_RANGE_EX dma_iommu_map_logical_range_ex;
IOMMU_UNMAP_LOGICAL_RANGE dma_iommu_unmap_logical_range;
IOMMU_MAP_IDENTITY_RANGE dma_iommu_map_identity_range;
IOMMU_MAP_IDENTITY_RANGE_EX dma_iommu_map_identity_range_ex;
IOMMU_UNMAP_IDENTITY_RANGE dma_iommu_unmap_identity_range;
IOMMU_UNMAP_IDENTITY_RANGE_EX dma_iommu_unmap_identity_range_ex;

IOMMU_RESERVE_LOGICAL_ADDRESS_RANGE dma_iommu_reserve;
IOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE dma_iommu_free_reserved;
IOMMU_MAP_RESERVED_LOGICAL_RANGE dma_iommu_map_reserved;
IOMMU_UNMAP_RESERVED_LOGICAL_RANGE dma_iommu_unmap_reserved;
/* Does a token's range have one of these pages? */
bool dma_iommu_set_aside(const struct dma_iommu *u, const struct dma_iommu_domain *d, uint64_t logical,
                         uint64_t pages);

#endif
