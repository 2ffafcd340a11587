/*
 * suppress.h: numbers of analyser warnings for "#pragma warning(suppress: ...)". The pragmas are
 * unknown to gcc and clang, so no number is needed.
 */
#ifndef HALDMA_SUPPRESS_H
#define HALDMA_SUPPRESS_H

#include "sal.h"

#endif /* HALDMA_SUPPRESS_H */
