/* specstrings.h: an older name for sal.h. */
#ifndef HALDMA_SPECSTRINGS_H
#define HALDMA_SPECSTRINGS_H

#include "sal.h"

#endif /* HALDMA_SPECSTRINGS_H */
