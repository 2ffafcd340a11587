/*
 * Domains: which logical addresses a device has, on machines with a DMA remapping unit.
 *
 * Without such a unit a logical address is a physical one and nobody has a domain. With one, each device
 * (each requester: the adapters of one device share it, and the channels of one controller) has a domain of
 * its own, until it joins another. In a domain any frames make a contiguous range of logical addresses. Where
 * that range lies is the platform's affair: far from every physical address, or (a choice of the hostile
 * profile, once per domain) among small numbers, as a crowded machine would have it. Addresses are not used
 * again before the others had their turn, so that a stale one faults.
 *
 * A device that touches an address that is not mapped for it stops the machine: 0xE6/26.
 */
#ifndef DMA_DOMAIN_H
#define DMA_DOMAIN_H

#include <emu/iommu.h>
#include <wdm.h>

#include "dma/adapter.h"

struct dma_domain;
struct dma_system;

/* What one device reaches. */
struct dma_reach {
    struct dma_reach *next; /* in its chain */
    emu_requester requester;
    uint32_t adapters;         /* that share it */
    uint32_t holders;          /* adapters, and others: see dma_reach_hold() */
    struct dma_domain *domain; /* where the device is now; NULL: nowhere, all that it does is refused */
    struct dma_domain *own;    /* made with the first adapter */
    PDEVICE_OBJECT device;     /* the first adapter's; NULL: unknown */
    char name[32];             /* of the device, for messages */
};

/* Puts the unit on the bus where the configuration has one; s->domains is NULL where it has none. */
void dma_domains_boot(struct dma_system *s);

/* A domain with nobody in it. Only on machines that remap. */
struct dma_domain *dma_domain_make(struct dma_system *s);
/* Its owner has no more to do with it. It is gone, with what it maps, when nobody is in it or holds it
 * either. */
void dma_domain_end(struct dma_domain *d);
/* Keeps it, for what lies in it. */
void dma_domain_hold(struct dma_domain *d);
void dma_domain_drop(struct dma_domain *d);

/* What a driver knows a domain by; and back: NULL for anything else. */
HANDLE dma_domain_handle(const struct dma_domain *d);
struct dma_domain *dma_domain_of_handle(struct dma_system *s, HANDLE handle);

/* The domain that the adapter's device is in; NULL: none, logical addresses are physical ones. */
static inline struct dma_domain *dma_domain_of(const struct dma_adapter *a)
{
    return a->reach != NULL ? a->reach->domain : NULL;
}
/* Its device goes to another domain, or back to its own; with what its other adapters have. */
void dma_domain_join(struct dma_domain *d, struct dma_adapter *a);
void dma_domain_leave(struct dma_adapter *a);
/* Is it in its own? */
bool dma_domain_is_own(const struct dma_adapter *a);
/* Devices that are in it. */
uint32_t dma_domain_members(const struct dma_domain *d);

/* For adapter.c: as whom a device asks for memory; a number that nobody has where nobody knows. */
emu_requester dma_reach_requester(struct dma_system *s, PDEVICE_OBJECT device);
/* For adapter.c: the adapter takes, and gives up, its part in its requester's reach. */
void dma_reach_take(struct dma_system *s, struct dma_adapter *a);
void dma_reach_give(struct dma_adapter *a);

/*
 * The reach of a physical device object's requester, with or without adapters, until dma_reach_release().
 * NULL: nobody knows its requester. One without adapters is nowhere at first.
 */
struct dma_reach *dma_reach_hold(struct dma_system *s, PDEVICE_OBJECT device);
void dma_reach_release(struct dma_system *s, struct dma_reach *r);
/* To a domain, or to nowhere (NULL). */
void dma_reach_move(struct dma_system *s, struct dma_reach *r, struct dma_domain *to);

/*
 * Maps whole pages of memory (page-aligned, virtually contiguous) at a contiguous range of logical addresses
 * within lowest to highest (inclusive), and returns where; EMU_NO_ADDRESS when no such range is free.
 */
uint64_t dma_domain_map(struct dma_domain *d, void *memory, uint32_t pages, uint64_t lowest, uint64_t highest,
                        enum emu_iommu_access access);
/* The same for frames, by their numbers, in this order. */
uint64_t dma_domain_map_frames(struct dma_domain *d, const PFN_NUMBER *frames, uint32_t pages,
                               uint64_t lowest, uint64_t highest, enum emu_iommu_access access);
/* At this logical address, physically contiguous pages. False when one of the addresses is taken or too high.
 */
bool dma_domain_map_at(struct dma_domain *d, uint64_t logical, uint64_t physical, uint64_t pages,
                       enum emu_iommu_access access);
/* What is mapped or reserved there is free again. */
void dma_domain_unmap(struct dma_domain *d, uint64_t logical, uint64_t pages);

/* A free range within lowest to highest; it is the caller's only until the next step. EMU_NO_ADDRESS: none.
 */
uint64_t dma_domain_find(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest);
/* The same that crosses no multiple of boundary (a power of two, not below the range's size; 0: of nothing).
 */
uint64_t dma_domain_find_within(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest,
                                uint64_t boundary);
/* A free range that stays taken until dma_domain_unmap(); EMU_NO_ADDRESS: none. */
uint64_t dma_domain_reserve(struct dma_domain *d, uint64_t pages, uint64_t lowest, uint64_t highest);
/* These pages stay taken until dma_domain_unmap(). False when one is taken already, or too high. */
bool dma_domain_reserve_at(struct dma_domain *d, uint64_t logical, uint64_t pages);
/* How many of the pages from logical on, in a row and at most so many, are neither mapped nor reserved. */
uint64_t dma_domain_free_run(struct dma_domain *d, uint64_t logical, uint64_t pages);
/* Maps a page of a range that was found or reserved. */
void dma_domain_set(struct dma_domain *d, uint64_t logical, uint64_t physical, enum emu_iommu_access access);

/* The physical address behind a logical one; EMU_NO_ADDRESS: nothing is mapped there. */
uint64_t dma_domain_physical(struct dma_domain *d, uint64_t logical);

#endif
