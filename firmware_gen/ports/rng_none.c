/* Boards without an [rng] section. */
#include "board.h"

bool fp_board_random(uint8_t *bytes, uint32_t length) {
    (void)bytes;
    (void)length;
    return false;
}
