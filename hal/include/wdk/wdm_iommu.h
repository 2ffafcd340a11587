/*
 * wdm_iommu.h: the DMA remapping unit as drivers see it: domains, devices in them, what is mapped where.
 *
 * Each function is described by its type: what it does, which status it returns for what, and in brackets the
 * page of the public driver reference that specifies it. All are called at PASSIVE_LEVEL. What the pages
 * reserve for the system, or do not describe (version 3, PASIDs, faults of x64), is not here.
 */
#ifndef HALDMA_WDM_IOMMU_H
#define HALDMA_WDM_IOMMU_H

#include "wdk/wdm_io_types.h"
#include "wdk/wdm_mm.h"

#define DMA_IOMMU_INTERFACE_VERSION_1 1
#define DMA_IOMMU_INTERFACE_VERSION   1

#define DMA_IOMMU_INTERFACE_EX_VERSION_1 1
#define DMA_IOMMU_INTERFACE_EX_VERSION_2 2
#define DMA_IOMMU_INTERFACE_EX_VERSION   DMA_IOMMU_INTERFACE_EX_VERSION_2

/* --- what the functions take -------------------------------------------------------------------- */

typedef struct _IOMMU_DMA_DOMAIN IOMMU_DMA_DOMAIN, *PIOMMU_DMA_DOMAIN;
typedef struct _IOMMU_DMA_DEVICE IOMMU_DMA_DEVICE, *PIOMMU_DMA_DEVICE;

typedef ULONGLONG IOMMU_DMA_LOGICAL_ADDRESS, *PIOMMU_DMA_LOGICAL_ADDRESS;

/* Who keeps a domain's page table, and whether there is one. [IOMMU_DMA_DOMAIN_TYPE] */
typedef enum _IOMMU_DMA_DOMAIN_TYPE {
    DomainTypeTranslate,
    DomainTypePassThrough,
    DomainTypeUnmanaged,
    DomainTypeTranslateS1,
    DomainTypeMax
} IOMMU_DMA_DOMAIN_TYPE,
    *PIOMMU_DMA_DOMAIN_TYPE;

/* Must be zero. [IOMMU_DMA_DOMAIN_CREATION_FLAGS] */
typedef union _IOMMU_DMA_DOMAIN_CREATION_FLAGS {
    __extension__ struct {
        ULONGLONG Reserved : 64;
    };
    ULONGLONG AsUlonglong;
} IOMMU_DMA_DOMAIN_CREATION_FLAGS, *PIOMMU_DMA_DOMAIN_CREATION_FLAGS;

typedef enum _IOMMU_DMA_LOGICAL_ALLOCATOR_TYPE {
    IommuDmaLogicalAllocatorNone,
    IommuDmaLogicalAllocatorBuddy,
    IommuDmaLogicalAllocatorMax
} IOMMU_DMA_LOGICAL_ALLOCATOR_TYPE,
    *PIOMMU_DMA_LOGICAL_ALLOCATOR_TYPE;

/* Who finds free logical addresses: the driver (no configuration), or the system. AddressWidth: 1 to 63 bits.
 * [IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG] */
typedef struct _IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG {
    IOMMU_DMA_LOGICAL_ALLOCATOR_TYPE LogicalAllocatorType;
    __extension__ union {
        struct {
            ULONG AddressWidth;
        } BuddyAllocatorConfig;
    };
} IOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG, *PIOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG;

/* Logical addresses that a new domain does not hand out, mapped to themselves or not at all.
 * [IOMMU_DMA_RESERVED_REGION] */
typedef struct _IOMMU_DMA_RESERVED_REGION {
    struct _IOMMU_DMA_RESERVED_REGION *RegionNext;
    IOMMU_DMA_LOGICAL_ADDRESS Base;
    SIZE_T NumberOfPages;
    BOOLEAN ShouldMap;
} IOMMU_DMA_RESERVED_REGION, *PIOMMU_DMA_RESERVED_REGION;

/* Bits of the permissions of a mapping; the others are zero. [IOMMU_MAP_LOGICAL_RANGE_EX] */
#define IOMMU_ACCESS_READ  0x1u
#define IOMMU_ACCESS_WRITE 0x2u

typedef enum _IOMMU_MAP_PHYSICAL_ADDRESS_TYPE {
    MapPhysicalAddressTypeMdl,
    MapPhysicalAddressTypeContiguousRange,
    MapPhysicalAddressTypePfn,
    MapPhysicalAddressTypeMax
} IOMMU_MAP_PHYSICAL_ADDRESS_TYPE,
    *PIOMMU_MAP_PHYSICAL_ADDRESS_TYPE;

/* Whole pages of memory, told in one of three ways. [IOMMU_MAP_PHYSICAL_ADDRESS] */
typedef struct _IOMMU_MAP_PHYSICAL_ADDRESS {
    IOMMU_MAP_PHYSICAL_ADDRESS_TYPE MapType;
    __extension__ union {
        struct {
            PMDL Mdl;
        } Mdl;
        struct {
            PHYSICAL_ADDRESS Base;
            SIZE_T Size;
        } ContiguousRange;
        struct {
            PPFN_NUMBER PageFrame;
            SIZE_T NumberOfPages;
        } PfnArray;
    };
} IOMMU_MAP_PHYSICAL_ADDRESS, *PIOMMU_MAP_PHYSICAL_ADDRESS;

/* A range of logical addresses that was set aside. [IOMMU_DMA_LOGICAL_ADDRESS_TOKEN] */
typedef struct _IOMMU_DMA_LOGICAL_ADDRESS_TOKEN {
    IOMMU_DMA_LOGICAL_ADDRESS LogicalAddressBase;
    SIZE_T Size;
} IOMMU_DMA_LOGICAL_ADDRESS_TOKEN, *PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN;

/* A part of it that is mapped. [IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT] */
typedef struct _IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT {
    PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN OwningToken;
    SIZE_T Offset;
    SIZE_T Size;
} IOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT, *PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT;

typedef enum _IOMMU_DEVICE_CREATION_CONFIGURATION_TYPE {
    IommuDeviceCreationConfigTypeNone,
    IommuDeviceCreationConfigTypeAcpi,
    IommuDeviceCreationConfigTypeDeviceId,
    IommuDeviceCreationConfigTypePasid,
    IommuDeviceCreationConfigTypeMax
} IOMMU_DEVICE_CREATION_CONFIGURATION_TYPE,
    *PIOMMU_DEVICE_CREATION_CONFIGURATION_TYPE;

typedef struct _IOMMU_DEVICE_CREATION_CONFIGURATION_ACPI {
    ULONG InputMappingBase;
    ULONG MappingsCount;
} IOMMU_DEVICE_CREATION_CONFIGURATION_ACPI, *PIOMMU_DEVICE_CREATION_CONFIGURATION_ACPI;

/* For ACPI devices of ARM64 only. [IOMMU_DEVICE_CREATION_CONFIGURATION] */
typedef struct _IOMMU_DEVICE_CREATION_CONFIGURATION {
    LIST_ENTRY NextConfiguration;
    IOMMU_DEVICE_CREATION_CONFIGURATION_TYPE ConfigType;
    __extension__ union {
        IOMMU_DEVICE_CREATION_CONFIGURATION_ACPI Acpi;
        PVOID DeviceId;
    };
} IOMMU_DEVICE_CREATION_CONFIGURATION, *PIOMMU_DEVICE_CREATION_CONFIGURATION;

/* [IOMMU_INTERFACE_STATE_CHANGE_FIELDS] */
typedef union _IOMMU_INTERFACE_STATE_CHANGE_FIELDS {
    __extension__ struct {
        ULONG AvailableDomainTypes : 1;
        ULONG Reserved : 31;
    };
    ULONG AsULONG;
} IOMMU_INTERFACE_STATE_CHANGE_FIELDS, *PIOMMU_INTERFACE_STATE_CHANGE_FIELDS;

/* AvailableDomainTypes: a bit for each, 1 << type. [IOMMU_INTERFACE_STATE_CHANGE] */
typedef struct _IOMMU_INTERFACE_STATE_CHANGE {
    IOMMU_INTERFACE_STATE_CHANGE_FIELDS PresentFields;
    ULONG AvailableDomainTypes;
} IOMMU_INTERFACE_STATE_CHANGE, *PIOMMU_INTERFACE_STATE_CHANGE;

/* Called at once when it is registered, and at each change. [IOMMU_INTERFACE_STATE_CHANGE_CALLBACK] */
typedef VOID IOMMU_INTERFACE_STATE_CHANGE_CALLBACK(PIOMMU_INTERFACE_STATE_CHANGE StateChange, PVOID Context);
typedef IOMMU_INTERFACE_STATE_CHANGE_CALLBACK *PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK;

/* [INPUT_MAPPING_ELEMENT] */
typedef struct _INPUT_MAPPING_ELEMENT {
    ULONG InputMappingId;
} INPUT_MAPPING_ELEMENT, *PINPUT_MAPPING_ELEMENT;

typedef enum _DOMAIN_CONFIGURATION_ARCH {
    DomainConfigurationArm64,
    DomainConfigurationX64,
    DomainConfigurationInvalid
} DOMAIN_CONFIGURATION_ARCH,
    *PDOMAIN_CONFIGURATION_ARCH;

/* [DOMAIN_CONFIGURATION_ARM64] */
typedef struct _DOMAIN_CONFIGURATION_ARM64 {
    PHYSICAL_ADDRESS Ttbr0;
    PHYSICAL_ADDRESS Ttbr1;
    ULONG Mair0;
    ULONG Mair1;
    UCHAR InputSize0;
    UCHAR InputSize1;
    BOOLEAN CoherentTableWalks;
    BOOLEAN TranslationEnabled;
} DOMAIN_CONFIGURATION_ARM64, *PDOMAIN_CONFIGURATION_ARM64;

/* [DOMAIN_CONFIGURATION_X64] */
typedef struct _DOMAIN_CONFIGURATION_X64 {
    PHYSICAL_ADDRESS FirstLevelPageTableRoot;
    BOOLEAN TranslationEnabled;
} DOMAIN_CONFIGURATION_X64, *PDOMAIN_CONFIGURATION_X64;

/* The page table that a driver keeps for a domain. [DOMAIN_CONFIGURATION] */
typedef struct _DOMAIN_CONFIGURATION {
    DOMAIN_CONFIGURATION_ARCH Type;
    __extension__ union {
        DOMAIN_CONFIGURATION_ARM64 Arm64;
        DOMAIN_CONFIGURATION_X64 X64;
    };
} DOMAIN_CONFIGURATION, *PDOMAIN_CONFIGURATION;

typedef struct _FAULT_INFORMATION FAULT_INFORMATION, *PFAULT_INFORMATION;

/* [IOMMU_DEVICE_FAULT_HANDLER] */
typedef VOID IOMMU_DEVICE_FAULT_HANDLER(PVOID Context, PFAULT_INFORMATION FaultInformation);
typedef IOMMU_DEVICE_FAULT_HANDLER *PIOMMU_DEVICE_FAULT_HANDLER;

/* [DEVICE_FAULT_CONFIGURATION] */
typedef struct _DEVICE_FAULT_CONFIGURATION {
    PIOMMU_DEVICE_FAULT_HANDLER FaultHandler;
    PVOID FaultContext;
} DEVICE_FAULT_CONFIGURATION, *PDEVICE_FAULT_CONFIGURATION;

/* --- functions of version 1 --------------------------------------------------------------------- */

/* A new domain; the system keeps its page table (TRUE), or the driver. [IOMMU_DOMAIN_CREATE] */
typedef NTSTATUS IOMMU_DOMAIN_CREATE(BOOLEAN OsManagedPageTable, PIOMMU_DMA_DOMAIN *DomainOut);
typedef IOMMU_DOMAIN_CREATE *PIOMMU_DOMAIN_CREATE;

/* Ends a domain of either interface; no device may be in it. [IOMMU_DOMAIN_DELETE] */
typedef NTSTATUS IOMMU_DOMAIN_DELETE(PIOMMU_DMA_DOMAIN Domain);
typedef IOMMU_DOMAIN_DELETE *PIOMMU_DOMAIN_DELETE;

/* Puts a device into a domain; InputMappingIdBase 0 and MappingCount 1 but on ARM64.
 * [IOMMU_DOMAIN_ATTACH_DEVICE] */
typedef NTSTATUS IOMMU_DOMAIN_ATTACH_DEVICE(PIOMMU_DMA_DOMAIN Domain,
                                            struct _DEVICE_OBJECT *PhysicalDeviceObject,
                                            ULONG InputMappingIdBase, ULONG MappingCount);
typedef IOMMU_DOMAIN_ATTACH_DEVICE *PIOMMU_DOMAIN_ATTACH_DEVICE;

/* Takes it out again. [IOMMU_DOMAIN_DETACH_DEVICE] */
typedef NTSTATUS IOMMU_DOMAIN_DETACH_DEVICE(PIOMMU_DMA_DOMAIN Domain,
                                            struct _DEVICE_OBJECT *PhysicalDeviceObject,
                                            ULONG InputMappingId);
typedef IOMMU_DOMAIN_DETACH_DEVICE *PIOMMU_DOMAIN_DETACH_DEVICE;

/* Names the page table of a domain whose driver keeps it: STATUS_INVALID_PARAMETER_1 for other domains,
 * STATUS_NOT_SUPPORTED for x64's. Until then all DMA is blocked. [IOMMU_DOMAIN_CONFIGURE] */
typedef NTSTATUS IOMMU_DOMAIN_CONFIGURE(PIOMMU_DMA_DOMAIN Domain, PDOMAIN_CONFIGURATION Configuration);
typedef IOMMU_DOMAIN_CONFIGURE *PIOMMU_DOMAIN_CONFIGURE;

/* Forgets what the unit remembers of a domain whose driver keeps the page table. [IOMMU_FLUSH_DOMAIN] */
typedef NTSTATUS IOMMU_FLUSH_DOMAIN(PIOMMU_DMA_DOMAIN Domain);
typedef IOMMU_FLUSH_DOMAIN *PIOMMU_FLUSH_DOMAIN;

/* The same for Number addresses. [IOMMU_FLUSH_DOMAIN_VA_LIST] */
typedef NTSTATUS IOMMU_FLUSH_DOMAIN_VA_LIST(PIOMMU_DMA_DOMAIN Domain, BOOLEAN LastLevel, ULONG Number,
                                            PVOID VaList);
typedef IOMMU_FLUSH_DOMAIN_VA_LIST *PIOMMU_FLUSH_DOMAIN_VA_LIST;

/* The device's input mappings: STATUS_BUFFER_TOO_SMALL, STATUS_UNSUCCESSFUL; on ARM64 only.
 * [IOMMU_QUERY_INPUT_MAPPINGS] */
typedef NTSTATUS IOMMU_QUERY_INPUT_MAPPINGS(struct _DEVICE_OBJECT *PhysicalDeviceObject,
                                            PINPUT_MAPPING_ELEMENT Buffer, ULONG BufferLength,
                                            PULONG ReturnLength);
typedef IOMMU_QUERY_INPUT_MAPPINGS *PIOMMU_QUERY_INPUT_MAPPINGS;

/* Maps an MDL of whole pages at a page-aligned logical address. [IOMMU_MAP_LOGICAL_RANGE] */
typedef NTSTATUS IOMMU_MAP_LOGICAL_RANGE(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions, PMDL Mdl,
                                         ULONGLONG LogicalAddress);
typedef IOMMU_MAP_LOGICAL_RANGE *PIOMMU_MAP_LOGICAL_RANGE;

/* Unmaps pages from a page-aligned logical address on. [IOMMU_UNMAP_LOGICAL_RANGE] */
typedef NTSTATUS IOMMU_UNMAP_LOGICAL_RANGE(PIOMMU_DMA_DOMAIN Domain, ULONGLONG LogicalAddress,
                                           ULONGLONG NumberOfPages);
typedef IOMMU_UNMAP_LOGICAL_RANGE *PIOMMU_UNMAP_LOGICAL_RANGE;

/* Maps an MDL's pages at their physical addresses. [IOMMU_MAP_IDENTITY_RANGE] */
typedef NTSTATUS IOMMU_MAP_IDENTITY_RANGE(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions, PMDL Mdl);
typedef IOMMU_MAP_IDENTITY_RANGE *PIOMMU_MAP_IDENTITY_RANGE;

/* Unmaps them. [IOMMU_UNMAP_IDENTITY_RANGE] */
typedef NTSTATUS IOMMU_UNMAP_IDENTITY_RANGE(PIOMMU_DMA_DOMAIN Domain, PMDL Mdl);
typedef IOMMU_UNMAP_IDENTITY_RANGE *PIOMMU_UNMAP_IDENTITY_RANGE;

/* Who is told of a device's faults, for a device that is in a domain. [IOMMU_SET_DEVICE_FAULT_REPORTING] */
typedef NTSTATUS IOMMU_SET_DEVICE_FAULT_REPORTING(struct _DEVICE_OBJECT *PhysicalDeviceObject,
                                                  ULONG InputMappingIdBase, BOOLEAN Enable,
                                                  PDEVICE_FAULT_CONFIGURATION FaultConfig);
typedef IOMMU_SET_DEVICE_FAULT_REPORTING *PIOMMU_SET_DEVICE_FAULT_REPORTING;

/* --- functions that version 2 adds -------------------------------------------------------------- */

/* A new domain of a type: STATUS_NOT_SUPPORTED where the type is not allowed. [IOMMU_DOMAIN_CREATE_EX] */
typedef NTSTATUS IOMMU_DOMAIN_CREATE_EX(IOMMU_DMA_DOMAIN_TYPE DomainType,
                                        IOMMU_DMA_DOMAIN_CREATION_FLAGS Flags,
                                        PIOMMU_DMA_LOGICAL_ALLOCATOR_CONFIG LogicalAllocatorConfig,
                                        PIOMMU_DMA_RESERVED_REGION ReservedRegions,
                                        PIOMMU_DMA_DOMAIN *DomainOut);
typedef IOMMU_DOMAIN_CREATE_EX *PIOMMU_DOMAIN_CREATE_EX;

/* STATUS_INVALID_PARAMETER: it is in a domain already; STATUS_ACCESS_DENIED: not allowed.
 * [IOMMU_DOMAIN_ATTACH_DEVICE_EX] */
typedef NTSTATUS IOMMU_DOMAIN_ATTACH_DEVICE_EX(PIOMMU_DMA_DOMAIN Domain, PIOMMU_DMA_DEVICE DmaDevice);
typedef IOMMU_DOMAIN_ATTACH_DEVICE_EX *PIOMMU_DOMAIN_ATTACH_DEVICE_EX;

/* STATUS_INVALID_PARAMETER_1: it is in none. [IOMMU_DOMAIN_DETACH_DEVICE_EX] */
typedef NTSTATUS IOMMU_DOMAIN_DETACH_DEVICE_EX(PIOMMU_DMA_DEVICE DmaDevice);
typedef IOMMU_DOMAIN_DETACH_DEVICE_EX *PIOMMU_DOMAIN_DETACH_DEVICE_EX;

/*
 * Maps memory, at the address that the driver names, or where the domain's allocator finds one between two
 * limits (inclusive). STATUS_INVALID_PARAMETER_1: wrong type of domain; _3: not whole pages; _4: address not
 * aligned; _MIX: no address between the limits; STATUS_IN_USE: mapped already; STATUS_NOT_SUPPORTED: an
 * address where the allocator allows none, or none without an allocator. [IOMMU_MAP_LOGICAL_RANGE_EX]
 */
typedef NTSTATUS IOMMU_MAP_LOGICAL_RANGE_EX(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions,
                                            PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap,
                                            PIOMMU_DMA_LOGICAL_ADDRESS ExplicitLogicalAddress,
                                            PIOMMU_DMA_LOGICAL_ADDRESS MinLogicalAddress,
                                            PIOMMU_DMA_LOGICAL_ADDRESS MaxLogicalAddress,
                                            PIOMMU_DMA_LOGICAL_ADDRESS LogicalAddressOut);
typedef IOMMU_MAP_LOGICAL_RANGE_EX *PIOMMU_MAP_LOGICAL_RANGE_EX;

/* STATUS_INVALID_PARAMETER_1, _3, STATUS_IN_USE, STATUS_NOT_SUPPORTED as above.
 * [IOMMU_MAP_IDENTITY_RANGE_EX] */
typedef NTSTATUS IOMMU_MAP_IDENTITY_RANGE_EX(PIOMMU_DMA_DOMAIN Domain, ULONG Permissions,
                                             PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap);
typedef IOMMU_MAP_IDENTITY_RANGE_EX *PIOMMU_MAP_IDENTITY_RANGE_EX;

/* [IOMMU_UNMAP_IDENTITY_RANGE_EX] */
typedef NTSTATUS IOMMU_UNMAP_IDENTITY_RANGE_EX(PIOMMU_DMA_DOMAIN Domain,
                                               PIOMMU_MAP_PHYSICAL_ADDRESS MappedPhysicalAddress);
typedef IOMMU_UNMAP_IDENTITY_RANGE_EX *PIOMMU_UNMAP_IDENTITY_RANGE_EX;

/* STATUS_NOT_IMPLEMENTED always. [IOMMU_SET_DEVICE_FAULT_REPORTING_EX] */
typedef NTSTATUS IOMMU_SET_DEVICE_FAULT_REPORTING_EX(PIOMMU_DMA_DEVICE DmaDevice, ULONG InputMappingIdBase,
                                                     BOOLEAN Enable, PDEVICE_FAULT_CONFIGURATION FaultConfig);
typedef IOMMU_SET_DEVICE_FAULT_REPORTING_EX *PIOMMU_SET_DEVICE_FAULT_REPORTING_EX;

/* The types of domain that a device may be in, a bit for each. [IOMMU_DEVICE_QUERY_DOMAIN_TYPES] */
typedef VOID IOMMU_DEVICE_QUERY_DOMAIN_TYPES(PIOMMU_DMA_DEVICE DmaDevice, PULONG AvailableDomains);
typedef IOMMU_DEVICE_QUERY_DOMAIN_TYPES *PIOMMU_DEVICE_QUERY_DOMAIN_TYPES;

/* Calls it at once. STATUS_UNSUCCESSFUL: the device has one; STATUS_INVALID_PARAMETER_4: no field asked for.
 * [IOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK] */
typedef NTSTATUS
IOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK(PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK StateChangeCallback,
                                               PVOID Context, PIOMMU_DMA_DEVICE DmaDevice,
                                               PIOMMU_INTERFACE_STATE_CHANGE_FIELDS StateFields);
typedef IOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK *PIOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK;

/* STATUS_UNSUCCESSFUL: it was not registered. [IOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK] */
typedef NTSTATUS
IOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK(PIOMMU_INTERFACE_STATE_CHANGE_CALLBACK StateChangeCallback,
                                                 PIOMMU_DMA_DEVICE DmaDevice);
typedef IOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK *PIOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK;

/*
 * Sets logical addresses aside. STATUS_INVALID_PARAMETER_1: wrong type of domain; _2: not whole pages; _3:
 * address not aligned; _MIX, STATUS_IN_USE, STATUS_NOT_SUPPORTED as for mapping.
 * [IOMMU_RESERVE_LOGICAL_ADDRESS_RANGE]
 */
typedef NTSTATUS IOMMU_RESERVE_LOGICAL_ADDRESS_RANGE(PIOMMU_DMA_DOMAIN Domain, SIZE_T Size,
                                                     PIOMMU_DMA_LOGICAL_ADDRESS ExplicitLogicalAddress,
                                                     PIOMMU_DMA_LOGICAL_ADDRESS MinLogicalAddress,
                                                     PIOMMU_DMA_LOGICAL_ADDRESS MaxLogicalAddress,
                                                     PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN *LogicalAddressToken);
typedef IOMMU_RESERVE_LOGICAL_ADDRESS_RANGE *PIOMMU_RESERVE_LOGICAL_ADDRESS_RANGE;

/* STATUS_RESOURCE_IN_USE while a part of it is mapped. [IOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE] */
typedef NTSTATUS
IOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN LogicalAddressToken);
typedef IOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE *PIOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE;

/* STATUS_INVALID_PARAMETER_2: offset not aligned; _4: not whole pages; STATUS_RESOURCE_IN_USE: mapped
 * already. [IOMMU_MAP_RESERVED_LOGICAL_RANGE] */
typedef NTSTATUS
IOMMU_MAP_RESERVED_LOGICAL_RANGE(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN LogicalAddressToken, SIZE_T Offset,
                                 ULONG Permissions, PIOMMU_MAP_PHYSICAL_ADDRESS PhysicalAddressToMap,
                                 PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT MappedSegment);
typedef IOMMU_MAP_RESERVED_LOGICAL_RANGE *PIOMMU_MAP_RESERVED_LOGICAL_RANGE;

/* STATUS_INVALID_PARAMETER: it is not mapped. [IOMMU_UNMAP_RESERVED_LOGICAL_RANGE] */
typedef NTSTATUS
IOMMU_UNMAP_RESERVED_LOGICAL_RANGE(PIOMMU_DMA_LOGICAL_ADDRESS_TOKEN_MAPPED_SEGMENT MappedSegment);
typedef IOMMU_UNMAP_RESERVED_LOGICAL_RANGE *PIOMMU_UNMAP_RESERVED_LOGICAL_RANGE;

/* A device that can be put into domains. STATUS_INVALID_PARAMETER or STATUS_NOT_FOUND: not behind a remapping
 * unit; STATUS_INVALID_PARAMETER_2: a configuration where none is wanted. [IOMMU_DEVICE_CREATE] */
typedef NTSTATUS IOMMU_DEVICE_CREATE(struct _DEVICE_OBJECT *DeviceObject,
                                     PIOMMU_DEVICE_CREATION_CONFIGURATION DeviceConfig,
                                     PIOMMU_DMA_DEVICE *DmaDeviceOut);
typedef IOMMU_DEVICE_CREATE *PIOMMU_DEVICE_CREATE;

/* STATUS_RESOURCE_IN_USE: it is still in a domain. [IOMMU_DEVICE_DELETE] */
typedef NTSTATUS IOMMU_DEVICE_DELETE(PIOMMU_DMA_DEVICE DmaDevice);
typedef IOMMU_DEVICE_DELETE *PIOMMU_DEVICE_DELETE;

/* --- the interfaces ----------------------------------------------------------------------------- */

/* Version 1, deprecated. [DMA_IOMMU_INTERFACE] */
typedef struct _DMA_IOMMU_INTERFACE {
    ULONG Version;
    PIOMMU_DOMAIN_CREATE CreateDomain;
    PIOMMU_DOMAIN_DELETE DeleteDomain;
    PIOMMU_DOMAIN_ATTACH_DEVICE AttachDevice;
    PIOMMU_DOMAIN_DETACH_DEVICE DetachDevice;
    PIOMMU_FLUSH_DOMAIN FlushDomain;
    PIOMMU_FLUSH_DOMAIN_VA_LIST FlushDomainByVaList;
    PIOMMU_QUERY_INPUT_MAPPINGS QueryInputMappings;
    PIOMMU_MAP_LOGICAL_RANGE MapLogicalRange;
    PIOMMU_UNMAP_LOGICAL_RANGE UnmapLogicalRange;
    PIOMMU_MAP_IDENTITY_RANGE MapIdentityRange;
    PIOMMU_UNMAP_IDENTITY_RANGE UnmapIdentityRange;
    PIOMMU_SET_DEVICE_FAULT_REPORTING SetDeviceFaultReporting;
    PIOMMU_DOMAIN_CONFIGURE ConfigureDomain;
} DMA_IOMMU_INTERFACE, *PDMA_IOMMU_INTERFACE;

/* [DMA_IOMMU_INTERFACE_V1] */
typedef struct _DMA_IOMMU_INTERFACE_V1 {
    PIOMMU_DOMAIN_CREATE CreateDomain;
    PIOMMU_DOMAIN_DELETE DeleteDomain;
    PIOMMU_DOMAIN_ATTACH_DEVICE AttachDevice;
    PIOMMU_DOMAIN_DETACH_DEVICE DetachDevice;
    PIOMMU_FLUSH_DOMAIN FlushDomain;
    PIOMMU_FLUSH_DOMAIN_VA_LIST FlushDomainByVaList;
    PIOMMU_QUERY_INPUT_MAPPINGS QueryInputMappings;
    PIOMMU_MAP_LOGICAL_RANGE MapLogicalRange;
    PIOMMU_UNMAP_LOGICAL_RANGE UnmapLogicalRange;
    PIOMMU_MAP_IDENTITY_RANGE MapIdentityRange;
    PIOMMU_UNMAP_IDENTITY_RANGE UnmapIdentityRange;
    PIOMMU_SET_DEVICE_FAULT_REPORTING SetDeviceFaultReporting;
    PIOMMU_DOMAIN_CONFIGURE ConfigureDomain;
} DMA_IOMMU_INTERFACE_V1, *PDMA_IOMMU_INTERFACE_V1;

/* [DMA_IOMMU_INTERFACE_V2] */
typedef struct _DMA_IOMMU_INTERFACE_V2 {
    PIOMMU_DOMAIN_CREATE_EX CreateDomainEx;
    PIOMMU_DOMAIN_DELETE DeleteDomain;
    PIOMMU_DOMAIN_ATTACH_DEVICE_EX AttachDeviceEx;
    PIOMMU_DOMAIN_DETACH_DEVICE_EX DetachDeviceEx;
    PIOMMU_FLUSH_DOMAIN FlushDomain;
    PIOMMU_FLUSH_DOMAIN_VA_LIST FlushDomainByVaList;
    PIOMMU_QUERY_INPUT_MAPPINGS QueryInputMappings;
    PIOMMU_MAP_LOGICAL_RANGE_EX MapLogicalRangeEx;
    PIOMMU_UNMAP_LOGICAL_RANGE UnmapLogicalRange;
    PIOMMU_MAP_IDENTITY_RANGE_EX MapIdentityRangeEx;
    PIOMMU_UNMAP_IDENTITY_RANGE_EX UnmapIdentityRangeEx;
    PIOMMU_SET_DEVICE_FAULT_REPORTING_EX SetDeviceFaultReportingEx;
    PIOMMU_DOMAIN_CONFIGURE ConfigureDomain;
    PIOMMU_DEVICE_QUERY_DOMAIN_TYPES QueryAvailableDomainTypes;
    PIOMMU_REGISTER_INTERFACE_STATE_CHANGE_CALLBACK RegisterInterfaceStateChangeCallback;
    PIOMMU_UNREGISTER_INTERFACE_STATE_CHANGE_CALLBACK UnregisterInterfaceStateChangeCallback;
    PIOMMU_RESERVE_LOGICAL_ADDRESS_RANGE ReserveLogicalAddressRange;
    PIOMMU_FREE_RESERVED_LOGICAL_ADDRESS_RANGE FreeReservedLogicalAddressRange;
    PIOMMU_MAP_RESERVED_LOGICAL_RANGE MapReservedLogicalRange;
    PIOMMU_UNMAP_RESERVED_LOGICAL_RANGE UnmapReservedLogicalRange;
    PIOMMU_DEVICE_CREATE CreateDevice;
    PIOMMU_DEVICE_DELETE DeleteDevice;
} DMA_IOMMU_INTERFACE_V2, *PDMA_IOMMU_INTERFACE_V2;

/* [DMA_IOMMU_INTERFACE_EX] */
typedef struct _DMA_IOMMU_INTERFACE_EX {
    SIZE_T Size;
    ULONG Version;
    __extension__ union {
        DMA_IOMMU_INTERFACE_V1 V1;
        DMA_IOMMU_INTERFACE_V2 V2;
    };
} DMA_IOMMU_INTERFACE_EX, *PDMA_IOMMU_INTERFACE_EX;

HALDMA_DECLS_BEGIN

/* The functions of version 1; STATUS_NOT_SUPPORTED for other versions, and without a remapping unit.
 * PASSIVE_LEVEL. [IoGetIommuInterface] */
NTSTATUS IoGetIommuInterface(ULONG Version, PDMA_IOMMU_INTERFACE InterfaceOut);

/* The functions of version 1 or 2; Flags is not used. PASSIVE_LEVEL. [IoGetIommuInterfaceEx] */
NTSTATUS IoGetIommuInterfaceEx(ULONG Version, ULONGLONG Flags, PDMA_IOMMU_INTERFACE_EX InterfaceOut);

HALDMA_DECLS_END

#endif /* HALDMA_WDM_IOMMU_H */
