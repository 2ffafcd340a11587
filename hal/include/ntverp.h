/* ntverp.h: version numbers of a build, asked for by resource scripts. Nothing to declare. */
#ifndef HALDMA_NTVERP_H
#define HALDMA_NTVERP_H

#include "sdkddkver.h"

#endif /* HALDMA_NTVERP_H */
