/* Where TensorFlow Lite Micro gives up on a board: the C library's abort would want processes, signals and a heap. The
 * board stands still, and its host hears no answer. */
#include <stdlib.h>

void abort(void) {
    for (;;) {
    }
}
