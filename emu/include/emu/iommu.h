/*
 * A DMA remapping unit: what stands between devices and memory on machines that have one.
 *
 * Each requester (a device, or a system DMA controller) is attached to one domain or to none. A domain is a
 * page table: it says for each page of the logical address space which page of memory lies behind it, and
 * whether the devices of the domain may read or write it. A requester that is attached to no domain reaches
 * nothing, nor does one that asks for a page that is not mapped, or not mapped for what it does: the unit
 * tells its owner, and the bus refuses the access.
 *
 * The unit lies in the machine's arena and is gone at the next reset. It decides nothing.
 */
#ifndef EMU_IOMMU_H
#define EMU_IOMMU_H

#include <emu/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_IOMMU_BITS = 48 }; /* of a logical address */
#define EMU_IOMMU_HIGHEST ((1ull << EMU_IOMMU_BITS) - 1)

/* What a page is mapped for. */
enum emu_iommu_access {
    EMU_IOMMU_READ = 1,  /* devices read it: memory to device */
    EMU_IOMMU_WRITE = 2, /* devices write it */
    EMU_IOMMU_BOTH = 3,
};

enum emu_iommu_fault_type {
    EMU_IOMMU_FAULT_UNATTACHED = 1, /* the requester is in no domain */
    EMU_IOMMU_FAULT_UNMAPPED = 2,   /* nothing is mapped there */
    EMU_IOMMU_FAULT_READ = 3,       /* mapped, but not for reading */
    EMU_IOMMU_FAULT_WRITE = 4,      /* mapped, but not for writing */
};

struct emu_iommu;
struct emu_iommu_domain;

struct emu_iommu_fault {
    emu_requester requester;
    struct emu_iommu_domain *domain; /* NULL: none */
    uint64_t logical;
    bool to_memory;
    enum emu_iommu_fault_type type;
};
/* Called before the bus refuses the access; it may raise a finding, and does not step. */
typedef void emu_iommu_fault_fn(struct emu_machine *m, void *context, const struct emu_iommu_fault *fault);

/* Puts a unit on the machine's bus: from now on every device's access goes through it. */
struct emu_iommu *emu_iommu_create(struct emu_machine *m, emu_iommu_fault_fn *fault, void *context);

/* owner: whatever the caller wants to find again, see emu_iommu_owner(). */
struct emu_iommu_domain *emu_iommu_domain_create(struct emu_iommu *u, void *owner);
void *emu_iommu_owner(const struct emu_iommu_domain *d);
/* Nobody may be attached to it any more. What it mapped is gone. */
void emu_iommu_domain_destroy(struct emu_iommu_domain *d);

/* From now on the requester's accesses go through this domain; NULL: they are all refused. */
void emu_iommu_attach(struct emu_iommu *u, emu_requester requester, struct emu_iommu_domain *d);
/* The domain of a requester, or NULL. */
struct emu_iommu_domain *emu_iommu_domain_of(const struct emu_iommu *u, emu_requester requester);

/*
 * Whole pages; addresses are multiples of the page size and end below 2^48. Mapping a page that is mapped
 * changes what lies behind it.
 */
void emu_iommu_map(struct emu_iommu_domain *d, uint64_t logical, uint64_t physical, uint64_t pages,
                   enum emu_iommu_access access);
void emu_iommu_unmap(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages);
/* Marks pages that are not mapped as taken, or as free again, for emu_iommu_free_run(). */
void emu_iommu_reserve(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages, bool reserved);

/* How many of the pages from logical on, in a row and at most so many, are neither mapped nor reserved. */
uint64_t emu_iommu_free_run(struct emu_iommu_domain *d, uint64_t logical, uint64_t pages);
/* What is mapped at a page: its physical address and access; EMU_NO_ADDRESS: nothing. */
uint64_t emu_iommu_lookup(struct emu_iommu_domain *d, uint64_t logical, enum emu_iommu_access *access);

#ifdef __cplusplus
}
#endif
#endif
