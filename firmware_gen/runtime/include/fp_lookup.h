/* Operators that map every byte on its own, as a table of 256 bytes. */
#ifndef FP_LOOKUP_H
#define FP_LOOKUP_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fp_lookup {
    fp_plane in;
    fp_plane out;        /* of the same shape */
    const int8_t *table; /* [256], by the input's bits as an unsigned number: 0..127, then -128..-1 */
} fp_lookup;

/* `out` gets its halo filled. It does not overlap `in`, except that it may be equal where both planes lie exactly
 * alike. */
fp_status fp_lookup_run(const fp_lookup *lookup, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
