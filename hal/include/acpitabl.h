/*
 * acpitabl.h: what a HAL extension needs of the ACPI tables: the common head of a table, and the core system
 * resources table (CSRT) that describes the controllers which extensions serve.
 *
 * Layouts as in the Core System Resources Table specification; all of them without padding.
 */
#ifndef _ACPITABL_H_
#define _ACPITABL_H_

#include "wdm.h"

#pragma pack(push, 1)

/* The head of every table. */
typedef struct _DESCRIPTION_HEADER {
    ULONG Signature;
    ULONG Length; /* of the whole table */
    UCHAR Revision;
    UCHAR Checksum;
    CHAR OEMID[6];
    CHAR OEMTableID[8];
    ULONG OEMRevision;
    CHAR CreatorID[4];
    ULONG CreatorRev;
} DESCRIPTION_HEADER, *PDESCRIPTION_HEADER;

/* "CSRT", first character in the low byte. */
#define CSRT_SIGNATURE 0x54525343

typedef struct _CSRT_TABLE_HEADER {
    DESCRIPTION_HEADER Header;
} CSRT_TABLE_HEADER, *PCSRT_TABLE_HEADER;

/* A group of resources that one extension serves: this head, SharedInfoLength bytes, descriptors. */
typedef struct _CSRT_RESOURCE_GROUP_HEADER {
    ULONG Length; /* of the group, this head included */
    ULONG VendorId;
    ULONG SubvendorId;
    USHORT DeviceId;
    USHORT SubdeviceId;
    USHORT Revision;
    USHORT Instance;
    ULONG SharedInfoLength;
} CSRT_RESOURCE_GROUP_HEADER, *PCSRT_RESOURCE_GROUP_HEADER;

/* A descriptor begins like this; what follows is between the firmware and the extension. */
typedef struct _CSRT_RESOURCE_DESCRIPTOR_HEADER {
    ULONG Length; /* of the descriptor, this head included */
    USHORT Type;
    USHORT Subtype;
    ULONG Uid; /* unique in the group */
} CSRT_RESOURCE_DESCRIPTOR_HEADER, *PCSRT_RESOURCE_DESCRIPTOR_HEADER;

#pragma pack(pop)

#define CSRT_RD_TYPE_UNKNOWN                 0
#define CSRT_RD_SUBTYPE_UNKNOWN              0
#define CSRT_RD_TYPE_ANY                     0xFFFF
#define CSRT_RD_SUBTYPE_ANY                  0xFFFF
#define CSRT_RD_TYPE_INTERRUPT               1
#define CSRT_RD_SUBTYPE_INTERRUPT_LINES      0
#define CSRT_RD_SUBTYPE_INTERRUPT_CONTROLLER 1
#define CSRT_RD_TYPE_TIMER                   2
#define CSRT_RD_SUBTYPE_TIMER                0
#define CSRT_RD_TYPE_DMA                     3
#define CSRT_RD_SUBTYPE_DMA_CHANNEL          0
#define CSRT_RD_SUBTYPE_DMA_CONTROLLER       1
#define CSRT_RD_TYPE_CACHE                   4
#define CSRT_RD_SUBTYPE_CACHE                0
#define CSRT_RD_UID_ANY                      0xFFFF

HALDMA_STATIC_ASSERT(sizeof(DESCRIPTION_HEADER) == 36, "as in the ACPI specification");
HALDMA_STATIC_ASSERT(sizeof(CSRT_RESOURCE_GROUP_HEADER) == 24, "as in the CSRT specification");
HALDMA_STATIC_ASSERT(sizeof(CSRT_RESOURCE_DESCRIPTOR_HEADER) == 12, "as in the CSRT specification");

#endif /* _ACPITABL_H_ */
