/* How many received bytes a board keeps until the application reads them: at least the window that the application
 * advertises to the host (asserted where both are known). A power of two. */
#ifndef FP_RX_RING_SIZE_H
#define FP_RX_RING_SIZE_H

#ifndef FP_RX_RING_BYTES
#define FP_RX_RING_BYTES 2048u
#endif

_Static_assert(FP_RX_RING_BYTES > 0 && (FP_RX_RING_BYTES & (FP_RX_RING_BYTES - 1)) == 0,
               "FP_RX_RING_BYTES must be a power of two");

#endif
