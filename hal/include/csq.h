/* csq.h: cancel-safe queues, which wdm.h declares anyway. */
#ifndef HALDMA_CSQ_H
#define HALDMA_CSQ_H

#include "wdm.h"

#endif /* HALDMA_CSQ_H */
