/* specstrings_strict.h: an older name for sal.h. */
#ifndef HALDMA_SPECSTRINGS_STRICT_H
#define HALDMA_SPECSTRINGS_STRICT_H

#include "sal.h"

#endif /* HALDMA_SPECSTRINGS_STRICT_H */
