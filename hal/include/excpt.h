/* excpt.h: structured exceptions; see wdk/wdm_seh.h. */
#ifndef HALDMA_EXCPT_H
#define HALDMA_EXCPT_H

#include "wdk/wdm_seh.h"

#endif /* HALDMA_EXCPT_H */
