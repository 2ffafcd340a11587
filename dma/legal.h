/*
 * What drivers get wrong about the buffers and registers that they name: findings of mapping and flushing.
 *
 * deed names the call, in messages.
 */
#ifndef DMA_LEGAL_H
#define DMA_LEGAL_H

#include <emu/step.h>
#include <wdm.h>

struct dma_adapter;
struct dma_registers;
struct dma_walk;

/* The registers that a base names: NULL for NULL. Others' and freed ones are findings. */
struct dma_registers *dma_legal_registers(struct dma_adapter *a, PVOID base, const char *deed);

/* There is an MDL, which was not freed. */
void dma_legal_mdl(const struct dma_adapter *a, const MDL *mdl, const char *deed);
/* What no MDL that is in use looks like: freed pool does not look like one. */
static inline bool dma_is_mdl(const MDL *mdl)
{
    return ((uintptr_t)mdl->StartVa & (PAGE_SIZE - 1)) == 0 && mdl->ByteOffset < PAGE_SIZE;
}
/* What is done looks at it: whoever frees it does not commute. */
void dma_legal_touch_mdl(const struct dma_adapter *a, const MDL *mdl);
__attribute__((noreturn)) void dma_legal_raise_no_mdl(const struct dma_adapter *a, const MDL *mdl,
                                                      const char *deed);
void dma_legal_long_chain(const struct dma_adapter *a, const MDL *mdl, uint64_t offset, uint64_t length,
                          const char *deed);
/* The chain's MDLs are such, and it does not come back to itself before length bytes at offset, nor in empty
 * MDLs behind them. */
static inline void dma_legal_chain(const struct dma_adapter *a, const MDL *mdl, uint64_t offset,
                                   uint64_t length, const char *deed)
{
    dma_legal_touch_mdl(a, mdl);
    if (!dma_is_mdl(mdl))
        dma_legal_raise_no_mdl(a, mdl, deed);
    if (mdl->Next != NULL)
        dma_legal_long_chain(a, mdl, offset, length, deed);
}
/* Each MDL that length bytes from here on are in is locked, and has room for its pages. */
void dma_legal_locked(const struct dma_adapter *a, const struct dma_walk *from, uint64_t length,
                      const char *deed);
/* A virtual address as offset into its MDL, with length bytes behind it. */
uint64_t dma_legal_offset(const struct dma_adapter *a, PMDL mdl, PVOID virtual_address, ULONG length,
                          const char *deed);

#endif
