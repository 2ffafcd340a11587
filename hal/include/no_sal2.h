/* no_sal2.h: nothing to do, the annotations expand to nothing anyway. */
#ifndef HALDMA_NO_SAL2_H
#define HALDMA_NO_SAL2_H

#include "sal.h"

#endif /* HALDMA_NO_SAL2_H */
