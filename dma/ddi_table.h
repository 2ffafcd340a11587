/*
 * The operations tables that drivers call through.
 */
#ifndef DMA_DDI_TABLE_H
#define DMA_DDI_TABLE_H

#include <wdm.h>

/* The table of an operations version, 1 to 3. It is read-only; drivers may replace the pointer to it. */
PDMA_OPERATIONS dma_table(unsigned version);

#endif
