/* libFuzzer target: the decoders of weights on hostile streams.
 *
 * The first bytes of an input: encoding (modulo 5), weights a row (two bytes, 1..4096), capacity, rows (modulo 8); the
 * rest is the stream, in a block of exactly its size. Checked beside what the sanitisers see: every list is closed, has
 * at most `capacity` taps, none of them of weight 0, in ascending order and inside the row. */
#include <stdlib.h>
#include <string.h>

#include "fp_taps.h"

#define HEAD 5u
#define AREA 9u
#define LARGEST_ROW 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) {
        abort();
    }
}

/* Positions follow one another, so that a tap's offset is its index. */
static void check_list(const fp_tap *taps, uint32_t capacity, uint32_t weights) {
    uint32_t next = 0;
    for (uint32_t count = 0; taps[count] != FP_TAP_END; count++) {
        require(count < capacity && FP_TAP_WEIGHT(taps[count]) != 0);
        require(FP_TAP_OFFSET(taps[count]) >= next && FP_TAP_OFFSET(taps[count]) < weights);
        next = FP_TAP_OFFSET(taps[count]) + 1u;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD) {
        return 0;
    }
    const uint8_t encoding = data[0] % 5u;
    const uint32_t weights = (data[1] + 256u * data[2]) % LARGEST_ROW + 1u;
    const uint32_t capacity = data[3], rows = data[4] % 8u;
    const uint32_t bytes = (uint32_t)(size - HEAD);
    uint8_t *stream = malloc(bytes);
    void *tables = malloc(fp_reader_table_bytes(encoding));
    fp_tap *taps = malloc((capacity + 1u) * sizeof *taps);
    require((stream != NULL || bytes == 0) && taps != NULL);
    if (bytes != 0) {
        memcpy(stream, data + HEAD, bytes);
    }
    fp_tap position[AREA];
    for (uint32_t index = 0; index < AREA; index++) {
        position[index] = FP_TAP(index, 0);
    }
    const fp_tap_geometry geometry = {position, AREA, AREA, weights};
    fp_weight_reader reader;
    fp_status status = fp_reader_open(&reader, encoding, stream, bytes, tables);
    for (uint32_t row = 0; row < rows && status == FP_OK; row++) {
        memset(taps, 0, (capacity + 1u) * sizeof *taps);
        status = fp_taps_expand(&reader, &geometry, taps, capacity);
        check_list(taps, capacity, weights);
    }
    if (status == FP_OK) {
        status = fp_reader_close(&reader);
    }
    require(status == FP_OK || status == FP_ERR_ENCODING || status == FP_ERR_CAPACITY);
    free(stream);
    free(tables);
    free(taps);
    return 0;
}
