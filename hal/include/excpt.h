/* excpt.h: structured exceptions; see haldma/wdm_seh.h. */
#ifndef HALDMA_EXCPT_H
#define HALDMA_EXCPT_H

#include "haldma/wdm_seh.h"

#endif /* HALDMA_EXCPT_H */
